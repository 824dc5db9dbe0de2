import type { IToken } from "chevrotain";
import type { Comment } from "./ast.ts";
import { type Diagnostic, type Fix, report } from "./diagnostics.ts";
import { durationMs, isDate, spanOf, stringValue, timeMinutes } from "./literals.ts";
import { messages } from "./messages.ts";
import type { Source } from "./source.ts";
import * as t from "./tokens.ts";

/** A text as the parser reads it. */
export interface Lexed {
  /** Without comments and semicolons. */
  readonly tokens: IToken[];
  readonly comments: Comment[];
  readonly diagnostics: Diagnostic[];
}

const LONGEST_MS = 3650 * 86_400_000;

/** Reads a text into tokens and reports every token that is malformed or of another language. */
export function tokenize(source: Source): Lexed {
  const tokens: IToken[] = [];
  const comments: Comment[] = [];
  const diagnostics: Diagnostic[] = [];
  const { text } = source;

  for (const token of t.lex(text)) {
    const type = token.tokenType;
    if (
      type === t.LineComment ||
      type === t.BlockComment ||
      type === t.OpenComment ||
      type === t.ForeignComment
    ) {
      comments.push({
        text: token.image.trimEnd(),
        doc: token.image.startsWith("///"),
        ownLine: beginsLine(text, token.startOffset),
        span: { start: token.startOffset, end: token.startOffset + token.image.trimEnd().length },
      });
      if (type !== t.LineComment) diagnostics.push(foreignComment(source, token));
      continue;
    }
    const wrong = CHECKS.get(type)?.(token, source, tokens[tokens.length - 1]);
    if (wrong !== undefined) diagnostics.push(wrong);
    if (type !== t.Semicolon) tokens.push(token);
  }
  return { tokens, comments, diagnostics };
}

/** Whether only white space stands before an offset on its line. */
export function beginsLine(text: string, offset: number): boolean {
  for (let i = offset - 1; i >= 0; i--) {
    const unit = text.charCodeAt(i);
    if (unit === 10 || unit === 13) return true;
    if (unit !== 32 && unit !== 9 && !(unit === 0xfeff && i === 0)) return false;
  }
  return true;
}

type Check = (token: IToken, source: Source, before: IToken | undefined) => Diagnostic | undefined;

const CHECKS: ReadonlyMap<IToken["tokenType"], Check> = new Map<IToken["tokenType"], Check>([
  [t.PlainString, plainString],
  [t.BadString, badString],
  [t.ForeignString, foreignString],
  [t.PlainRegex, plainRegex],
  [t.BadRegex, (token, source) => report(messages.unclosedRegex, {}, source, spanOf(token))],
  [t.PlainNumber, plainNumber],
  [t.PlainDuration, plainDuration],
  [t.BadNumber, badNumber],
  [t.DateLike, date],
  [t.TimeLike, time],
  [t.Semicolon, semicolon],
  [t.Unknown, unknown],
  ...[...t.FOREIGN_OPERATORS].map(
    ([foreign, own]) =>
      [
        foreign,
        (token, source) => {
          const instead = own === t.Matches ? "matches" : own.name;
          return replaceWith(messages.foreignOperator, token, source, instead);
        },
      ] as [IToken["tokenType"], Check],
  ),
]);

function replaceWith(
  entry: typeof messages.foreignOperator,
  token: IToken,
  source: Source,
  instead: string,
): Diagnostic {
  const span = spanOf(token);
  // `!args.x` becomes `not args.x`.
  const after = source.text.charAt(span.end);
  const before = source.text.charAt(span.start - 1);
  const isWord = /^\w/.test(instead);
  const text = `${isWord && /[\w")\]]/.test(before) ? " " : ""}${instead}${isWord && /[\w"(]/.test(after) ? " " : ""}`;
  return report(entry, { written: token.image, instead }, source, span, {
    fixes: [{ title: `Write \`${instead}\``, edits: [{ span, text }] }],
  });
}

function semicolon(token: IToken, source: Source): Diagnostic {
  const span = spanOf(token);
  return report(messages.semicolon, {}, source, span, {
    fixes: [{ title: "Remove `;`", edits: [{ span, text: "" }] }],
  });
}

function unknown(token: IToken, source: Source): Diagnostic {
  const shown = /^[\p{L}\p{N}\p{S}\p{P}]+$/u.test(token.image) && token.image.length <= 20;
  const names = [...token.image]
    .slice(0, 4)
    .map((c) => `U+${(c.codePointAt(0) as number).toString(16).toUpperCase().padStart(4, "0")}`);
  const parameters = { text: shown ? token.image : "", names: names.join(" ") };
  const arithmetic = /^[+%^\\$]$/.test(token.image) && token.image !== "$" && token.image !== "\\";
  if (arithmetic)
    return report(messages.arithmetic, { operator: token.image }, source, spanOf(token));
  return report(messages.unexpectedCharacter, parameters, source, spanOf(token));
}

