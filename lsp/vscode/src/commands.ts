import { basename, dirname, join } from "node:path";
import * as vscode from "vscode";
import type { LanguageClient } from "vscode-languageclient/node";
import { wordsOf } from "./command-line.ts";

/** The scheme of the documents that show what a policy compiles to. */
const COMPILED_SCHEME = "mcpp-json";

export function registerCommands(context: vscode.ExtensionContext, client: LanguageClient): void {
  const run = (title: string, args: readonly string[], folder: string) =>
    runMcpp(context, title, args, folder);
  const register = (command: string, action: (...args: unknown[]) => unknown) =>
    context.subscriptions.push(vscode.commands.registerCommand(command, action));

  register("mcpp.check", async () => {
    const file = await savedPolicy();
    if (file !== undefined) await run("check", ["check", file], dirname(file));
  });
  register("mcpp.compile", async () => {
    const file = await savedPolicy();
    if (file === undefined) return;
    const target = await vscode.window.showSaveDialog({
      defaultUri: vscode.Uri.file(file.replace(/(\.mcpp)?$/, ".json")),
      filters: { JSON: ["json"] },
    });
    if (target !== undefined)
      await run("compile", ["compile", file, "-o", target.fsPath], dirname(file));
  });
  register("mcpp.showJson", async () => {
    const document = policyInEditor();
    if (document === undefined) return;
    const uri = vscode.Uri.from({
      scheme: COMPILED_SCHEME,
      path: `/${basename(document.uri.path)}.json`,
      query: document.uri.toString(),
    });
    await vscode.window.showTextDocument(uri, {
      viewColumn: vscode.ViewColumn.Beside,
      preserveFocus: true,
      preview: false,
    });
  });
  register("mcpp.pull", async (uri) => {
    const given =
      typeof uri === "string" ? vscode.Uri.parse(uri).fsPath : policyInEditor()?.uri.fsPath;
    const folder =
      given === undefined ? vscode.workspace.workspaceFolders?.[0]?.uri.fsPath : dirname(given);
    if (folder === undefined) {
      void vscode.window.showWarningMessage("Open a folder first: the tool list is saved in it.");
      return;
    }
    const server = await vscode.window.showInputBox({
      title: "Pull the tool list",
      prompt: "The server's URL, or the command that starts it",
      placeHolder: "npx my-mcp-server",
      ignoreFocusOut: true,
    });
    if (server === undefined || server.trim() === "") return;
    const stem = given === undefined ? "server" : basename(given, ".mcpp");
    const target = await vscode.window.showSaveDialog({
      defaultUri: vscode.Uri.file(join(folder, `${stem}.tools.json`)),
      filters: { JSON: ["json"] },
    });
    if (target === undefined) return;
    const from = /^https?:\/\//.test(server) ? ["--url", server] : ["--", ...wordsOf(server)];
    await run("pull", ["pull", "-o", target.fsPath, ...from], folder);
  });
  register("mcpp.explain", async (uri, names) => {
    const file = typeof uri === "string" ? vscode.Uri.parse(uri).fsPath : await savedPolicy();
    if (file === undefined) return;
    const tool = Array.isArray(names)
      ? await vscode.window.showQuickPick(names.map(String), { title: "Explain a call of" })
      : await vscode.window.showInputBox({ title: "Explain a call", prompt: "The tool" });
    if (tool === undefined || tool === "") return;
    const args = await vscode.window.showInputBox({
      title: `Explain a call of ${tool}`,
      prompt: "The arguments, as JSON",
      value: "{}",
      validateInput: problemOf,
    });
    if (args !== undefined) await run("explain", ["explain", file, tool, args], dirname(file));
  });
  register("mcpp.showTools", async (names) => {
    if (!Array.isArray(names)) return;
    await vscode.window.showQuickPick(names.map(String), { title: `${names.length} tools` });
  });
  register("mcpp.restart", () => client.restart());
}

function problemOf(text: string): string | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
    return isObject ? undefined : 'Arguments are an object: {"amount": 5}';
  } catch {
    return "This is no JSON.";
  }
}

function policyInEditor(): vscode.TextDocument | undefined {
  const document = vscode.window.activeTextEditor?.document;
  if (document?.languageId === "mcpp") return document;
  void vscode.window.showWarningMessage("Open a policy first: a file that ends in `.mcpp`.");
  return undefined;
}

/** The path of the policy in the editor, saved. */
async function savedPolicy(): Promise<string | undefined> {
  const document = policyInEditor();
  if (document === undefined) return undefined;
  if (document.isUntitled || document.isDirty) await document.save();
  return document.isUntitled ? undefined : document.uri.fsPath;
}

/** Runs `mcpp` as a task, without a shell: no text of a policy or a person is ever expanded. */
async function runMcpp(
  context: vscode.ExtensionContext,
  title: string,
  args: readonly string[],
  cwd: string,
): Promise<void> {
  const path = vscode.workspace.getConfiguration("mcpp").get<string>("path", "");
  const own = path === "" || !vscode.workspace.isTrusted;
  const execution = own
    ? new vscode.ProcessExecution(
        process.execPath,
        [context.asAbsolutePath("server/mcpp.js"), ...args],
        {
          cwd,
          // The editor's own program runs as Node.
          env: { ELECTRON_RUN_AS_NODE: "1" },
        },
      )
    : new vscode.ProcessExecution(path, [...args], { cwd });
  const task = new vscode.Task(
    { type: "mcpp", command: title },
    vscode.TaskScope.Workspace,
    title,
    "mcpp",
    execution,
  );
  task.presentationOptions = { reveal: vscode.TaskRevealKind.Always, clear: true };
  await vscode.tasks.executeTask(task);
}
