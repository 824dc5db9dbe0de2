import type { Span } from "../../language/index.ts";

/** A source without its marks, and what the marks were around. */
export interface MarkedSource {
  readonly text: string;
  /** The spans between `«` and `»`, in the order in which they begin; marks may be nested. */
  readonly spans: readonly Span[];
  /** The offsets of `‸`. */
  readonly cursors: readonly number[];
}

/**
 * Reads a source with marks: `deny push if «args.force» == true` has a span, `allow ‸` a cursor.
 * A mark that is not closed is a mistake of the test and throws.
 */
export function marked(source: string): MarkedSource {
  const spans: { start: number; end: number }[] = [];
  const open: { start: number; end: number }[] = [];
  const cursors: number[] = [];
  let text = "";
  for (const character of source) {
    if (character === "«") {
      const span = { start: text.length, end: -1 };
      open.push(span);
      spans.push(span);
    } else if (character === "»") {
      const span = open.pop();
      if (span === undefined) throw new Error(`A mark is closed that is not open:\n${source}`);
      span.end = text.length;
    } else if (character === "‸") cursors.push(text.length);
    else text += character;
  }
  if (open.length > 0) throw new Error(`A mark is not closed:\n${source}`);
  return { text, spans, cursors };
}

/** Puts marks around spans, so that a failing test shows the places it got. */
export function mark(text: string, spans: readonly Span[]): string {
  const marks = spans.flatMap(({ start, end }, order) => [
    { at: start, rank: end === start ? 1 : 2, order, mark: "«" },
    {
      at: end,
      rank: end === start ? 1 : 0,
      order: end === start ? order + 0.5 : -order,
      mark: "»",
    },
  ]);
  marks.sort((a, b) => a.at - b.at || a.rank - b.rank || a.order - b.order);
  let out = "";
  let from = 0;
  for (const { at, mark } of marks) {
    out += text.slice(from, at) + mark;
    from = at;
  }
  return out + text.slice(from);
}
