import { EOF, type IToken, type TokenType } from "chevrotain";
import { type Diagnostic, type Edit, report } from "./diagnostics.ts";
import { describe, nameOf, type Reach } from "./expected.ts";
import { spanOf } from "./literals.ts";
import { messages } from "./messages.ts";
import type { Source, Span } from "./source.ts";
import type { Context } from "./statements.ts";
import { didYouMean, suggest } from "./suggest.ts";
import * as t from "./tokens.ts";

/** A statement that could not be read, and where. */
export interface Fault {
  readonly source: Source;
  readonly tokens: readonly IToken[];
  readonly context: Context;
  readonly reach: Reach;
}

/** Words that begin a statement elsewhere, and what they are here. */
const FOREIGN_STATEMENTS: Readonly<Record<string, string>> = {
  accept: "allow",
  approve: "ask",
  approval: "ask",
  assert: "test",
  block: "deny",
  confirm: "ask",
  const: "let",
  def: "let",
  define: "let",
  describe: "test",
  disable: "hide",
  disallow: "deny",
  enable: "allow",
  forbid: "deny",
  include: "import",
  it: "test",
  permit: "allow",
  prohibit: "deny",
  ratelimit: "limit",
  rate_limit: "limit",
  refuse: "deny",
  reject: "deny",
  require: "deny … unless",
  require_approval: "ask",
  set: "let",
  throttle: "limit",
  use: "import",
  var: "let",
};

/** Words that stand for an operator elsewhere. */
const FOREIGN_OPERATORS: Readonly<Record<string, string>> = {
  equals: "==",
  equal: "==",
  eq: "==",
  is: "==",
  ne: "!=",
  neq: "!=",
  gt: ">",
  gte: ">=",
  lt: "<",
  lte: "<=",
  includes: "contains",
  contain: "contains",
  startsWith: "starts with",
  startswith: "starts with",
  endsWith: "ends with",
  endswith: "ends with",
  regex: "matches",
  match: "matches",
  AND: "and",
  OR: "or",
};

const STATEMENTS: Readonly<Record<Context, readonly string[]>> = {
  document: [
    "server",
    "default",
    "validate",
    "pin",
    "labels",
    "import",
    "let",
    "group",
    "allow",
    "deny",
    "hide",
    "ask",
    "limit",
    "shadow",
    "on",
    "when",
    "test",
    "always",
    "never",
  ],
  on: ["allow", "deny", "hide", "ask", "limit", "shadow"],
  when: ["allow", "deny", "ask", "limit", "shadow", "on", "when"],
  test: [],
  as: [],
};

/** The one diagnostic of a statement that cannot be read. */
export function faultOf(fault: Fault): Diagnostic {
  const { position } = fault.reach;
  const found = fault.tokens[position];
  return (
    (position === 0 ? unknownStatement(fault) : undefined) ??
    whenForIf(fault) ??
    missingTargets(fault) ??
    arithmetic(fault) ??
    reservedWord(fault) ??
    unquotedName(fault) ??
    missingComma(fault) ??
    foreignWord(fault) ??
    plain(fault, found)
  );
}

function wants(fault: Fault, ...types: TokenType[]): boolean {
  return types.every((type) => fault.reach.wanted.some((wanted) => wanted.type === type));
}

function isWord(token: IToken | undefined): token is IToken {
  return token !== undefined && /^[A-Za-z_]/.test(token.image);
}

/** Where the fault is: at the token, or behind the last one. */
function place(fault: Fault): Span {
  const found = fault.tokens[fault.reach.position];
  if (found !== undefined) return spanOf(found);
  const last = fault.tokens[fault.tokens.length - 1] as IToken;
  return { start: t.endOf(last), end: t.endOf(last) };
}

