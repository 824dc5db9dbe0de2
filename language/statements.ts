import type { IToken, TokenType } from "chevrotain";
import { MAX_NESTING } from "./grammar/values.ts";
import { beginsLine } from "./source.ts";
import * as t from "./tokens.ts";

/**
 * The tokens of a file, cut into statements before any of them is parsed: what is broken in one cannot
 * reach its neighbours, and an editor can parse one again without the others.
 */
export type Chunk = Plain | Block;

/** One statement or step, or several on one line. */
export interface Plain {
  readonly kind: "plain";
  readonly tokens: readonly IToken[];
  /** A `}` that closes nothing, or a block beyond the deepest level. */
  readonly fault?: "stray" | "deep";
}

export interface Block {
  readonly kind: "block";
  readonly word: BlockWord;
  /** From its word to its `{`, which may be missing. */
  readonly head: readonly IToken[];
  readonly body: readonly Chunk[];
  readonly close?: IToken;
}

export type BlockWord = "on" | "when" | "test" | "as";

/** What encloses a chunk; it decides which words begin a statement. */
export type Context = "document" | BlockWord;

const RULE_WORDS: ReadonlySet<TokenType> = new Set<TokenType>([
  t.Allow,
  t.Deny,
  t.Hide,
  t.Ask,
  t.Limit,
  t.Shadow,
]);

const STATEMENT_WORDS: ReadonlySet<TokenType> = new Set<TokenType>([
  ...RULE_WORDS,
  t.Server,
  t.Default,
  t.Validate,
  t.Pin,
  t.Labels,
  t.Import,
  t.Let,
  t.Group,
  t.On,
  t.When,
  t.Test,
  t.Always,
  t.Never,
]);

/** Behind these words and signs some statement words are a part of the statement. */
const CONTINUES: ReadonlyMap<TokenType, ReadonlySet<TokenType>> = new Map([
  [t.Arrow, new Set([t.Allow, t.Deny, t.Hide, t.Ask])],
  [t.Dot, STATEMENT_WORDS],
  [t.Default, new Set([t.Allow, t.Deny, t.Hide, t.Ask])],
  [t.Always, RULE_WORDS],
  [t.Never, RULE_WORDS],
  [t.Shadow, RULE_WORDS],
  [t.Comma, new Set([t.Server])],
  [t.Per, new Set([t.Server])],
]);

/** The words that begin a block, in a document and in tests. */
export const BLOCK_WORDS: ReadonlyMap<TokenType, BlockWord> = new Map([
  [t.On, "on"],
  [t.When, "when"],
  [t.Test, "test"],
  [t.As, "as"],
]);

/** Whether a statement begins at a token, wherever on its line it stands. */
export function startsStatement(
  tokens: readonly IToken[],
  index: number,
  context: Context,
): boolean {
  const token = tokens[index];
  if (token === undefined || !STATEMENT_WORDS.has(token.tokenType)) return false;
  const before = tokens[index - 1];
  const next = tokens[index + 1];
  // Behind a scope comes no name, so this `server` is a statement, and what is before it is cut short.
  const names =
    token.tokenType === t.Server && next !== undefined && (isString(next) || isName(next));
  if (
    before !== undefined &&
    !names &&
    CONTINUES.get(before.tokenType)?.has(token.tokenType) === true
  ) {
    return false;
  }
  const after = next?.tokenType;
  if (after === t.Colon) return false;
  // Where rules name their tools, `limit 10/hour` is a clause of the rule before it.
  if (token.tokenType === t.Limit && context !== "on") {
    return !(
      after === t.Each ||
      after === t.Sum ||
      after === t.PlainNumber ||
      after === t.BadNumber
    );
  }
  return true;
}

/** Whether a token is the word of a statement and begins its line, in a text in which it stands further on. */
export function startsLineWith(token: IToken, text: string, moved: number): boolean {
  return STATEMENT_WORDS.has(token.tokenType) && beginsLine(text, token.startOffset + moved);
}

/** Whether a step of a test begins at a token. */
export function startsStep(tokens: readonly IToken[], index: number): boolean {
  const token = tokens[index];
  const next = tokens[index + 1];
  if (token === undefined || next === undefined) return false;
  const { tokenType } = token;
  if (isNumber(token)) return next.tokenType === t.Times || token.image.endsWith("x");
  if (tokenType === t.As) return isString(next);
  if (next.tokenType === t.LeftBrace) return isString(token) || isName(token);
  if (tokenType === t.Wait) return isNumber(next) || next.tokenType === t.PlainDuration;
  if (tokenType === t.At) return isString(next);
  return tokenType === t.Approved && (isString(next) || isName(next));
}

