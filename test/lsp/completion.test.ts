import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type {
  CompletionItem,
  CompletionList,
  InsertReplaceEdit,
  TextEdit,
} from "vscode-languageserver-protocol/node";
import { Editor, type OpenDocument } from "./editor.ts";
import { PAYMENTS_TEXT } from "./payments.ts";

const HEAD = 'server payments tools "./payments.tools.json"\n';

let editor: Editor;

beforeAll(async () => {
  editor = await Editor.start({
    files: {
      "payments.tools.json": PAYMENTS_TEXT,
      "base.mcpp": "default deny\n",
      "parts/more.mcpp": "",
      "notes.txt": "",
    },
    capabilities: { textDocument: { completion: { completionItem: { snippetSupport: true } } } },
  });
});
afterAll(async () => {
  expect(await editor.stop()).toBe(0);
});

async function complete(
  source: string,
): Promise<{ readonly document: OpenDocument; readonly items: readonly CompletionItem[] }> {
  const document = await editor.open(source);
  const list = await document.request<CompletionList>("textDocument/completion", document.at());
  return {
    document,
    items: [...list.items].sort((a, b) =>
      (a.sortText as string) < (b.sortText as string) ? -1 : 1,
    ),
  };
}

async function labels(source: string): Promise<readonly string[]> {
  return (await complete(source)).items.map(({ label }) => label);
}

const TOOLS = [
  "create_payout",
  "create_refund",
  "delete_customer",
  "fs/read",
  "get_charge",
  "get_secret",
  "list_charges",
];

