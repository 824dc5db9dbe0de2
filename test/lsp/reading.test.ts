import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type {
  CodeLens,
  DocumentLink,
  DocumentSymbol,
  FoldingRange,
  Hover,
  InlayHint,
  MarkupContent,
  SelectionRange,
  SignatureHelp,
  WorkspaceSymbol,
} from "vscode-languageserver-protocol/node";
import { Editor } from "./editor.ts";
import { PAYMENTS_TEXT } from "./payments.ts";

const HEAD = 'server payments tools "./payments.tools.json"\n';

let editor: Editor;

beforeAll(async () => {
  editor = await Editor.start({
    files: {
      "payments.tools.json": PAYMENTS_TEXT,
      "base.mcpp": "group @shared = get_charge\nlet base_cap = 5\n",
      "elsewhere/other.mcpp": 'test "a test elsewhere" {}\n',
    },
    initializationOptions: { commands: ["mcpp.showTools", "mcpp.pull", "mcpp.explain"] },
  });
});
afterAll(async () => {
  expect(await editor.stop()).toBe(0);
});

describe("hover", () => {
  const about = async (source: string): Promise<string | null> => {
    const document = await editor.open(source);
    const hover = await document.request<Hover | null>("textDocument/hover", document.at());
    if (hover === null) return null;
    if (document.spans.length > 0)
      expect(document.mark([hover.range as never])).toBe(document.mark([document.range()]));
    return (hover.contents as MarkupContent).value;
  };

  it.each<[what: string, source: string, parts: readonly string[]]>([
    [
      "a tool",
      `${HEAD}allow «create_‸refund»`,
      [
        "**create_refund** · Refund a charge · `@financial`",
        "Pays a charge back.",
        "`args.amount`: `integer from 1`. In cents.",
        "`string?`",
        "_The name says `refund`._",
      ],
    ],
    [
      "a tool in a broken statement's neighbour",
      `${HEAD}allow «get_‸charge»\nalow x`,
      ["Reads one charge."],
    ],
    ["a glob", `${HEAD}allow «get‸_*»`, ["selects 2 tools", "`get_charge`", "`get_secret`"]],
    [
      "a group",
      `${HEAD}/// What is looked up.\ngroup @looks = get_*\nallow @«lo‸oks»`,
      ["group @looks = get_*", "What is looked up.", "selects 2 tools"],
    ],
    [
      "a built-in group",
      `${HEAD}deny @«fin‸ancial»`,
      ["risk class", "`create_refund` · financial"],
    ],
    [
      "an argument",
      `${HEAD}allow create_refund if args.«amo‸unt» <= 5`,
      ["args.amount: integer from 1", "In cents."],
    ],
    [
      "an optional argument",
      `${HEAD}deny create_refund unless args.«no‸te» == "x"`,
      ["args.note: string?", "A call may leave it out."],
    ],
    [
      "an argument that not all tools have",
      `${HEAD}deny create_* if args.«rea‸son» == "duplicate"`,
      ["Not an argument of `create_payout`."],
    ],
    [
      "a nested argument",
      `${HEAD}allow create_refund if args.order.«to‸tal» < 5`,
      ["args.order.total: number?"],
    ],
    [
      "an element",
      `${HEAD}allow create_refund if every «l‸» in args.lines (l.price < 5)`,
      ["l: object", "An element of `args.lines`."],
    ],
    [
      "a let",
      `/// Cents.\nlet cap = 100_00\nallow x if args.amount <= «c‸ap»`,
      ["let cap = 100_00", "Cents."],
    ],
    [
      "a label",
      `labels role: "a" | "b"\nallow x if grant.«ro‸le» == "a"`,
      ["label", '`"a"`, `"b"`'],
    ],
    [
      "a counter",
      "allow x limit 3/hour as «wri‸tes»\nallow y limit 3/hour as writes",
      ["counter of 2 limits", "At most 3 calls in a calendar hour (UTC)"],
    ],
    [
      "a limit in words",
      "allow x limit «1‸0»/minute per session",
      ["At most 10 calls in a calendar minute (UTC), for each session."],
    ],
    [
      "a sum in words",
      `${HEAD}limit create_refund sum(args.amount) «t‸o» 500_00/day`,
      ["`args.amount` may add up to at most 50,000 in a calendar day (UTC), for each grant."],
    ],
    [
      "what a rule compiles to",
      `${HEAD}«al‸low» create_refund if args.amount <= 5`,
      [
        "It compiles to",
        "// /tools/create_refund/require/0",
        '"op": "lte"',
        "Permits calls of its targets.",
      ],
    ],
    [
      "what a limit compiles to",
      `${HEAD}allow create_refund if args.amount <= 5 «lim‸it» 3/hour`,
      ["// /tools/create_refund/limits/0", '"counter": "create_refund_per_hour_if_'],
    ],
    [
      "a word",
      `${HEAD}deny create_refund «unl‸ess» args.amount <= 5`,
      ["those that leave something out included"],
    ],
    ["an operator", `${HEAD}allow "fs/read" if args.path «un‸der» "/srv"`, ["by whole segments"]],
    ["a window", "allow x limit 3/«mi‸nutes»", ["A window of the calendar, in UTC"]],
    [
      "the server",
      `server «pay‸ments» tools "./payments.tools.json"`,
      ["**payments** 1.2.0 · 7 tools", "2 `@financial`"],
    ],
    [
      "an argument of a call in a test",
      `${HEAD}test "t" {\n  create_refund { «am‸ount»: 5 } => allow\n}`,
      ["args.amount: integer from 1", "In cents."],
    ],
    [
      "a tool in a statement that is half typed",
      `${HEAD}allow «get_‸charge» if args.id ==`,
      ["Reads one charge."],
    ],
    [
      "an argument in a statement that is half typed",
      `${HEAD}allow create_refund if args.«am‸ount» <=`,
      ["args.amount: integer from 1"],
    ],
    [
      "a group in a statement that is half typed",
      `${HEAD}group @looks = get_*\nallow @«lo‸oks» limit 5/`,
      ["selects 2 tools"],
    ],
    [
      "a let in a block that is half typed",
      "let cap = 100_00\non x {\n  deny unless args.a <= «c‸ap» and",
      ["let cap = 100_00"],
    ],
    [
      "a word in a broken statement",
      `${HEAD}deny create_refund «unl‸ess» args.amount <=`,
      ["those that leave something out included"],
    ],
  ])("tells of %s", async (_what, source, parts) => {
    const text = await about(source);
    for (const part of parts) expect(text).toContain(part);
  });

  it.each([
    ["white space", `${HEAD}  ‸  \nallow get_charge`],
    ["an unknown tool", `${HEAD}allow no_‸such`],
    ["a comment", "// al‸low"],
    ["an empty file", "‸"],
  ])("is silent on %s", async (_what, source) => {
    expect(await about(source)).toBeNull();
  });
});