function isString({ tokenType }: IToken): boolean {
  return tokenType === t.PlainString || tokenType === t.BadString || tokenType === t.ForeignString;
}

function isNumber({ tokenType }: IToken): boolean {
  return tokenType === t.PlainNumber || tokenType === t.BadNumber;
}

function isName({ tokenType, tokenTypeIdx }: IToken): boolean {
  return tokenType === t.Name || t.Name.categoryMatchesMap?.[tokenTypeIdx] === true;
}

/** Cuts the tokens of a text into statements. Every token is in exactly one chunk. */
export function splitStatements(tokens: readonly IToken[], text: string): Chunk[] {
  return new Splitter(tokens, text).body("document", 0).chunks;
}

interface Body {
  readonly chunks: Chunk[];
  readonly close?: IToken;
}

/** A run of statements on one line is cut at this length, so that time stays linear. */
const LONGEST_CHUNK = 200;

class Splitter {
  readonly #tokens: readonly IToken[];
  readonly #text: string;
  #at = 0;
  /** For each `{` the index of its `}`; none where a statement between them shows that it is not closed. */
  readonly #matches = new Map<number, number>();
  /** For each index the next one, itself included, at which the head of a block ends or must have ended. */
  readonly #stops: Int32Array;

  constructor(tokens: readonly IToken[], text: string) {
    this.#tokens = tokens;
    this.#text = text;
    const open: number[] = [];
    for (let i = 0; i < tokens.length; i++) {
      const type = this.#type(i);
      if (type === t.LeftBrace) open.push(i);
      else if (type === t.RightBrace) {
        const brace = open.pop();
        if (brace !== undefined) this.#matches.set(brace, i);
      } else if (open.length > 0 && this.#ends(i, "when")) open.length = 0;
    }
    this.#stops = new Int32Array(tokens.length + 1).fill(tokens.length);
    for (let i = tokens.length - 1; i >= 0; i--) {
      const type = this.#type(i);
      const isStop = type === t.LeftBrace || type === t.RightBrace || this.#begins(i, "document");
      this.#stops[i] = isStop ? i : (this.#stops[i + 1] as number);
    }
  }

  #type(index: number): TokenType | undefined {
    return this.#tokens[index]?.tokenType;
  }

  #firstOnLine(index: number): boolean {
    const token = this.#tokens[index];
    return token !== undefined && beginsLine(this.#text, token.startOffset);
  }

  /** Whether a statement begins here with its line. */
  #begins(index: number, context: Context): boolean {
    return startsStatement(this.#tokens, index, context) && this.#firstOnLine(index);
  }

  /** Whether the word here shows that the block around it was never closed. */
  #ends(index: number, context: Context): boolean {
    if (context === "document" || !this.#begins(index, context)) return false;
    if (context === "test" || context === "as") return true;
    const type = this.#type(index) as TokenType;
    if (RULE_WORDS.has(type) || type === t.When) return false;
    return !(type === t.On && context === "when");
  }

