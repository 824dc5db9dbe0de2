import type { Comment, Document, Member, Node, Statement, Step } from "./ast.ts";
import { blankLine, type Doc, hardBreak, indent, render } from "./doc.ts";
import { Layout, type Simple, type SimpleStep } from "./layout.ts";
import { beginsLine, type Span } from "./source.ts";

const WIDTH = 100;

/**
 * The canonical layout of a document. Formatting it again changes nothing, and neither does the meaning;
 * comments and single blank lines stay. A statement with an error in it is left as it was written.
 */
export function format(document: Document): string {
  const text = new Formatter(document).document();
  const trimmed = text.replace(/\s+$/, "");
  return trimmed === "" ? "" : `${trimmed}\n`;
}

interface Run {
  readonly members: readonly (Statement | Step)[];
  readonly span: Span;
  readonly isVerbatim: boolean;
}

class Formatter {
  readonly #document: Document;
  readonly #layout: Layout;

  constructor(document: Document) {
    this.#document = document;
    this.#layout = new Layout(document.comments);
  }

  document(): string {
    const { statements, span } = this.#document;
    const start = this.#document.source.text.charCodeAt(0) === 0xfeff ? 1 : 0;
    return render(this.#members(statements, start, span.end), WIDTH);
  }

  /** Members and the comments among them, each on a line of its own, from an offset to another. */
  #members(members: readonly (Statement | Step)[], start: number, end: number): Doc[] {
    const docs: Doc[] = [];
    let last = start;
    let isFirst = true;
    const add = (node: Node, doc: Doc) => {
      if (!isFirst) docs.push(this.#isApart(last, node.span.start) ? blankLine : hardBreak);
      docs.push(doc);
      isFirst = false;
      last = node.span.end;
    };
    const comments = (before: number) => {
      for (const comment of this.#layout.take(before)) {
        if (comment.ownLine || isFirst) add(comment, this.#ownLine(comment));
        else {
          docs.push(trailing(comment));
          last = comment.span.end;
        }
      }
    };
    for (const run of this.#runs(members)) {
      comments(run.span.start);
      add(run, this.#run(run));
    }
    comments(end);
    return docs;
  }

  /**
   * Members that are laid out together. A line break before or behind broken text may change where the next
   * reading cuts it: what shares a line with it stays as it is.
   */
  #runs(members: readonly (Statement | Step)[]): Run[] {
    const runs: { members: (Statement | Step)[]; span: Span; isVerbatim: boolean }[] = [];
    for (const member of members) {
      const isVerbatim = this.#isVerbatim(member);
      const last = runs[runs.length - 1];
      const isJoined =
        last !== undefined && (isVerbatim || last.isVerbatim) && !this.#beginsLine(member);
      if (!isJoined) {
        runs.push({ members: [member], span: member.span, isVerbatim });
        continue;
      }
      last.members.push(member);
      last.span = { start: last.span.start, end: member.span.end };
      last.isVerbatim = true;
    }
    return runs;
  }

  #beginsLine({ span }: Node): boolean {
    return beginsLine(this.#document.source.text, span.start);
  }

  #isVerbatim(member: Statement | Step): boolean {
    if (member.kind === "broken" || (member as Member).faulty === true) return true;
    const [first] = bodyOf(member);
    return first !== undefined && this.#isVerbatim(first) && !this.#beginsLine(first);
  }

  #run({ members, span, isVerbatim }: Run): Doc {
    if (!isVerbatim) return this.#member(members[0] as Statement | Step);
    this.#layout.take(span.end);
    return { kind: "verbatim", text: this.#document.source.slice(span) };
  }

  #ownLine(comment: Comment): Doc {
    return { kind: "verbatim", text: comment.text };
  }

  /** Whether an empty line stands between two offsets. */
  #isApart(from: number, to: number): boolean {
    return /(?:\r\n|\r(?!\n)|\n)[ \t]*[\r\n]/.test(this.#document.source.text.slice(from, to));
  }

  #member(member: Statement | Step): Doc {
    switch (member.kind) {
      case "on":
      case "when":
      case "test":
      case "as":
        return this.#block(member);
      case "call":
      case "wait":
      case "at":
        return this.#layout.step(member as SimpleStep);
      default:
        return this.#layout.statement(member as Simple);
    }
  }

  #block(node: Statement | Step): Doc {
    const members = bodyOf(node);
    const head = this.#layout.head(node);
    const open = this.#openingBrace(node, members);
    const opening = [
      ...this.#layout.take(open),
      ...this.#sameLine(open, members[0]?.span.start ?? node.span.end),
    ];
    const body = this.#members(members, open + 1, node.span.end - 1);
    const [first, ...others] = opening;
    // One comment stands on the line of the brace, more begin the body.
    const lines: Doc[] = others.map((comment): Doc => [hardBreak, this.#ownLine(comment)]);
    if (body.length > 0) lines.push(hardBreak, body);
    if (first === undefined && lines.length === 0) return [head, " {}"];
    return [head, " {", first === undefined ? "" : trailing(first), indent(lines), hardBreak, "}"];
  }

  /** Comments right behind the brace, on its line. */
  #sameLine(open: number, before: number): Comment[] {
    const { text } = this.#document.source;
    const lineEnd = /[\r\n]|$/.exec(text.slice(open))?.index ?? 0;
    return this.#layout.take(Math.min(open + lineEnd, before));
  }

  /** The offset of the brace that opens a block's body. */
  #openingBrace(node: Statement | Step, members: readonly (Statement | Step)[]): number {
    const { text } = this.#document.source;
    const headEnd = headOf(node);
    const limit = members[0]?.span.start ?? node.span.end;
    const inComment = (offset: number) =>
      this.#document.comments.some(({ span }) => span.start <= offset && offset < span.end);
    for (let i = headEnd; i < limit; i++) if (text.charAt(i) === "{" && !inComment(i)) return i;
    return headEnd;
  }
}

function bodyOf(node: Statement | Step): readonly (Statement | Step)[] {
  switch (node.kind) {
    case "on":
    case "when":
      return node.body;
    case "test":
    case "as":
      return node.steps;
    default:
      return [];
  }
}

/** The offset at which the nodes of a block's head end. */
function headOf(node: Statement | Step): number {
  switch (node.kind) {
    case "on":
      return node.targets.span.end;
    case "when":
      return node.condition.span.end;
    case "test":
      return (node.as ?? node.name).span.end;
    case "as":
      return node.as.span.end;
    default:
      return node.span.start;
  }
}

function trailing(comment: Comment): Doc {
  return { kind: "comment", text: comment.text, ownLine: false };
}
