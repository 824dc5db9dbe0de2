import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { DocumentHighlight, Location } from "vscode-languageserver-protocol/node";
import { Editor } from "./editor.ts";
import { PAYMENTS_TEXT } from "./payments.ts";

const HEAD = 'server payments tools "./payments.tools.json"\n';
const BASE = "labels team\ngroup @shared = x\nlet cap = 5\nallow @shared if args.amount <= cap\n";

let editor: Editor;

beforeAll(async () => {
  editor = await Editor.start({
    files: { "payments.tools.json": PAYMENTS_TEXT, "base.mcpp": BASE },
  });
});
afterAll(async () => {
  expect(await editor.stop()).toBe(0);
});

describe("definition", () => {
  it.each([
    ["a let", "let «cap» = 5\nallow x if args.amount <= c‸ap"],
    ["a let in another let", "let «a» = 5\nlet b = args.x == ‸a\nallow x if b"],
    ["a group", "group @«mine» = x\nallow @mi‸ne"],
    ["a group from its `@`", "group @«mine» = x\nallow ‸@mine"],
    ["a label", 'labels «role»: "a"\nallow x if grant.ro‸le == "a"'],
    [
      "a counter, made by its first limit",
      "allow x limit 3/hour as «writes»\nallow y limit 3/hour as wri‸tes",
    ],
    ["an element", "allow x if any «l» in args.lines (‸l.price > 1)"],
    ["an inner element of one name", "allow x if any l in args.a (any «l» in l.b (‸l.c == 1))"],
    ["a let beside a broken statement", "let «cap» = 5\nallow x y\nallow x if args.amount <= c‸ap"],
    ["a let in a statement that is half typed", "let «cap» = 5\nallow x if args.a <= c‸ap and"],
    ["a group in one", "group @«mine» = x\nallow @mi‸ne limit 5/"],
    ["a group in a broken block", "group @«mine» = x\non @mi‸ne {\n  deny unless\n}"],
    ["a let that is half typed", "let «cap» = \nallow x if args.amount <= c‸ap"],
    ["a let from its definition", "let «c‸ap» = 5\nallow x if args.amount <= cap"],
  ])("of %s", async (_what, source) => {
    const document = await editor.open(source);
    const found = await document.request<Location[]>("textDocument/definition", document.at());
    expect(found.map(({ uri }) => uri)).toEqual([document.uri]);
    expect(document.mark(found.map(({ range }) => range))).toBe(document.mark([document.range()]));
  });

  it.each([
    ["a tool", `${HEAD}allow create_re‸fund`],
    ["a tool in a test", `${HEAD}allow create_refund\ntest "t" {\n  create_re‸fund {} => allow\n}`],
    ["a tool in a statement that is half typed", `${HEAD}allow create_re‸fund if args.amount <=`],
    ["the tool of an argument in one", `${HEAD}allow create_refund if args.am‸ount <=`],
    [
      "the tool of an argument in a test",
      `${HEAD}test "t" {\n  create_refund { am‸ount: 5 } => allow\n}`,
    ],
    ["the tool of an argument", `${HEAD}allow create_refund if args.am‸ount <= 5`],
  ])("of %s, in the tool list", async (_what, source) => {
    const document = await editor.open(source);
    const [found] = await document.request<Location[]>("textDocument/definition", document.at());
    expect(found?.uri).toBe(editor.uri("payments.tools.json"));
    const line = PAYMENTS_TEXT.split("\n")
      .slice(found?.range.start.line, (found?.range.end.line ?? 0) + 1)
      .join("\n");
    expect(line).toContain('"name": "create_refund"');
    expect(line).not.toContain('"name": "create_payout"');
  });

  it("of files, and of names in imported files", async () => {
    const document = await editor.open(
      'import "./ba‸se.mcpp"\nallow y if args.amount <= ca‸p\nallow @sha‸red',
    );
    const at = async (cursor: number) =>
      await document.request<Location[]>("textDocument/definition", document.at(cursor));
    expect(await at(0)).toEqual([
      {
        uri: editor.uri("base.mcpp"),
        range: { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } },
      },
    ]);
    expect((await at(1))[0]).toMatchObject({
      uri: editor.uri("base.mcpp"),
      range: { start: { line: 2, character: 4 } },
    });
    expect((await at(2))[0]).toMatchObject({
      uri: editor.uri("base.mcpp"),
      range: { start: { line: 1, character: 7 } },
    });
    await editor.close(document);
  });

  it.each([
    ["an unknown name", "allow x if args.amount <= no‸pe"],
    ["a word", "al‸low x"],
    ["a missing file", 'import "./no‸.mcpp"'],
    ["nothing", "‸"],
  ])("of %s is nowhere", async (_what, source) => {
    const document = await editor.open(source);
    expect(await document.request("textDocument/definition", document.at())).toEqual([]);
  });
});