function unknownStatement(fault: Fault): Diagnostic | undefined {
  const { source, tokens, context } = fault;
  const found = tokens[0] as IToken;
  if (context === "test" || context === "as") return undefined;
  const span = spanOf(found);
  const words = STATEMENTS[context];
  if (!words.includes(found.image) && STATEMENTS.document.includes(found.image)) {
    return misplaced(fault, found);
  }
  if (!isWord(found) || words.includes(found.image)) {
    if (t.RESERVED.has(found.image)) return misplaced(fault, found);
    return report(
      messages.unknownStatement,
      { written: nameOf(found), instead: undefined },
      source,
      span,
    );
  }
  const foreign = Object.hasOwn(FOREIGN_STATEMENTS, found.image)
    ? FOREIGN_STATEMENTS[found.image]
    : undefined;
  const near = suggest(found.image, words);
  const parameters = { written: nameOf(found), instead: foreign };
  const instead = foreign?.includes(" ") ? [] : foreign === undefined ? near : [foreign];
  const hint = foreign === undefined ? didYouMean(near) : undefined;
  return report(messages.unknownStatement, parameters, source, span, {
    ...(hint === undefined ? {} : { hint }),
    fixes: instead.map((text) => ({ title: `Change to \`${text}\``, edits: [{ span, text }] })),
  });
}

/** A statement word that the block around it does not take. */
export function misplaced(fault: Pick<Fault, "source" | "context">, word: IToken): Diagnostic {
  const { source, context } = fault;
  if (context === "document") {
    const parameters = { written: nameOf(word), instead: undefined };
    return report(messages.unknownStatement, parameters, source, spanOf(word));
  }
  const parameters = { word: word.image, block: context };
  return report(messages.misplacedStatement, parameters, source, spanOf(word));
}

/** `deny push when args.force` */
function whenForIf({ source, tokens, reach }: Fault): Diagnostic | undefined {
  const found = tokens[reach.position];
  if (found?.tokenType !== t.When) return undefined;
  const span = spanOf(found);
  return report(messages.whenForIf, {}, source, span, {
    fixes: [{ title: "Write `if`", edits: [{ span, text: "if" }] }],
  });
}

const CLAUSE_WORDS = new Set<TokenType>([
  t.If,
  t.Unless,
  t.Because,
  t.Limit,
  t.Until,
  t.By,
  t.Within,
  t.Per,
  t.As,
  t.Each,
  t.NumberToken,
  t.PlainNumber,
  t.Sum,
]);

function missingTargets(fault: Fault): Diagnostic | undefined {
  const { source, tokens, reach, context } = fault;
  if (context === "on" || !reach.wanted.some((wanted) => wanted.rule === "item")) return undefined;
  const rule = tokens[reach.position - 1];
  const found = tokens[reach.position];
  if (rule === undefined || !["allow", "deny", "hide", "ask", "limit"].includes(rule.image)) {
    return undefined;
  }
  const before = tokens[reach.position - 2];
  if (before !== undefined && before.tokenType !== t.Shadow) return undefined;
  if (found !== undefined && !CLAUSE_WORDS.has(found.tokenType)) return undefined;
  return report(messages.missingTargets, { rule: rule.image }, source, spanOf(rule));
}

function arithmetic(fault: Fault): Diagnostic | undefined {
  const { source, tokens, reach } = fault;
  const found = tokens[reach.position];
  if (found === undefined || reach.position === 0) return undefined;
  const afterOperand = wants(fault, t.Equal) || wants(fault, t.And);
  if (!afterOperand || !/^(?:[*+%/-]$|-\d|\*)/.test(found.image)) return undefined;
  const operator = found.image.slice(0, 1);
  const span = { start: found.startOffset, end: found.startOffset + 1 };
  return report(messages.arithmetic, { operator }, source, span);
}

function reservedWord(fault: Fault): Diagnostic | undefined {
  const { source, tokens, reach } = fault;
  const found = tokens[reach.position];
  if (!isWord(found) || !t.RESERVED.has(found.image)) return undefined;
  const wanted = reach.wanted.filter(({ type }) => type === t.Name);
  if (wanted.length === 0) return undefined;
  // Where a condition may stand, a name is only one of many things.
  if (wants(fault, t.Args) || wants(fault, t.LeftParen)) return undefined;
  const quotable = wants(fault, t.StringToken);
  const span = spanOf(found);
  if (found.tokenType === t.All && quotable) {
    return report(messages.allTools, { written: "all", instead: "*" }, source, span, {
      fixes: [{ title: "Write `*`", edits: [{ span, text: "*" }] }],
    });
  }
  const text = JSON.stringify(found.image);
  return report(messages.reservedWord, { word: found.image, quotable }, source, span, {
    fixes: quotable ? [{ title: `Write \`${text}\``, edits: [{ span, text }] }] : [],
  });
}

