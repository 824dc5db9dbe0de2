import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type {
  CodeAction,
  Range,
  TextDocumentEdit,
  TextEdit,
  WorkspaceEdit,
} from "vscode-languageserver-protocol/node";
import { Editor, type OpenDocument } from "./editor.ts";
import { PAYMENTS_TEXT } from "./payments.ts";

const HEAD = 'server payments tools "./payments.tools.json"\n';

let editor: Editor;

beforeAll(async () => {
  editor = await Editor.start({
    files: {
      "payments.tools.json": PAYMENTS_TEXT,
      "base.mcpp": "let cap = 5\nallow x if args.amount <= cap\n",
    },
    capabilities: {
      workspace: { workspaceEdit: { documentChanges: true } },
      textDocument: { rename: { prepareSupport: true } },
    },
    initializationOptions: { commands: ["mcpp.pull"] },
  });
});
afterAll(async () => {
  expect(await editor.stop()).toBe(0);
});

function editsFor(
  { uri }: OpenDocument,
  edit: WorkspaceEdit | null | undefined,
): readonly TextEdit[] {
  const changes = (edit?.documentChanges ?? []) as TextDocumentEdit[];
  return changes
    .filter(({ textDocument }) => textDocument.uri === uri)
    .flatMap(({ edits }) => edits as TextEdit[]);
}

describe("rename", () => {
  it.each([
    [
      "a let",
      "let «c‸ap» = 5\nallow x if args.a <= «cap»\ndeny y unless args.b <= «cap»",
      "ceiling",
    ],
    ["a group, with its `@` or without", "group @«mi‸ne» = x\nallow @«mine», y", "@ours"],
    [
      "a label, in tests too",
      'labels «ro‸le»\nallow x if grant.«role» == "a"\ntest "t" as "g" { «role»: "a" } { x {} => allow }',
      "team",
    ],
    ["a counter", "allow x limit 3/hour as «w‸r»\nallow y limit 3/hour as «wr»", "writes"],
    [
      "an element",
      "allow x if any «l‸» in args.a («l».b == 1) or any l in args.c (l.d == 1)",
      "line",
    ],
    [
      "a let that a half typed statement mentions",
      "let «c‸ap» = 5\nallow y if args.b > «cap» and\nallow x if args.a <= «cap»",
      "ceiling",
    ],
    ["a group from a half typed statement", "group @«mine» = x\nallow @«mi‸ne» limit 5/", "ours"],
    [
      "a let beside a broken statement",
      "let «c‸ap» = 5\nallow y z\nallow x if args.a <= «cap»",
      "ceiling",
    ],
  ])("of %s", async (_what, source, newName) => {
    const document = await editor.open(source);
    const prepared = await document.request<{ range: Range; placeholder: string }>(
      "textDocument/prepareRename",
      document.at(),
    );
    expect(document.slice(prepared.range)).toBe(prepared.placeholder);
    const edit = await document.request<WorkspaceEdit>("textDocument/rename", {
      ...document.at(),
      newName,
    });
    const written = newName.replace("@", "");
    const expected = document.edited(
      document.spans.map((_, index) => ({ range: document.range(index), newText: written })),
    );
    expect(document.edited(editsFor(document, edit))).toBe(expected);
    expect((edit.documentChanges as TextDocumentEdit[])[0]?.textDocument.version).toBe(
      document.version,
    );
  });

  it("goes over files, those that are closed too", async () => {
    const document = await editor.open(
      'server payments\nimport "./base.mcpp"\nallow y if args.amount <= ca‸p',
    );
    const edit = await document.request<WorkspaceEdit>("textDocument/rename", {
      ...document.at(),
      newName: "ceiling",
    });
    const changes = edit.documentChanges as TextDocumentEdit[];
    expect(
      changes
        .map(({ textDocument, edits }) => [textDocument.uri, textDocument.version, edits.length])
        .sort(),
    ).toEqual(
      [
        [document.uri, 1, 1],
        [editor.uri("base.mcpp"), null, 2],
      ].sort(),
    );
  });

  it.each([
    ["a tool", `${HEAD}allow get_‸charge`, "named by the server"],
    ["an argument", `${HEAD}allow create_refund if args.am‸ount <= 5`, "named by the server"],
    ["a built-in group", `${HEAD}deny @fin‸ancial`, "not declared in this policy"],
    ["a file", 'import "./ba‸se.mcpp"', "nothing here that a policy names"],
  ])("of %s is refused", async (_what, source, message) => {
    const document = await editor.open(source);
    await expect(document.request("textDocument/prepareRename", document.at())).rejects.toThrow(
      message,
    );
  });

  it.each([
    [
      "a reserved word",
      "let c‸ap = 5\nallow x if args.a <= cap",
      "limit",
      "a word of the language",
    ],
    ["no name", "let c‸ap = 5\nallow x if args.a <= cap", "1st", "is no name"],
    [
      "a name that is taken",
      "let c‸ap = 5\nlet top = 6\nallow x if args.a <= cap and args.b <= top",
      "top",
      "There is a `top` already",
    ],
    [
      "an element's name for a let",
      "let c‸ap = 5\nallow x if any l in args.a (l.b <= cap)",
      "l",
      "There is a `l` already",
    ],
    ["a built-in group's", "group @mi‸ne = x\nallow @mine", "@read", "built in"],
  ])("to %s is refused", async (_what, source, newName, message) => {
    const document = await editor.open(source);
    await expect(
      document.request("textDocument/rename", { ...document.at(), newName }),
    ).rejects.toThrow(message);
  });

  it("of nothing is nothing", async () => {
    const document = await editor.open("al‸low x");
    expect(await document.request("textDocument/prepareRename", document.at())).toBeNull();
  });
});

