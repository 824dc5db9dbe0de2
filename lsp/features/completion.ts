import { dirname, isAbsolute } from "node:path";
import type { CompletionItem, CompletionList } from "vscode-languageserver/node";
import { CompletionItemKind, InsertTextFormat, MarkupKind } from "vscode-languageserver/node";
import { type Candidate, type CandidateKind, completionsAt } from "../../compiler/index.ts";
import type { Span } from "../../language/index.ts";
import { offsetAt, positionOf, rangeOf } from "../positions.ts";
import type { View } from "../workspace.ts";
import { aboutTool } from "./hover.ts";

export interface CompletionClient {
  readonly snippets: boolean;
  readonly insertReplace: boolean;
}

/** What a list needs to describe one of its items later. */
export interface CompletionData {
  readonly uri: string;
  readonly kind: CandidateKind | "file";
  readonly name: string;
  readonly doc?: string;
}

const KIND: Readonly<Record<CandidateKind, CompletionItemKind>> = {
  keyword: CompletionItemKind.Keyword,
  statement: CompletionItemKind.Keyword,
  operator: CompletionItemKind.Operator,
  tool: CompletionItemKind.Function,
  resource: CompletionItemKind.File,
  prompt: CompletionItemKind.Text,
  glob: CompletionItemKind.Interface,
  group: CompletionItemKind.Class,
  let: CompletionItemKind.Constant,
  variable: CompletionItemKind.Variable,
  argument: CompletionItemKind.Field,
  label: CompletionItemKind.Property,
  value: CompletionItemKind.EnumMember,
  unit: CompletionItemKind.Unit,
  counter: CompletionItemKind.Event,
  zone: CompletionItemKind.Constant,
  amount: CompletionItemKind.Unit,
};

/** What stands first in a list. */
const ORDER: readonly CandidateKind[] = [
  "value",
  "argument",
  "label",
  "variable",
  "tool",
  "resource",
  "prompt",
  "group",
  "glob",
  "let",
  "counter",
  "operator",
  "amount",
  "unit",
  "statement",
  "keyword",
  "zone",
];

/** What may be typed at an offset. */
export function completion(view: View, offset: number, client: CompletionClient): CompletionList {
  const { candidates, replace, files } = completionsAt(view.recentProgram, view.document, offset);
  const edit = editOf(view, replace, offset, client);
  const typed = view.source.text.slice(replace.start, offset);
  const items = candidates.map((candidate, index): CompletionItem => {
    const { kind, label, text, snippet, detail, doc } = candidate;
    const isSnippet = client.snippets && snippet !== undefined;
    const data: CompletionData = {
      uri: view.uri,
      kind,
      name: label,
      ...(doc === undefined ? {} : { doc }),
    };
    return {
      label,
      kind: KIND[kind],
      sortText: rank(candidate, index),
      ...(detail === undefined ? {} : { detail }),
      // In quotes, the editor compares with the quote.
      ...(text.startsWith('"') && typed.startsWith('"') ? { filterText: text } : {}),
      insertTextFormat: isSnippet ? InsertTextFormat.Snippet : InsertTextFormat.PlainText,
      ...edit(isSnippet ? snippet : text),
      data,
    };
  });
  if (files !== undefined) items.push(...fileItems(view, replace, offset, client, files));
  return { isIncomplete: files !== undefined, items };
}

function rank({ kind, preferred }: Candidate, index: number): string {
  const order = String(ORDER.indexOf(kind)).padStart(2, "0");
  return `${preferred === true ? 0 : 1}${order}${String(index).padStart(5, "0")}`;
}

type Edit = (newText: string) => Pick<CompletionItem, "textEdit">;

function editOf({ source }: View, replace: Span, offset: number, client: CompletionClient): Edit {
  const whole = rangeOf(source, replace);
  const insert = { start: whole.start, end: positionOf(source, offset) };
  return (newText) => ({
    textEdit: client.insertReplace
      ? { newText, insert, replace: whole }
      : { newText, range: whole },
  });
}

/** The files and folders beside the policy whose path has been begun. */
function fileItems(
  view: View,
  replace: Span,
  offset: number,
  client: CompletionClient,
  wanted: "policy" | "tool list",
): readonly CompletionItem[] {
  const { files } = view.workspace;
  const typed = view.source.text.slice(replace.start, offset).replace(/^"/, "");
  const folder = typed.slice(0, typed.lastIndexOf("/") + 1);
  const base = isAbsolute(view.source.name) ? dirname(view.source.name) : (files.folder ?? ".");
  const extension = wanted === "policy" ? ".mcpp" : ".json";
  const edit = editOf(view, replace, offset, client);
  const shown = folder === "" ? "./" : folder;
  return files
    .list(files.resolve(folder === "" ? "." : folder, view.source.name) || base)
    .filter((name) => !name.startsWith(".") && name !== "node_modules/")
    .filter((name) => name.endsWith("/") || name.endsWith(extension))
    .filter((name) => files.resolve(`${shown}${name}`, view.source.name) !== view.source.name)
    .map((name, index) => {
      const text = `"${shown}${name}"`;
      const data: CompletionData = { uri: view.uri, kind: "file", name };
      return {
        label: name,
        kind: name.endsWith("/") ? CompletionItemKind.Folder : CompletionItemKind.File,
        sortText: `${name.endsWith(".tools.json") || name.endsWith(".mcpp") ? 0 : 1}${String(index).padStart(5, "0")}`,
        filterText: text,
        ...edit(text),
        data,
      };
    });
}

/** Adds the documentation of an item, which a list of hundreds need not carry. */
export function resolveCompletion(view: View | undefined, item: CompletionItem): CompletionItem {
  const { kind, name, doc } = item.data as CompletionData;
  const text = kind === "tool" && view !== undefined ? aboutTool(view.recentProgram, name) : doc;
  if (text === undefined) return item;
  return { ...item, documentation: { kind: MarkupKind.Markdown, value: text } };
}

/** Where a completion was asked for. */
export function completionOffset(
  view: View,
  position: { line: number; character: number },
): number {
  return offsetAt(view.source, position);
}