const REFERENCES: readonly (readonly [what: string, source: string])[] = [
  [
    "a let",
    "let «c‸ap» = 5\nallow x if args.a <= «cap»\ndeny y unless args.b <= «cap»\nlet cap2 = 5",
  ],
  ["a group", "group @«mi‸ne» = x\nallow @«mine»\ndeny z, @«mine»"],
  [
    "a tool",
    `${HEAD}allow «get_‸charge»\nlimit «get_charge» 3/hour\ntest "t" { «get_charge» {} => allow }`,
  ],
  ["a tool in quotes", `${HEAD}allow «"fs/‸read"»\ndeny «"fs/read"» if args.path == "x"`],
  [
    "a label",
    'labels «role»\nallow x if grant.«ro‸le» == "a"\ntest "t" as "g" { «role»: "a" } { x {} => allow }',
  ],
  ["a counter", "allow x limit 3/hour as «w‸r»\nallow y limit 3/hour as «wr»"],
  [
    "a let, in statements that are half typed too",
    "let «c‸ap» = 5\nallow x if args.a <= «cap» and\nlet top = 6\ndeny y unless args.b <= «cap»",
  ],
  [
    "a counter in a broken statement",
    "allow x limit 3/hour as «w‸r»\nallow y limit 3/hour as «wr» per z",
  ],
  [
    "an element, and no other of its name",
    "allow x if any «l‸» in args.a («l».b == 1) or any l in args.c (l.d == 1)",
  ],
  [
    "an argument",
    "allow x if args.«am‸ount» == 1 and args.order.amount == 2 and args.«amount» < 3",
  ],
];

describe("references", () => {
  it.each(REFERENCES)("to %s", async (_what, source) => {
    const document = await editor.open(source);
    const found = await document.request<Location[]>("textDocument/references", {
      ...document.at(),
      context: { includeDeclaration: true },
    });
    expect(document.mark(found.map(({ range }) => range))).toBe(
      document.mark(document.spans.map((_, index) => document.range(index))),
    );
  });

  it("leave the definition out where it is not wanted", async () => {
    const document = await editor.open("let ca‸p = 5\nallow x if args.a <= «cap»");
    const found = await document.request<Location[]>("textDocument/references", {
      ...document.at(),
      context: { includeDeclaration: false },
    });
    expect(document.mark(found.map(({ range }) => range))).toBe(document.mark([document.range()]));
  });

  it("go over all files of a policy, from the imported one too", async () => {
    const document = await editor.open(
      'server payments\nimport "./base.mcpp"\nallow y if args.amount <= ca‸p',
      "user.mcpp",
    );
    const context = { includeDeclaration: true };
    const from = await document.request<Location[]>("textDocument/references", {
      ...document.at(),
      context,
    });
    const lines = (found: readonly Location[]) =>
      found.map(({ uri, range }) => `${uri.split("/").at(-1)}:${range.start.line}`).sort();
    expect(lines(from)).toEqual(["base.mcpp:2", "base.mcpp:3", "user.mcpp:2"]);
    const base = await editor.open(BASE.replace("let cap", "let ca‸p"), "base.mcpp");
    expect(
      lines(await base.request<Location[]>("textDocument/references", { ...base.at(), context })),
    ).toEqual(lines(from));
    await editor.close(base);
    await editor.close(document);
  });
});

describe("document highlights", () => {
  it.each(REFERENCES)("of %s", async (_what, source) => {
    const document = await editor.open(source);
    const found = await document.request<DocumentHighlight[]>(
      "textDocument/documentHighlight",
      document.at(),
    );
    expect(document.mark(found.map(({ range }) => range))).toBe(
      document.mark(document.spans.map((_, index) => document.range(index))),
    );
  });

  it("tell the definition from the uses", async () => {
    const document = await editor.open("let ca‸p = 5\nallow x if args.a <= cap");
    const found = await document.request<DocumentHighlight[]>(
      "textDocument/documentHighlight",
      document.at(),
    );
    expect(found.map(({ kind }) => kind)).toEqual([3, 2]);
  });
});