describe("code actions", () => {
  const actionsAt = async (source: string, only?: readonly string[]) => {
    const document = await editor.open(source);
    const range =
      document.spans.length > 0
        ? document.range()
        : { start: document.at().position, end: document.at().position };
    const actions = await document.request<CodeAction[]>("textDocument/codeAction", {
      ...document.id,
      range,
      context: { diagnostics: [], ...(only === undefined ? {} : { only }) },
    });
    return { document, actions };
  };

  it.each<[what: string, source: string, title: string, expected: string]>([
    [
      "mends a misspelt tool",
      `${HEAD}allow get_char‸gee`,
      "Change to `get_charge`",
      `${HEAD}allow get_charge`,
    ],
    [
      "mends a misspelt argument",
      `${HEAD}allow create_refund if args.am‸mount <= 5`,
      "Change to `amount`",
      `${HEAD}allow create_refund if args.amount <= 5`,
    ],
    [
      "mends a habit",
      "allow x if args.a == 1 &‸& args.b == 2",
      "Write `and`",
      "allow x if args.a == 1 and args.b == 2",
    ],
    [
      "mends one of several mistakes",
      "allow x if args.a == 1 &‸& args.b == 2\nallow y z",
      "Write `and`",
      "allow x if args.a == 1 and args.b == 2\nallow y z",
    ],
    ["mends half a window", "allow x limit 5/mi‸n", "Write `minute`", "allow x limit 5/minute"],
    [
      "splits a rule beside half a statement",
      "allow x, ‸y\nallow z if args.",
      "Split into 2 rules",
      "allow x\nallow y\nallow z if args.",
    ],
    [
      "guards a missing argument",
      `${HEAD}deny create_refund if args.no‸te == "x"`,
      "Add `or not has args.note`",
      `${HEAD}deny create_refund if args.note == "x" or not has args.note`,
    ],
    ["removes what is not used", "let c‸ap = 5\nallow x", "Remove the let", "allow x"],
    [
      "splits a rule",
      `${HEAD}/// Reads.\nallow get_charge, get_‸secret limit each 3/hour`,
      "Split into 2 rules",
      `${HEAD}/// Reads.\nallow get_charge limit each 3/hour\nallow get_secret limit each 3/hour`,
    ],
    [
      "splits a rule in a block",
      "when args.x == 1 {\n  deny a, ‸b\n}",
      "Split into 2 rules",
      "when args.x == 1 {\n  deny a\n  deny b\n}",
    ],
    [
      "extracts a value",
      "/// Doc.\nallow x if args.a <= «100»",
      "Extract the value into a `let`",
      "let value = 100\n\n/// Doc.\nallow x if args.a <= value",
    ],
    [
      "extracts the value at the cursor",
      "allow x if args.a <= 1‸00",
      "Extract the value into a `let`",
      "let value = 100\n\nallow x if args.a <= value",
    ],
    [
      "extracts a condition",
      "allow x if «args.a <= 100» and args.b == 1",
      "Extract the condition into a `let`",
      "let condition = args.a <= 100\n\nallow x if condition and args.b == 1",
    ],
    [
      "extracts under a name that is free",
      "let value = 1\nallow x if args.a <= «100» and args.b == value",
      "Extract the value into a `let`",
      "let value = 1\nlet value_2 = 100\n\nallow x if args.a <= value_2 and args.b == value",
    ],
    [
      "extracts a group",
      `${HEAD}allow ge‸t_* except get_secret limit each 3/hour`,
      "Extract the targets into a `group`",
      `${HEAD}group @tools = get_* except get_secret\n\nallow @tools limit each 3/hour`,
    ],
    [
      "writes a glob out",
      `${HEAD}allow ge‸t_*`,
      "Write out the 2 tools of `get_*`",
      `${HEAD}allow get_charge, get_secret`,
    ],
    [
      "holds without the argument too",
      `${HEAD}deny create_refund unless args.no‸te == "x"`,
      "Hold without `args.note` too",
      `${HEAD}deny create_refund unless (args.note == "x" or not has args.note)`,
    ],
    [
      "governs what is not mentioned",
      `«server payments tools "./payments.tools.json"\n»allow get_*, list_charges, "fs/read"`,
      "Name and deny the 3 tools that no statement mentions",
      `${HEAD}allow get_*, list_charges, "fs/read"\n\ndeny create_payout, create_refund\ndeny delete_customer\n`,
    ],
  ])("%s", async (_what, source, title, expected) => {
    const { document, actions } = await actionsAt(source);
    const action = actions.find((candidate) => candidate.title === title);
    expect(
      action,
      `among ${actions.map((candidate) => candidate.title).join(" | ")}`,
    ).toBeDefined();
    expect(document.edited(editsFor(document, action?.edit))).toBe(expected);
  });

  it("carry the diagnostic that they mend, and are preferred only where there is one", async () => {
    const { actions } = await actionsAt(`${HEAD}allow get_char‸gee`, ["quickfix"]);
    expect(actions).toHaveLength(1);
    expect(actions[0]).toMatchObject({
      kind: "quickfix",
      isPreferred: true,
      diagnostics: [{ code: "MCPP201" }],
    });
    const several = await actionsAt(`${HEAD}deny create_refund if args.no‸te == "x"`, ["quickfix"]);
    expect(several.actions.length).toBeGreaterThan(1);
    expect(several.actions.every(({ isPreferred }) => isPreferred !== true)).toBe(true);
  });

  it("offer to pull the tool list to editors that can", async () => {
    const { document, actions } = await actionsAt("allow ge‸t_*");
    const pull = actions.find(({ command }) => command?.command === "mcpp.pull");
    expect(pull).toMatchObject({
      title: "Pull the tool list from the server…",
      command: { arguments: [document.uri] },
    });
  });

  it("are those of the wanted kind", async () => {
    const { actions } = await actionsAt(`${HEAD}allow get_char‸gee, get_secret`, [
      "refactor.rewrite",
    ]);
    expect(actions.map(({ kind }) => kind)).toEqual(["refactor.rewrite"]);
  });

  it("leave broken statements alone", async () => {
    const { actions } = await actionsAt("allow x ‸y, z", ["refactor"]);
    expect(actions).toEqual([]);
  });
});

