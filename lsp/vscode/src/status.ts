import * as vscode from "vscode";
import type { LanguageClient } from "vscode-languageclient/node";

/** What the server answers to `mcpp/status`. */
interface Status {
  readonly server?: string;
  readonly tools?: number;
  readonly errors: number;
}

/** The server of the policy in the editor, and how many tools its list has, in the language status. */
export function showStatus(context: vscode.ExtensionContext, client: LanguageClient): void {
  const item = vscode.languages.createLanguageStatusItem("mcpp", { language: "mcpp" });
  item.name = "mcpp";
  item.text = "mcpp";
  const update = async (): Promise<void> => {
    const document = vscode.window.activeTextEditor?.document;
    if (document?.languageId !== "mcpp" || !client.isRunning()) return;
    const uri = document.uri.toString();
    const status = await client
      .sendRequest<Status | null>("mcpp/status", { uri })
      .catch(() => null);
    if (status === null) return;
    const { server, tools, errors } = status;
    item.text = [
      server ?? "no server",
      tools === undefined ? "no tool list" : `${tools} tools`,
    ].join(" · ");
    item.detail =
      errors === 0 ? "The policy compiles." : errors === 1 ? "1 error" : `${errors} errors`;
    item.severity =
      errors > 0
        ? vscode.LanguageStatusSeverity.Error
        : tools === undefined
          ? vscode.LanguageStatusSeverity.Warning
          : vscode.LanguageStatusSeverity.Information;
    item.command =
      tools === undefined
        ? { command: "mcpp.pull", title: "Pull the tool list" }
        : { command: "mcpp.showJson", title: "Show the JSON" };
  };
  context.subscriptions.push(
    item,
    vscode.window.onDidChangeActiveTextEditor(() => void update()),
    vscode.languages.onDidChangeDiagnostics(() => void update()),
    client.onDidChangeState(() => void update()),
  );
}
