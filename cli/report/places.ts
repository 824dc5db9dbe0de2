import type { Position, Source, Span } from "../../language/index.ts";

/** A range as `--format json` gives it: lines and columns from 1, offsets from 0, in UTF-16 code units. */
export interface Range {
  readonly start: Position;
  readonly end: Position;
}

export function rangeOf(source: Source, span: Span): Range {
  return { start: source.positionAt(span.start), end: source.positionAt(span.end) };
}