describe("completion", () => {
  it.each<[what: string, source: string, wanted: readonly string[], unwanted: readonly string[]]>([
    [
      "statements in an empty file",
      "‸",
      ["allow", "deny", "server", "test"],
      ["per", "because", "create_refund"],
    ],
    [
      "statements behind whole ones",
      `${HEAD}allow get_charge\n‸`,
      ["deny", "limit", "on"],
      ["server2"],
    ],
    [
      "tools, groups and globs behind `allow`",
      `${HEAD}allow ‸`,
      [...TOOLS, "@financial", "@read", "get_*", "create_*"],
      ["@execute", "if"],
    ],
    ["no tool that is named already", `${HEAD}allow get_charge, ‸`, ["get_secret"], ["get_charge"]],
    ["own groups", `${HEAD}group @mine = get_*\nallow @‸`, ["@mine", "@read"], []],
    [
      "only what an `except` can take away",
      `${HEAD}allow get_* except ‸`,
      ["get_charge", "get_secret"],
      ["create_refund"],
    ],
    [
      "clauses of a rule",
      `${HEAD}allow get_charge ‸`,
      ["if", "limit", "because", "until", "except"],
      ["by", "within", "deny", "unless"],
    ],
    ["`by` on `ask` only", `${HEAD}ask get_charge ‸`, ["by", "within", "unless"], []],
    [
      "rules of a block, without targets",
      `${HEAD}on create_refund {\n  ‸\n}`,
      ["deny", "limit"],
      ["server", "create_refund"],
    ],
    [
      "arguments of the rule's tools",
      `${HEAD}allow create_refund if args.‸`,
      ["amount", "reason", "note", "order"],
      ["id", "path"],
    ],
    ["arguments that are begun", `${HEAD}allow create_refund if args.am‸`, ["amount"], []],
    [
      "arguments in a block",
      `${HEAD}on create_refund {\n  deny unless args.‸\n}`,
      ["amount"],
      ["id"],
    ],
    [
      "arguments of every tool of a glob",
      `${HEAD}deny create_* if args.‸`,
      ["amount", "reason"],
      ["id"],
    ],
    ["nested arguments", `${HEAD}allow create_refund if args.order.‸`, ["total", "id"], ["amount"]],
    ["arguments in brackets", `${HEAD}allow create_refund if args["‸"]`, ["amount"], []],
    [
      "elements of a list",
      `${HEAD}allow create_refund if every l in args.lines (l.‸`,
      ["price"],
      ["amount"],
    ],
    ["labels", `labels role: "support" | "finance"\nallow x if grant.‸`, ["name", "role"], []],
    [
      "values of an enum",
      `${HEAD}allow create_refund if args.reason == ‸`,
      ['"duplicate"', '"fraudulent"'],
      ["<="],
    ],
    [
      "values of an enum in quotes",
      `${HEAD}allow create_refund if args.reason == "‸"`,
      ['"duplicate"'],
      ["args", "length"],
    ],
    [
      "values of an enum in an open string",
      `${HEAD}allow create_refund if args.reason == "du‸`,
      ['"duplicate"'],
      [],
    ],
    [
      "values in a list",
      `${HEAD}allow create_refund if args.reason in ["duplicate", ‸`,
      ['"fraudulent"'],
      [],
    ],
    [
      "values of a label",
      `labels role: "support" | "finance"\nallow x if grant.role == ‸`,
      ['"support"', '"finance"'],
      [],
    ],
    ["booleans", `${HEAD}allow create_refund if args.notify == ‸`, ["true", "false"], []],
    [
      "operators for a number",
      `${HEAD}allow create_refund if args.amount ‸`,
      ["<=", ">", "=="],
      ["starts with", "matches", "contains"],
    ],
    [
      "operators for a text",
      `${HEAD}allow create_refund if args.note ‸`,
      ["starts with", "under", "matches"],
      ["<=", ">"],
    ],
    [
      "days and times of `during`, no operators",
      `${HEAD}allow get_charge if during ‸`,
      ["mon-fri", "mon", "09:00-17:00", "in"],
      ["==", "contains", "and", "Europe/Berlin"],
    ],
    [
      "a day where a range of days goes on",
      `${HEAD}allow get_charge if during mon-‸`,
      ["mon-fri"],
      ["==", "Europe/Berlin"],
    ],
    [
      "operators behind a let that is called `during`",
      `let during = 5\nallow x if during ‸`,
      ["==", "mon"],
      [],
    ],
    ["clauses behind a tool that is called `before`", "allow before ‸", ["if", "limit"], []],
    ["no operators behind `before`", `${HEAD}allow get_charge if before ‸`, [], ["==", "and"]],
    [
      "zones behind `in` only",
      `${HEAD}allow get_charge if during mon-fri in ‸`,
      ["Europe/Berlin", "UTC"],
      ["mon"],
    ],
    ["no zone without `in`", `${HEAD}allow get_charge if during mon-fri ‸`, ["in"], ["UTC"]],
    [
      "rates of a sum",
      `${HEAD}limit create_refund sum(args.amount) to ‸`,
      ["100/day"],
      ["3 concurrent"],
    ],
    ["no clause behind a declaration", `${HEAD}default deny ‸`, ["resources"], ["limit"]],
    [
      "no condition where a value must stand",
      `let late = args.a == 1\nlet cap = 5\nallow x if args.amount <= ‸`,
      ["cap"],
      ["late"],
    ],
    [
      "lets of the compared type",
      `${HEAD}let name = "x"\nlet cap = 5\nallow create_refund if args.amount <= ‸`,
      ["cap"],
      ["name", "true", "null"],
    ],
    [
      "conditions where one may stand",
      `${HEAD}let late = args.a == 1\nallow create_refund if ‸`,
      ["late"],
      [],
    ],
    ["lets where a value may stand", `let cap = 5\nallow x if args.amount <= ‸`, ["cap"], []],
    ["no let where a path must stand", `let cap = 5\nallow x if has ‸`, ["args"], ["cap"]],
    ["amounts", `allow x limit ‸`, ["10/minute", "3 concurrent", "sum"], ["if"]],
    ["windows", `allow x limit 10/‸`, ["minute", "hour", "month"], ["per"]],
    ["scopes", `allow x limit 10/hour per ‸`, ["grant", "session", "server", "args"], ["client"]],
    ["counters", `allow x limit 3/hour as writes\nallow y limit 3/hour as ‸`, ["writes"], []],
    ["approvers", `ask x by "leads"\nask y by ‸`, ["leads"], []],
    ["zones", `allow x if during mon-fri in "‸"`, ["Europe/Berlin", "UTC"], []],
    [
      "tools in a test",
      `${HEAD}test "t" {\n  ‸\n}`,
      ["create_refund", "wait", "approved"],
      ["allow"],
    ],
    [
      "arguments in a test",
      `${HEAD}test "t" {\n  create_refund { amount: 5, ‸`,
      ["reason", "note"],
      ["amount"],
    ],
    ["values in a test", `${HEAD}test "t" {\n  create_refund { reason: ‸`, ['"duplicate"'], []],
    [
      "outcomes",
      `${HEAD}test "t" {\n  create_refund {} => ‸`,
      ["allow", "deny", "hide", "ask"],
      ["because"],
    ],
    ["effects of `default`", "default ‸", ["allow", "deny", "hide"], ["limit"]],
    ["prompts", `${HEAD}allow prompt ‸`, ["summary"], ["create_refund"]],
    ["resources", `${HEAD}allow resource ‸`, ["file:///docs/a.md"], ["create_refund"]],
    [
      "policies to import",
      'import "‸"',
      ["base.mcpp", "parts/"],
      ["notes.txt", "payments.tools.json"],
    ],
    ["policies in a folder", 'import "./parts/‸"', ["more.mcpp"], ["base.mcpp"]],
    ["tool lists", 'server x tools "‸"', ["payments.tools.json"], ["base.mcpp"]],
    ["nothing in a comment", "// allow ‸", [], ["allow"]],
    ["statements behind a broken one", `${HEAD}allow get_charge lim\n‸`, ["deny"], []],
    [
      "arguments before a broken statement",
      `${HEAD}allow create_refund if args.‸\nalow y\ndeny create_payout`,
      ["amount"],
      [],
    ],
  ])("offers %s", async (_what, source, wanted, unwanted) => {
    const found = await labels(source);
    for (const label of wanted) expect(found).toContain(label);
    for (const label of unwanted) expect(found).not.toContain(label);
  });

  it.each([
    ["a tool", `${HEAD}allow cre‸`, "create_refund", `${HEAD}allow create_refund`],
    [
      "a tool in the middle of a word",
      `${HEAD}allow cre‸ate_x`,
      "create_refund",
      `${HEAD}allow create_refund`,
    ],
    ["a tool that needs quotes", `${HEAD}allow f‸`, "fs/read", `${HEAD}allow "fs/read"`],
    ["a tool in quotes", `${HEAD}allow "fs‸"`, "fs/read", `${HEAD}allow "fs/read"`],
    ["a group", `${HEAD}allow @fin‸`, "@financial", `${HEAD}allow @financial`],
    [
      "an argument",
      `${HEAD}allow create_refund if args.a‸ <= 5`,
      "amount",
      `${HEAD}allow create_refund if args.amount <= 5`,
    ],
    [
      "a value",
      `${HEAD}allow create_refund if args.reason == "dup‸"`,
      '"duplicate"',
      `${HEAD}allow create_refund if args.reason == "duplicate"`,
    ],
    ["a file", 'import "./ba‸"', "base.mcpp", 'import "./base.mcpp"'],
    [
      "a value in an open string",
      `${HEAD}allow create_refund if args.reason == "du‸`,
      '"duplicate"',
      `${HEAD}allow create_refund if args.reason == "duplicate"`,
    ],
    [
      "an operator of two words",
      `${HEAD}allow create_refund if args.note st‸`,
      "starts with",
      `${HEAD}allow create_refund if args.note starts with`,
    ],
  ])("puts in %s", async (_what, source, label, expected) => {
    const { document, items } = await complete(source);
    const item = items.find((candidate) => candidate.label === label);
    const edit = item?.textEdit as TextEdit;
    expect(edit, `${label} among ${items.map((candidate) => candidate.label)}`).toBeDefined();
    expect(document.edited([{ range: edit.range, newText: edit.newText }])).toBe(expected);
  });

  it("lists what fits best first", async () => {
    const found = await labels(`${HEAD}allow create_refund if args.‸`);
    expect(found.slice(0, 2)).toEqual(["amount", "reason"]);
    expect((await labels(`${HEAD}allow create_refund if args.amount ‸`)).slice(0, 2)).toEqual([
      "<=",
      "<",
    ]);
  });

  it.each([
    ["numbers to sum", `${HEAD}limit create_refund sum(args.‸`, "amount"],
    ["lists to look into", `${HEAD}deny create_refund if any l in args.‸`, "lines"],
    ["texts with a host", `${HEAD}deny create_refund if host(args.‸`, "reason"],
    ["days", `${HEAD}allow create_refund if during ‸`, "mon-fri"],
    [
      "conditions that have names",
      `${HEAD}let cap = 5\nlet late = args.a == 1\nallow create_refund if ‸`,
      "late",
    ],
  ])("lists %s first", async (_what, source, first) => {
    expect((await labels(source))[0]).toBe(first);
  });

  it("says of a word what it means at the place", async () => {
    const details = async (source: string) =>
      new Map((await complete(source)).items.map(({ label, detail }) => [label, detail]));
    const scopes = await details("allow x limit 10/hour per ‸");
    expect(scopes.get("server")).toBe("per server");
    expect(scopes.get("grant")).toBe("per grant");
    const operators = await details("allow x if args.a ‸");
    expect(operators.get("not in")).toBe("<value> not in <list>");
    expect(operators.get("in")).toBe("<value> in <list>");
  });

  it("offers snippets to editors that know them", async () => {
    const { items } = await complete("‸");
    const on = items.find(({ label }) => label === "on");
    expect(on).toMatchObject({ insertTextFormat: 2 });
    expect(on?.textEdit?.newText).toMatch(/^on \$\{1:tool\} \{/);
  });

  it("describes a tool when it is asked to", async () => {
    const { items } = await complete(`${HEAD}allow create_r‸`);
    const item = items.find(({ label }) => label === "create_refund") as CompletionItem;
    expect(item.documentation).toBeUndefined();
    expect(item.detail).toBe("financial · Refund a charge");
    const resolved = await editor.connection.sendRequest<CompletionItem>(
      "completionItem/resolve",
      item,
    );
    expect(resolved.documentation).toMatchObject({
      kind: "markdown",
      value: expect.stringContaining("Pays a charge back."),
    });
  });

  it("inserts and replaces where the editor can tell them apart", async () => {
    const other = await Editor.start({
      files: { "payments.tools.json": PAYMENTS_TEXT },
      capabilities: {
        textDocument: { completion: { completionItem: { insertReplaceSupport: true } } },
      },
    });
    const document = await other.open(`${HEAD}allow cre‸ate_x`);
    const list = await document.request<CompletionList>("textDocument/completion", document.at());
    const edit = list.items.find(({ label }) => label === "create_refund")
      ?.textEdit as InsertReplaceEdit;
    expect(document.slice(edit.insert)).toBe("cre");
    expect(document.slice(edit.replace)).toBe("create_x");
    expect(list.items.every(({ insertTextFormat }) => insertTextFormat === 1)).toBe(true);
    await other.stop();
  });
});
