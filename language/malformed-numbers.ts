import type { IToken } from "chevrotain";
import { type Diagnostic, type Fix, report } from "./diagnostics.ts";
import { durationMs, isDate, spanOf, timeMinutes } from "./literals.ts";
import { messages } from "./messages.ts";
import type { Source } from "./source.ts";
import * as t from "./tokens.ts";

const LONGEST_MS = 3650 * 86_400_000;

export function plainNumber(
  token: IToken,
  source: Source,
  before: IToken | undefined,
): Diagnostic | undefined {
  if (before?.tokenType === t.Dot) return dottedIndex(token, source, before);
  const digits = token.image.replace(/[-_]/g, "");
  if (digits.length <= 15) return undefined;
  const [whole = "", fraction = ""] = digits.split(".");
  const isExact =
    fraction.replace(/0+$/, "") === ""
      ? Number.isSafeInteger(Number(whole))
      : whole.length + fraction.length <= 15;
  if (isExact) return undefined;
  return report(messages.inexactNumber, { text: token.image }, source, spanOf(token));
}

/** `args.items.0`: the lexer reads `0.name` as one token. */
function dottedIndex(token: IToken, source: Source, dot: IToken): Diagnostic {
  const index = /^-?\d+/.exec(token.image)?.[0] ?? token.image;
  const span = { start: dot.startOffset, end: token.startOffset + index.length };
  return report(messages.dottedIndex, { index }, source, span, {
    fixes: [{ title: `Write \`[${index}]\``, edits: [{ span, text: `[${index}]` }] }],
  });
}

export function plainDuration(token: IToken, source: Source): Diagnostic | undefined {
  if ((durationMs(token.image) as number) <= LONGEST_MS) return undefined;
  return report(messages.longDuration, { text: token.image }, source, spanOf(token));
}

const DURATION_UNITS: Readonly<Record<string, string>> = {
  ms: "ms",
  msec: "ms",
  s: "s",
  sec: "s",
  secs: "s",
  second: "s",
  seconds: "s",
  m: "m",
  min: "m",
  mins: "m",
  minute: "m",
  minutes: "m",
  h: "h",
  hr: "h",
  hrs: "h",
  hour: "h",
  hours: "h",
  d: "d",
  day: "d",
  days: "d",
};

const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** `1h30m`, `1.5h`, `10min`, `1w` as a duration. */
function asDuration(text: string): string | undefined {
  if (!/^(?:\d+(?:\.\d+)?[a-z]+)+$/i.test(text)) return undefined;
  let ms = 0;
  for (const [, digits, unit] of text.matchAll(/(\d+(?:\.\d+)?)([a-z]+)/gi)) {
    const name = (unit as string).toLowerCase();
    const each = /^w(?:k|eeks?)?$/.test(name) ? 604_800_000 : UNIT_MS[DURATION_UNITS[name] ?? ""];
    if (each === undefined) return undefined;
    ms += Number(digits) * each;
  }
  if (!Number.isSafeInteger(ms) || ms <= 0 || ms > LONGEST_MS) return undefined;
  for (const unit of ["d", "h", "m", "s", "ms"]) {
    const length = UNIT_MS[unit] as number;
    if (ms % length === 0) return `${ms / length}${unit}`;
  }
  return undefined;
}

/** `1e5`, `0x10`, `007`, `1,000` without its comma, `10k` as a number. */
function asNumber(text: string): string | undefined {
  const plain = text.replaceAll("_", "");
  const scaled = /^(-?\d+)([kKM])$/.exec(plain);
  if (scaled !== null) return `${scaled[1]}${scaled[2] === "M" ? "_000_000" : "_000"}`;
  const value = Number(/^-?0\d/.test(plain) ? plain.replace(/^(-?)0+(?=\d)/, "$1") : plain);
  if (!Number.isFinite(value)) return undefined;
  const written = String(value);
  return /^-?\d+(?:\.\d+)?$/.test(written) && Math.abs(value) <= Number.MAX_SAFE_INTEGER
    ? written
    : undefined;
}

export function badNumber(
  token: IToken,
  source: Source,
  before: IToken | undefined,
): Diagnostic | undefined {
  const { image } = token;
  const span = spanOf(token);
  if (before?.tokenType === t.Dot) return dottedIndex(token, source, before);
  const fix = (instead: string | undefined): Fix[] =>
    instead === undefined
      ? []
      : [{ title: `Write \`${instead}\``, edits: [{ span, text: instead }] }];
  const repeat = /^(\d+)x$/.exec(image);
  if (repeat !== null) {
    const instead = `${repeat[1]} x`;
    return report(messages.malformedNumber, { text: image, instead }, source, span, {
      fixes: fix(instead),
    });
  }
  const clock = /^(\d{1,2})([ap])m$/i.exec(image);
  if (clock !== null && Number(clock[1]) >= 1 && Number(clock[1]) <= 12) {
    const hour = (Number(clock[1]) % 12) + ((clock[2] as string).toLowerCase() === "p" ? 12 : 0);
    const instead = `${String(hour).padStart(2, "0")}:00`;
    return report(messages.malformedTime, { text: image, instead }, source, span, {
      fixes: fix(instead),
    });
  }
  const duration = asDuration(image);
  if (duration !== undefined || /^\d+(?:\.\d+)?(?:ms|s|m|h|d)$/.test(image)) {
    return report(messages.malformedDuration, { text: image, instead: duration }, source, span, {
      fixes: fix(duration),
    });
  }
  const instead = asNumber(image);
  return report(messages.malformedNumber, { text: image, instead }, source, span, {
    fixes: fix(instead),
  });
}

export function date(token: IToken, source: Source): Diagnostic | undefined {
  const { image } = token;
  if (isDate(image)) return undefined;
  const span = spanOf(token);
  const parts = /^(\d{4})-(\d{1,2})-(\d{1,2})(?:T[\w:.+-]*)?$/.exec(image);
  const padded =
    parts === null
      ? undefined
      : `${parts[1]}-${parts[2]?.padStart(2, "0")}-${parts[3]?.padStart(2, "0")}`;
  const instead = padded !== undefined && isDate(padded) ? padded : undefined;
  return report(messages.malformedDate, { text: image, instead }, source, span, {
    fixes:
      instead === undefined
        ? []
        : [{ title: `Write \`${instead}\``, edits: [{ span, text: instead }] }],
  });
}

export function time(token: IToken, source: Source): Diagnostic | undefined {
  const { image } = token;
  if (timeMinutes(image) !== undefined) return undefined;
  const span = spanOf(token);
  const parts = /^(\d{1,2}):(\d{1,2})(?::00)?([ap]m)?$/i.exec(image);
  let instead: string | undefined;
  if (parts !== null) {
    const half = parts[3]?.toLowerCase();
    const hour =
      half === undefined ? Number(parts[1]) : (Number(parts[1]) % 12) + (half === "pm" ? 12 : 0);
    const text = `${String(hour).padStart(2, "0")}:${parts[2]?.padStart(2, "0")}`;
    if (timeMinutes(text) !== undefined) instead = text;
  }
  return report(messages.malformedTime, { text: image, instead }, source, span, {
    fixes:
      instead === undefined
        ? []
        : [{ title: `Write \`${instead}\``, edits: [{ span, text: instead }] }],
  });
}
