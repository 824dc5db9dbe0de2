import { describe, expect, it } from "vitest";
import { compileText, payments, policyOf, shown } from "../compiling.ts";

/** What is found, informations and the absence of a tool list aside. */
function found(text: string, around: Parameters<typeof compileText>[1] = {}): string[] {
  return compileText(text, around)
    .diagnostics.filter(({ severity, code }) => severity !== "info" && code !== "MCPP701")
    .map((diagnostic) => `${diagnostic.severity} ${shown(diagnostic)}`);
}

const known = { tools: payments };

describe("tools", () => {
  it.each<[string, string[]]>([
    [
      "allow create_refnd",
      ['error MCPP201 at "create_refnd": The server `payments` has no tool `create_refnd`.'],
    ],
    [
      'allow "create refund"',
      [
        'error MCPP201 at "\\"create refund\\"": The server `payments` has no tool `create refund`.',
      ],
    ],
    [
      "allow list_charges, list_charges",
      ['warning MCPP207 at "list_charges": `list_charges` stands twice in this list.'],
    ],
    ["allow got_*", ['error MCPP204 at "got_*": No tool matches `got_*`.']],
    [
      "allow * except nothing",
      [
        'error MCPP206 at "nothing": `except nothing` takes nothing away from what stands before it.',
      ],
    ],
    [
      "allow list_charges except list_*",
      [
        'error MCPP231 at "list_charges except list_*": `except` takes away everything that stands before it.',
      ],
    ],
    [
      "allow @execute",
      ['error MCPP205 at "@execute": No tool of the server is in the class `@execute`.'],
    ],
    ["allow @lookup", ['error MCPP202 at "@lookup": There is no group `@lookup`.']],
    ["allow @raed", ['error MCPP202 at "@raed": There is no group `@raed`.']],
  ])("%s", (text, wanted) => {
    expect(found(text, known).filter((line) => !line.includes("MCPP6"))).toEqual(wanted);
  });

  it("offers the nearest names, and fixes", () => {
    const [first] = compileText("allow create_refnd", known).diagnostics;
    expect(first?.hint).toBe("Did you mean `create_refund`?");
    expect(first?.fixes).toEqual([
      {
        title: "Change to `create_refund`",
        edits: [{ span: { start: 6, end: 18 }, text: "create_refund" }],
      },
    ]);
  });

  it("quotes a name in a fix where a bare word would not do", () => {
    const tools = {
      tools: [{ name: "fs/read", inputSchema: { type: "object" } }, { name: "limit" }],
    };
    const fixes = (text: string) =>
      compileText(text, { tools }).diagnostics[0]?.fixes?.[0]?.edits[0]?.text;
    expect(fixes('allow "fs/reed"')).toBe('"fs/read"');
    expect(fixes("allow limits")).toBe('"limit"');
  });

  it("takes names as written where the list is not complete, with a warning", () => {
    const tools = { ...payments, complete: false };
    expect(found("allow list_charges\nallow later", { tools })).toEqual([
      'warning MCPP230 at "later": The tool list is not complete and does not hold `later`: the name is taken as written.',
    ]);
    expect(policyOf("allow later", { tools }).tools).toEqual({ later: {} });
  });
});

