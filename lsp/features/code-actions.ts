import type { CodeAction } from "vscode-languageserver/node";
import { CodeActionKind } from "vscode-languageserver/node";
import { governUnmentioned, type Refactoring, refactorings } from "../../compiler/index.ts";
import type { Diagnostic, Span } from "../../language/index.ts";
import { changesOf, type EditClient, workspaceEdit } from "../edits.ts";
import type { View } from "../workspace.ts";
import { toLsp } from "./diagnostics.ts";

const KIND: Readonly<Record<Refactoring["kind"], CodeActionKind>> = {
  extract: CodeActionKind.RefactorExtract,
  rewrite: CodeActionKind.RefactorRewrite,
  generate: CodeActionKind.QuickFix,
};

/** Tools that no statement mentions. */
const UNMENTIONED = "MCPP601";
/** A tool list is missing, or cannot be read. */
const WANTS_LIST: ReadonlySet<string> = new Set(["MCPP218", "MCPP701", "MCPP702"]);

export interface ActionClient extends EditClient {
  /** Commands that the editor itself carries out. */
  readonly commands: ReadonlySet<string>;
}

/** Mends of what is wrong in a span, and what else may be done with its text. */
export function codeActions(
  view: View,
  span: Span,
  only: readonly string[] | undefined,
  client: ActionClient,
): CodeAction[] {
  const { workspace, source, program, document } = view;
  const wanted = (kind: string) =>
    only === undefined || only.some((prefix) => kind === prefix || kind.startsWith(`${prefix}.`));
  const found: CodeAction[] = [];
  const touched = workspace
    .diagnosticsOf(view)
    .filter((diagnostic) => touches(diagnostic.span, span));
  if (wanted(CodeActionKind.QuickFix)) {
    for (const diagnostic of touched) found.push(...fixesOf(view, diagnostic, client));
    const unmentioned = touched.filter(({ code }) => code === UNMENTIONED);
    const govern = unmentioned.length === 0 ? undefined : governUnmentioned(program, document);
    if (govern !== undefined) {
      found.push({
        title: govern.title,
        kind: CodeActionKind.QuickFix,
        diagnostics: unmentioned.map((diagnostic) => toLsp(diagnostic, workspace)),
        edit: workspaceEdit(workspace, changesOf(govern, source), client),
      });
    }
    const listless = touched.filter(({ code }) => WANTS_LIST.has(code));
    if (listless.length > 0 && client.commands.has("mcpp.pull")) {
      const title = "Pull the tool list from the server…";
      found.push({
        title,
        kind: CodeActionKind.QuickFix,
        diagnostics: listless.map((diagnostic) => toLsp(diagnostic, workspace)),
        command: { title, command: "mcpp.pull", arguments: [view.uri] },
      });
    }
  }
  if (wanted(CodeActionKind.RefactorExtract) || wanted(CodeActionKind.RefactorRewrite)) {
    for (const refactoring of refactorings(program, document, span)) {
      const kind = KIND[refactoring.kind];
      if (!wanted(kind)) continue;
      const edit = workspaceEdit(workspace, changesOf(refactoring, source), client);
      found.push({ title: refactoring.title, kind, edit });
    }
  }
  return found;
}

function fixesOf({ workspace }: View, diagnostic: Diagnostic, client: EditClient): CodeAction[] {
  const { fixes = [], source } = diagnostic;
  return fixes.map((fix) => ({
    title: fix.title,
    kind: CodeActionKind.QuickFix,
    diagnostics: [toLsp(diagnostic, workspace)],
    // With several, a person chooses: they do not mean the same.
    ...(fixes.length === 1 ? { isPreferred: true } : {}),
    edit: workspaceEdit(workspace, changesOf(fix, source), client),
  }));
}

function touches(a: Span, b: Span): boolean {
  return a.start <= b.end && b.start <= a.end;
}
