import type { IToken } from "chevrotain";
import type {
  AsStep,
  Broken,
  Comment,
  Document,
  Node,
  On,
  Rule,
  Statement,
  Step,
  Test,
  When,
} from "./ast.ts";
import { type Diagnostic, report } from "./diagnostics.ts";
import { type Reach, reach } from "./expected.ts";
import { faultOf, misplaced } from "./faults.ts";
import { MAX_NESTING, NestingError } from "./grammar/values.ts";
import { grammar } from "./grammar.ts";
import { type Lexed, retokenize, tokenize } from "./lexical.ts";
import { spanOf } from "./literals.ts";
import { messages } from "./messages.ts";
import { firstToken, isSame, moveTo, type ReadChunk, type ReadChunks } from "./reread.ts";
import { beginsLine, type Source, type Span } from "./source.ts";
import {
  BLOCK_WORDS,
  type Block,
  type BlockWord,
  type Chunk,
  type Context,
  type Plain,
  splitStatements,
  startsStatement,
  startsStep,
} from "./statements.ts";
import { endOf, LeftBrace, RightBrace, When as WhenToken } from "./tokens.ts";

/** A text as a tree, and what it takes to read a text that is a little different. */
export interface Parsed {
  readonly document: Document;
  readonly diagnostics: readonly Diagnostic[];
  readonly lexed: Lexed;
  readonly chunks: ReadChunks<Member>;
}

/**
 * Reads a text: any text gives a tree, and what is wrong in it is reported. Every token belongs to one
 * statement of the tree; a statement that cannot be read is a `Broken` one, with one diagnostic.
 */
export function parse(source: Source): Parsed {
  return parseTokens(source, tokenize(source), new Map());
}

/**
 * The same, of a text that differs from another one in one place. Every statement of the other one that is not
 * concerned becomes a part of this tree, and its spans are moved: the other tree is used up by that.
 */
export function reparse(source: Source, before: Parsed): Parsed {
  const { text } = before.document.source;
  return parseTokens(source, retokenize(source, { text, lexed: before.lexed }), before.chunks);
}

function parseTokens(source: Source, lexed: Lexed, known: ReadChunks<Member>): Parsed {
  const { tokens, comments } = lexed;
  const parser = new Parser(source, comments, [...lexed.diagnostics], known);
  const statements = parser.chunks(splitStatements(tokens, source.text), "document");
  const document: Document = {
    kind: "document",
    source,
    statements: statements as Statement[],
    comments,
    span: { start: 0, end: source.text.length },
  };
  parser.diagnostics.sort((a, b) => a.span.start - b.span.start || a.span.end - b.span.end);
  return { document, diagnostics: parser.diagnostics, lexed, chunks: parser.read };
}

/** A node of any body: the caller knows which kinds its context gives. */
type Member = Statement | Step;

type EntryRule =
  | "statement"
  | "rule"
  | "bareRule"
  | "step"
  | "onHead"
  | "whenHead"
  | "testHead"
  | "asHead";

/** The grammar rule for one statement that is no block. */
const ENTRY = {
  document: "statement",
  when: "rule",
  on: "bareRule",
  test: "step",
  as: "step",
} as const satisfies Record<Context, EntryRule>;

class Parser {
  readonly diagnostics: Diagnostic[];
  readonly #source: Source;
  readonly #comments: readonly Comment[];
  readonly #lexical: readonly number[];
  readonly #known: ReadChunks<Member>;
  readonly read: ReadChunks<Member> = new Map();
  /** The first comment behind the last statement that was looked at, and where that begins. */
  #comment = 0;
  #last = 0;

  constructor(
    source: Source,
    comments: readonly Comment[],
    diagnostics: Diagnostic[],
    known: ReadChunks<Member>,
  ) {
    this.#source = source;
    this.#known = known;
    this.#comments = comments;
    this.diagnostics = diagnostics;
    this.#lexical = diagnostics.map(({ span }) => span.start);
  }

