import { afterEach, describe, expect, it } from "vitest";
import {
  CancellationTokenSource,
  LSPErrorCodes,
  type ResponseError,
} from "vscode-languageserver-protocol/node";
import { Editor } from "./editor.ts";
import { PAYMENTS_TEXT } from "./payments.ts";

const HEAD = 'server payments tools "./payments.tools.json"\n';

let editor: Editor;

afterEach(async () => {
  expect(await editor.stop()).toBe(0);
});

describe("a session", () => {
  it("says what the server does", async () => {
    editor = await Editor.start();
    const { capabilities, serverInfo } = editor.initialized;
    expect(serverInfo).toEqual({ name: "mcpp", version: "0.0.0-test" });
    expect(Object.keys(capabilities).sort()).toMatchSnapshot();
  });

  it("does not answer about a text that has changed since", async () => {
    editor = await Editor.start({ files: { "payments.tools.json": PAYMENTS_TEXT } });
    const document = await editor.open(`${HEAD}allow get_‸charge`);
    // In one piece, as a fast typist's editor may write it.
    const answered = editor.rawAnswer("stale");
    editor.write(
      { jsonrpc: "2.0", id: "stale", method: "textDocument/hover", params: document.at() },
      {
        jsonrpc: "2.0",
        method: "textDocument/didChange",
        params: {
          textDocument: { uri: document.uri, version: 2 },
          contentChanges: [{ text: `// new\n${document.text}` }],
        },
      },
    );
    expect(await answered).toMatchObject({ error: { code: LSPErrorCodes.ContentModified } });
    expect(
      await document.request("textDocument/hover", {
        ...document.id,
        position: { line: 2, character: 8 },
      }),
    ).not.toBeNull();
  });

  it("does not answer what is not wanted any more", async () => {
    editor = await Editor.start();
    const document = await editor.open("allow x‸");
    const cancel = new CancellationTokenSource();
    const answer = editor.connection
      .sendRequest("textDocument/hover", document.at(), cancel.token)
      .then(
        () => "answered",
        ({ code }: ResponseError<void>) => code,
      );
    cancel.cancel();
    expect(await answer).toBe(LSPErrorCodes.RequestCancelled);
  });

  it("answers about files that are not open with nothing", async () => {
    editor = await Editor.start();
    const params = {
      textDocument: { uri: editor.uri("nowhere.mcpp") },
      position: { line: 0, character: 0 },
    };
    expect(await editor.connection.sendRequest("textDocument/hover", params)).toBeNull();
    expect(await editor.connection.sendRequest("textDocument/definition", params)).toEqual([]);
  });

  it("takes positions beyond the text for its end", async () => {
    editor = await Editor.start();
    const document = await editor.open("allow x");
    for (const position of [
      { line: 99, character: 0 },
      { line: 0, character: 99 },
    ]) {
      expect(
        await document.request("textDocument/completion", { ...document.id, position }),
      ).toMatchObject({ items: expect.any(Array) });
    }
  });

  it("takes a place inside a line break for the end of the line", async () => {
    editor = await Editor.start();
    const document = await editor.open("allow a\r\nallow b\n");
    const place = { line: 0, character: "allow a\r".length };
    await editor.connection.sendNotification("textDocument/didChange", {
      textDocument: { uri: document.uri, version: 2 },
      contentChanges: [{ range: { start: place, end: place }, text: ", c" }],
    });
    const symbols = await document.request<{ name: string }[]>(
      "textDocument/documentSymbol",
      document.id,
    );
    expect(symbols.map(({ name }) => name)).toEqual(["allow a, c", "allow b"]);
  });

  it("follows the settings of the editor", async () => {
    editor = await Editor.start({
      files: { "payments.tools.json": PAYMENTS_TEXT },
      capabilities: {
        workspace: {
          configuration: true,
          inlayHint: { refreshSupport: true },
          codeLens: { refreshSupport: true },
        },
      },
    });
    await editor.whenAsked("workspace/configuration");
    const document = await editor.open(`${HEAD}allow get_* limit each 5/minute`);
    const labels = async () =>
      (
        await document.request<{ label: string }[]>("textDocument/inlayHint", {
          ...document.id,
          range: document.whole(),
        })
      ).map(({ label }) => label);
    expect(await labels()).toEqual(["⟶ 2 tools", "= 300/hour"]);
    editor.settings = { inlayHints: { rates: false, targets: "yes" }, codeLens: false };
    const before = editor.asked.length;
    await editor.connection.sendNotification("workspace/didChangeConfiguration", {
      settings: null,
    });
    await editor.whenAsked("workspace/inlayHint/refresh", before);
    await editor.whenAsked("workspace/codeLens/refresh", before);
    expect(await labels()).toEqual(["⟶ 2 tools"]);
    expect(await document.request("textDocument/codeLens", document.id)).toEqual([]);
  });

  it("shows the JSON of a policy in a document that follows it", async () => {
    editor = await Editor.start({
      files: { "payments.tools.json": PAYMENTS_TEXT },
      capabilities: { workspace: { textDocumentContent: { dynamicRegistration: true } } },
    });
    const { textDocumentContent } = editor.initialized.capabilities.workspace ?? {};
    expect(textDocumentContent).toEqual({ schemes: ["mcpp-json"] });
    const document = await editor.open(`${HEAD}allow get_charge`);
    const uri = `mcpp-json:/policy-0.mcpp.json?${encodeURIComponent(document.uri)}`;
    const shown = () =>
      editor.connection.sendRequest<{ text: string } | null>("workspace/textDocumentContent", {
        uri,
      });
    expect(JSON.parse((await shown())?.text ?? "")).toEqual({
      version: "1",
      default: "deny",
      tools: { get_charge: {} },
    });
    await document.edit({
      start: document.text.length,
      end: document.text.length,
      text: ", get_secret",
    });
    await editor.whenAsked("workspace/textDocumentContent/refresh");
    expect(editor.asked.at(-1)?.params).toEqual({ uri });
    expect(JSON.parse((await shown())?.text ?? "")).toMatchObject({
      tools: { get_charge: {}, get_secret: {} },
    });
    await document.edit({ start: document.text.length, end: document.text.length, text: " x" });
    expect((await shown())?.text).toBe("// 1 error: there is no JSON until the policy compiles.\n");
    expect(
      await editor.connection.sendRequest("workspace/textDocumentContent", { uri: "mcpp-json:/x" }),
    ).toBeNull();
    const json = await editor.connection.sendRequest<string>("workspace/executeCommand", {
      command: "mcpp.compiledJson",
      arguments: [document.uri],
    });
    expect(json).toContain("1 error");
  });

  it("knows policies of folders that come and go, and of no folder whose name begins alike", async () => {
    editor = await Editor.start({
      files: {
        "app/one.mcpp": "let of_app = 1\n",
        "app-old/two.mcpp": "let of_app_old = 1\n",
        "more/three.mcpp": "let of_more = 1\n",
      },
      capabilities: { workspace: { workspaceFolders: true } },
      folders: ["app", "app-old/"],
    });
    const names = async () => {
      const query = { query: "of_" };
      const found = await editor.connection.sendRequest<{ name: string }[]>(
        "workspace/symbol",
        query,
      );
      return found.map(({ name }) => name).sort();
    };
    const folder = (path: string) => ({ uri: editor.uri(path), name: path });
    const change = (event: { added: object[]; removed: object[] }) =>
      editor.connection.sendNotification("workspace/didChangeWorkspaceFolders", { event });
    await expect.poll(names).toEqual(["of_app", "of_app_old"]);
    await change({ added: [folder("more")], removed: [folder("app-old")] });
    await expect.poll(names).toEqual(["of_app", "of_more"]);
    await change({ added: [], removed: [folder("app")] });
    await expect.poll(names).toEqual(["of_more"]);
  });
});
