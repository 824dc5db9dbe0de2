import type { IToken } from "chevrotain";
import type { Node } from "./ast.ts";
import type { Span } from "./source.ts";
import type { Chunk, Context } from "./statements.ts";

/** What was read from a chunk, with nothing to report. */
export interface ReadChunk<Member extends Node> {
  readonly chunk: Chunk;
  readonly context: Context;
  readonly members: readonly Member[];
  /** How far behind the first token the last statement in it begins whose doc comment was looked for. */
  readonly last: number;
}

/** What was read from the chunks of a text, by their first tokens. */
export type ReadChunks<Member extends Node> = Map<IToken, ReadChunk<Member>>;

export function firstToken(chunk: Chunk): IToken {
  return (chunk.kind === "block" ? chunk.head[0] : chunk.tokens[0]) as IToken;
}

/** Whether a chunk was cut out of the very same tokens. */
export function isSame(a: Chunk, b: Chunk): boolean {
  if (a.kind === "plain") {
    return b.kind === "plain" && a.fault === b.fault && areSame(a.tokens, b.tokens);
  }
  return (
    b.kind === "block" &&
    a.word === b.word &&
    a.close === b.close &&
    areSame(a.head, b.head) &&
    a.body.length === b.body.length &&
    a.body.every((chunk, index) => isSame(chunk, b.body[index] as Chunk))
  );
}

function areSame(a: readonly IToken[], b: readonly IToken[]): boolean {
  return a.length === b.length && a.every((token, index) => token === b[index]);
}

const spans = new WeakMap<Node, readonly Movable[]>();
type Movable = { -readonly [key in keyof Span]: Span[key] };

/** Moves a statement, and all that is in it, to where its text stands now. */
export function moveTo(start: number, members: readonly Node[]): void {
  const by = start - (members[0]?.span.start ?? start);
  if (by === 0) return;
  for (const member of members) {
    let known = spans.get(member);
    if (known === undefined) {
      const found = new Set<Movable>();
      collect(member, found);
      known = [...found];
      spans.set(member, known);
    }
    for (const span of known) {
      span.start += by;
      span.end += by;
    }
  }
}

function collect(part: unknown, found: Set<Movable>): void {
  if (typeof part !== "object" || part === null) return;
  if (isSpan(part)) found.add(part);
  else if (Array.isArray(part)) for (const item of part) collect(item, found);
  else for (const key in part) collect((part as Record<string, unknown>)[key], found);
}

function isSpan(part: object): part is Movable {
  return "start" in part && "end" in part && !("span" in part);
}
