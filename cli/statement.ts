import type { Program } from "../compiler/index.ts";
import { type Document, nodesAt, type Source, type Span } from "../language/index.ts";

export interface Statement {
  readonly source: Source;
  readonly span: Span;
}

/** The statement of a policy or its imports that begins at a place such as `refunds.mcpp:9:3`. */
export function statementIn({ files }: Program, place: string): Statement | undefined {
  const at = parsePlace(place);
  const file = files.find(({ source }) => source.name === at?.file);
  if (at === undefined || file === undefined) return undefined;
  return beginsAt(file.document, file.source, at);
}

export function beginsAt(document: Document, source: Source, at: Place): Statement | undefined {
  const line = source.lineStarts[at.line - 1];
  if (line === undefined) return undefined;
  const start = line + at.column - 1;
  const [, ...below] = nodesAt(document, start);
  const node = below.find(({ span }) => span.start === start);
  return node === undefined ? undefined : { source, span: node.span };
}

/** A place in a file; lines and columns from 1. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** A place as source maps write it: `file:line:column`. */
export function parsePlace(place: string): Place | undefined {
  const match = /^(.*):([0-9]+):([0-9]+)$/s.exec(place);
  if (match === null) return undefined;
  return { file: match[1] as string, line: Number(match[2]), column: Number(match[3]) };
}

const LONGEST = 72;

/** A statement on one line, without its message and what stands in its block. */
export function firstLine({ source, span }: Statement): string {
  const text = source
    .slice(span)
    .replace(/\{[\s\S]*$/, "{ … }")
    .replace(/\bbecause\s+"(?:[^"\\]|\\.)*"/, "")
    .replace(/\s+/g, " ")
    .trim();
  return shorten(text);
}

export function shorten(text: string, longest = LONGEST): string {
  const characters = [...text];
  return characters.length <= longest ? text : `${characters.slice(0, longest).join("")}…`;
}
