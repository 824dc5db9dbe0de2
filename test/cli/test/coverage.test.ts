import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { command } from "../../../cli/test.ts";
import { inFolder, run, write } from "../running.ts";

inFolder({
  "shop.tools.json": JSON.stringify({
    server: { name: "shop" },
    tools: ["pay", "list", "drop", "peek", "other"].map((name) => ({
      name,
      inputSchema: { type: "object" },
    })),
  }),
});

interface Json {
  readonly rules: readonly { line: number; kind: string; hit: boolean; looked: number }[];
  readonly branches: readonly {
    readonly line: number;
    readonly text: string;
    readonly true?: number;
    readonly false?: number;
    readonly error?: number;
    readonly room?: number;
    readonly full?: number;
  }[];
  readonly summary: {
    readonly rules: { covered: number; of: number; percent: number };
    readonly branches: { covered: number; of: number; percent: number };
  };
}

async function coverage(text: string, options: Record<string, unknown> = {}): Promise<Json> {
  write("p.mcpp", `server shop tools "./shop.tools.json"\n${text}`);
  const given = { coverage: true, format: "json", ...options };
  const { stdout } = await run(command, ["p.mcpp"], given);
  const report = JSON.parse(stdout) as { readonly coverage: Json; readonly tests: object[] };
  expect(report.tests).toMatchObject([{ failures: [] }]);
  return report.coverage;
}

/** `line kind`, with a minus before what is not covered. */
const rulesOf = ({ rules }: Json): readonly string[] =>
  rules.map(({ line, kind, hit }) => `${hit ? "+" : "-"} ${line} ${kind}`);

/** What a condition has been seen as. */
const branchesOf = ({ branches }: Json): readonly string[] =>
  branches.map(
    ({ line, text, true: yes = 0, false: no = 0, error = 0, room = 0, full = 0 }) =>
      `${line} ${text}: ${[yes + room, no + full, ...(error > 0 ? [error] : [])].join(" ")}`,
  );