describe("definitions", () => {
  it.each<[string, string[]]>([
    [
      "let a = 1\nlet a = 2\nallow create_refund if args.amount < a",
      ['error MCPP208 at "a": The let `a` is already defined.'],
    ],
    [
      "group @a = list_*\ngroup @a = get_*\nallow @a",
      ['error MCPP208 at "@a": The group `@a` is already defined.'],
    ],
    [
      "labels team\nlabels team\nallow list_charges",
      ['error MCPP208 at "team": The label `team` is already defined.'],
    ],
    [
      "labels id\nallow list_charges",
      ['error MCPP229 at "id": A label cannot be named `id`: `grant.id` has a meaning already.'],
    ],
    [
      "let a = b\nlet b = a\nallow create_refund if a",
      ['error MCPP209 at "a": The let `a` is defined by itself: `a` → `b` → `a`.'],
    ],
    [
      "group @a = @b\ngroup @b = @a\nallow @a",
      ['error MCPP209 at "@a": The group `@a` is defined by itself: `@a` → `@b` → `@a`.'],
    ],
    [
      "group @read = list_*\nallow list_charges",
      ['error MCPP211 at "@read": `@read` is a built-in group and cannot be defined again.'],
    ],
    [
      "group @reads = list_*\nallow @reads",
      [
        'warning MCPP210 at "@reads": The group `@reads` differs from the built-in `@read` by one letter.',
      ],
    ],
    [
      "group @raed = list_*\nallow @raed",
      [
        'warning MCPP210 at "@raed": The group `@raed` differs from the built-in `@read` by one letter.',
      ],
    ],
    ["let a = 1\nallow list_charges", ['warning MCPP212 at "a": The let `a` is never used.']],
    [
      "group @a = list_*\nallow list_charges",
      ['warning MCPP212 at "@a": The group `@a` is never used.'],
    ],
    [
      "default deny\ndefault allow\nallow list_charges",
      ['error MCPP217 at "allow": The default of tools is `deny` elsewhere, and `allow` here.'],
    ],
    [
      "server a\nserver b\nallow list_charges",
      ['error MCPP216 at "b": The policy is for the server `a`, but this says `b`.'],
    ],
    [
      "pin tools\npin tools\nallow list_charges",
      ['warning MCPP227 at "pin tools": `pin tools` is already said.'],
    ],
    [
      "allow create_refund if args.amount < cap",
      ['error MCPP203 at "cap": There is no `let` named `cap`.'],
    ],
    [
      "let cap = 5\nallow create_refund if cap",
      ['error MCPP220 at "cap": `cap` is a constant, and cannot stand alone as a condition.'],
    ],
    [
      "let big = args.amount > 5\nallow create_refund if big == true",
      ['error MCPP221 at "big": `big` is a condition, and cannot be compared with anything.'],
    ],
    [
      "allow create_refund if order.total < 5",
      ['error MCPP226 at "order": A path cannot begin with `order`.'],
    ],
    [
      'let t = 1\nallow create_refund if any t in args.tags (t == "a")\ndeny create_refund if args.amount == t',
      ['error MCPP225 at "t": `t` already means something else here.'],
    ],
  ])("%s", (text, wanted) => {
    expect(found(text, known)).toEqual(wanted);
  });

  it("are not missed where a statement that cannot be read may define them", () => {
    expect(found("let cap = = 5\nallow create_refund if args.amount < cap", known)).toHaveLength(1);
    expect(found("import 5\nallow create_refund if args.amount < cap", known)).toHaveLength(1);
  });

  it("are not called unused where a statement that cannot be read mentions them", () => {
    const text = "let cap = 5\nallow list_charges\ndeny create_refund if args.amount > (cap";
    expect(found(text, known)).toHaveLength(1);
  });

  it("may be as many as they like, but not grow without end", () => {
    const lets = ["let c0 = args.amount > 5"];
    for (let i = 1; i < 40; i++)
      lets.push(
        `let c${i} = (c${i - 1} and args.amount > ${i}) or (c${i - 1} and args.amount < ${1000 + i})`,
      );
    const codes = compileText(
      `${lets.join("\n")}\nallow create_refund if c39\n`,
      known,
    ).diagnostics.map(({ code }) => code);
    expect(codes).toContain("MCPP718");
    const chain = ["let c0 = args.amount > 5"];
    for (let i = 1; i < 3000; i++) chain.push(`let c${i} = not c${i - 1}`);
    expect(
      compileText(`allow create_refund if c2999\n${chain.join("\n")}\n`, known).diagnostics.map(
        ({ code }) => code,
      ),
    ).toContain("MCPP718");
    const groups = ["group @g0 = list_*"];
    for (let i = 1; i < 3000; i++) groups.push(`group @g${i} = @g${i - 1}`);
    expect(
      compileText(`allow @g2999\n${groups.join("\n")}\n`, known).diagnostics.map(
        ({ code }) => code,
      ),
    ).toContain("MCPP718");
  });

  it.each([
    "allow create_refund if PATH == 1",
    "allow create_refund if any x in PATH (x == 1)",
    "limit create_refund sum(PATH) to 1/day",
    "limit create_refund 1/day per PATH",
  ])("paths have an end: %s", (text) => {
    const errors = (steps: number) =>
      compileText(`${text.replace("PATH", `args${".a".repeat(steps)}`)}\n`, undefined)
        .diagnostics.filter(({ severity }) => severity === "error")
        .map(({ code }) => code);
    expect(errors(64)).toEqual([]);
    expect(errors(20_000)).toEqual(["MCPP718"]);
  });
});

describe("without a tool list", () => {
  it("warns once, with the command that writes one", () => {
    const { diagnostics, policy } = compileText("server shop\nallow a, b\ndeny c if args.x == 1\n");
    const warnings = diagnostics.filter(({ severity }) => severity === "warning");
    expect(warnings.map(({ code }) => code).filter((code) => code === "MCPP701")).toHaveLength(1);
    expect(warnings[0]?.hint).toContain("mcpp pull -o shop.tools.json -- COMMAND");
    expect(policy?.tools).toEqual({ a: {}, b: {} });
  });

  it.each([
    "allow get_*",
    "allow @read",
    "allow a\npin tools",
    "allow a\nvalidate arguments",
    "allow a\ndeny a_* if args.x == 1",
    "allow a\nhide a_* except a_b",
    "group @g = a_*\nallow @g",
  ])("says what needs one, once: %s", (text) => {
    const { diagnostics, policy } = compileText(text);
    expect(
      diagnostics
        .filter(({ code }) => code === "MCPP701" || code === "MCPP702")
        .map(({ code }) => code),
    ).toEqual(["MCPP702"]);
    expect(policy).toBeUndefined();
  });
});

describe("kinds", () => {
  it.each<[string, string]>([
    ['allow resource "x:a" if args.a == 1', "A condition"],
    ['ask resource "x:a"', "`ask`"],
    ["limit prompt a 1/day", "`limit`"],
    ['deny prompt a because "No."', "`because`"],
    ['allow resource "x:a" until 2026-12-31', "`until`"],
    ["shadow deny prompt a", "`shadow`"],
    ['allow resource "x:*" except "x:b"', "`except`"],
    ["when args.a == 1 { allow prompt a }", "`when`"],
    ["default hide prompts", "`default hide`"],
  ])("%s", (text, what) => {
    const errors = found(`allow list_charges\n${text}`, known).filter((line) =>
      line.startsWith("error"),
    );
    expect(errors).toHaveLength(1);
    expect(errors[0]).toContain(`MCPP223`);
    expect(errors[0]).toContain(`${what} cannot be used for`);
  });

  it("keeps groups of one kind apart from targets of another", () => {
    expect(
      found('allow list_charges\ngroup @docs = resource "file:///*"\nallow @docs', known),
    ).toEqual([
      'error MCPP224 at "@docs": `@docs` is a group of resources, and cannot stand among tools.',
    ]);
  });
});