// Strings and regular expressions --------------------------------------------------------------------

function plainString(token: IToken, source: Source): Diagnostic | undefined {
  const value = stringValue(token);
  if (!/\p{Surrogate}/u.test(value)) return undefined;
  const what = "Half of a surrogate pair";
  return report(messages.malformedString, { what }, source, spanOf(token));
}

function badString(token: IToken, source: Source): Diagnostic {
  const span = spanOf(token);
  const isClosed = /^"[^"\\]*(?:\\[\s\S][^"\\]*)*"$/.test(token.image);
  if (!isClosed) {
    return report(messages.unclosedString, {}, source, span, {
      fixes: [
        { title: 'Add `"`', edits: [{ span: { start: span.end, end: span.end }, text: '"' }] },
      ],
    });
  }
  // biome-ignore lint/suspicious/noControlCharactersInRegex: JSON wants them escaped.
  const control = /[\x00-\x1f]/.exec(token.image);
  if (control !== null) {
    const at = span.start + control.index;
    const escaped = JSON.stringify(control[0]).slice(1, -1);
    const what = control[0] === "\t" ? "A tab" : "A control character";
    return report(
      messages.malformedString,
      { what },
      source,
      { start: at, end: at + 1 },
      {
        fixes: [
          {
            title: `Write \`${escaped}\``,
            edits: [{ span: { start: at, end: at + 1 }, text: escaped }],
          },
        ],
      },
    );
  }
  const escapes = /\\(?:(["\\/bfnrt]|u[0-9a-fA-F]{4})|([\s\S]))/g;
  for (const found of token.image.matchAll(escapes)) {
    if (found[2] === undefined) continue;
    const start = span.start + found.index;
    const at = { start, end: start + found[0].length };
    return report(messages.malformedString, { what: `The escape \`${found[0]}\`` }, source, at, {
      fixes: [
        { title: "Write `\\\\`", edits: [{ span: { start, end: start + 1 }, text: "\\\\" }] },
      ],
    });
  }
  return report(messages.malformedString, { what: "This text" }, source, span);
}

function foreignString(token: IToken, source: Source): Diagnostic {
  const span = spanOf(token);
  const isClosed = token.image.length > 1 && /['"`”“»‘’]$/.test(token.image);
  const text = JSON.stringify(stringValue(token).replace(/\\'/g, "'"));
  const fixes: Fix[] = isClosed ? [{ title: `Write \`${text}\``, edits: [{ span, text }] }] : [];
  return report(messages.foreignQuotes, {}, source, span, { fixes });
}

function plainRegex(token: IToken, source: Source): Diagnostic | undefined {
  if (/\p{Surrogate}/u.test(token.image)) {
    const what = "Half of a surrogate pair";
    return report(messages.malformedString, { what }, source, spanOf(token));
  }
  const close = token.image.lastIndexOf("/");
  const flags = token.image.slice(close + 1);
  if (flags === "" || flags === "i") return undefined;
  const span = { start: token.startOffset + close + 1, end: t.endOf(token) };
  const text = flags.includes("i") ? "i" : "";
  return report(messages.unknownFlag, { flags }, source, span, {
    fixes: [{ title: `Leave \`${flags.replace("i", "")}\` out`, edits: [{ span, text }] }],
  });
}

// Comments -------------------------------------------------------------------------------------------

function foreignComment(source: Source, token: IToken): Diagnostic {
  const { image, tokenType } = token;
  const span = spanOf(token);
  const form = tokenType === t.ForeignComment ? (image.startsWith("#") ? "#" : "--") : "/*";
  const rest = source.text.slice(span.end).split(/[\r\n]/, 1)[0] as string;
  const fixes: Fix[] = [];
  if (tokenType === t.ForeignComment) {
    const edit = { span: { start: span.start, end: span.start + form.length }, text: "//" };
    fixes.push({ title: "Write `//`", edits: [edit] });
  } else if (rest.trim() === "") {
    const lines = image
      .replace(/^\/\*+/, "")
      .replace(/\*+\/$/, "")
      .trim()
      .split(/\r?\n/);
    const text = lines.map((line) => `// ${line.replace(/^\s*\*? ?/, "")}`.trimEnd()).join("\n");
    fixes.push({ title: "Write `//`", edits: [{ span, text }] });
  }
  return report(messages.foreignComment, { form }, source, span, { fixes });
}

// Numbers, durations, dates and times ----------------------------------------------------------------

function plainNumber(
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

function plainDuration(token: IToken, source: Source): Diagnostic | undefined {
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

function badNumber(
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

function date(token: IToken, source: Source): Diagnostic | undefined {
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

function time(token: IToken, source: Source): Diagnostic | undefined {
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
