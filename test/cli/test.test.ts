import { describe, expect, it } from "vitest";
import { command } from "../../cli/test.ts";
import { inFolder, type Ran, run, write } from "./running.ts";

const POLICY = `server payments tools "./payments.tools.json"
labels role: "support" | "finance"

allow list_charges limit 3/minute per grant
on create_refund {
  allow
  deny unless args.amount <= 100_00 because "Refunds over $100.00 are made by finance."
  deny if grant.role == "support" and args.amount > 80_00
  ask if args.amount > 50_00 by "leads"
}
deny create_payout because "Payouts are made by finance."
hide void_charge
`;

inFolder({
  "payments.tools.json": JSON.stringify({
    server: { name: "payments" },
    tools: ["create_refund", "create_payout", "list_charges", "void_charge"].map((name) => ({
      name,
      inputSchema: { type: "object", properties: { amount: { type: "number" } } },
    })),
  }),
});

function test(args: readonly string[], options: Record<string, unknown> = {}): Promise<Ran> {
  return run(command, args, { format: "pretty", ...options });
}

/** Runs a policy with one test of these steps. */
function steps(text: string, options: Record<string, unknown> = {}): Promise<Ran> {
  write("p.mcpp", `${POLICY}\ntest "one" {\n${text}\n}\n`);
  return test(["p.mcpp"], options);
}

async function passes(text: string): Promise<void> {
  const { code, stdout, stderr } = await steps(text);
  expect(`${stderr}${stdout}`).toContain("1 passed.");
  expect(code).toBe(0);
}

async function fails(text: string): Promise<string> {
  const { code, stdout } = await steps(text);
  expect(code).toBe(1);
  return stdout;
}

describe("a step", () => {
  it.each([
    ["an allowed call", "create_refund { amount: 1_00 } => allow"],
    ["a denied one", "create_refund { amount: 200_00 } => deny"],
    ["a denied one with its message", 'create_refund { amount: 200_00 } => deny "by finance"'],
    ["one that is asked about", "create_refund { amount: 60_00 } => ask"],
    ["one that a person has agreed to", "approved create_refund { amount: 60_00 } => allow"],
    ["one that nobody need agree to", "approved create_refund { amount: 1_00 } => allow"],
    ["one that agreement does not help", "approved create_refund { amount: 200_00 } => deny"],
    ["a hidden tool", "void_charge {} => hide"],
    ["a tool that looks like another", "Void_charge {} => hide"],
    ["an argument of another type", 'create_refund { amount: "1" } => deny "must be a number"'],
    ["an unconditional denial", 'create_payout {} => deny "Payouts are made"'],
  ])("is %s", async (_, step) => {
    await passes(step);
  });

  it("is asked about as often as it is made", async () => {
    await passes("30 x create_refund { amount: 60_00 } => ask");
    await passes("30 x approved create_refund { amount: 60_00 } => allow");
  });

  it("repeated means each of the calls", async () => {
    await passes("3 x list_charges {} => allow\nlist_charges {} => deny");
    expect(await fails("5 x list_charges {} => allow")).toContain(
      "expected `allow`, got `deny` at call 4 of 5, and at 1 more",
    );
  });
});

describe("the clock", () => {
  it("stands still until it is told to move", async () => {
    await passes(`3 x list_charges {} => allow
list_charges {} => deny
wait 59s
list_charges {} => deny
wait 1s
list_charges {} => allow`);
  });

  it("is set by `at`", async () => {
    await passes(`at "2026-11-23T10:00:30+01:00"
3 x list_charges {} => allow
at "2026-11-23T09:00:59Z"
list_charges {} => deny
at "2026-11-23T09:01:00Z"
list_charges {} => allow`);
  });
});

describe("the grant", () => {
  it("has the labels that it is given", async () => {
    await passes(`create_refund { amount: 90_00 } => ask
as "anna" { role: "support" } { create_refund { amount: 90_00 } => deny }
as "fritz" { role: "finance" } { create_refund { amount: 90_00 } => ask }`);
  });

  it("has counters of its own, also when it comes back", async () => {
    await passes(`as "a" { 2 x list_charges {} => allow }
as "b" { 3 x list_charges {} => allow }
as "a" { list_charges {} => allow
list_charges {} => deny }`);
  });
});