const LOOSE = "allow   x\n\n\n\ndeny y   unless args.a<=5\nallow  z  limit 3/hour\n";
const NEAT = "allow x\n\ndeny y unless args.a <= 5\nallow z limit 3/hour\n";
const OPTIONS = { options: { tabSize: 2, insertSpaces: true } };

describe("formatting", () => {
  it("of a document", async () => {
    const document = await editor.open(LOOSE);
    const edits = await document.request<TextEdit[]>("textDocument/formatting", {
      ...document.id,
      ...OPTIONS,
    });
    expect(document.edited(edits)).toBe(NEAT);
  });

  it("changes the lines that must change, no others", async () => {
    const document = await editor.open("allow a\nallow b\nallow   c\nallow d\n");
    const edits = await document.request<TextEdit[]>("textDocument/formatting", {
      ...document.id,
      ...OPTIONS,
    });
    expect(edits).toEqual([
      {
        range: { start: { line: 2, character: 0 }, end: { line: 3, character: 0 } },
        newText: "allow c\n",
      },
    ]);
  });

  it("of what is laid out is nothing", async () => {
    const document = await editor.open(NEAT);
    expect(
      await document.request("textDocument/formatting", { ...document.id, ...OPTIONS }),
    ).toEqual([]);
  });

  it("leaves what is broken as it is", async () => {
    const document = await editor.open("allow   x   y\ndeny    z\n");
    const edits = await document.request<TextEdit[]>("textDocument/formatting", {
      ...document.id,
      ...OPTIONS,
    });
    expect(document.edited(edits)).toBe("allow   x   y\ndeny z\n");
  });

  it("of a range, and of ranges", async () => {
    const document = await editor.open("«allow   x»\nallow   y\n«allow   z»\n");
    const one = await document.request<TextEdit[]>("textDocument/rangeFormatting", {
      ...document.id,
      range: document.range(0),
      ...OPTIONS,
    });
    expect(document.edited(one)).toBe(
      "allow x\nallow y\nallow z\n".replace("allow y", "allow   y").replace("allow z", "allow   z"),
    );
    const both = await document.request<TextEdit[]>("textDocument/rangesFormatting", {
      ...document.id,
      ranges: [document.range(0), document.range(1)],
      ...OPTIONS,
    });
    expect(document.edited(both)).toBe("allow x\nallow   y\nallow z\n");
  });

  it("while typing: a block once it is closed", async () => {
    const document = await editor.open(
      "allow   a\non b {\nallow\n   deny unless args.x<=1\n}‸\nallow   c\n",
    );
    const edits = await document.request<TextEdit[]>("textDocument/onTypeFormatting", {
      ...document.at(),
      ch: "}",
      ...OPTIONS,
    });
    expect(document.edited(edits)).toBe(
      "allow   a\non b {\n  allow\n  deny unless args.x <= 1\n}\nallow   c\n",
    );
  });

  it("while typing: a statement once its line has ended", async () => {
    const document = await editor.open("allow   a\nallow   b\n‸\nallow   c\n");
    const edits = await document.request<TextEdit[]>("textDocument/onTypeFormatting", {
      ...document.at(),
      ch: "\n",
      ...OPTIONS,
    });
    expect(document.edited(edits)).toBe("allow   a\nallow b\n\nallow   c\n");
  });

  it.each<[what: string, method: string, source: string, expected: string]>([
    [
      "a range beside half a statement",
      "textDocument/rangeFormatting",
      "allow   x if args.a <=\n«allow   y»\n",
      "allow   x if args.a <=\nallow y\n",
    ],
    [
      "a block with half a statement, once it is closed",
      "textDocument/onTypeFormatting",
      "on b {\nallow\n   deny unless args.x<=\n}‸\n",
      "on b {\n  allow\n  deny unless args.x<=\n}\n",
    ],
    [
      "nothing above the line of half a statement",
      "textDocument/onTypeFormatting",
      "allow   a\nallow   b if\n‸",
      "allow   a\nallow   b if\n",
    ],
  ])("of %s", async (_what, method, source, expected) => {
    const document = await editor.open(source);
    const edits = await document.request<TextEdit[]>(method, {
      ...document.id,
      ...(document.spans.length > 0 ? { range: document.range() } : document.at()),
      ch: source.includes("}‸") ? "}" : "\n",
      ...OPTIONS,
    });
    expect(document.edited(edits)).toBe(expected);
  });
});