  body(context: Context, depth: number): Body {
    const chunks: Chunk[] = [];
    while (this.#at < this.#tokens.length) {
      const token = this.#tokens[this.#at] as IToken;
      if (token.tokenType === t.RightBrace) {
        this.#at++;
        if (context !== "document") return { chunks, close: token };
        chunks.push({ kind: "plain", tokens: [token], fault: "stray" });
      } else if (this.#ends(this.#at, context)) {
        break;
      } else {
        const word = this.#blockWord(this.#at, context);
        if (word === undefined) chunks.push(this.#plain(context));
        else chunks.push(...this.#block(word, context, depth));
      }
    }
    return { chunks };
  }

  #blockWord(index: number, context: Context): BlockWord | undefined {
    const word = BLOCK_WORDS.get(this.#type(index) as TokenType);
    const isInTest = context === "test" || context === "as";
    return (word === "as") === isInTest ? word : undefined;
  }

  /** Whether a chunk that began earlier ends before this token. */
  #cuts(start: number, index: number, context: Context): boolean {
    if (context === "test" || context === "as") {
      if (this.#type(index) === t.As) {
        return this.#type(index + 1) !== t.Colon && this.#type(index - 1) !== t.Dot;
      }
      if (this.#begins(index, context)) return true;
      const before = this.#type(index - 1);
      if (before === t.Times || before === t.Approved) return false;
      if (!startsStep(this.#tokens, index)) return false;
      return this.#firstOnLine(index) || index - start > LONGEST_CHUNK;
    }
    if (this.#begins(index, context)) return true;
    if (index - start > LONGEST_CHUNK && startsStatement(this.#tokens, index, context)) return true;
    return (
      BLOCK_WORDS.has(this.#type(index) as TokenType) &&
      startsStatement(this.#tokens, index, context) &&
      this.#brace(index) !== undefined
    );
  }

  #plain(context: Context): Plain {
    const start = this.#at;
    const inTest = context === "test" || context === "as";
    let depth = 0;
    for (this.#at++; this.#at < this.#tokens.length; this.#at++) {
      const type = this.#type(this.#at);
      if (this.#cuts(start, this.#at, context)) break;
      // An expectation never stands in an object: one that was left open ends here.
      if (type === t.Arrow) depth = 0;
      else if (type === t.LeftBrace) {
        if (inTest) depth++;
        else this.#skipBraces();
      } else if (type === t.RightBrace) {
        if (depth === 0) break;
        depth--;
      }
    }
    return { kind: "plain", tokens: this.#tokens.slice(start, this.#at) };
  }

  /** Moves from a `{` that opens no block to the `}` that closes it, if there is one. */
  #skipBraces(): void {
    const close = this.#matching(this.#at);
    if (close !== undefined) this.#at = close;
  }

  #matching(open: number): number | undefined {
    return this.#matches.get(open);
  }

  /** The index of the `{` of a block whose word stands at an index. */
  #brace(word: number): number | undefined {
    const hasLabels = this.#type(word) === t.Test || this.#type(word) === t.As;
    let stop = this.#stops[word + 1] as number;
    if (hasLabels && this.#type(stop) === t.LeftBrace && this.#opensObject(stop)) {
      const close = this.#matching(stop);
      if (close !== undefined) stop = this.#stops[close + 1] as number;
    }
    return this.#type(stop) === t.LeftBrace ? stop : undefined;
  }

  #opensObject(index: number): boolean {
    if (this.#type(index + 2) === t.Colon) return true;
    return this.#type(index + 1) === t.RightBrace && this.#type(index + 2) === t.LeftBrace;
  }

  /** A block, and behind it the chunks that it must not swallow. */
  #block(word: BlockWord, context: Context, depth: number): Chunk[] {
    const start = this.#at;
    const brace = this.#brace(start);
    if (brace === undefined) {
      const plain = this.#plain(context);
      const isFollowed = context === "document" && this.#closesLater(this.#at, word);
      if (!isFollowed) return [plain];
      const { chunks, close } = this.body(word, depth + 1);
      return [block(word, plain.tokens, chunks, close)];
    }
    if (depth >= MAX_NESTING) {
      this.#at = this.#matchingOrEnd(brace);
      return [{ kind: "plain", tokens: this.#tokens.slice(start, this.#at), fault: "deep" }];
    }
    const head = this.#tokens.slice(start, brace + 1);
    this.#at = brace + 1;
    const { chunks, close } = this.body(word, depth + 1);
    if (word !== "when" || close !== undefined) return [block(word, head, chunks, close)];
    // An unclosed `when` ends before the first `on`, which might have been meant as its member.
    const first = chunks.findIndex((chunk) => chunk.kind === "block" && chunk.word === "on");
    const end = first === -1 ? chunks.length : first;
    return [block(word, head, chunks.slice(0, end)), ...chunks.slice(end)];
  }

  #matchingOrEnd(brace: number): number {
    const close = this.#matching(brace);
    return close === undefined ? this.#tokens.length : close + 1;
  }

  /** Whether a `}` closes a block whose `{` is missing and whose first line begins here. */
  #closesLater(from: number, word: BlockWord): boolean {
    let depth = 0;
    const end = Math.min(this.#tokens.length, from + LONGEST_CHUNK);
    for (let i = from; i < end; i++) {
      const type = this.#type(i);
      if (type === t.LeftBrace) depth++;
      else if (type === t.RightBrace && depth-- === 0) return i > from;
      else if (depth === 0 && this.#ends(i, word)) return false;
    }
    return false;
  }
}

function block(
  word: BlockWord,
  head: readonly IToken[],
  body: readonly Chunk[],
  close?: IToken,
): Block {
  return { kind: "block", word, head, body, ...(close === undefined ? {} : { close }) };
}