describe("signature help", () => {
  it.each<[source: string, label: string, active: string]>([
    [
      "allow ‸",
      'allow targets [if condition] [limit amount per scope] [because "…"] [until date]',
      "targets",
    ],
    ["allow x if ‸", "allow targets [if condition]", "[if condition]"],
    ["allow x limit 5/hour ‸", "allow targets", "[limit amount per scope]"],
    ["shadow deny x because ‸", "deny targets", '[because "…"]'],
    ["limit x 5/hour per ‸", "limit targets | all [each] amount", "[per scope]"],
    ["ask x by ‸", "ask targets", '[by "approvers"]'],
    ["let y = ‸", "let name = value or condition", "value or condition"],
    ["on x {\n  deny unless ‸\n}", "deny [if | unless condition]", "[if | unless condition]"],
    ["never allow x if ‸", "never allow targets [if condition]", "[if condition]"],
    ["deny x y z unless ‸", "deny targets", "[if | unless condition]"],
    ["allow x if args.amount <= ‸\nalow y", "allow targets [if condition]", "[if condition]"],
  ])("in `%s`", async (source, label, active) => {
    const document = await editor.open(source);
    const help = await document.request<SignatureHelp | null>(
      "textDocument/signatureHelp",
      document.at(),
    );
    const [signature] = help?.signatures ?? [];
    expect(signature?.label.startsWith(label), signature?.label).toBe(true);
    const parameter = signature?.parameters?.[help?.activeParameter ?? -1];
    const [start, end] = (parameter?.label ?? []) as [number, number];
    expect(signature?.label.slice(start, end)).toBe(active);
  });

  it("is silent where no statement has been begun", async () => {
    const document = await editor.open("allow x\n\n‸");
    const empty = await editor.open("‸");
    expect(await empty.request("textDocument/signatureHelp", empty.at())).toBeNull();
    expect(await document.request("textDocument/signatureHelp", document.at())).not.toBeUndefined();
  });
});

