import type { Position, SelectionRange } from "vscode-languageserver/node";
import type { Span } from "../../language/index.ts";
import { nodesAt, parsed } from "../../language/index.ts";
import { offsetAt, rangeOf } from "../positions.ts";
import type { View } from "../workspace.ts";

/** What is selected at each position, step by step: the word, what it is a part of, … the file. */
export function selectionRanges(view: View, positions: readonly Position[]): SelectionRange[] {
  const { tokens } = parsed(view.source).lexed;
  return positions.map((position) => {
    const offset = offsetAt(view.source, position);
    const spans: Span[] = nodesAt(view.document, offset).map(({ span }) => span);
    const token = tokens.find(
      ({ startOffset, image }) => startOffset <= offset && offset <= startOffset + image.length,
    );
    if (token !== undefined) {
      spans.push({ start: token.startOffset, end: token.startOffset + token.image.length });
    }
    let range: SelectionRange = {
      range: rangeOf(view.source, { start: 0, end: view.source.text.length }),
    };
    let outer: Span = { start: 0, end: view.source.text.length };
    for (const span of spans) {
      const isInside = outer.start <= span.start && span.end <= outer.end;
      if (!isInside || (span.start === outer.start && span.end === outer.end)) continue;
      range = { range: rangeOf(view.source, span), parent: range };
      outer = span;
    }
    return range;
  });
}
