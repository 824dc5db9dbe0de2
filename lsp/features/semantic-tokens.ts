import type { SemanticTokens, SemanticTokensDelta } from "vscode-languageserver/node";
import { RISK_CLASSES } from "../../compiler/index.ts";
import { type HighlightKind, highlights, type Span } from "../../language/index.ts";
import type { View } from "../workspace.ts";

const TYPE: Readonly<Record<HighlightKind, string>> = {
  keyword: "keyword",
  comment: "comment",
  string: "string",
  number: "number",
  regex: "regexp",
  operator: "operator",
  server: "namespace",
  tool: "function",
  glob: "macro",
  group: "type",
  let: "variable",
  variable: "variable",
  root: "parameter",
  key: "property",
  label: "property",
  counter: "event",
  unit: "enumMember",
};

export const TOKEN_TYPES: readonly string[] = [...new Set(Object.values(TYPE))];
const INDEX = new Map(
  Object.entries(TYPE).map(([kind, type]) => [kind, TOKEN_TYPES.indexOf(type)]),
);
export const TOKEN_MODIFIERS: readonly string[] = ["declaration", "readonly", "defaultLibrary"];

/** The tokens of a file or of a span of it, five numbers each. */
export function semanticTokens({ document, source }: View, span?: Span): number[] {
  const data: number[] = [];
  let lastLine = 0;
  let lastCharacter = 0;
  // Tokens come in the order of the text: its lines need not be looked for.
  const { lineStarts } = source;
  let line = 0;
  let lineEnd = source.lineText(1).length;
  for (const { span: at, kind, declares } of highlights(document)) {
    if (span !== undefined && (at.end <= span.start || at.start >= span.end)) continue;
    if (at.start >= (lineStarts[line + 1] ?? Number.POSITIVE_INFINITY)) {
      do line++;
      while (at.start >= (lineStarts[line + 1] ?? Number.POSITIVE_INFINITY));
      lineEnd = (lineStarts[line] as number) + source.lineText(line + 1).length;
    }
    // A token stands on one line; what goes on beyond it is a mistake that is shown as one.
    const length = Math.min(at.end, lineEnd) - at.start;
    if (length <= 0) continue;
    const isBuiltIn =
      kind === "group" && RISK_CLASSES.some((name) => `@${name}` === source.slice(at));
    const modifiers = (declares ? 1 : 0) | (kind === "let" ? 2 : 0) | (isBuiltIn ? 4 : 0);
    const character = at.start - (lineStarts[line] as number);
    const delta = line - lastLine;
    data.push(
      delta,
      delta === 0 ? character - lastCharacter : character,
      length,
      INDEX.get(kind) as number,
      modifiers,
    );
    lastLine = line;
    lastCharacter = character;
  }
  return data;
}

/** The last answers, so that the next is only what changed. */
export class TokenMemory {
  readonly #last = new Map<
    string,
    { readonly resultId: string; readonly data: readonly number[] }
  >();
  #count = 0;

  full(uri: string, data: number[]): SemanticTokens {
    const resultId = String(++this.#count);
    this.#last.set(uri, { resultId, data });
    return { resultId, data };
  }

  delta(uri: string, previousId: string, data: number[]): SemanticTokens | SemanticTokensDelta {
    const last = this.#last.get(uri);
    const next = this.full(uri, data);
    if (last === undefined || last.resultId !== previousId) return next;
    const before = last.data;
    let start = 0;
    while (start < before.length && start < data.length && before[start] === data[start]) start++;
    let end = 0;
    while (
      end < before.length - start &&
      end < data.length - start &&
      before[before.length - 1 - end] === data[data.length - 1 - end]
    ) {
      end++;
    }
    const deleteCount = before.length - start - end;
    const inserted = data.slice(start, data.length - end);
    const edits =
      deleteCount === 0 && inserted.length === 0 ? [] : [{ start, deleteCount, data: inserted }];
    return { resultId: next.resultId as string, edits };
  }

  forget(uri: string): void {
    this.#last.delete(uri);
  }
}
