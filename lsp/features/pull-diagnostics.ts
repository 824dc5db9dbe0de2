import type {
  DocumentDiagnosticReport,
  FullDocumentDiagnosticReport,
  PreviousResultId,
  WorkspaceDocumentDiagnosticReport,
} from "vscode-languageserver/node";
import { DocumentDiagnosticReportKind } from "vscode-languageserver/node";
import { others } from "../checks.ts";
import type { View, Workspace } from "../workspace.ts";
import { resultId, toLsp } from "./diagnostics.ts";

const { Full, Unchanged } = DocumentDiagnosticReportKind;

/** What there is to say about a file, unless it is what was said before; and about files that it reads. */
export function documentReport(
  view: View,
  previousId: string | undefined,
  withOthers: boolean,
): DocumentDiagnosticReport {
  const { workspace } = view;
  const items = workspace.diagnosticsOf(view).map((diagnostic) => toLsp(diagnostic, workspace));
  const id = resultId(items);
  const related = withOthers ? othersOf(view) : {};
  const relatedDocuments = Object.keys(related).length === 0 ? {} : { relatedDocuments: related };
  return id === previousId
    ? { kind: Unchanged, resultId: id, ...relatedDocuments }
    : { kind: Full, resultId: id, items, ...relatedDocuments };
}

function othersOf(view: View): { [uri: string]: FullDocumentDiagnosticReport } {
  return Object.fromEntries(
    others([view], view.workspace)
      // An open file is asked about itself.
      .filter(({ uri }) => view.workspace.files.get(uri) === undefined)
      .map(({ uri, items }) => [uri, { kind: Full, items }]),
  );
}

/** The same of every policy, one after the other, and an empty report of those that are no more. */
export async function* workspaceReports(
  workspace: Workspace,
  previous: readonly PreviousResultId[],
  between: () => Promise<void>,
): AsyncGenerator<WorkspaceDocumentDiagnosticReport> {
  const known = new Map(previous.map(({ uri, value }) => [uri, value]));
  for (const name of workspace.policies()) {
    await between();
    const source = workspace.files.source(name);
    if (source === undefined) continue;
    const roots = workspace.rootsOf(source).map((root) => workspace.compile(root));
    const items = workspace
      .diagnosticsIn(source, roots)
      .map((diagnostic) => toLsp(diagnostic, workspace));
    const uri = workspace.uriOf(source);
    const id = resultId(items);
    const version = workspace.files.byName(name)?.version ?? null;
    yield known.get(uri) === id
      ? { kind: Unchanged, uri, version, resultId: id }
      : { kind: Full, uri, version, resultId: id, items };
    known.delete(uri);
  }
  for (const uri of known.keys()) yield { kind: Full, uri, version: null, items: [] };
}
