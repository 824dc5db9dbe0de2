import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { command as compileCommand } from "../../cli/compile.ts";
import { command } from "../../cli/explain.ts";
import { compileEngine, openStore } from "../../runtime/index.ts";
import { inFolder, type Ran, run } from "./running.ts";

const MCPP = fileURLToPath(new URL("../../dist/mcpp.js", import.meta.url));
/** A Monday, 10:00 in Berlin. */
const AT = "2026-11-23T10:00+01:00";

inFolder({
  "payments.tools.json": JSON.stringify({
    server: { name: "payments" },
    tools: ["create_refund", "create_payout", "list_charges", "void_charge"].map((name) => ({
      name,
      inputSchema: {
        type: "object",
        properties: {
          amount: { type: "number" },
          reason: { type: "string" },
          least: { type: "number" },
        },
      },
    })),
  }),
  "p.mcpp": `server payments tools "./payments.tools.json"
labels role: "support" | "finance"
let max_refund = 100_00

allow create_refund, list_charges
on create_refund {
  deny unless args.reason in ["duplicate", "fraudulent"]
  deny unless args.amount <= max_refund because "Refunds over $100.00 are made by finance."
  deny if args.least > args.amount
  deny unless during mon-fri 08:00-18:00 in "Europe/Berlin"
  ask if args.amount > 50_00 by "leads" within 5m
  limit 2/hour per grant
  limit sum(args.amount) to 150_00/day per grant as refund_budget
  limit 3/hour per session if args.amount > 90_00 as large
  shadow deny if args.reason == "fraudulent" because "Fraud is looked into first."
}
deny create_payout because "Payouts are made by finance."
hide void_charge
`,
  "labelled.mcpp": `labels role: "support" | "finance"
allow pay if grant.role == "finance"
`,
  "plain.json": JSON.stringify({ version: "1", default: "deny", tools: { pay: {} } }),
  "broken.mcpp": "allow pay limit 10/minute per user\n",
});

function explain(args: readonly string[], options: Record<string, unknown> = {}): Promise<Ran> {
  return run(command, args, { state: "memory", format: "pretty", at: AT, ...options });
}

async function json(args: readonly string[], options: Record<string, unknown> = {}) {
  const { code, stdout } = await explain(args, { format: "json", ...options });
  expect(code).toBe(0);
  return JSON.parse(stdout);
}

function refund(amount: unknown, reason = "duplicate"): string {
  return JSON.stringify({ amount, reason });
}

describe("the decision", () => {
  it.each([
    ["create_refund", refund(20_00), "allow", "", "p.mcpp:5:1"],
    ["create_refund", refund(60_00), "ask", "/tools/create_refund/ask_if/0", "p.mcpp:11:3"],
    ["create_refund", refund("1"), "deny", "(type mismatch)", "p.mcpp:8:3"],
    ["create_refund", "{}", "deny", "/tools/create_refund/require/1", "p.mcpp:7:3"],
    ["create_payout", "{}", "deny", "/tools/create_payout/deny_if/0", "p.mcpp:17:1"],
    ["void_charge", "{}", "hide", "(hidden)", "p.mcpp:18:1"],
    ["list_charges", "{}", "allow", "", "p.mcpp:5:1"],
    ["create_refnd", "{}", "hide", "(unknown tool)", undefined],
    ["Create_Refund", "{}", "hide", "(confusable name)", undefined],
  ])("of %s %s is %s", async (tool, args, outcome, rule, source) => {
    const explained = await json(["p.mcpp", tool, args]);
    expect(explained.outcome).toBe(outcome);
    expect(explained.rule).toBe(rule);
    expect(explained.source).toBe(source);
    expect(explained.message === "").toBe(outcome === "allow");
  });

  it("is made at the time that is given", async () => {
    const night = await json(["p.mcpp", "create_refund", refund(1)], {
      at: "2026-11-23T22:00+01:00",
    });
    expect(night.outcome).toBe("deny");
    expect(night.source).toBe("p.mcpp:10:3");
  });

  it("depends on labels", async () => {
    const asked = (role: string) =>
      json(["labelled.mcpp", "pay"], { label: [`role=${role}`] }).then(({ outcome }) => outcome);
    expect(await asked("finance")).toBe("allow");
    expect(await asked("support")).toBe("deny");
    expect((await json(["labelled.mcpp", "pay"])).outcome).toBe("deny");
  });

  it("of no arguments is that of an empty object", async () => {
    expect((await json(["plain.json", "pay"])).outcome).toBe("allow");
  });
});

