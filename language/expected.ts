import type { Rule as GrammarRule, IProduction, IToken, TokenType } from "chevrotain";
import {
  Alternation,
  type Alternative,
  EOF,
  NonTerminal,
  Option,
  Repetition,
  RepetitionMandatory,
  Terminal,
} from "chevrotain";
import { grammar } from "./grammar.ts";
import { type Lexed, tokenize } from "./lexical.ts";
import { beginsLine, type Source, type Span } from "./source.ts";
import { type Block, type Chunk, type Context, splitStatements } from "./statements.ts";
import * as t from "./tokens.ts";

/** A token that may stand at a place, and the grammar's rule that wants it there. */
export interface Wanted {
  readonly type: TokenType;
  readonly rule: string;
}

/** How far a grammar rule can read, and what it wants there. */
export interface Reach {
  /** The index of the first token that no way through the rule accepts; the count when all are. */
  readonly position: number;
  readonly wanted: readonly Wanted[];
  /** Whether the rule may end at `position`. */
  readonly complete: boolean;
}

/**
 * Reads tokens by every way through a grammar rule at once. Ends of sub-rules are remembered by place, so that
 * time is polynomial however ambiguous the words are. Rules named `wrong…` are not offered.
 */
class Walk {
  readonly #tokens: readonly IToken[];
  readonly #rules = grammar().getGAstProductions();
  readonly #memo = new Map<string, ReadonlySet<number>>();
  #furthest = 0;
  #wanted = new Map<string, Wanted>();
  readonly #readBy = new Map<number, Set<string>>();

  constructor(tokens: readonly IToken[]) {
    this.#tokens = tokens;
  }

  rule(name: string): Reach {
    const ends = this.#nonTerminal(name, 0);
    const position = this.#furthest;
    return { position, wanted: [...this.#wanted.values()], complete: ends.has(position) };
  }

  /** The rules that read each token on some way, by its index. */
  get readBy(): ReadonlyMap<number, ReadonlySet<string>> {
    return this.#readBy;
  }

  #nonTerminal(name: string, at: number): ReadonlySet<number> {
    const key = `${name}:${at}`;
    const known = this.#memo.get(key);
    if (known !== undefined) return known;
    const rule = this.#rules[name] as GrammarRule;
    const ends = this.#sequence(rule.definition, new Set([at]), name);
    this.#memo.set(key, ends);
    return ends;
  }

  #sequence(
    productions: readonly IProduction[],
    starts: ReadonlySet<number>,
    rule: string,
  ): ReadonlySet<number> {
    let ends = starts;
    for (const production of productions) {
      if (ends.size === 0) return ends;
      ends = this.#production(production, ends, rule);
    }
    return ends;
  }

