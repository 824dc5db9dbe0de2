import { describe, expect, it } from "vitest";
import { command } from "../../cli/replay.ts";
import { inFolder, type Ran, run, write } from "./running.ts";

const AT = "2026-11-23T10:00+01:00";

function lines(...calls: readonly unknown[]): string {
  return calls.map((call) => `${JSON.stringify(call)}\n`).join("");
}

const REFUND = { tool: "create_refund", at: AT };

inFolder({
  "calls.jsonl": lines(
    { ...REFUND, arguments: { amount: 20_00, reason: "duplicate" } },
    { ...REFUND, arguments: { amount: 70_00, reason: "duplicate" }, outcome: "ask" },
    { ...REFUND, arguments: { amount: 80_00, reason: "duplicate" }, grant: "ci" },
    { ...REFUND, arguments: { amount: 200_00 }, outcome: "deny" },
    { tool: "list_charges", at: "2026-11-23T09:00:30Z" },
    { tool: "list_charges" },
    { tool: "void_charge", outcome: "hide" },
  ),
  "new.mcpp": `server payments
labels role: "support"

allow list_charges limit 1/minute per grant because "One look a minute."
allow create_refund
on create_refund {
  deny unless args.amount <= 50_00 because "Refunds over $50.00 are made by finance."
}
allow void_charge if grant.role == "support"
`,
});

function replay(args: readonly string[], options: Record<string, unknown> = {}): Promise<Ran> {
  return run(command, args, { examples: "2", format: "pretty", ...options });
}

async function json(args: readonly string[], options: Record<string, unknown> = {}) {
  const { code, stdout } = await replay(args, { format: "json", ...options });
  return { code, ...JSON.parse(stdout) };
}

describe("a list of calls", () => {
  it("is judged again in its order, with its times, and changes are grouped", async () => {
    const { code, stdout } = await replay(["calls.jsonl", "new.mcpp"]);
    expect(code).toBe(1);
    expect(stdout).toMatchSnapshot();
  });

  it("is reported to programs", async () => {
    const report = await json(["calls.jsonl", "new.mcpp"], { examples: "1" });
    expect(report).toMatchObject({
      code: 1,
      calls: 7,
      changed: 4,
      from: "2026-11-23T09:00:00.000Z",
      to: "2026-11-23T09:00:30.000Z",
      aside: { requests: 0, refused: 0, others: 0, incomplete: 0, circumstances: {} },
    });
    expect(report.changes).toContainEqual({
      tool: "create_refund",
      before: "ask",
      after: "deny",
      direction: "narrower",
      rule: "/tools/create_refund/require/0",
      source: "new.mcpp:7:3",
      count: 1,
      examples: [
        {
          place: "line 2",
          time: "2026-11-23T09:00:00.000Z",
          grant: "local",
          arguments: { amount: 70_00, reason: "duplicate" },
          before: { outcome: "ask", rule: "", message: "" },
          after: {
            outcome: "deny",
            rule: "/tools/create_refund/require/0",
            message: "Refunds over $50.00 are made by finance.",
            source: "new.mcpp:7:3",
          },
        },
      ],
    });
    expect(report.changes.map((one: { direction: string }) => one.direction)).toContain("other");
  });

  it("ends with 0 where all is decided as it was", async () => {
    write("same.mcpp", "allow list_charges, create_refund\nhide void_charge\n");
    write("some.jsonl", lines({ tool: "list_charges" }, { tool: "void_charge", outcome: "hide" }));
    const { code, stdout } = await replay(["some.jsonl", "same.mcpp"], { at: AT });
    expect([code, stdout]).toEqual([
      0,
      "2 calls judged again, all decided as before. (2026-11-23T09:00:00Z to 2026-11-23T09:00:00Z)\n",
    ]);
  });

  it("knows grants, labels, sessions and the guard", async () => {
    write(
      "some.jsonl",
      lines(
        { tool: "void_charge", labels: { role: "support" } },
        { tool: "list_charges", session: "a" },
        { tool: "list_charges", grant: "ci" },
        { tool: "list_charges", grant: "ci" },
      ),
    );
    expect(await json(["some.jsonl", "new.mcpp"], { at: AT })).toMatchObject({ changed: 1 });
    const ci = await json(["some.jsonl", "new.mcpp"], { at: AT, grant: "ci" });
    expect(ci).toMatchObject({ calls: 2, changed: 1, aside: { others: 2 } });
    write("org.mcpp", "default allow\ndeny void_charge\n");
    const { changes } = await json(["some.jsonl", "new.mcpp"], { at: AT, guard: "org.mcpp" });
    expect(changes).toContainEqual(
      expect.objectContaining({
        tool: "void_charge",
        rule: "(guard) /tools/void_charge/deny_if/0",
      }),
    );
  });

  it("keeps calls of several servers apart", async () => {
    write("some.jsonl", lines({ tool: "a", server: "x" }, { tool: "a", server: "y" }));
    write("any.mcpp", "allow a\n");
    await expect(replay(["some.jsonl", "any.mcpp"])).rejects.toThrow(/such as `x`, `y`.*--server/);
    expect(await json(["some.jsonl", "any.mcpp"], { server: "y" })).toMatchObject({
      calls: 1,
      aside: { others: 1 },
    });
    await expect(replay(["some.jsonl", "new.mcpp"])).rejects.toThrow(
      /no call of the server `payments`; it holds calls of `x`, `y`/,
    );
    await expect(replay(["some.jsonl", "any.mcpp"], { server: "y", grant: "ci" })).rejects.toThrow(
      /no call of the grant `ci`/,
    );
  });

  it("shows nothing that a terminal would obey", async () => {
    const evil = "\u001b[2J\u202e\u009b31m";
    write("some.jsonl", lines({ tool: `t${evil}`, arguments: { [evil]: evil }, grant: evil }));
    for (const format of ["pretty", "json"]) {
      const { stdout } = await replay(["some.jsonl", "new.mcpp"], { format });
      expect(stdout).not.toMatch(/[^\P{Cc}\n]|[\p{Cf}\u2028]/u);
    }
  });
});