describe("worked by hand", () => {
  /**
   * Line 2 is the default: `other` falls under it. Three calls of `pay` reach its rules: 5 (allowed), 50 (asked
   * about) and 500 (denied); a fourth has no amount. `during` holds on none of them.
   */
  const policy = `default deny
let large = args.amount > 10 and args.amount <= 100
let night = during 22:00-06:00
allow pay limit 2/minute
deny pay if args.amount > 100 or night
ask pay if large by "leads"
deny drop because "Nothing is dropped."
hide peek
limit all 100/minute
test "x" {
  pay { amount: 5 } => allow
  pay { amount: 50 } => ask
  pay { amount: 500 } => deny
  pay {} => allow
  pay {} => deny "2 per minute"
  drop {} => deny
}
`;

  it("agrees, rule by rule and branch by branch", async () => {
    const found = await coverage(policy);
    expect(rulesOf(found)).toEqual([
      "- 2 default",
      "+ 5 allow",
      "+ 5 limit",
      "+ 6 deny",
      "+ 7 ask",
      "+ 8 deny",
      "- 9 hide",
      "+ 10 limit",
    ]);
    // Five calls reach the rules of `pay`: 5, 50, 500, and two without an amount.
    expect(branchesOf(found)).toEqual([
      "3 args.amount > 10 and args.amount <= 100: 1 4",
      "3 args.amount > 10: 2 3",
      "3 args.amount <= 100: 2 3",
      "4 during 22:00-06:00: 0 5",
      "5 limit 2/minute: 2 1",
      "6 args.amount > 100 or night: 1 4",
      "6 args.amount > 100: 1 4",
      "6 night: 0 5",
      "7 large: 1 4",
      "10 limit all 100/minute: 2 0",
    ]);
    expect(found.summary).toEqual({
      rules: { covered: 6, of: 8, percent: 75 },
      // Never true: two `night`. Never full: the last limit.
      branches: { covered: 17, of: 20, percent: 85 },
    });
  });

  it("is told to a person by the line", async () => {
    write("p.mcpp", `server shop tools "./shop.tools.json"\n${policy}`);
    const { stdout, code } = await run(command, ["p.mcpp"], { coverage: true, format: "pretty" });
    expect(stdout).toMatchInlineSnapshot(`
      "p.mcpp
        ✓ x  6 calls

      coverage  6 of 8 rules (75 %), 17 of 20 branches (85 %)
        p.mcpp:2:1   default deny: never decided a call
        p.mcpp:4:13  during 22:00-06:00: never seen true
        p.mcpp:6:34  night: never seen true
        p.mcpp:9:1   hide peek: never hid a tool
        p.mcpp:10:1  limit all 100/minute: never refused a call

      1 test in 1 file: 1 passed.
      "
    `);
    expect(code).toBe(0);
  });

  it("is written as a tracefile", async () => {
    await coverage(policy, { coverageLcov: "out.info" });
    const text = readFileSync("out.info", "utf8").replace(/^SF:.*\//m, "SF:");
    expect(text).toMatchInlineSnapshot(`
      "TN:mcpp
      SF:p.mcpp
      BRDA:3,0,0,1
      BRDA:3,0,1,4
      BRDA:3,1,0,2
      BRDA:3,1,1,3
      BRDA:3,2,0,2
      BRDA:3,2,1,3
      BRDA:4,0,0,0
      BRDA:4,0,1,5
      BRDA:5,0,0,2
      BRDA:5,0,1,1
      BRDA:6,0,0,1
      BRDA:6,0,1,4
      BRDA:6,1,0,1
      BRDA:6,1,1,4
      BRDA:6,2,0,0
      BRDA:6,2,1,5
      BRDA:7,0,0,1
      BRDA:7,0,1,4
      BRDA:10,0,0,2
      BRDA:10,0,1,0
      BRF:20
      BRH:17
      DA:2,0
      DA:3,5
      DA:4,5
      DA:5,5
      DA:6,5
      DA:7,5
      DA:8,1
      DA:9,0
      DA:10,6
      LF:9
      LH:7
      end_of_record
      "
    `);
  });

  it.each([
    [{ minCoverage: 75 }, 0],
    [{ minCoverage: 75.1 }, 1],
    [{ minBranchCoverage: 85 }, 0],
    [{ minBranchCoverage: 86 }, 1],
    [{ minCoverage: 0, minBranchCoverage: 0 }, 0],
  ])("with %j exits with %d", async (options, wanted) => {
    write("p.mcpp", `server shop tools "./shop.tools.json"\n${policy}`);
    const { code, stdout } = await run(command, ["p.mcpp"], { format: "pretty", ...options });
    expect(code).toBe(wanted);
    if (wanted === 1) expect(stdout).toContain("% are asked for.");
    expect(existsSync("out.info")).toBe(false);
  });
});

describe("a rule is covered", () => {
  const rules = async (text: string): Promise<readonly string[]> => rulesOf(await coverage(text));

  it("when it is a default that decides", async () => {
    expect(await rules('default deny\nallow list\ntest "x" { other {} => deny }\n')).toEqual([
      "+ 2 default",
      "- 3 allow",
    ]);
    expect(await rules('default allow\ndeny drop\ntest "x" { other {} => allow }\n')).toEqual([
      "+ 2 default",
      "- 3 deny",
    ]);
  });

  it("only if it can be: a default that no tool falls under is none", async () => {
    const all = "default deny\nallow list, other\ndeny drop, pay\nhide peek\n";
    expect(await rules(`${all}test "x" { list {} => allow }\n`)).toEqual([
      "+ 3 allow",
      "- 4 deny",
      "- 5 hide",
    ]);
  });

  it("when it denies what nothing opens", async () => {
    expect(await rules('allow list\ndeny drop\ntest "x" { drop {} => deny }\n')).toEqual([
      "- 2 allow",
      "+ 3 deny",
    ]);
  });

  it("when it hides", async () => {
    expect(await rules('allow list\nhide peek\ntest "x" { peek {} => hide }\n')).toEqual([
      "- 2 allow",
      "+ 3 hide",
    ]);
  });

  it("when a person has agreed", async () => {
    expect(await rules('ask pay\ntest "x" { approved pay {} => allow }\n')).toEqual(["+ 2 ask"]);
  });

  it("when it denies because of a type", async () => {
    const policy = "allow pay\ndeny pay if args.amount > 5\n";
    const found = await coverage(`${policy}test "x" { pay { amount: "x" } => deny }\n`);
    expect(rulesOf(found)).toEqual(["- 2 allow", "+ 3 deny"]);
    expect(branchesOf(found)).toEqual(["3 args.amount > 5: 0 0 1"]);
  });

  it("in shadow, when it would have applied", async () => {
    const policy = "allow pay\nshadow deny pay if args.amount > 5\nshadow deny pay if args.b\n";
    const test = 'test "x" { pay { amount: 6 } => allow }\n';
    expect(await rules(policy.replace("args.b", "args.b == 1") + test)).toEqual([
      "+ 2 allow",
      "+ 3 deny",
      "- 4 deny",
    ]);
  });

  it("of an imported file, too, once", async () => {
    write("base.mcpp", "deny drop\n");
    expect(await rules('import "./base.mcpp"\nallow list\ntest "x" { drop {} => deny }\n')).toEqual(
      ["- 3 allow", "+ 1 deny"],
    );
  });
});

describe("a condition is seen", () => {
  const branches = async (text: string): Promise<readonly string[]> =>
    branchesOf(await coverage(text));

  it("in a block only where the block's condition holds", async () => {
    const policy = `allow pay
when args.kind == "a" {
  deny pay if args.amount > 5
}
`;
    expect(await branches(`${policy}test "x" { pay { kind: "b", amount: 9 } => allow }\n`)).toEqual(
      ['3 args.kind == "a": 0 1', "4 args.amount > 5: 0 0"],
    );
    expect(await branches(`${policy}test "x" { pay { kind: "a", amount: 9 } => deny }\n`)).toEqual([
      '3 args.kind == "a": 1 0',
      "4 args.amount > 5: 1 0",
    ]);
  });

  it("of a block once, however many rules are in it", async () => {
    const policy = `allow pay
when args.kind == "a" {
  deny pay if args.amount > 5
  deny pay if args.amount < 1
}
`;
    expect(await branches(`${policy}test "x" { pay { kind: "b" } => allow }\n`)).toEqual([
      '3 args.kind == "a": 0 1',
      "4 args.amount > 5: 0 0",
      "5 args.amount < 1: 0 0",
    ]);
  });

  it("negated as a whole; what is negated by its operands", async () => {
    const policy = "allow pay\ndeny pay if not (args.a == 1 and not args.b == 2)\n";
    expect(await branches(`${policy}test "x" { pay { a: 1, b: 2 } => deny }\n`)).toEqual([
      "3 not (args.a == 1 and not args.b == 2): 1 0",
      "3 args.a == 1: 1 0",
      "3 not args.b == 2: 0 1",
    ]);
  });

  it("of each element of a list", async () => {
    const policy =
      'allow pay\ndeny pay if any item in args.items (item.count > 5 and item.sku == "x")\n';
    const test = `test "x" {
  pay { items: [{ count: 9, sku: "a" }, { count: 1, sku: "b" }] } => allow
  pay {} => allow
}
`;
    expect(await branches(policy + test)).toEqual([
      '3 any item in args.items (item.count > 5 and item.sku == "x"): 0 2',
      '3 item.count > 5 and item.sku == "x": 0 2',
      "3 item.count > 5: 1 1",
      '3 item.sku == "x": 0 2',
    ]);
  });

  it("of every element, negated or not", async () => {
    const policy = "allow pay\ndeny pay unless not any item in args.items (item > 5)\n";
    expect(await branches(`${policy}test "x" { pay { items: [1, 2, 9] } => deny }\n`)).toEqual([
      "3 not any item in args.items (item > 5): 0 1",
      "3 item > 5: 1 2",
    ]);
  });

  it("of a label and of the time", async () => {
    const policy = `labels role
allow pay
deny pay if grant.role == "guest" or after 2026-06-30
`;
    const test = `test "x" {
  as "a" { role: "guest" } { pay {} => deny }
  pay {} => allow
  at "2026-07-01T00:00Z"
  pay {} => deny
}
`;
    expect(await branches(policy + test)).toEqual([
      '4 grant.role == "guest" or after 2026-06-30: 2 1',
      '4 grant.role == "guest": 1 2',
      "4 after 2026-06-30: 1 2",
    ]);
  });

  it("on no call that does not reach the rules", async () => {
    const policy = "validate arguments\nallow pay\nhide peek\ndeny pay, peek if args.a == 1\n";
    expect(
      await branches(`${policy}test "x" { Pay {} => hide\n  peek { a: 1 } => hide }\n`),
    ).toEqual(["5 args.a == 1: 0 0"]);
  });
});
