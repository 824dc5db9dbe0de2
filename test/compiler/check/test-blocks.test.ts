import { describe, expect, it } from "vitest";
import { accepts, diagnose, mended, reports } from "./diagnose.ts";
import { quiet, shop } from "./shop.ts";

const test = (steps: string): string => `${quiet}test "x" {\n  ${steps}\n}\n`;
const labelled = (steps: string): string =>
  `labels role: "support" | "finance", team\n${quiet}deny get_order if grant.role == "support" and grant.team == "a"\n${steps}`;

function codes(text: string, world = {}): readonly string[] {
  return diagnose(text, world)
    .filter(({ severity }) => severity !== "info")
    .map(({ code }) => code);
}

describe("the tool of a step", () => {
  it("is one of the server", () => {
    const [found] = diagnose(test("get_ordr {} => allow")).filter(({ code }) => code === "MCPP201");
    expect(found).toMatchObject({ severity: "error", hint: "Did you mean `get_order`?" });
    expect(mended("MCPP201", test('as "a" { get_ordr {} => deny }'))).toEqual([
      test('as "a" { get_order {} => deny }'),
    ]);
  });

  it("need not be one where it is to be hidden, but a near name is told of", () => {
    accepts("MCPP901", test("send_money {} => hide"));
    const [found] = reports("MCPP901", test("«get_ordr» {} => hide"));
    expect(found?.severity).toBe("info");
  });

  it("is not checked without a list, or against a part of one", () => {
    accepts("MCPP201", 'allow pay\ntest "x" { refund {} => deny }\n', { tools: null });
    const partial = { ...shop, complete: false };
    expect(codes(test("refund {} => deny"), { tools: partial })).toEqual([]);
  });
});

describe("the arguments of a step", () => {
  it.each([
    'get_order { id: "1" } => allow',
    "get_order {} => allow",
    "get_order { id: null } => allow",
    'create_refund { amount: 5, items: [{ sku: "a", count: 1 }] } => allow',
    'create_refund { amount: "5" } => deny',
    "create_refund { size: 5 } => deny",
    'void_it { amount: "5" } => hide',
  ])("%s is fine", (step) => {
    accepts("MCPP903", test(step));
    accepts("MCPP904", test(step));
  });

  it.each([
    'get_order { «ident»: "1" } => allow',
    "create_refund { «amuont»: 5 } => deny",
    "create_refund { amount: 5, items: [{ «skuu»: 1 }] } => ask",
    'as "a" { get_order { «ident»: "1" } => allow }',
  ])("%s names one that the tool does not have", (step) => {
    reports("MCPP903", test(step));
  });

  it("may be misspelt where `validate` refuses them, and a denial is expected", () => {
    accepts("MCPP903", `validate arguments\n${test("create_refund { amuont: 5 } => deny")}`);
    reports("MCPP903", `validate arguments\n${test("create_refund { «amuont»: 5 } => allow")}`);
  });

  it.each([
    'create_refund { amount: «"5"» } => allow',
    "create_refund { priority: «1.5» } => ask",
    'list_orders { page: 1, state: «"opened"» } => allow',
    "create_refund { amount: 5, items: «{}» } => allow",
    "create_refund { amount: 5, items: [{ sku: «1» }] } => allow",
    "create_refund { amount: «{ of: 5 }» } => allow",
    "create_refund { amount: «[5]» } => allow",
  ])("%s has a value that the tool does not take", (step) => {
    const [found] = reports("MCPP904", test(step));
    expect(found?.message).toMatch(/^`args\.[a-z0-9.]+` of `[a-z_]+` is .+, which `.+` is not\.$/);
  });
});

describe("the labels of a grant", () => {
  it.each([
    ['test "x" as "a" { role: "support", team: "b" } { get_order {} => allow }'],
    ['test "x" as "a" { as "b" { team: "" } { get_order {} => allow } }'],
    ['test "x" as "a" { get_order {} => allow }'],
  ])("%s are fine", (text) => {
    accepts("MCPP902", labelled(text));
  });

  it("are declared", () => {
    const text = labelled('test "x" as "a" { rol: "support" } { get_order {} => allow }\n');
    expect(diagnose(text).filter(({ severity }) => severity === "error")).toMatchObject([
      { code: "MCPP311", hint: "Did you mean `role`?" },
    ]);
    expect(
      codes('allow get_order\ntest "x" as "a" { rol: "b" } { get_order {} => allow }\n'),
    ).toEqual(["MCPP311"]);
  });

  it("have one of their values", () => {
    const text = 'test "x" { as "a" { role: "suport" } { get_order {} => allow } }\n';
    expect(mended("MCPP902", labelled(text))).toEqual([
      labelled(text.replace("suport", "support")),
    ]);
    const [found] = diagnose(
      labelled('test "x" as "a" { team: 5 } { get_order {} => allow }\n'),
    ).filter(({ code }) => code === "MCPP902");
    expect(found?.message).toBe("The label `team` is a text.");
  });
});

describe("a test", () => {
  it("makes a call", () => {
    reports("MCPP905", `${quiet}test «"x"» {\n}\n`);
    reports("MCPP905", `${quiet}test «"x"» {\n  wait 1h\n  as "a" {\n  }\n}\n`);
    accepts("MCPP905", test('as "a" { get_order {} => allow }'));
    expect(codes(test("get_order {} =>"))).not.toContain("MCPP905");
  });

  it("has a name of its own", () => {
    const one = 'test "x" { get_order {} => allow }\n';
    reports("MCPP906", `${quiet}${one}${one.replace('"x"', '«"x"»')}`);
    accepts("MCPP906", `${quiet}${one}${one.replace("x", "y")}`);
  });
});