describe("the steps", () => {
  it("name each check with its line, and what conditions read", async () => {
    const { steps } = await json(["p.mcpp", "create_refund", refund(200_00)]);
    expect(steps).toEqual([
      { check: "permitted", result: "pass", source: "p.mcpp:5:1" },
      {
        check: "/tools/create_refund/require/0",
        result: "pass",
        source: "p.mcpp:10:3",
        conditions: [
          {
            text: 'during mon, tue, wed, thu, fri 08:00-18:00 in "Europe/Berlin"',
            clock: "mon 10:00 in Europe/Berlin",
            result: "true",
          },
        ],
      },
      {
        check: "/tools/create_refund/require/1",
        result: "pass",
        source: "p.mcpp:7:3",
        conditions: [
          {
            text: 'args.reason in ["duplicate", "fraudulent"]',
            path: "args.reason",
            value: "duplicate",
            result: "true",
          },
        ],
      },
      {
        check: "/tools/create_refund/require/2",
        result: "deny",
        source: "p.mcpp:8:3",
        conditions: [
          { text: "args.amount <= 10000", path: "args.amount", value: 200_00, result: "false" },
        ],
      },
      // Rules that only look on are evaluated whatever was decided.
      expect.objectContaining({ result: "pass", source: "p.mcpp:15:3" }),
    ]);
  });

  it("show both sides of a comparison of two paths", async () => {
    const { steps } = await json([
      "p.mcpp",
      "create_refund",
      '{"amount": 5, "least": 6, "reason": "duplicate"}',
    ]);
    const deciding = steps.find(({ result }: { result: string }) => result === "deny");
    expect(deciding.conditions).toEqual([
      {
        text: "args.amount < args.least",
        path: "args.amount",
        value: 5,
        other: { path: "args.least", value: 6 },
        result: "true",
      },
    ]);
  });

  it("tell what shadow rules would have done", async () => {
    const { outcome, shadow } = await json(["p.mcpp", "create_refund", refund(1, "fraudulent")]);
    expect(outcome).toBe("allow");
    expect(shadow).toMatchObject([{ outcome: "deny", message: "Fraud is looked into first." }]);
  });
});

describe("the limits", () => {
  it("are all unused in memory, and say when they start anew", async () => {
    const { limits } = await json(["p.mcpp", "create_refund", refund(20_00)]);
    expect(limits).toEqual([
      {
        counter: "create_refund_per_hour",
        max: 2,
        used: 0,
        resets_at: "2026-11-23T10:00:00.000Z",
      },
      { counter: "refund_budget", max: 150_00, used: 0, resets_at: "2026-11-24T00:00:00.000Z" },
    ]);
  });

  it("are those of the store, which is left as it was", async () => {
    const state = "sqlite:state.db";
    const now = Date.parse(AT);
    const { stdout } = await run(compileCommand, ["p.mcpp"], { target: "mcpp" });
    const engine = compileEngine(JSON.parse(stdout));
    const store = await openStore(state, { clock: () => now });
    const args = { amount: 40.5, reason: "duplicate" };
    const grant = { id: "ci", name: "ci", labels: {} };
    const { charges } = engine.decide(
      { tool: "create_refund", args },
      { grant, server: "payments", now },
    );
    expect(await store.reserve({ id: "one", charges, now })).toEqual({ ok: true });
    await store.close();

    const call = ["p.mcpp", "create_refund", refund(10)];
    for (let time = 0; time < 3; time++) {
      const { outcome, limits } = await json(call, { state, as: "ci" });
      expect(outcome).toBe("allow");
      expect(limits).toMatchObject([
        { counter: "create_refund_per_hour", max: 2, used: 1 },
        { counter: "refund_budget", max: 150_00, used: 40.5 },
      ]);
    }
    const other = await json(call, { state });
    expect(other.limits).toMatchObject([{ used: 0 }, { used: 0 }]);

    const again = await openStore(state, { clock: () => now });
    expect(await again.reserve({ id: "two", charges, now })).toEqual({ ok: true });
    await again.close();
    const full = await json(call, { state, as: "ci" });
    expect(full).toMatchObject({
      outcome: "deny",
      rule: "/tools/create_refund/limits/create_refund_per_hour",
      source: "p.mcpp:12:3",
      retry_after_ms: 3_600_000,
    });
    expect(full.steps.find(({ check }: { check: string }) => check === full.rule)).toMatchObject({
      result: "deny",
      message: full.message,
    });
  });
});

