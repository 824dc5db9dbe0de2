import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import type {
  Diagnostic,
  FullDocumentDiagnosticReport,
  RelatedFullDocumentDiagnosticReport,
  WorkspaceDiagnosticReport,
} from "vscode-languageserver-protocol/node";
import { Editor, type EditorOptions } from "./editor.ts";
import { PAYMENTS, PAYMENTS_TEXT } from "./payments.ts";

const HEAD = 'server payments tools "./payments.tools.json"\n';

let editor: Editor;

async function start(options: EditorOptions = {}): Promise<Editor> {
  editor = await Editor.start({
    files: { "payments.tools.json": PAYMENTS_TEXT, ...options.files },
    capabilities: options.capabilities ?? {},
  });
  return editor;
}

afterEach(async () => {
  expect(await editor.stop()).toBe(0);
});

const codes = (items: readonly Diagnostic[]) => items.map(({ code }) => code);
const errors = (items: readonly Diagnostic[]) =>
  codes(items.filter(({ severity }) => severity === 1));

describe("diagnostics that are sent", () => {
  it.each<[what: string, source: string]>([
    ["an unknown tool", `${HEAD}allow «get_chargee»`],
    ["a broken statement", `${HEAD}allow get_charge «get_secret»`],
    [
      "several, each at its place",
      `${HEAD}allow «get_chargee»\nallow create_refund if args.«ammount» <= 5`,
    ],
    ["half a statement", `${HEAD}allow get_charge limit 5/«min»`],
  ])("of %s", async (_what, source) => {
    await start();
    const document = await editor.open(source);
    const found = (await document.diagnostics()).filter(({ severity }) => severity === 1);
    expect(document.mark(found.map(({ range }) => range))).toBe(
      document.mark(document.spans.map((_, index) => document.range(index))),
    );
    expect(
      found.every(({ source: from, code }) => from === "mcpp" && /^MCPP\d+$/.test(String(code))),
    ).toBe(true);
  });

  it("have hints, related places and tags", async () => {
    await start();
    const document = await editor.open("let cap = 5\nlet cap = 6\nallow get_chargee");
    const found = await document.diagnostics();
    const twice = found.find(({ relatedInformation }) => relatedInformation !== undefined);
    expect(twice?.relatedInformation?.[0]?.location).toMatchObject({
      uri: document.uri,
      range: { start: { line: 0 } },
    });
    expect(found.find(({ tags }) => tags?.includes(1))?.range.start.line).toBe(0);
  });

  it("follow the text, version by version, and go when the policy is closed", async () => {
    await start();
    const document = await editor.open(`${HEAD}allow get_chargee`);
    expect(errors(await document.diagnostics())).toEqual(["MCPP201"]);
    await document.edit({ start: document.text.length - 1, end: document.text.length, text: "" });
    expect(errors(await document.diagnostics())).toEqual([]);
    await document.edit(
      { start: document.text.length, end: document.text.length, text: " x" },
      { start: 0, end: 0, text: "// a\n" },
    );
    expect((await document.diagnostics())[0]?.range.start.line).toBe(2);
    await document.replace("");
    expect(await document.diagnostics()).toEqual([]);
    await document.replace("allow get_charge allow");
    await document.diagnostics();
    await editor.close(document);
    await editor.published(document.uri, undefined, (items) => items.length === 0);
  });

  it("of the tool list and of imports that are not open, in their own files", async () => {
    await start({ files: { "payments.tools.json": '{"tools": 1}', "base.mcpp": "allow x y\n" } });
    const document = await editor.open(`${HEAD}import "./base.mcpp"\nallow get_charge`);
    await document.diagnostics();
    expect(
      errors(await editor.published(editor.uri("payments.tools.json"), undefined)),
    ).toHaveLength(1);
    expect(errors(await editor.published(editor.uri("base.mcpp"), undefined))).toHaveLength(1);
    await editor.close(document);
    await editor.published(editor.uri("base.mcpp"), undefined, (items) => items.length === 0);
  });

  it("of a part are those of the policy that imports it", async () => {
    await start({
      files: { "main.mcpp": `${HEAD}import "./part.mcpp"\n`, "part.mcpp": "allow get_chargee\n" },
    });
    const part = await editor.open("allow get_chargee\n", "part.mcpp");
    const found = await editor.published(part.uri, 1, (items) => codes(items).includes("MCPP201"));
    expect(errors(found)).toEqual(["MCPP201"]);
  });

  it("follow what an open import says before it is saved", async () => {
    await start({ files: { "base.mcpp": "let cap = 5\n" } });
    const document = await editor.open(
      'server s\nimport "./base.mcpp"\nallow get_charge if args.id == cap2',
    );
    expect(errors(await document.diagnostics())).not.toEqual([]);
    const base = await editor.open("let cap = 5\n", "base.mcpp");
    await base.edit({ start: 7, end: 7, text: "2" });
    expect(
      errors(await editor.published(document.uri, 1, (items) => errors(items).length === 0)),
    ).toEqual([]);
  });

  it("follow the tool list on disk, told or not told", async () => {
    await start();
    const document = await editor.open(`${HEAD}allow get_charge, refund_all`);
    expect(errors(await document.diagnostics())).toEqual(["MCPP201"]);
    const tools = [...PAYMENTS.tools, { name: "refund_all", inputSchema: { type: "object" } }];
    writeFileSync(
      join(editor.folder, "payments.tools.json"),
      JSON.stringify({ ...PAYMENTS, tools }),
    );
    await editor.connection.sendNotification("workspace/didChangeWatchedFiles", {
      changes: [{ uri: editor.uri("payments.tools.json"), type: 2 }],
    });
    await editor.published(document.uri, 1, (items) => errors(items).length === 0);
    // The server looks by itself, too.
    rmSync(join(editor.folder, "payments.tools.json"));
    expect(
      errors(await editor.published(document.uri, 1, (items) => codes(items).includes("MCPP218"))),
    ).toEqual(["MCPP218"]);
  });
});