describe("tests", () => {
  it("begin afresh, each", async () => {
    const test_ = 'test "one" { 3 x list_charges {} => allow }\n';
    write("p.mcpp", `${POLICY}${test_}${test_.replace("one", "two")}`);
    const { code, stdout } = await test(["p.mcpp"]);
    expect(stdout).toContain("2 tests in 1 file: 2 passed.");
    expect(code).toBe(0);
  });

  it("of imported files do not run; those of named ones do", async () => {
    write("base.mcpp", `${POLICY}test "base" { void_charge {} => allow }\n`);
    write("p.mcpp", 'import "./base.mcpp"\ntest "own" { void_charge {} => hide }\n');
    expect((await test(["p.mcpp"])).code).toBe(0);
    const both = await test(["p.mcpp", "./base.mcpp", "base.mcpp"]);
    expect(both.stdout).toContain("2 tests in 2 files: 1 failed, 1 passed.");
    expect(both.code).toBe(1);
  });

  it("are chosen by their names", async () => {
    write(
      "p.mcpp",
      `${POLICY}test "Refunds" { void_charge {} => hide }\ntest "lists" { void_charge {} => allow }\n`,
    );
    const { code, stdout } = await test(["p.mcpp"], { filter: "refund" });
    expect(stdout).toContain("1 test in 1 file: 1 passed.");
    expect(code).toBe(0);
    await expect(test(["p.mcpp"], { filter: "payouts" })).rejects.toThrow(
      "No test has `payouts` in its name.",
    );
  });

  it("are not needed", async () => {
    write("p.mcpp", POLICY);
    const { code, stdout } = await test(["p.mcpp"]);
    expect(stdout).toMatchInlineSnapshot(`
      "p.mcpp
        no tests

      No tests in 1 file.
      "
    `);
    expect(code).toBe(0);
  });

  it("do not run in a policy with errors", async () => {
    write("p.mcpp", `${POLICY}allow list_charge\ntest "x" { void_charge {} => hide }\n`);
    const { code, stdout } = await test(["p.mcpp"]);
    expect(code).toBe(1);
    expect(stdout).toMatchSnapshot();
  });

  it("of a policy without a tool list take names as written", async () => {
    write(
      "p.mcpp",
      'default deny\nallow pay\nhide secret\ntest "x" {\n  pay {} => allow\n  other {} => deny\n  secret {} => hide\n}\n',
    );
    const { code, stdout } = await test(["p.mcpp"]);
    expect(stdout).toContain("1 passed");
    expect(code).toBe(0);
  });
});

it("shows what has failed, and why", async () => {
  write(
    "p.mcpp",
    `${POLICY}
test "passes" { void_charge {} => hide }

test "fails" {
  at "2026-11-23T10:00+01:00"
  create_refund { amount: 1_00 } => deny
  create_refund { amount: 60_00 } => allow
  create_refund { amount: 200_00 } => allow
  create_refund { amount: 200_00 } => deny "by nobody"
  4 x list_charges {} => allow
  void_charge {} => allow
  as "anna" { role: "support" } {
    create_refund { amount: 90_00 } => ask
  }
}

test "passes again" { void_charge {} => hide }
`,
  );
  const { stdout, code } = await test(["p.mcpp"]);
  expect(stdout).toMatchSnapshot();
  expect(code).toBe(1);
});

describe("claims", () => {
  const said = (claim: string): string => {
    write("p.mcpp", `${POLICY}\ntest "one" {\nlist_charges {} => allow\n}\n${claim}\n`);
    return "p.mcpp";
  };

  it("are proved beside the tests", async () => {
    const file = said(
      "never allow create_refund if args.amount > 50_00\nalways deny create_payout",
    );
    const { code, stdout } = await test([file]);
    expect(stdout).toMatchSnapshot();
    expect(code).toBe(0);
  });

  it("that do not hold fail with a call, and the tests are run all the same", async () => {
    const file = said("never allow create_refund if args.amount > 10_00");
    const { code, stdout } = await test([file]);
    expect(stdout).toMatchSnapshot();
    expect(code).toBe(1);
    const json = JSON.parse((await test([file], { format: "json" })).stdout);
    expect(json.claims).toMatchObject([
      {
        text: "never allow create_refund if args.amount > 10_00",
        file: "p.mcpp",
        line: 17,
        proved: false,
        counterexample: {
          tool: "create_refund",
          arguments: { amount: 1001 },
          grant: { name: "local", labels: {} },
          outcome: "allow",
        },
      },
    ]);
    expect(json.summary).toMatchObject({ passed: 1, claims: 1, proved: 0, refuted: 1 });
    const junit = await test([file], { format: "junit" });
    expect(junit.stdout).toContain('<testsuites name="mcpp test" tests="2" failures="1"');
  });
});
