import { expect } from "vitest";
import {
  type CompletionItem,
  type CompletionList,
  ErrorCodes,
  LSPErrorCodes,
  Range,
  type ResponseError,
  type SemanticTokens,
  type SemanticTokensDelta,
  type TextDocumentEdit,
  type TextEdit,
  type WorkspaceEdit,
} from "vscode-languageserver-protocol/node";
import { format, parse, Source } from "../../language/index.ts";
import { semanticTokens } from "../../lsp/features/semantic-tokens.ts";
import { offsetAt, positionOf } from "../../lsp/positions.ts";
import type { View } from "../../lsp/workspace.ts";
import type { Editor, OpenDocument } from "./editor.ts";
import type { Method } from "./random-steps.ts";

/** What a server may refuse: what has been overtaken. */
const OVERTAKEN: ReadonlySet<number> = new Set([
  LSPErrorCodes.ContentModified,
  LSPErrorCodes.RequestCancelled,
]);
/** What it may refuse with a sentence for a person. */
const REFUSABLE: ReadonlySet<Method> = new Set([
  "textDocument/prepareRename",
  "textDocument/rename",
]);

const OPTIONS = { tabSize: 2, insertSpaces: true };
const WIDTH = 50;

/** A text as it was when something was asked about it. */
interface Asked {
  readonly document: OpenDocument;
  readonly version: number;
  readonly source: Source;
}

/** Questions that nobody waits for; each answer, whenever it comes, is checked against the text that it was asked about. */
export class Questions {
  readonly #editor: Editor;
  readonly #answers: Promise<void>[] = [];
  readonly #problems: string[] = [];
  /** The last whole answer about the tokens of a document, which the next one may build upon. */
  readonly #tokens = new Map<OpenDocument, SemanticTokens>();

  constructor(editor: Editor) {
    this.#editor = editor;
  }

  ask(document: OpenDocument, method: Method, offset: number): void {
    const answer = this.#ask(document, method, offset).catch((error: Error) => {
      this.#problems.push(`${method}: ${error.message}`);
    });
    this.#answers.push(answer);
  }

  /** When all are answered; fails if one was not, or not well. */
  async answered(): Promise<void> {
    await Promise.all(this.#answers);
    expect(this.#problems).toEqual([]);
  }

  async #ask(document: OpenDocument, method: Method, offset: number): Promise<void> {
    const source = new Source(document.uri, document.text);
    const asked = { document, version: document.version, source };
    const position = positionOf(source, offset);
    const end = positionOf(source, Math.min(offset + WIDTH, source.text.length));
    const known = this.#tokens.get(document);
    let answer: unknown;
    try {
      answer = await document.request(method, {
        ...document.id,
        uri: document.uri,
        position,
        positions: [position],
        range: { start: position, end },
        context: { diagnostics: [], includeDeclaration: true },
        options: OPTIONS,
        ch: "\n",
        newName: "renamed",
        query: "cap",
        previousResultId: known?.resultId ?? "",
      });
    } catch (error) {
      const { code, message } = error as ResponseError<void>;
      const isSentence = code === ErrorCodes.InvalidParams && message.endsWith(".");
      if (OVERTAKEN.has(code) || (REFUSABLE.has(method) && isSentence)) return;
      throw error;
    }
    await this.#check(asked, method, answer, known);
  }

  async #check(
    { document, version, source }: Asked,
    method: Method,
    answer: unknown,
    known: SemanticTokens | undefined,
  ): Promise<void> {
    if (method === "workspace/symbol") return;
    const view = { source, document: parse(source).document } as View;
    checkRanges(answer, source);
    switch (method) {
      case "textDocument/semanticTokens/full":
      case "textDocument/semanticTokens/full/delta": {
        const tokens = applied(answer as SemanticTokens | SemanticTokensDelta, known);
        expect(tokens.data).toEqual(semanticTokens(view));
        this.#tokens.set(document, tokens);
        break;
      }
      case "textDocument/formatting":
        expect(edited(source, answer as TextEdit[])).toBe(format(view.document));
        break;
      case "textDocument/rename": {
        const changes = ((answer as WorkspaceEdit | null)?.documentChanges ??
          []) as TextDocumentEdit[];
        for (const { textDocument } of changes) {
          if (textDocument.uri === document.uri) expect(textDocument.version).toBe(version);
        }
        break;
      }
      case "textDocument/completion": {
        const [item] = (answer as CompletionList).items;
        if (item === undefined) break;
        const { connection } = this.#editor;
        const resolved = await connection.sendRequest<CompletionItem>(
          "completionItem/resolve",
          item,
        );
        expect(resolved.label).toBe(item.label);
      }
    }
  }
}

function applied(
  answer: SemanticTokens | SemanticTokensDelta,
  known: SemanticTokens | undefined,
): SemanticTokens {
  if ("data" in answer) return answer;
  if (known === undefined) throw new Error("Only changes were answered, and nothing was known.");
  const data = [...known.data];
  for (const edit of answer.edits.toReversed())
    data.splice(edit.start, edit.deleteCount, ...(edit.data ?? []));
  return { data, ...(answer.resultId === undefined ? {} : { resultId: answer.resultId }) };
}

function edited(source: Source, edits: readonly TextEdit[]): string {
  return edits
    .map(({ range, newText }) => ({ start: offsetAt(source, range.start), range, newText }))
    .sort((a, b) => b.start - a.start)
    .reduce(
      (text, { start, range, newText }) =>
        text.slice(0, start) + newText + text.slice(offsetAt(source, range.end)),
      source.text,
    );
}

/** Every range of an answer that is not said to be of another file lies in the text. */
function checkRanges(answer: unknown, source: Source): void {
  if (typeof answer !== "object" || answer === null) return;
  if (Range.is(answer)) {
    expect(
      [answer.start, answer.end].map((at) => positionOf(source, offsetAt(source, at))),
    ).toEqual([answer.start, answer.end]);
    return;
  }
  const { uri, textDocument } = answer as { uri?: string; textDocument?: { uri: string } };
  if ((uri ?? textDocument?.uri ?? source.name) !== source.name) return;
  for (const part of Object.values(answer)) checkRanges(part, source);
}
