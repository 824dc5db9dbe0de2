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
import { reach } from "./expected.ts";
import { faultOf, misplaced } from "./faults.ts";
import { MAX_NESTING, NestingError } from "./grammar/values.ts";
import { grammar } from "./grammar.ts";
import { beginsLine, tokenize } from "./lexical.ts";
import { spanOf } from "./literals.ts";
import { messages } from "./messages.ts";
import type { Source, Span } from "./source.ts";
import {
  type Block,
  type Chunk,
  type Context,
  type Plain,
  splitStatements,
  startsStatement,
  startsStep,
} from "./statements.ts";
import { endOf } from "./tokens.ts";

/**
 * Reads a text: any text gives a tree, and what is wrong in it is reported. Every token belongs to one
 * statement of the tree; a statement that cannot be read is a `Broken` one, with one diagnostic.
 */
export function parse(source: Source): {
  readonly document: Document;
  readonly diagnostics: Diagnostic[];
} {
  const { tokens, comments, diagnostics } = tokenize(source);
  const parser = new Parser(source, comments, diagnostics);
  const statements = parser.chunks(splitStatements(tokens, source.text), "document");
  const document: Document = {
    kind: "document",
    source,
    statements: statements as Statement[],
    comments,
    span: { start: 0, end: source.text.length },
  };
  parser.diagnostics.sort((a, b) => a.span.start - b.span.start || a.span.end - b.span.end);
  return { document, diagnostics: parser.diagnostics };
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
  readonly #lexical: ReadonlySet<number>;
  /** The first comment behind the last statement that was looked at. */
  #comment = 0;

  constructor(source: Source, comments: readonly Comment[], diagnostics: Diagnostic[]) {
    this.#source = source;
    this.#comments = comments;
    this.diagnostics = diagnostics;
    this.#lexical = new Set(diagnostics.map(({ span }) => span.start));
  }

  chunks(chunks: readonly Chunk[], context: Context): Member[] {
    const members: Member[] = [];
    for (let i = 0; i < chunks.length; i++) {
      const chunk = chunks[i] as Chunk;
      const next = chunks[i + 1];
      if (chunk.kind === "block") members.push(this.#block(chunk, context));
      else if (next?.kind === "plain" && this.#isWhenForIf(next)) {
        members.push(this.#whenForIf(chunk, next));
        i++;
      } else this.#plain(chunk, context, members);
    }
    return members;
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
    if (read !== undefined) {
      const { node, length } = read;
      if (length === tokens.length || this.#starts(tokens, length, context)) {
        this.diagnostics.push(...read.diagnostics);
        if (context === "when" && node.kind === "hide") {
          this.diagnostics.push(misplaced({ source: this.#source, context }, tokens[0] as IToken));
        }
        members.push({ ...node, ...doc } as Member);
        return length;
      }
      // What follows on a line of its own is a statement that is broken; this one is sound.
      const follows = tokens[length] as IToken;
      const isSound = beginsLine(this.#source.text, follows.startOffset);
      if (isSound && !this.#continuesRule(rule, tokens, length)) {
        this.diagnostics.push(...read.diagnostics);
        members.push({ ...node, ...doc } as Member);
        return length;
      }
    }
    const reached = reach(rule, tokens);
    const end = this.#resume(tokens, reached.position + 1, context);
    const part = tokens.slice(0, end);
    this.#report(part, () => faultOf({ source: this.#source, tokens, context, reach: reached }));
    members.push({ ...broken(part), ...doc });
    return end;
  }

  /** Whether a rule of the grammar could go on with the token at an index, and failed behind it. */
  #continuesRule(rule: EntryRule, tokens: readonly IToken[], index: number): boolean {
    return reach(rule, tokens).position > index;
  }

  #starts(tokens: readonly IToken[], index: number, context: Context): boolean {
    return context === "test" || context === "as"
      ? startsStep(tokens, index)
      : startsStatement(tokens, index, context);
  }

  /** The index at which the next statement of a broken chunk begins. */
  #resume(tokens: readonly IToken[], from: number, context: Context): number {
    for (let i = from; i < tokens.length; i++) {
      if (this.#starts(tokens, i, context)) return i;
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
    if (this.#lexical.size > 0) {
      const { start, end } = spanOfAll(tokens);
      for (const offset of this.#lexical) if (offset >= start && offset < end) return;
    }
    this.diagnostics.push(fault());
  }

  /** The `///` comments between the last statement and this one. */
  #doc(start: number): { doc?: readonly string[] } {
    const lines: string[] = [];
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
    const before = this.diagnostics.length;
    const read = this.#run(`${word}Head` as EntryRule, head);
    const isRead = read !== undefined && read !== "deep" && read.length === head.length;
    if (isRead) this.diagnostics.push(...read.diagnostics);
    else if (read !== "deep") this.#headFault(chunk);
    const isMisplaced = word !== "as" && !mayContain(context, word);
    if (isMisplaced && this.diagnostics.length === before) {
      this.diagnostics.push(misplaced({ source: this.#source, context }, first));
    }
    const body = this.chunks(chunk.body, word);
    if (
      close === undefined &&
      this.diagnostics.length === before + (isRead ? read.diagnostics.length : 0)
    ) {
      this.diagnostics.push(report(messages.unclosedBlock, { word }, this.#source, spanOf(first)));
    } else if (close === undefined && isRead) {
      this.diagnostics.push(report(messages.unclosedBlock, { word }, this.#source, spanOf(first)));
    }
    const span = { start: first.startOffset, end: blockEnd(chunk) };
    if (!isRead || isMisplaced) return { kind: "broken", ...doc, span };
    switch (word) {
      case "on":
        return { kind: "on", targets: read.node, body, ...doc, span } as On;
      case "when":
        return { kind: "when", condition: read.node, body, ...doc, span } as When;
      case "test":
        return {
          kind: "test",
          ...(read.node as Pick<Test, "name" | "as">),
          steps: body as Step[],
          ...doc,
          span,
        };
      default:
        return { kind: "as", as: read.node, steps: body, span } as AsStep;
    }
  }

  #headFault({ word, head }: Block): void {
    const rule = `${word}Head`;
    const reached = reach(rule, head);
    const first = head[0] as IToken;
    this.#report(head, () => {
      if (
        reached.position === head.length &&
        reached.wanted.some(({ type }) => type.name === "{")
      ) {
        const end = endOf(head[head.length - 1] as IToken);
        return report(messages.missingBrace, { word }, this.#source, spanOf(first), {
          fixes: [{ title: "Add `{`", edits: [{ span: { start: end, end }, text: " {" }] }],
        });
      }
      return faultOf({ source: this.#source, tokens: head, context: "document", reach: reached });
    });
  }

  #isWhenForIf(next: Plain): boolean {
    const word = next.tokens[0] as IToken;
    return word.image === "when" && !beginsLine(this.#source.text, word.startOffset);
  }

  /** `deny push when args.force` on one line. */
  #whenForIf(rule: Plain, condition: Plain): Member {
    const tokens = [...rule.tokens, ...condition.tokens];
    const span = spanOf(condition.tokens[0] as IToken);
    this.#report(tokens, () =>
      report(messages.whenForIf, {}, this.#source, span, {
        fixes: [{ title: "Write `if`", edits: [{ span, text: "if" }] }],
      }),
    );
    return { ...broken(tokens), ...this.#doc((tokens[0] as IToken).startOffset) };
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