describe("what cannot be judged", () => {
  it.each<[string, string, RegExp]>([
    ["text", "hello\n", /Line 1 is no call: it is not JSON at character 1/],
    ["a list", "[]\n", /Line 1 is no call: it is not a JSON object/],
    [
      "a line without a tool",
      "\n{}\n",
      /Line 2 is no call: `tool`, the name of a tool, is missing/,
    ],
    ["a misspelt member", '{"tool":"a","args":{}}\n', /has a member "args"; those of a call are/],
    ["a key that stands twice", '{"tool":"a","tool":"b"}\n', /the key `tool` stands twice/],
    ["arguments that are a list", '{"tool":"a","arguments":[]}\n', /`arguments` must be an object/],
    ["a label that is no text", '{"tool":"a","labels":{"x":1}}\n', /`labels.x` must be a string/],
    ["a time without offset", '{"tool":"a","at":"2026-11-23T10:00"}\n', /offset from UTC/],
    ["an outcome that is none", '{"tool":"a","outcome":"yes"}\n', /one of allow, ask, deny, hide/],
    ["an empty file", "\n", /There is nothing in `some.jsonl`/],
  ])("%s", async (_name, text, message) => {
    write("some.jsonl", text);
    await expect(replay(["some.jsonl", "new.mcpp"])).rejects.toMatchObject({
      name: "Failure",
      message: expect.stringMatching(message),
    });
  });

  it("what is not there", async () => {
    await expect(replay(["gone", "new.mcpp"])).rejects.toThrow(/no file or folder `gone`/);
    await expect(replay([".", "new.mcpp"])).rejects.toThrow(/no audit trail in `\.`/);
    await expect(replay(["calls.jsonl", "gone.mcpp"])).rejects.toThrow(/could not be read/);
    await expect(replay(["calls.jsonl", "new.mcpp"], { examples: "x" })).rejects.toThrow(/number/);
    await expect(replay(["calls.jsonl", "new.mcpp"], { at: "now" })).rejects.toThrow(/offset/);
  });
});