describe("inlay hints", () => {
  const hinted = async (source: string): Promise<string> => {
    const document = await editor.open(source);
    const hints = await document.request<InlayHint[]>("textDocument/inlayHint", {
      ...document.id,
      range: document.whole(),
    });
    return document.edited(
      hints.map(({ position, label }) => ({
        range: { start: position, end: position },
        newText: `⟦${label}⟧`,
      })),
    );
  };

  it.each([
    ["allow get_* except get_secret", "allow get_*⟦⟶ 2 tools⟧ except get_secret"],
    ["deny @financial", "deny @financial⟦⟶ 2 tools⟧"],
    ["allow get_charge limit 10/minute", "allow get_charge limit 10/minute⟦= 600/hour⟧"],
    ["allow get_charge limit 7/week", "allow get_charge limit 7/week⟦= 1/day⟧"],
    ["allow get_charge limit 10/hour", "allow get_charge limit 10/hour"],
    [
      'allow create_refund if args.amount <= 5 and args.note == "x"',
      'allow create_refund if args.amount⟦: integer from 1⟧ <= 5 and args.note⟦: string?⟧ == "x"',
    ],
    ["allow x y", "allow x y"],
    [
      "allow get_* limit\nallow get_charge limit 10/minute",
      "allow get_*⟦⟶ 2 tools⟧ limit\nallow get_charge limit 10/minute⟦= 600/hour⟧",
    ],
    [
      "on create_refund {\n  deny unless args.amount <=\n  limit 10/minute\n}",
      "on create_refund {\n  deny unless args.amount <=\n  limit 10/minute⟦= 600/hour⟧\n}",
    ],
  ])("in `%s`", async (line, expected) => {
    expect(await hinted(HEAD + line)).toBe(HEAD + expected);
  });

  it("gives those of a range only, and those that are wanted only", async () => {
    const document = await editor.open(`${HEAD}allow get_*\n«deny create_*»`);
    const hints = await document.request<InlayHint[]>("textDocument/inlayHint", {
      ...document.id,
      range: document.range(),
    });
    expect(hints.map(({ label }) => label)).toEqual(["⟶ 2 tools"]);
    expect(hints[0]?.tooltip).toBe("create_payout, create_refund");
  });
});