describe("a compiled policy", () => {
  it("is explained as its source is, with a source map", async () => {
    await run(compileCommand, ["p.mcpp"], { target: "mcpp", output: "p.json", map: "p.map" });
    const files = { tools: "payments.tools.json", map: "p.map" };
    for (const args of [refund(20_00), refund(60_00), refund(200_00), "{}"]) {
      const call = ["create_refund", args];
      expect(await json(["p.json", ...call], files)).toEqual(await json(["p.mcpp", ...call]));
      const pretty = async (file: string, options = {}) =>
        (await explain([file, ...call], options)).stdout;
      expect(await pretty("p.json", files)).toBe(await pretty("p.mcpp"));
    }
  });

  it("has no places without one", async () => {
    const { source, steps } = await json(["plain.json", "pay"]);
    expect(source).toBeUndefined();
    expect(steps).toEqual([{ check: "permitted", result: "pass" }]);
  });

  it("says that pins are not compared without a tool list", async () => {
    const fs = await import("node:fs");
    const source = fs.readFileSync("p.mcpp", "utf8");
    fs.writeFileSync("pinned.mcpp", `${source}pin tools\n`);
    await run(compileCommand, ["pinned.mcpp"], { target: "mcpp", output: "pinned.json" });
    const alone = await json(["pinned.json", "list_charges"]);
    expect(alone.outcome).toBe("allow");
    expect(alone.steps[1]).toMatchObject({ check: "pinned definition", result: "skip" });
    const listed = await json(["pinned.json", "list_charges"], { tools: "payments.tools.json" });
    expect(listed.steps[1]).toMatchObject({ check: "pinned definition", result: "pass" });
    fs.writeFileSync("changed.json", '{"tools":[{"name":"list_charges","inputSchema":{}}]}');
    const changed = await json(["pinned.json", "list_charges"], { tools: "changed.json" });
    expect(changed).toMatchObject({ outcome: "hide", rule: "(changed tool)" });
  });
});

describe("for a person", () => {
  it.each([
    ["allow", refund(20_00)],
    ["ask", refund(60_00)],
    ["deny", refund(200_00)],
    ["a wrong type", refund("many")],
    ["a shadow rule", refund(1, "fraudulent")],
    ["a missing argument", "{}"],
  ])("%s", async (_name, args) => {
    const { stdout } = await explain(["p.mcpp", "create_refund", args], { session: "s1" });
    expect(stdout).toMatchSnapshot();
  });

  it("an unknown tool comes with what was perhaps meant", async () => {
    const { stdout } = await explain(["p.mcpp", "create_refnd"]);
    expect(stdout).toContain("Did you mean `create_refund`?");
  });

  it("shows nothing invisible", async () => {
    const { stdout } = await explain(["p.mcpp", "create_refund", refund("\u001b[31m\u202e")]);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these must not be there
    expect(stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/);
  });
});

