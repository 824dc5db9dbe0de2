import type { FoldingRange } from "vscode-languageserver/node";
import { FoldingRangeKind } from "vscode-languageserver/node";
import type { Node, Span } from "../../language/index.ts";
import { walk } from "../../language/index.ts";
import type { View } from "../workspace.ts";

/** Blocks, long statements and lists, runs of comments, and runs of imports. */
export function foldingRanges({ document, source }: View): FoldingRange[] {
  const found = new Map<number, FoldingRange>();
  const add = ({ start, end }: Span, kind?: FoldingRangeKind): void => {
    const startLine = source.positionAt(start).line - 1;
    const last = source.positionAt(end).line - 1;
    // The line of the closing bracket stays in sight.
    const endLine =
      /^[\s]*[\]})]/.test(source.lineText(last + 1)) && kind === undefined ? last - 1 : last;
    if (endLine <= startLine || found.has(startLine)) return;
    found.set(startLine, { startLine, endLine, ...(kind === undefined ? {} : { kind }) });
  };
  walk(document, (node) => {
    const { kind } = node as Node & { kind?: string };
    if (node !== document && kind !== undefined && FOLDED.has(kind)) add(node.span);
  });
  for (const run of runs(
    document.comments.filter(({ ownLine }) => ownLine),
    (span) => source.positionAt(span.start).line,
  )) {
    add(run, FoldingRangeKind.Comment);
  }
  const imports = document.statements.filter(({ kind }) => kind === "import");
  for (const run of runs(imports, (span) => source.positionAt(span.start).line))
    add(run, FoldingRangeKind.Imports);
  return [...found.values()].sort((a, b) => a.startLine - b.startLine);
}

const FOLDED: ReadonlySet<string> = new Set([
  "on",
  "when",
  "test",
  "as",
  "allow",
  "deny",
  "hide",
  "ask",
  "limit",
  "group",
  "labels",
  "let",
  "claim",
  "list",
  "object",
]);

/** Spans from the first to the last of nodes on lines that follow one another. */
function runs(nodes: readonly Node[], lineOf: (span: Span) => number): Span[] {
  const found: { start: number; end: number; line: number }[] = [];
  for (const { span } of nodes) {
    const line = lineOf(span);
    const last = found.at(-1);
    if (last !== undefined && line === last.line + 1) {
      last.end = span.end;
      last.line = line;
    } else found.push({ ...span, line });
  }
  return found;
}
