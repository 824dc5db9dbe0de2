import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { command } from "../../cli/diff.ts";
import { inFolder, type Ran, run, write } from "./running.ts";

const TOOLS = {
  server: { name: "payments" },
  tools: [
    {
      name: "create_refund",
      inputSchema: {
        type: "object",
        properties: { amount: { type: "integer", minimum: 1 }, note: { type: "string" } },
        required: ["amount"],
      },
    },
    { name: "list_charges", inputSchema: { type: "object" } },
  ],
};

const OLD = `server payments tools "./payments.tools.json"

allow list_charges limit 10/minute
on create_refund {
  allow
  deny unless args.amount <= 100 because "Too much."
  ask if args.amount > 50 by "leads"
}
`;

inFolder({ "payments.tools.json": JSON.stringify(TOOLS), "old.mcpp": OLD });

function diff(args: readonly string[], options: Record<string, unknown> = {}): Promise<Ran> {
  return run(command, args, { format: "pretty", failOn: "any", ...options });
}

/** What the old policy and this one decide differently. */
function against(text: string, options: Record<string, unknown> = {}): Promise<Ran> {
  write("new.mcpp", text);
  return diff(["old.mcpp", "new.mcpp"], options);
}

describe("two policies", () => {
  it("that decide alike are equivalent, however they are written", async () => {
    const { code, stdout } = await against(`server payments tools "./payments.tools.json"
default deny
on create_refund {
  ask if args.amount > 50 by "leads"
  deny if args.amount > 100 or args.amount == null because "Way too much."
  allow
}
allow list_charges limit 10/minute as looking
`);
    expect(stdout).toMatchSnapshot();
    expect(code).toBe(0);
  });

  it.each([
    ["a higher bound", OLD.replace("<= 100", "<= 120")],
    ["a lower bound", OLD.replace("<= 100", "<= 80")],
    ["no approval", OLD.replace(/ {2}ask.*\n/, "")],
    ["other approvers", OLD.replace('"leads"', '"leads", "owners" within 5m')],
    ["another limit", OLD.replace("10/minute", "20/minute")],
    ["a shared limit", `${OLD}limit list_charges, create_refund 5/hour as both\n`],
    ["a tool less", `${OLD}hide list_charges\n`],
    ["validation", `${OLD}validate arguments strictly\n`],
    ["another default", `${OLD}default allow\n`],
    ["a label", OLD.replace("  allow", '  deny unless grant.name == "bot"\n  allow')],
    ["resources", `${OLD}allow resource "file:///docs/*"\ndeny prompt "secret*"\n`],
  ])("%s", async (_, text) => {
    const { code, stdout } = await against(text);
    expect(stdout).toMatchSnapshot();
    expect(code).toBe(1);
  });

  it("fail on what is wider only, where that is asked for", async () => {
    const narrower = OLD.replace("<= 100", "<= 80");
    expect((await against(narrower, { failOn: "wider" })).code).toBe(0);
    expect((await against(OLD.replace("<= 100", "<= 120"), { failOn: "wider" })).code).toBe(1);
  });

  it("are compared for programs", async () => {
    const { stdout } = await against(OLD.replace("<= 100", "<= 120"), { format: "json" });
    expect(JSON.parse(stdout)).toEqual({
      changes: [
        {
          tool: "create_refund",
          what: "decision",
          before: "deny",
          after: "ask",
          direction: "wider",
          call: {
            tool: "create_refund",
            arguments: { amount: 101 },
            grant: { name: "local", labels: {} },
          },
        },
      ],
      equivalent: false,
    });
  });

  it("are compared for a pull request, in which no text of theirs is markup", async () => {
    const text = OLD.replace("  allow", '  allow if args.note == "```<b>|@x\\n`"');
    const { stdout } = await against(text, { format: "markdown" });
    expect(stdout).toMatchSnapshot();
  });

  it("may be compiled ones", async () => {
    write("a.json", '{"version":"1","default":"deny","tools":{"x":{}}}');
    write(
      "b.json",
      '{"version":"1","default":"deny","tools":{"x":{"deny_if":[{"conditions":[{"path":"args.n","op":"gt","value":3}]}]}}}',
    );
    expect((await diff(["a.json", "b.json"])).stdout).toMatchSnapshot();
  });

  it("that do not compile are not compared", async () => {
    await expect(
      against('allow nothing_of_this_name\nserver x tools "./payments.tools.json"\n'),
    ).rejects.toThrow("`new.mcpp` does not compile");
    await expect(diff(["old.mcpp"])).rejects.toThrow("compares two policies");
  });
});

describe("a revision", () => {
  const git = (...args: string[]): void => {
    const done = spawnSync("git", ["-c", "user.name=t", "-c", "user.email=t@example.com", ...args]);
    if (done.status !== 0) throw new Error(done.stderr.toString());
  };

  it("is the policy with its imports and its tool list as they were", async () => {
    await expect(diff(["old.mcpp"], { git: "HEAD" })).rejects.toThrow("is in no git repository");
    git("init", "-q");
    write("part.mcpp", "deny create_refund if args.amount > 10\n");
    write("root.mcpp", `${OLD}import "./part.mcpp"\n`);
    git("add", ".");
    git("commit", "-qm", "first");
    write("part.mcpp", "deny create_refund if args.amount > 20\n");
    const { stdout, code } = await diff(["root.mcpp"], { git: "HEAD" });
    expect(stdout).toMatchSnapshot();
    expect(code).toBe(1);
    await expect(diff(["root.mcpp"], { git: "--output=x" })).rejects.toThrow("no revision");
    write("later.mcpp", OLD);
    expect((await diff(["later.mcpp"], { git: "HEAD" })).stdout).toMatchSnapshot();
  });
});
