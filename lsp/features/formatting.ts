import type { TextEdit } from "vscode-languageserver/node";
import { format, nodesAt, type Span } from "../../language/index.ts";
import { rangeOf } from "../positions.ts";
import { diffLines, type Hunk } from "../text-diff.ts";
import type { View } from "../workspace.ts";

/** The edits that lay the file out, or those of them that touch one of the spans. What is broken is left as it is. */
export function formatting({ document, source }: View, spans?: readonly Span[]): TextEdit[] {
  const hunks = diffLines(source.text, format(document));
  const wanted =
    spans === undefined ? hunks : hunks.filter((hunk) => spans.some((span) => touches(hunk, span)));
  return wanted.map(({ span, text }) => ({ range: rangeOf(source, span), newText: text }));
}

/** After `}`: the block that it closes. After a line break: the lines above it that the last statement is on. */
export function formattingOnType(view: View, offset: number, typed: string): TextEdit[] {
  const { document, source } = view;
  const at = typed === "}" ? offset - 1 : source.text.slice(0, offset).trimEnd().length;
  const nodes = nodesAt(document, at);
  const node =
    typed === "}"
      ? nodes.findLast(({ span }) => span.end === offset)
      : nodes.find((part) => (document.statements as readonly unknown[]).includes(part));
  if (node === undefined || node === document) return [];
  if (typed !== "}" && node.span.end > at) return [];
  const hunks = diffLines(source.text, format(document)).filter(
    // The line of the cursor is still being written.
    ({ span }) =>
      span.start >= lineStart(source.text, node.span.start) &&
      span.end <= (typed === "}" ? lineEnd(source.text, offset) : lineEnd(source.text, at)),
  );
  return hunks.map(({ span, text }) => ({ range: rangeOf(source, span), newText: text }));
}

function touches({ span }: Hunk, { start, end }: Span): boolean {
  return span.start < Math.max(end, start + 1) && start < Math.max(span.end, span.start + 1);
}

function lineStart(text: string, offset: number): number {
  return text.lastIndexOf("\n", offset - 1) + 1;
}

function lineEnd(text: string, offset: number): number {
  const end = text.indexOf("\n", offset);
  return end === -1 ? text.length : end + 1;
}
