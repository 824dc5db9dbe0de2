import { afterEach, describe, expect, it } from "vitest";
import type { CodeLens, Diagnostic } from "vscode-languageserver-protocol/node";
import type { RunAnswer, TestsOfFile } from "../../lsp/features/tests.ts";
import { Editor, type OpenDocument } from "./editor.ts";

const POLICY = `default deny
allow get_charge
deny create_payout because "Payouts are made by finance."

test "lookups" {
  get_charge { id: "1" } => allow
}

test "payouts" {
  «create_payout {}» => allow
}
`;

let editor: Editor;

afterEach(async () => {
  expect(await editor.stop()).toBe(0);
});

async function runTests(document: OpenDocument, name?: string): Promise<RunAnswer | null> {
  return editor.connection.sendRequest("workspace/executeCommand", {
    command: "mcpp.runTests",
    arguments: name === undefined ? [document.uri] : [document.uri, name],
  });
}

async function lenses(document: OpenDocument): Promise<readonly unknown[]> {
  const found = await document.request<CodeLens[]>("textDocument/codeLens", document.id);
  return found.map(({ range, command }) => [range.start.line, command?.title]);
}

const failures = (diagnostics: readonly Diagnostic[]): readonly Diagnostic[] =>
  diagnostics.filter(({ code }) => code === "test");

describe("tests in an editor", () => {
  it("are run by a command, and tell what has failed where", async () => {
    editor = await Editor.start();
    const document = await editor.open(POLICY);
    expect(editor.initialized.capabilities.executeCommandProvider?.commands).toContain(
      "mcpp.runTests",
    );
    const answer = await runTests(document);
    expect(answer).toMatchObject({
      uri: document.uri,
      errors: 0,
      tests: [
        { name: "lookups", passed: true, calls: 1, failures: [] },
        { name: "payouts", passed: false, calls: 1, failures: [{ range: document.range() }] },
      ],
    });
    expect(answer?.tests[1]?.failures[0]).toMatchObject({
      message: "Expected `allow`, got `deny`: Payouts are made by finance.",
      relatedInformation: [{ message: "Decided by this statement." }],
    });
  });

  it("have a lens that says what they came to", async () => {
    editor = await Editor.start();
    const document = await editor.open(POLICY);
    expect(await lenses(document)).toEqual([
      [4, "Run test"],
      [8, "Run test"],
    ]);
    await runTests(document, "payouts");
    expect(await lenses(document)).toEqual([
      [4, "Run test"],
      [8, "✗ Failed · run again"],
    ]);
    await runTests(document, "lookups");
    expect(await lenses(document)).toEqual([
      [4, "✓ Passed · run again"],
      [8, "✗ Failed · run again"],
    ]);
    await document.replace(`${document.text}\n`);
    expect(await lenses(document)).toEqual([
      [4, "Run test"],
      [8, "Run test"],
    ]);
  });

  it("are diagnostics where they fail, until something changes", async () => {
    editor = await Editor.start();
    const document = await editor.open(POLICY);
    expect(failures(await document.diagnostics())).toEqual([]);
    await runTests(document);
    const found = await editor.published(document.uri, 1, (all) => failures(all).length > 0);
    expect(failures(found)).toMatchObject([{ severity: 1, source: "mcpp" }]);
    await document.replace(document.text.replace("=> allow\n}\n\ntest", "=> deny\n}\n\ntest"));
    expect(failures(await document.diagnostics())).toEqual([]);
  });

  it("are answered to an editor that asks for diagnostics, and it is told to ask", async () => {
    editor = await Editor.start({
      capabilities: {
        textDocument: { diagnostic: {} },
        workspace: { diagnostics: { refreshSupport: true }, codeLens: { refreshSupport: true } },
      },
    });
    const document = await editor.open(POLICY);
    const pulled = async (): Promise<readonly Diagnostic[]> => {
      const params = { ...document.id };
      const report = await document.request<{ items: Diagnostic[] }>(
        "textDocument/diagnostic",
        params,
      );
      return failures(report.items);
    };
    expect(await pulled()).toEqual([]);
    await runTests(document);
    await editor.whenAsked("workspace/diagnostic/refresh");
    await editor.whenAsked("workspace/codeLens/refresh");
    expect(await pulled()).toHaveLength(1);
  });

  it("do not run in a policy with errors", async () => {
    editor = await Editor.start();
    const document = await editor.open(POLICY.replace("allow get_charge", "allow @lookups"));
    expect(await runTests(document)).toMatchObject({ errors: 1, tests: [] });
  });

  it("run where a claim does not hold", async () => {
    editor = await Editor.start();
    const document = await editor.open(`${POLICY}\nnever allow get_charge\n`);
    const codes = (await document.diagnostics()).map(({ code }) => code);
    expect(codes).toContain("MCPP520");
    expect(await runTests(document)).toMatchObject({
      errors: 0,
      tests: [{ passed: true }, { passed: false }],
    });
  });

  it("are listed for the whole workspace, whether open or not", async () => {
    editor = await Editor.start({
      files: {
        "a.mcpp": 'allow x\ntest "a" { x {} => allow }\n',
        "b.mcpp": "allow x\n",
      },
    });
    const document = await editor.open('allow x\ntest "c" { x {} => allow }\n', "c.mcpp");
    const all = await editor.connection.sendRequest<TestsOfFile[]>("mcpp/tests", {});
    expect(all.map(({ uri, tests }) => [uri, tests.map(({ name }) => name)])).toEqual([
      [editor.uri("a.mcpp"), ["a"]],
      [document.uri, ["c"]],
    ]);
    const own = await editor.connection.sendRequest<TestsOfFile[]>("mcpp/tests", {
      uri: editor.uri("b.mcpp"),
    });
    expect(own).toEqual([{ uri: editor.uri("b.mcpp"), tests: [] }]);
    expect(
      await editor.connection.sendRequest("workspace/executeCommand", {
        command: "mcpp.runTests",
        arguments: [editor.uri("a.mcpp")],
      }),
    ).toMatchObject({ tests: [{ name: "a", passed: true }] });
  });

  it("have no lens where the editor has a list of its own, and none are run of what is not there", async () => {
    editor = await Editor.start({ initializationOptions: { testExplorer: true } });
    const document = await editor.open(POLICY);
    expect(await lenses(document)).toEqual([]);
    expect(
      await editor.connection.sendRequest("workspace/executeCommand", {
        command: "mcpp.runTests",
        arguments: [editor.uri("nowhere.mcpp")],
      }),
    ).toBeNull();
  });
});
