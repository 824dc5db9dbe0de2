import type { ServerCapabilities } from "vscode-languageserver/node";
import { CodeActionKind, TextDocumentSyncKind } from "vscode-languageserver/node";
import type { Client } from "./client.ts";
import { COMPILED_SCHEME } from "./features/compiled.ts";
import { TOKEN_MODIFIERS, TOKEN_TYPES } from "./features/semantic-tokens.ts";
import { RUN_TESTS_COMMAND } from "./features/tests.ts";

/** A command of the server: the JSON of a policy, for editors without virtual documents. */
export const COMPILE_COMMAND = "mcpp.compiledJson";

const POLICIES = [{ language: "mcpp" }, { pattern: "**/*.mcpp" }];

/** What the server does for an editor. */
export function capabilitiesOf(client: Client, canRunTests: boolean): ServerCapabilities {
  return {
    textDocumentSync: { openClose: true, change: TextDocumentSyncKind.Incremental, save: true },
    completionProvider: { triggerCharacters: [".", "@", '"', "/", " "], resolveProvider: true },
    hoverProvider: true,
    signatureHelpProvider: { triggerCharacters: [" "], retriggerCharacters: [","] },
    definitionProvider: true,
    referencesProvider: true,
    documentHighlightProvider: true,
    documentSymbolProvider: true,
    workspaceSymbolProvider: true,
    codeActionProvider: {
      codeActionKinds: [
        CodeActionKind.QuickFix,
        CodeActionKind.RefactorExtract,
        CodeActionKind.RefactorRewrite,
      ],
    },
    codeLensProvider: { resolveProvider: false },
    documentFormattingProvider: true,
    documentRangeFormattingProvider: { rangesSupport: true },
    documentOnTypeFormattingProvider: { firstTriggerCharacter: "}", moreTriggerCharacter: ["\n"] },
    renameProvider: client.preparesRename ? { prepareProvider: true } : true,
    documentLinkProvider: { resolveProvider: false },
    foldingRangeProvider: true,
    selectionRangeProvider: true,
    inlayHintProvider: { resolveProvider: false },
    semanticTokensProvider: {
      legend: { tokenTypes: [...TOKEN_TYPES], tokenModifiers: [...TOKEN_MODIFIERS] },
      full: { delta: true },
      range: true,
      documentSelector: POLICIES,
    },
    ...(client.pullsDiagnostics
      ? {
          diagnosticProvider: {
            identifier: "mcpp",
            interFileDependencies: true,
            workspaceDiagnostics: true,
            documentSelector: POLICIES,
          },
        }
      : {}),
    executeCommandProvider: {
      commands: [COMPILE_COMMAND, ...(canRunTests ? [RUN_TESTS_COMMAND] : [])],
    },
    workspace: {
      workspaceFolders: { supported: true, changeNotifications: true },
      ...(client.refreshesContent ? { textDocumentContent: { schemes: [COMPILED_SCHEME] } } : {}),
    },
  };
}
