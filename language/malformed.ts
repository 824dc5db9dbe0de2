import type { IToken } from "chevrotain";
import { type Diagnostic, type Fix, report } from "./diagnostics.ts";
import { spanOf, stringValue } from "./literals.ts";
import { badNumber, date, plainDuration, plainNumber, time } from "./malformed-numbers.ts";
import { messages } from "./messages.ts";
import type { Source } from "./source.ts";
import * as t from "./tokens.ts";

type Check = (token: IToken, source: Source, before: IToken | undefined) => Diagnostic | undefined;

/** The report on a token that is malformed, or of another language. */
export function malformed(
  token: IToken,
  source: Source,
  before: IToken | undefined,
): Diagnostic | undefined {
  return CHECKS.get(token.tokenType)?.(token, source, before);
}

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

export function foreignComment(token: IToken, source: Source): Diagnostic {
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
