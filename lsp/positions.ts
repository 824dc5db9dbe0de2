import type { Position, Range } from "vscode-languageserver/node";
import type { Source, Span } from "../language/index.ts";

/** Between offsets of a source and positions of the protocol: from 0, in UTF-16 code units. */

export function positionOf(source: Source, offset: number): Position {
  const { line, column } = source.positionAt(offset);
  return { line: line - 1, character: column - 1 };
}

export function rangeOf(source: Source, span: Span): Range {
  return { start: positionOf(source, span.start), end: positionOf(source, span.end) };
}

/** The offset of a position; one beyond the end of its line or of the text is moved there. */
export function offsetAt(source: Source, { line, character }: Position): number {
  if (line < 0) return 0;
  const start = source.lineStarts[line];
  if (start === undefined) return source.text.length;
  const end = start + source.lineText(line + 1).length;
  return Math.min(start + Math.max(character, 0), end);
}

export function spanOf(source: Source, { start, end }: Range): Span {
  const from = offsetAt(source, start);
  return { start: from, end: Math.max(from, offsetAt(source, end)) };
}