function unquotedName(fault: Fault): Diagnostic | undefined {
  const { source, tokens, reach } = fault;
  const found = tokens[reach.position];
  const before = tokens[reach.position - 1];
  if (found === undefined || before === undefined) return undefined;
  if (!/^[./:]$/.test(found.image) || !/^[\w*?-]+$/.test(before.image)) return undefined;
  const isName =
    wants(fault, t.Except) ||
    wants(fault, t.LeftBrace) ||
    wants(fault, t.Tools) ||
    wants(fault, t.Comma);
  if (!isName || t.endOf(before) !== found.startOffset) return undefined;
  let last = found;
  for (const token of tokens.slice(reach.position + 1)) {
    if (token.startOffset !== t.endOf(last) || !/^[\w*?.:/-]+$/.test(token.image)) break;
    last = token;
  }
  const span = { start: before.startOffset, end: t.endOf(last) };
  const name = source.slice(span);
  const text = JSON.stringify(name);
  return report(messages.unquotedName, { name }, source, span, {
    fixes: [{ title: `Write \`${text}\``, edits: [{ span, text }] }],
  });
}

function missingComma(fault: Fault): Diagnostic | undefined {
  const { source, tokens, reach } = fault;
  const found = tokens[reach.position];
  const before = tokens[reach.position - 1];
  if (found === undefined || before === undefined || !wants(fault, t.Comma)) return undefined;
  const isTarget = reach.wanted.some(({ rule }) => rule === "targets");
  if (!isTarget) return undefined;
  const isNext = /^["@A-Za-z_*?]/.test(found.image) && !t.RESERVED.has(found.image);
  const isJoin = found.tokenType === t.And || found.tokenType === t.Or;
  if (!isNext && !isJoin) return undefined;
  // A word close to a keyword is more likely that keyword.
  if (isNext && near(fault, found).length > 0) return undefined;
  const edit: Edit = isJoin
    ? { span: { start: t.endOf(before), end: t.endOf(found) }, text: "," }
    : { span: { start: t.endOf(before), end: t.endOf(before) }, text: "," };
  return report(messages.missingComma, {}, source, spanOf(found), {
    fixes: [{ title: "Write `,`", edits: [edit] }],
  });
}

function foreignWord(fault: Fault): Diagnostic | undefined {
  const { source, tokens, reach } = fault;
  const found = tokens[reach.position];
  if (!isWord(found) || !(wants(fault, t.Equal) || wants(fault, t.And))) return undefined;
  const instead = Object.hasOwn(FOREIGN_OPERATORS, found.image)
    ? FOREIGN_OPERATORS[found.image]
    : undefined;
  if (instead === undefined) return undefined;
  const span = spanOf(found);
  return report(messages.foreignWord, { written: found.image, instead }, source, span, {
    fixes: [{ title: `Write \`${instead}\``, edits: [{ span, text: instead }] }],
  });
}

/** Keywords that may stand where a word stands which is nearly one of them. */
function near(fault: Fault, found: IToken): string[] {
  const words = fault.reach.wanted
    .map(({ type }) => type.name)
    .filter((name) => /^[a-z]+$/.test(name));
  return suggest(found.image, words);
}

function plain(fault: Fault, found: IToken | undefined): Diagnostic {
  const { source, reach } = fault;
  const types = reach.wanted.map(({ type }) => type);
  // A name may be any word: the contextual keywords among the wanted would only crowd the message.
  const wanted = types.includes(t.Name)
    ? types.filter((type) => !type.CATEGORIES?.includes(t.Name) || type === t.During)
    : types;
  const isEnd = reach.complete && found !== undefined;
  const expected = describe(isEnd ? [...wanted, EOF] : wanted);
  const span = place(fault);
  const names = isWord(found) ? near(fault, found) : [];
  const hint = didYouMean(names);
  return report(messages.unexpected, { found: nameOf(found), expected }, source, span, {
    ...(hint === undefined ? {} : { hint }),
    fixes: names.map((text) => ({ title: `Change to \`${text}\``, edits: [{ span, text }] })),
  });
}