describe("code lenses", () => {
  it("count the tools of rules, and name the grave ones", async () => {
    const document = await editor.open(
      `${HEAD}allow get_*\nallow get_charge\ndeny create_*, delete_customer\nallow x y`,
    );
    const lenses = await document.request<CodeLens[]>("textDocument/codeLens", document.id);
    expect(
      lenses.map(({ range, command }) => [range.start.line, command?.title, command?.command]),
    ).toEqual([
      [0, "7 tools · 1 destructive · 2 financial", "mcpp.showTools"],
      [0, "Pull again", "mcpp.pull"],
      [1, "2 tools", "mcpp.showTools"],
      [3, "3 tools · 1 destructive · 2 financial", "mcpp.showTools"],
    ]);
  });

  it("stay while a statement is typed", async () => {
    const document = await editor.open(
      `${HEAD}allow get_* limit\non create_refund {\n  deny unless\n}\ndeny create_*`,
    );
    const lenses = await document.request<CodeLens[]>("textDocument/codeLens", document.id);
    expect(lenses.slice(2).map(({ range, command }) => [range.start.line, command?.title])).toEqual(
      [
        [1, "2 tools"],
        [2, "Explain a call"],
        [5, "2 tools · 2 financial"],
      ],
    );
  });

  it("are absent without a tool list", async () => {
    const document = await editor.open("allow get_charge, x");
    expect(await document.request("textDocument/codeLens", document.id)).toEqual([]);
  });
});

describe("symbols", () => {
  const names = (symbols: readonly DocumentSymbol[]): unknown[] =>
    symbols.map(({ name, children }) => (children === undefined ? name : [name, names(children)]));

  it("of a document, blocks with their rules", async () => {
    const document = await editor.open(
      `${HEAD}default deny\nvalidate arguments\npin tools\nlabels role\nlet cap = 5\ngroup @looks = get_*\nallow @looks limit each 3/hour\non create_refund {\n  allow\n  deny unless args.amount <= cap\n}\nwhen grant.role == "x" {\n  allow create_payout\n}\nlimit all 9/hour\ntest "t" {}\nnever allow create_payout\nallow x y`,
    );
    const symbols = await document.request<DocumentSymbol[]>(
      "textDocument/documentSymbol",
      document.id,
    );
    expect(names(symbols)).toEqual([
      "payments",
      "default deny",
      "validate arguments",
      "pin tools",
      "role",
      "cap",
      "@looks",
      "allow @looks",
      ["on create_refund", ["allow", "deny"]],
      ["when", ["allow create_payout"]],
      "limit all",
      "t",
      "never allow create_payout",
    ]);
    for (const { range, selectionRange } of symbols) {
      expect(document.offset(range.start)).toBeLessThanOrEqual(
        document.offset(selectionRange.start),
      );
      expect(document.offset(selectionRange.end)).toBeLessThanOrEqual(document.offset(range.end));
    }
  });

  it("of a document that is being written: what can be read, and the blocks", async () => {
    const document = await editor.open(
      "let a = 1\nallow x limit\non y {\n  allow\n  deny unless\n",
    );
    const symbols = await document.request<DocumentSymbol[]>(
      "textDocument/documentSymbol",
      document.id,
    );
    expect(names(symbols)).toEqual(["a", "allow x", ["on y", ["allow"]]]);
  });

  it("of the workspace, of files that are not open too", async () => {
    const search = (query: string) =>
      editor.connection.sendRequest<WorkspaceSymbol[]>("workspace/symbol", { query });
    expect((await search("bscp")).map(({ name }) => name)).toContain("base_cap");
    const [found] = await search("elsewhere");
    expect(found).toMatchObject({
      name: "a test elsewhere",
      containerName: "other.mcpp",
      location: { uri: editor.uri("elsewhere/other.mcpp") },
    });
    expect(await search("no such symbol")).toEqual([]);
  });
});

describe("folding ranges", () => {
  it("are blocks, long statements, comments and imports", async () => {
    const document = await editor.open(
      '// one\n// two\n\nimport "./base.mcpp"\nimport "./elsewhere/other.mcpp"\n\non create_refund {\n  allow\n  deny unless args.reason in [\n    "a",\n    "b"\n  ]\n}\n\nallow x,\n  y\nwhen args.x == 1 {\n',
    );
    const ranges = await document.request<FoldingRange[]>("textDocument/foldingRange", document.id);
    expect(ranges.map(({ startLine, endLine, kind }) => [startLine, endLine, kind])).toEqual([
      [0, 1, "comment"],
      [3, 4, "imports"],
      [6, 11, undefined],
      [8, 10, undefined],
      [14, 15, undefined],
    ]);
  });
});