  chunks(chunks: readonly Chunk[], context: Context): Member[] {
    const members: Member[] = [];
    for (const chunk of chunks)
      members.push(...(this.#recall(chunk, context) ?? this.#read(chunk, context)));
    return members;
  }

  #read(chunk: Chunk, context: Context): readonly Member[] {
    const members: Member[] = [];
    const reported = this.diagnostics.length;
    if (chunk.kind === "block") members.push(this.#block(chunk, context));
    else this.#plain(chunk, context, members);
    const isSilent = this.diagnostics.length === reported && !this.#hasLexical(tokensOf(chunk));
    if (isSilent) {
      const first = firstToken(chunk);
      this.read.set(first, { chunk, context, members, last: this.#last - first.startOffset });
    }
    return members;
  }

  /** What was read from a chunk before, moved to where it is now. */
  #recall(chunk: Chunk, context: Context): readonly Member[] | undefined {
    const first = firstToken(chunk);
    const known = this.#known.get(first);
    if (known === undefined || known.context !== context || !isSame(known.chunk, chunk))
      return undefined;
    const before = this.#comment;
    const { doc } = this.#doc(first.startOffset);
    if (!isSameDoc(doc, (known.members[0] as { readonly doc?: readonly string[] }).doc)) {
      this.#comment = before;
      return undefined;
    }
    // What stands in it has its comments already.
    this.#doc(first.startOffset + known.last);
    moveTo(first.startOffset, known.members);
    this.#keep(known);
    return known.members;
  }

  /** Notes a chunk, and those in it, for the next time. */
  #keep(known: ReadChunk<Member>): void {
    this.read.set(firstToken(known.chunk), known);
    if (known.chunk.kind !== "block") return;
    for (const chunk of known.chunk.body) {
      const inner = this.#known.get(firstToken(chunk));
      if (inner !== undefined) this.#keep(inner);
    }
  }

  // Statements and steps ---------------------------------------------------------------------------

  #plain(chunk: Plain, context: Context, members: Member[]): void {
    const first = chunk.tokens[0] as IToken;
    if (chunk.fault !== undefined) {
      const doc = this.#doc(first.startOffset);
      this.diagnostics.push(
        chunk.fault === "stray"
          ? report(messages.strayBrace, {}, this.#source, spanOf(first))
          : report(messages.tooDeep, { most: MAX_NESTING }, this.#source, spanOf(first)),
      );
      members.push({ ...broken(chunk.tokens), ...doc });
      return;
    }
    let rest = chunk.tokens;
    while (rest.length > 0) rest = rest.slice(this.#one(rest, context, members));
  }

  /** Reads one statement off the front; gives the count of its tokens. */
  #one(tokens: readonly IToken[], context: Context, members: Member[]): number {
    const doc = this.#doc((tokens[0] as IToken).startOffset);
    const rule = ENTRY[context];
    const read = this.#run<Rule | Statement | Step>(rule, tokens);
    if (read === "deep") {
      members.push({ ...broken(tokens), ...doc });
      return tokens.length;
    }
    if (read !== undefined && this.#isWhole(rule, tokens, read.length, context)) {
      const { node, length, diagnostics } = read;
      if (context === "when" && node.kind === "hide") {
        diagnostics.push(misplaced({ source: this.#source, context }, tokens[0] as IToken));
      }
      this.diagnostics.push(...diagnostics);
      const faulty = diagnostics.length > 0 || this.#hasLexical(tokens.slice(0, length));
      const isPlain = !faulty && doc.doc === undefined;
      members.push(isPlain ? node : ({ ...node, ...doc, ...(faulty ? { faulty } : {}) } as Member));
      return length;
    }
    const word = BLOCK_WORDS.get((tokens[0] as IToken).tokenType);
    const isInTest = context === "test" || context === "as";
    if (word !== undefined && (word === "as") === isInTest) {
      this.#headFault(word, tokens);
      members.push({ ...broken(tokens), ...doc });
      return tokens.length;
    }
    const reached = this.#reach(rule, tokens);
    const end = this.#resume(tokens, reached.position + 1, context);
    const part = tokens.slice(0, end);
    this.#report(part, () => faultOf({ source: this.#source, tokens, context, reach: reached }));
    members.push({ ...broken(part), ...doc });
    return end;
  }

  /** Whether a statement that was read to an index is sound there, whatever follows. */
  #isWhole(rule: EntryRule, tokens: readonly IToken[], end: number, context: Context): boolean {
    const next = tokens[end];
    if (next === undefined) return true;
    const isFirst = beginsLine(this.#source.text, next.startOffset);
    // A `when` that opens a block is a chunk of its own; this one was meant as `if`.
    if (this.#starts(tokens, end, context)) return isFirst || next.tokenType !== WhenToken;
    // What begins a line and cannot belong to the statement is another one, and broken.
    if (!isFirst) return false;
    return reach(rule, tokens).position === end;
  }

  /** Where and why a rule cannot read on. */
  #reach(rule: EntryRule, tokens: readonly IToken[]): Reach {
    const reached = reach(rule, tokens);
    if (reached.position < tokens.length || !reached.complete) return reached;
    // By its words the statement is one, but a condition of the grammar refused it.
    const refused = grammar().errors[0]?.token;
    const position = refused === undefined ? -1 : tokens.indexOf(refused);
    return { position: position === -1 ? tokens.length : position, wanted: [], complete: false };
  }

  #starts(tokens: readonly IToken[], index: number, context: Context): boolean {
    return context === "test" || context === "as"
      ? startsStep(tokens, index)
      : startsStatement(tokens, index, context);
  }

  /** The index at which the next statement of a broken chunk begins. */
  #resume(tokens: readonly IToken[], from: number, context: Context): number {
    // Braces that do not belong there hold no statements of their own.
    const isInTest = context === "test" || context === "as";
    let depth = !isInTest && tokens[from - 1]?.tokenType === LeftBrace ? 1 : 0;
    for (let i = from; i < tokens.length; i++) {
      const type = (tokens[i] as IToken).tokenType;
      if (!isInTest && type === LeftBrace) depth++;
      else if (type === RightBrace && depth > 0) depth--;
      else if (depth === 0 && this.#starts(tokens, i, context)) return i;
    }
    return tokens.length;
  }

  /** Runs a rule; undefined if it cannot read its beginning, `"deep"` if that has been reported. */
  #run<T>(
    rule: EntryRule,
    tokens: readonly IToken[],
  ): { node: T; length: number; diagnostics: Diagnostic[] } | "deep" | undefined {
    const parser = grammar();
    const diagnostics: Diagnostic[] = [];
    parser.begin(this.#source, [...tokens], diagnostics);
    let node: unknown;
    try {
      node = parser[rule]();
    } catch (error) {
      if (!(error instanceof NestingError)) throw error;
      const parameters = { most: MAX_NESTING };
      this.#report(tokens, () =>
        report(messages.tooDeep, parameters, this.#source, spanOf(error.token)),
      );
      return "deep";
    }
    if (node === undefined) return undefined;
    return { node: node as T, length: parser.position, diagnostics };
  }

  /** Reports a fault, unless a malformed token among these has been reported: that may be its cause. */
  #report(tokens: readonly IToken[], fault: () => Diagnostic): void {
    if (!this.#hasLexical(tokens)) this.diagnostics.push(fault());
  }

  #hasLexical(tokens: readonly IToken[]): boolean {
    if (this.#lexical.length === 0) return false;
    const { start, end } = spanOfAll(tokens);
    let low = 0;
    let high = this.#lexical.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#lexical[middle] as number) < start) low = middle + 1;
      else high = middle;
    }
    return (this.#lexical[low] ?? end) < end;
  }

  /** The `///` comments between the last statement and this one. */
  #doc(start: number): { doc?: readonly string[] } {
    const lines: string[] = [];
    this.#last = start;
    for (; this.#comment < this.#comments.length; this.#comment++) {
      const comment = this.#comments[this.#comment] as Comment;
      if (comment.span.start >= start) break;
      if (comment.doc && comment.ownLine) lines.push(comment.text.replace(/^\/\/\/ ?/, ""));
      else lines.length = 0;
    }
    return lines.length === 0 ? {} : { doc: lines };
  }

  // Blocks -----------------------------------------------------------------------------------------

  #block(chunk: Block, context: Context): Member {
    const { word, head, close } = chunk;
    const first = head[0] as IToken;
    const doc = this.#doc(first.startOffset);
    const span = { start: first.startOffset, end: blockEnd(chunk) };
    if (word !== "as" && !mayContain(context, word)) {
      this.#report(head, () => misplaced({ source: this.#source, context }, first));
      return { kind: "broken", ...doc, span };
    }
    const read = this.#run(`${word}Head`, head);
    const isRead = read !== undefined && read !== "deep" && read.length === head.length;
    if (isRead) this.diagnostics.push(...read.diagnostics);
    else if (read !== "deep") this.#headFault(word, head);
    if (isRead && close === undefined) {
      this.diagnostics.push(report(messages.unclosedBlock, { word }, this.#source, spanOf(first)));
    }
    const body = this.chunks(chunk.body, word);
    if (!isRead) return { kind: "broken", ...doc, span };
    const isFaulty = read.diagnostics.length > 0 || close === undefined || this.#hasLexical(head);
    const common = { ...doc, span, ...(isFaulty ? { faulty: true as const } : {}) };
    switch (word) {
      case "on":
        return { kind: "on", targets: read.node, body, ...common } as On;
      case "when":
        return { kind: "when", condition: read.node, body, ...common } as When;
      case "test": {
        const headed = read.node as Pick<Test, "name" | "as">;
        return { kind: "test", ...headed, steps: body as Step[], ...common };
      }
      default:
        return { kind: "as", as: read.node, steps: body, ...common } as AsStep;
    }
  }

  #headFault(word: BlockWord, head: readonly IToken[]): void {
    const { position, wanted, complete } = this.#reach(`${word}Head`, head);
    const first = head[0] as IToken;
    this.#report(head, () => {
      if (position === head.length && wanted.some(({ type }) => type === LeftBrace)) {
        const end = endOf(head[head.length - 1] as IToken);
        return report(messages.missingBrace, { word }, this.#source, spanOf(first), {
          fixes: [{ title: "Add `{`", edits: [{ span: { start: end, end }, text: " {" }] }],
        });
      }
      const reached = { position, wanted, complete };
      return faultOf({ source: this.#source, tokens: head, context: "document", reach: reached });
    });
  }
}

function mayContain(context: Context, word: string): boolean {
  if (context === "document") return true;
  return context === "when" && (word === "on" || word === "when");
}

function blockEnd(chunk: Block): number {
  if (chunk.close !== undefined) return endOf(chunk.close);
  const last = chunk.body[chunk.body.length - 1];
  if (last === undefined) return endOf(chunk.head[chunk.head.length - 1] as IToken);
  return last.kind === "block"
    ? blockEnd(last)
    : endOf(last.tokens[last.tokens.length - 1] as IToken);
}

function tokensOf(chunk: Chunk): readonly IToken[] {
  if (chunk.kind === "plain") return chunk.tokens;
  const last = chunk.body.at(-1);
  const end = chunk.close ?? (last === undefined ? undefined : tokensOf(last).at(-1));
  return end === undefined ? chunk.head : [...chunk.head, end];
}

function isSameDoc(a: readonly string[] | undefined, b: readonly string[] | undefined): boolean {
  return a?.length === b?.length && (a ?? []).every((line, index) => line === b?.[index]);
}

function spanOfAll(tokens: readonly IToken[]): Span {
  const first = tokens[0] as IToken;
  return { start: first.startOffset, end: endOf(tokens[tokens.length - 1] as IToken) };
}

/** What a broken statement would have declared. */
function broken(tokens: readonly IToken[]): Broken {
  const [word, name] = tokens;
  const declares =
    (word?.image === "let" || word?.image === "group") && name !== undefined
      ? name.image
      : undefined;
  const node: Node = { span: spanOfAll(tokens) };
  return { kind: "broken", ...(declares === undefined ? {} : { declares }), ...node };
}