const PULLS = {
  textDocument: { diagnostic: { relatedDocumentSupport: true } },
  workspace: {
    diagnostics: { refreshSupport: true },
    didChangeWatchedFiles: { dynamicRegistration: true },
  },
};

describe("diagnostics that are asked for", () => {
  it.each<[what: string, source: string]>([
    ["a whole text", `${HEAD}allow «get_chargee»\n`],
    ["half a statement", `${HEAD}allow get_charge limit 5/«min»`],
    ["a broken statement", `${HEAD}«alow» get_charge\nallow «get_chargee»\n`],
    [
      "a block that is not closed",
      `${HEAD}«on» create_refund {\n  deny unless args.«ammount» < 5\n`,
    ],
  ])("are those of %s", async (_what, source) => {
    await start({ capabilities: PULLS });
    const document = await editor.open(source);
    const { items } = await document.request<FullDocumentDiagnosticReport>(
      "textDocument/diagnostic",
      document.id,
    );
    const found = items.filter(({ severity }) => severity === 1);
    expect(document.mark(found.map(({ range }) => range))).toBe(
      document.mark(document.spans.map((_, index) => document.range(index))),
    );
  });

  it("are those of the document, once", async () => {
    await start({ capabilities: PULLS });
    const document = await editor.open(`${HEAD}allow get_chargee`);
    const first = await document.request<FullDocumentDiagnosticReport>(
      "textDocument/diagnostic",
      document.id,
    );
    expect(errors(first.items)).toEqual(["MCPP201"]);
    const again = await document.request<{ kind: string }>("textDocument/diagnostic", {
      ...document.id,
      previousResultId: first.resultId,
    });
    expect(again.kind).toBe("unchanged");
    await document.edit({ start: document.text.length - 1, end: document.text.length, text: "" });
    const later = await document.request<FullDocumentDiagnosticReport>("textDocument/diagnostic", {
      ...document.id,
      previousResultId: first.resultId,
    });
    expect(errors(later.items)).toEqual([]);
    expect(editor.allPublished(document.uri)).toEqual([]);
  });

  it("come with those of the files that the document reads", async () => {
    await start({ files: { "base.mcpp": "allow x y\n" }, capabilities: PULLS });
    const document = await editor.open('import "./base.mcpp"\nallow z');
    const report = await document.request<RelatedFullDocumentDiagnosticReport>(
      "textDocument/diagnostic",
      document.id,
    );
    const base = report.relatedDocuments?.[editor.uri("base.mcpp")] as FullDocumentDiagnosticReport;
    expect(errors(base.items)).toHaveLength(1);
  });

  it("are asked for again when a tool list changes", async () => {
    await start({ capabilities: PULLS });
    const document = await editor.open(`${HEAD}allow get_charge`);
    await document.request("textDocument/diagnostic", document.id);
    await editor.whenAsked("client/registerCapability");
    const before = editor.asked.length;
    writeFileSync(
      join(editor.folder, "payments.tools.json"),
      JSON.stringify({ ...PAYMENTS, tools: [] }),
    );
    await editor.connection.sendNotification("workspace/didChangeWatchedFiles", {
      changes: [{ uri: editor.uri("payments.tools.json"), type: 2 }],
    });
    await editor.whenAsked("workspace/diagnostic/refresh", before);
    const report = await document.request<FullDocumentDiagnosticReport>(
      "textDocument/diagnostic",
      document.id,
    );
    expect(errors(report.items)).toEqual(["MCPP201"]);
  });

  it("are those of every policy of the workspace", async () => {
    await start({
      files: {
        "good.mcpp": "allow x\n",
        "bad.mcpp": "allow x y\n",
        "node_modules/no.mcpp": "allow x y\n",
      },
      capabilities: PULLS,
    });
    const ask = (previousResultIds: readonly { uri: string; value: string }[] = []) =>
      editor.connection.sendRequest<WorkspaceDiagnosticReport>("workspace/diagnostic", {
        previousResultIds,
      });
    let report = await ask();
    // The folder is read while the editor goes on.
    while (report.items.length < 2) report = await ask();
    expect(report.items.map(({ uri }) => uri).sort()).toEqual([
      editor.uri("bad.mcpp"),
      editor.uri("good.mcpp"),
    ]);
    const bad = report.items.find(({ uri }) =>
      uri.endsWith("bad.mcpp"),
    ) as FullDocumentDiagnosticReport & { uri: string };
    expect(errors(bad.items)).toHaveLength(1);
    const again = await ask([
      { uri: bad.uri, value: bad.resultId as string },
      { uri: editor.uri("gone.mcpp"), value: "x" },
    ]);
    expect(again.items.find(({ uri }) => uri === bad.uri)?.kind).toBe("unchanged");
    expect(again.items.find(({ uri }) => uri.endsWith("gone.mcpp"))).toMatchObject({
      kind: "full",
      items: [],
    });
  });
});