  #production(
    production: IProduction,
    starts: ReadonlySet<number>,
    rule: string,
  ): ReadonlySet<number> {
    if (production instanceof Terminal)
      return this.#terminal(production.terminalType, starts, rule);
    if (production instanceof NonTerminal) {
      const name = production.nonTerminalName;
      const ends = new Set<number>();
      if (name.startsWith("wrong")) return ends;
      for (const start of starts) {
        for (const end of this.#nonTerminal(name, start)) ends.add(end);
      }
      return ends;
    }
    if (production instanceof Option) {
      return new Set([...starts, ...this.#sequence(production.definition, starts, rule)]);
    }
    if (production instanceof Repetition || production instanceof RepetitionMandatory) {
      const ends = new Set(production instanceof Repetition ? starts : []);
      let frontier = starts;
      while (frontier.size > 0) {
        const next = new Set<number>();
        for (const end of this.#sequence(production.definition, frontier, rule)) {
          if (!ends.has(end)) next.add(end);
        }
        for (const end of next) ends.add(end);
        frontier = next;
      }
      return ends;
    }
    const ends = new Set<number>();
    if (production instanceof Alternation) {
      for (const alternative of production.definition) {
        const { definition } = alternative as Alternative;
        for (const end of this.#sequence(definition, starts, rule)) ends.add(end);
      }
    }
    return ends;
  }

  #terminal(type: TokenType, starts: ReadonlySet<number>, rule: string): ReadonlySet<number> {
    const ends = new Set<number>();
    for (const start of starts) {
      const token = this.#tokens[start];
      if (token !== undefined && accepts(type, token)) {
        ends.add(start + 1);
        this.#readBy.set(start, (this.#readBy.get(start) ?? new Set()).add(rule));
      }
      if (start + (token !== undefined && accepts(type, token) ? 1 : 0) < this.#furthest) continue;
      if (token !== undefined && accepts(type, token)) {
        if (start + 1 > this.#furthest) this.#reach(start + 1);
      } else {
        if (start > this.#furthest) this.#reach(start);
        this.#wanted.set(`${type.name}:${rule}`, { type, rule });
      }
    }
    return ends;
  }

  #reach(position: number): void {
    this.#furthest = position;
    this.#wanted.clear();
  }
}

function accepts(type: TokenType, token: IToken): boolean {
  return token.tokenType === type || type.categoryMatchesMap?.[token.tokenTypeIdx] === true;
}

/** How far a rule of the grammar can read some tokens. */
export function reach(rule: string, tokens: readonly IToken[]): Reach {
  return new Walk(tokens).rule(rule);
}

/** The grammar rules that read each token of a statement of a block, as far as it goes, by the token's index. */
export function readings(
  context: Context,
  tokens: readonly IToken[],
): ReadonlyMap<number, ReadonlySet<string>> {
  const walk = new Walk(tokens);
  for (const rule of ENTRY[context]) walk.rule(rule);
  return walk.readBy;
}

// Names of tokens, for messages ----------------------------------------------------------------------

const NAMES: ReadonlyMap<TokenType, string> = new Map([
  [t.Name, "a name"],
  [t.Identifier, "a name"],
  [t.Word, "a name"],
  [t.Glob, "a glob"],
  [t.GroupName, "a group"],
  [t.StringToken, "a string"],
  [t.NumberToken, "a number"],
  [t.Duration, "a duration such as `10m`"],
  [t.DateToken, "a date such as `2026-12-31`"],
  [t.Time, "a time such as `09:00`"],
  [t.Regex, "a regular expression"],
  [t.Unit, "a window such as `minute`"],
  [t.Day, "a day such as `mon`"],
  [EOF, "the end of the statement"],
]);

/** Sets of tokens that are one thing to a person, the widest first. */
const PHRASES: readonly { readonly types: readonly TokenType[]; readonly name: string }[] = [
  {
    name: "a condition",
    types: [
      t.Not,
      t.LeftParen,
      t.Has,
      t.Any,
      t.Every,
      t.During,
      t.Before,
      t.After,
      t.Host,
      t.Length,
      t.StringToken,
      t.NumberToken,
      t.True,
      t.False,
      t.Null,
      t.LeftBracket,
      t.Args,
      t.Grant,
      t.Client,
      t.Name,
    ],
  },
  {
    name: "a value",
    types: [
      t.Host,
      t.Length,
      t.StringToken,
      t.NumberToken,
      t.True,
      t.False,
      t.Null,
      t.LeftBracket,
      t.Args,
      t.Grant,
      t.Client,
      t.Name,
    ],
  },
  {
    name: "a value",
    types: [t.StringToken, t.NumberToken, t.True, t.False, t.Null, t.LeftBracket, t.LeftBrace],
  },
  {
    name: "a literal",
    types: [t.StringToken, t.NumberToken, t.True, t.False, t.Null, t.LeftBracket],
  },
  {
    name: "an operator such as `==`",
    types: [
      t.Equal,
      t.Unequal,
      t.Less,
      t.AtMost,
      t.Greater,
      t.AtLeast,
      t.In,
      t.Not,
      t.Contains,
      t.Starts,
      t.Ends,
      t.Matches,
      t.Like,
      t.Under,
    ],
  },
  { name: "the name of a tool", types: [t.Name, t.StringToken, t.Glob, t.GroupName] },
  { name: "an argument such as `args.amount`", types: [t.Args, t.Grant, t.Client, t.Name] },
];

/** What may stand at a place, in words: `` `,`, `if` or the end of the statement ``. */
export function describe(types: Iterable<TokenType>): string {
  const left = new Set(types);
  const parts: string[] = [];
  for (const phrase of PHRASES) {
    if (!phrase.types.every((type) => left.has(type))) continue;
    parts.push(phrase.name);
    for (const type of phrase.types) left.delete(type);
  }
  // Where a kind of target may stand its name may too; the words would only crowd the message.
  if (parts.includes("the name of a tool")) {
    for (const type of [t.Tool, t.Resource, t.Prompt]) left.delete(type);
  }
  if (parts.includes("an operator such as `==`") && left.has(t.Dot)) {
    left.delete(t.Dot);
    left.delete(t.LeftBracket);
    left.delete(t.Else);
  }
  const atEnd = left.delete(EOF);
  for (const type of left) parts.push(NAMES.get(type) ?? `\`${type.name}\``);
  if (atEnd) parts.push(NAMES.get(EOF) as string);
  const unique = [...new Set(parts)];
  const last = unique.pop() ?? "something else";
  return unique.length === 0 ? last : `${unique.join(", ")} or ${last}`;
}

/** What a token is, in words. */
export function nameOf(token: IToken | undefined): string {
  if (token === undefined) return "the end of the statement";
  const { image, tokenType } = token;
  const shown = image.length > 40 ? `${image.slice(0, 39)}…` : image;
  if (accepts(t.StringToken, token)) return `the string \`${shown}\``;
  if (tokenType === t.PlainNumber) return `the number \`${shown}\``;
  return `\`${shown}\``;
}

// Completion -----------------------------------------------------------------------------------------

/** What may be typed at an offset. */
export interface Expected {
  /** The block that the offset is in. */
  readonly context: Context;
  /** Words and signs, such as `allow`, `per` or `{`. */
  readonly keywords: readonly string[];
  /** Tokens without a fixed spelling, each with the grammar rule that wants it. */
  readonly categories: readonly Wanted[];
  /** The word that has been begun, empty if none has. */
  readonly replace: Span;
  /** The tokens of the statement before the word, without blocks around it. */
  readonly before: readonly IToken[];
}

const ENTRY: Readonly<Record<Context, readonly string[]>> = {
  document: ["statement", "onHead", "whenHead", "testHead"],
  when: ["rule", "onHead", "whenHead"],
  on: ["bareRule"],
  test: ["step", "asHead"],
  as: ["step", "asHead"],
};

/**
 * What the grammar wants at an offset: for completion, and only by the statement that the offset is in.
 *
 * @param lexed the tokens of the text, where they are known
 */
export function expectedAt(
  source: Source,
  offset: number,
  lexed: Pick<Lexed, "tokens"> = tokenize(source),
): Expected {
  const before = lexed.tokens.filter((token) => token.startOffset < offset);
  const last = before[before.length - 1];
  let replace: Span = { start: offset, end: offset };
  if (last !== undefined && t.endOf(last) >= offset && /^[@A-Za-z_]/.test(last.image)) {
    before.pop();
    replace = { start: last.startOffset, end: t.endOf(last) };
  }
  const { context, tokens } = innermost(splitStatements(before, source.text), "document");
  const wanted = new Map<string, Wanted>();
  const add = (reached: Reach, length: number) => {
    if (reached.position !== length) return false;
    for (const entry of reached.wanted) wanted.set(`${entry.type.name}:${entry.rule}`, entry);
    return reached.complete;
  };
  let isComplete = tokens.length === 0;
  for (const rule of ENTRY[context]) {
    if (tokens.length > 0 && add(reach(rule, tokens), tokens.length)) isComplete = true;
  }
  // Behind a statement that is broken another one may begin on the next line.
  if (wanted.size === 0 && beginsLine(source.text, replace.start)) isComplete = true;
  if (isComplete) {
    for (const rule of ENTRY[context]) add(reach(rule, []), 0);
    if (context !== "document") {
      wanted.set("}", { type: t.RightBrace, rule: "block" });
    }
  }
  const keywords = new Set<string>();
  const categories: Wanted[] = [];
  for (const entry of wanted.values()) {
    const words = spellings(entry.type);
    if (words.length === 0) categories.push(entry);
    for (const word of words) keywords.add(word);
  }
  return { context, keywords: [...keywords], categories, replace, before: tokens };
}

/** The words of a token type that has a fixed spelling. */
function spellings(type: TokenType): readonly string[] {
  if (type === t.Unit) return ["second", "minute", "hour", "day", "week", "month"];
  if (type === t.Day) return t.DAYS;
  return NAMES.has(type) ? [] : [type.name];
}

/** The statement that a text ends with, and the block around it that is still open. */
function innermost(
  chunks: readonly Chunk[],
  context: Context,
): { context: Context; tokens: readonly IToken[] } {
  const last = chunks[chunks.length - 1];
  if (last === undefined) return { context, tokens: [] };
  if (last.kind === "plain") return { context, tokens: last.tokens };
  if (last.close !== undefined) return { context, tokens: [] };
  return innermost(last.body, (last as Block).word);
}