describe("folding ranges of a text that is being written", () => {
  it.each<[what: string, source: string, ranges: readonly (readonly [number, number])[]]>([
    ["a block with half a rule", "on x {\n  deny unless args.\n}\nallow y", [[0, 1]]],
    [
      "a block that is not closed",
      "on x {\n  deny\n\nallow y,\n  z",
      [
        [0, 4],
        [3, 4],
      ],
    ],
    [
      "a broken statement between blocks",
      "on x {\n  deny\n}\nalow y\non z {\n  deny\n}",
      [
        [0, 1],
        [4, 5],
      ],
    ],
  ])("are those of %s", async (_what, source, ranges) => {
    const document = await editor.open(source);
    const found = await document.request<FoldingRange[]>("textDocument/foldingRange", document.id);
    expect(found.map(({ startLine, endLine }) => [startLine, endLine])).toEqual(ranges);
  });
});

describe("selection ranges", () => {
  it("grow from the word to the file", async () => {
    const document = await editor.open(
      'on create_refund {\n  deny unless args.am‸ount <= 5 and args.note == "x"\n}\n',
    );
    const [range] = await document.request<SelectionRange[]>("textDocument/selectionRange", {
      ...document.id,
      positions: [document.at().position],
    });
    const texts: string[] = [];
    for (let at = range; at !== undefined; at = at.parent) texts.push(document.slice(at.range));
    expect(texts).toEqual([
      "amount",
      ".amount",
      "args.amount",
      "args.amount <= 5",
      'args.amount <= 5 and args.note == "x"',
      'unless args.amount <= 5 and args.note == "x"',
      'deny unless args.amount <= 5 and args.note == "x"',
      'on create_refund {\n  deny unless args.amount <= 5 and args.note == "x"\n}',
      document.text,
    ]);
  });

  it("are there in half a statement of a block", async () => {
    const document = await editor.open("on x {\n  allow\n  deny unless args.am‸ount <=\n}\n");
    const [range] = await document.request<SelectionRange[]>("textDocument/selectionRange", {
      ...document.id,
      positions: [document.at().position],
    });
    const texts: string[] = [];
    for (let at = range; at !== undefined; at = at.parent) texts.push(document.slice(at.range));
    expect(texts).toEqual([
      "amount",
      "deny unless args.amount <=",
      "on x {\n  allow\n  deny unless args.amount <=\n}",
      document.text,
    ]);
  });

  it("are there in broken text", async () => {
    const document = await editor.open("allow x y‸ z");
    const [range] = await document.request<SelectionRange[]>("textDocument/selectionRange", {
      ...document.id,
      positions: [document.at().position],
    });
    expect(document.slice((range as SelectionRange).range)).toBe("y");
  });
});

describe("document links", () => {
  it("stay while another statement is typed", async () => {
    const document = await editor.open('import "«./base.mcpp»"\nimport "./ba\nallow get_charge li');
    const links = await document.request<DocumentLink[]>("textDocument/documentLink", document.id);
    expect(document.mark(links.map(({ range }) => range))).toBe(document.mark([document.range()]));
  });

  it("lead to imports and the tool list, where they are", async () => {
    const document = await editor.open(
      'server payments tools "«./payments.tools.json»"\nimport "«./base.mcpp»"\nimport "./missing.mcpp"\nallow get_charge',
    );
    const links = await document.request<DocumentLink[]>("textDocument/documentLink", document.id);
    expect(document.mark(links.map(({ range }) => range))).toBe(
      document.mark([document.range(0), document.range(1)]),
    );
    expect(links.map(({ target }) => target)).toEqual([
      editor.uri("payments.tools.json"),
      editor.uri("base.mcpp"),
    ]);
  });
});
