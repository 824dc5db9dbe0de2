import * as vscode from "vscode";
import { LanguageClient, type ServerOptions, TransportKind } from "vscode-languageclient/node";
import { registerCommands } from "./commands.ts";
import { showStatus } from "./status.ts";
import { showTests } from "./tests.ts";

/** Commands that the server may offer in actions and lenses. */
const COMMANDS = ["mcpp.pull", "mcpp.showTools", "mcpp.explain"];

let client: LanguageClient | undefined;

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  const output = vscode.window.createOutputChannel("mcpp", { log: true });
  context.subscriptions.push(output);
  client = new LanguageClient("mcpp", "mcpp", serverOptions(context), {
    documentSelector: [{ language: "mcpp" }],
    outputChannel: output,
    initializationOptions: { commands: COMMANDS, testExplorer: true },
  });
  registerCommands(context, client);
  showStatus(context, client);
  showTests(context, client);
  context.subscriptions.push(
    vscode.workspace.onDidChangeConfiguration((change) => {
      if (change.affectsConfiguration("mcpp.path")) void offerRestart();
    }),
  );
  await client.start();
}

export function deactivate(): Promise<void> | undefined {
  return client?.stop();
}

/** The command that the user has set, else the one that comes with the extension. */
function serverOptions(context: vscode.ExtensionContext): ServerOptions {
  const path = vscode.workspace.getConfiguration("mcpp").get<string>("path", "");
  if (path !== "" && vscode.workspace.isTrusted) {
    return { command: path, args: ["lsp", "--stdio"] };
  }
  const module = context.asAbsolutePath("server/mcpp.js");
  return { module, args: ["lsp"], transport: TransportKind.stdio };
}

async function offerRestart(): Promise<void> {
  const reload = "Reload the window";
  const chosen = await vscode.window.showInformationMessage(
    "The new `mcpp` command is used when the window is reloaded.",
    reload,
  );
  if (chosen === reload) await vscode.commands.executeCommand("workbench.action.reloadWindow");
}