describe("what cannot be explained", () => {
  it.each([
    ["text that is not JSON", ["plain.json", "pay", "{amount: 1}"], {}, /not JSON at character 2/],
    ["a key that stands twice", ["plain.json", "pay", '{"a":1,"a":1}'], {}, /`a` stands twice/],
    ["a list", ["plain.json", "pay", "[]"], {}, /must be an object/],
    ["more than one value", ["plain.json", "pay", '{},"x":{}'], {}, /not JSON at character 3/],
    ["a look-alike key", ["p.mcpp", "create_refund", '{"Amount":1}'], {}, /taken for `amount`/],
    ["an inexact number", ["p.mcpp", "create_refund", refund(2 ** 53)], {}, /more digits/],
    ["a time without offset", ["plain.json", "pay"], { at: "2026-11-23T10:00" }, /offset/],
    ["a day that is none", ["plain.json", "pay"], { at: "2026-02-30T10:00Z" }, /offset/],
    ["an unknown label", ["p.mcpp", "list_charges"], { label: ["rol=x"] }, /mean `role`/],
    ["a label's value", ["p.mcpp", "list_charges"], { label: ["role=x"] }, /`support`, `finance`/],
    ["a label twice", ["plain.json", "pay"], { label: ["a=1", "a=2"] }, /given twice/],
    ["a missing file", ["gone.mcpp", "pay"], {}, /`gone.mcpp` could not be read/],
    ["a policy with errors", ["broken.mcpp", "pay"], {}, /does not compile/],
    ["a JSON file that is no policy", ["payments.tools.json", "pay"], {}, /not a valid policy/],
    ["a map of a source", ["p.mcpp", "list_charges"], { map: "p.map" }, /goes with a compiled/],
    ["a map that is none", ["plain.json", "pay"], { map: "plain.json" }, /not a source map/],
    ["a list that is none", ["plain.json", "pay"], { tools: "plain.json" }, /not a tool list/],
    ["a state without a server", ["plain.json", "pay"], { state: "redis://x" }, /`--name`/],
    ["a state that is not there", ["p.mcpp", "pay"], { state: "sqlite:no.db" }, /`no.db`/],
    ["a state that is none", ["p.mcpp", "pay"], { state: "disk" }, /not a state store/],
  ])("%s", async (_name, args, options, message) => {
    await expect(explain(args, options)).rejects.toMatchObject({
      name: "Failure",
      message: expect.stringMatching(message),
    });
    expect(existsSync("no.db")).toBe(false);
  });

  it("a label that a compiled policy does not read is only said", async () => {
    const { code, stderr } = await explain(["plain.json", "pay"], { label: ["role=x"] });
    expect(code).toBe(0);
    expect(stderr).toContain("no condition of the policy reads the label `role`");
  });
});

describe("the built command line", () => {
  const mcpp = (...args: string[]) =>
    spawnSync(process.execPath, [MCPP, "explain", ...args], { encoding: "utf8" });

  it("exits with 0 whatever the decision, and prints it on stdout", () => {
    const denied = mcpp("p.mcpp", "create_refund", refund(200_00), "--at", AT);
    expect(denied.status).toBe(0);
    expect(denied.stderr).toBe("");
    expect(denied.stdout).toMatch(
      /^deny create_refund: Refunds over \$100\.00 are made by finance\./,
    );
    const allowed = mcpp("p.mcpp", "list_charges", "--as", "ci", "--format", "json");
    expect(JSON.parse(allowed.stdout)).toMatchObject({ outcome: "allow", rule: "", limits: [] });
  });

  it("reads the arguments from stdin", () => {
    const { status, stdout } = spawnSync(
      process.execPath,
      [MCPP, "explain", "p.mcpp", "create_refund", "-", "--at", AT, "--format", "json"],
      { encoding: "utf8", input: refund(60_00) },
    );
    expect(status).toBe(0);
    expect(JSON.parse(stdout).outcome).toBe("ask");
  });

  it("exits with 2 when it cannot do its work", () => {
    for (const args of [["p.mcpp"], ["p.mcpp", "t", "{"], ["gone.mcpp", "t"]]) {
      const { status, stdout, stderr } = mcpp(...args);
      expect(status).toBe(2);
      expect(stdout).toBe("");
      expect(stderr).not.toBe("");
    }
  });
});
