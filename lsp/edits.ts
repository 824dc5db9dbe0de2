import type { TextEdit, WorkspaceEdit } from "vscode-languageserver/node";
import type { Fix, Source, Span } from "../language/index.ts";
import { rangeOf } from "./positions.ts";
import type { Workspace } from "./workspace.ts";

export interface EditClient {
  /** Whether edits may say which version of a document they are for. */
  readonly documentChanges: boolean;
}

/** New text for a span of a file. */
export interface Change {
  readonly source: Source;
  readonly span: Span;
  readonly text: string;
}

export function changesOf(fix: Fix, source: Source): readonly Change[] {
  return fix.edits.map((edit) => ({
    source: edit.source ?? source,
    span: edit.span,
    text: edit.text,
  }));
}

/** Changes of one or several files, for the versions that they were made for. */
export function workspaceEdit(
  workspace: Workspace,
  changes: readonly Change[],
  client: EditClient,
): WorkspaceEdit {
  const bySource = new Map<Source, TextEdit[]>();
  for (const { source, span, text } of changes) {
    const edits = bySource.get(source) ?? [];
    edits.push({ range: rangeOf(source, span), newText: text });
    bySource.set(source, edits);
  }
  if (!client.documentChanges) {
    return {
      changes: Object.fromEntries(
        [...bySource].map(([source, edits]) => [workspace.uriOf(source), edits]),
      ),
    };
  }
  return {
    documentChanges: [...bySource].map(([source, edits]) => ({
      textDocument: {
        uri: workspace.uriOf(source),
        version: workspace.files.byName(source.name)?.version ?? null,
      },
      edits,
    })),
  };
}
