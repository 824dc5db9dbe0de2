import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { command as compileCommand } from "../../cli/compile.ts";
import { sampleOf } from "../../cli/explain/remedy/regex-sample.ts";
import { command } from "../../cli/explain.ts";
import { compileRegex, type Json } from "../../policy/index.ts";
import { compileEngine, openStore } from "../../runtime/index.ts";
import { inFolder, run, write } from "./running.ts";

/** A Friday, 10:00 in Berlin. */
const AT = "2026-11-27T10:00+01:00";

const TOOLS = {
  tools: [
    {
      name: "book",
      inputSchema: {
        type: "object",
        required: ["room", "guest"],
        properties: {
          room: { enum: ["single", "double", "suite"] },
          nights: { type: "integer", minimum: 1, maximum: 30 },
          guest: {
            type: "object",
            required: ["name"],
            properties: { name: { type: "string", maxLength: 10 } },
          },
        },
      },
    },
  ],
};

inFolder({
  "hotel.tools.json": JSON.stringify(TOOLS),
  "hotel.mcpp": `server hotel tools "./hotel.tools.json"
validate arguments strictly
allow book
deny book unless args.room != "suite" because "Suites are for VIPs."
`,
  "pay.mcpp": `labels role: "support" | "finance"
let office = during mon-fri 08:00-18:00 in "Europe/Berlin"

allow refund if args.amount <= 10_00 or (grant.role == "finance" and args.amount <= 500_00)
on refund {
  deny unless args.reason in ["duplicate", "fraudulent"]
  deny unless office
  deny if args.force == true
  deny if any to in args.notify (to ends with "@evil.com")
  ask if args.amount > 50_00 by "leads", "owners" within 5m
  limit 2/hour per grant
  limit sum(args.amount) to 400_00/day per grant as budget
}
deny payout because "Payouts are made by finance."
hide void
allow read if args.path under "/srv/out" and not args.path contains ".env"
allow send if every to in args.to (to matches /[a-z]+@corp\\.com/)
allow fetch if host(args.url) in ["a.example.com", "b.example.com"]
allow old until 2026-01-01
allow count if length(args.text) < 5 and args.low < args.high
limit count 3/hour per args.who, grant
`,
});

type Change = {
  kind: string;
  path?: string;
  value?: Json;
  name?: string;
  at?: string;
  text: string;
  options?: Json[];
};
interface Report {
  outcome: string;
  remedies?: { outcome: string; changes: Change[] }[];
  always?: boolean;
}

async function explain(
  file: string,
  tool: string,
  args: unknown,
  options: Record<string, unknown> = {},
): Promise<Report> {
  const all = { state: "memory", format: "json", at: AT, ...options };
  const { stdout } = await run(command, [file, tool, JSON.stringify(args)], all);
  return JSON.parse(stdout) as Report;
}

async function pretty(
  file: string,
  tool: string,
  args: unknown,
  options: Record<string, unknown> = {},
): Promise<string> {
  const all = { state: "memory", format: "pretty", at: AT, ...options };
  return (await run(command, [file, tool, JSON.stringify(args)], all)).stdout;
}

const GOOD = { amount: 5_00, reason: "duplicate" };

describe("what would have to change", () => {
  it.each<[string, string, unknown, Record<string, unknown>?]>([
    ["an amount, or a label", "refund", { ...GOOD, amount: 30_00 }],
    ["a value of a list", "refund", { amount: 5_00, reason: "other" }],
    ["an argument that is missing", "refund", { amount: 5_00 }],
    ["a flag", "refund", { ...GOOD, force: true }],
    ["an element of a list", "refund", { ...GOOD, notify: ["a@x.com", "b@evil.com"] }],
    ["the time", "refund", GOOD, { at: "2026-11-28T10:00+01:00" }],
    ["an approval", "refund", { ...GOOD, amount: 80_00 }, { label: ["role=finance"] }],
    ["a sum", "refund", { ...GOOD, amount: 450_00 }, { label: ["role=finance"] }],
    ["many things", "refund", { amount: "many", force: true }, { at: "2026-11-28T10:00+01:00" }],
    ["nothing: it is denied", "payout", { amount: 1 }],
    ["nothing: it is hidden", "void", {}],
    ["nothing that is to come", "old", {}],
    ["a path", "read", { path: "/srv/out/../x/.env" }],
    ["elements", "send", { to: ["a@corp.com", "B", "C", "D", "E"] }],
    ["a host", "fetch", { url: "https://c.example.com/x?y=1" }],
    ["a length, and what a limit counts by", "count", { text: "too long", low: 3, high: 3 }],
  ])("is %s", async (_name, tool, args, options) => {
    expect(await pretty("pay.mcpp", tool, args, options)).toMatchSnapshot();
  });

  it("is what the schema asks for", async () => {
    const args = { room: "barn", nights: 99, color: "red" };
    expect(await pretty("hotel.mcpp", "book", args)).toMatchSnapshot();
    const { remedies = [] } = await explain("hotel.mcpp", "book", args);
    const room = remedies[0]?.changes.find(({ path }) => path === "args.room");
    // A suite would match the schema, and is denied.
    expect(room?.options).toEqual(["single", "double"]);
  });

  it("is a wait, where a limit has no room", async () => {
    const now = Date.parse(AT);
    const store = await openStore("sqlite:state.db", { clock: () => now });
    const compiled = await run(compileCommand, ["pay.mcpp"], { target: "mcpp" });
    const engine = compileEngine(JSON.parse(compiled.stdout));
    const context = { grant: { id: "local", name: "local", labels: {} }, server: "pay", now };
    const { charges } = engine.decide({ tool: "refund", args: GOOD }, context);
    for (const id of ["one", "two"]) await store.reserve({ id, charges, now });
    await store.close();
    const options = { state: "sqlite:state.db", name: "pay" };
    const { remedies } = await explain("pay.mcpp", "refund", GOOD, options);
    expect(remedies).toEqual([
      {
        outcome: "allow",
        changes: [
          {
            kind: "time",
            at: "2026-11-27T10:00:00.000Z",
            text: "waiting until 2026-11-27T10:00:00Z",
          },
        ],
      },
    ]);
    expect(await pretty("pay.mcpp", "refund", GOOD, options)).toMatchSnapshot();
  });

  it("is nothing, where the guard forbids it", async () => {
    write("org.mcpp", "default allow\ndeny refund\n");
    expect(await explain("pay.mcpp", "refund", GOOD, { guard: "org.mcpp" })).toMatchObject({
      outcome: "deny",
      remedies: [],
      always: true,
    });
    write("org.mcpp", "default allow\ndeny refund if args.amount > 4_00\n");
    const guarded = await explain("pay.mcpp", "refund", GOOD, { guard: "org.mcpp" });
    expect(guarded.remedies?.[0]?.changes).toMatchObject([
      { kind: "argument", path: "args.amount", value: 4_00, text: "`args.amount` at most 400" },
    ]);
  });

  it("was tried: made to the call, it is decided so", async () => {
    const refunds = fc.record(
      {
        amount: fc.oneof(fc.integer({ min: -5, max: 600_00 }), fc.constant("1")),
        reason: fc.constantFrom("duplicate", "other", 3),
        force: fc.boolean(),
        notify: fc.oneof(
          fc.array(fc.constantFrom("a@evil.com", "b@x.com"), { maxLength: 4 }),
          fc.constant("nobody"),
        ),
      },
      { requiredKeys: [] },
    );
    const times = fc.constantFrom(AT, "2026-11-28T10:00+01:00", "2026-11-27T23:30Z");
    let found = 0;
    await fc.assert(
      fc.asyncProperty(refunds, times, fc.boolean(), async (args, at, finance) => {
        const label = finance ? ["role=finance"] : [];
        const { remedies = [], outcome } = await explain("pay.mcpp", "refund", args, { at, label });
        if (outcome === "allow") return;
        // There is always a way to a small refund with a reason, at a better time.
        expect(remedies.length).toBeGreaterThan(0);
        for (const remedy of remedies) {
          if (remedy.changes.some(({ kind }) => kind === "approval")) continue;
          const changed = change(
            { args: structuredClone(args) as Json, at, label },
            remedy.changes,
          );
          const again = await explain("pay.mcpp", "refund", changed.args, {
            at: changed.at,
            label: changed.label,
          });
          expect(again.outcome).toBe(remedy.outcome);
          found++;
        }
      }),
      { numRuns: 40 },
    );
    expect(found).toBeGreaterThan(20);
  });
});

interface Made {
  args: Json;
  at: string;
  label: string[];
}

/** The call as a reader of the report would change it. */
function change(made: Made, changes: readonly Change[]): Made {
  let { args, at, label } = made;
  for (const { kind, path, value, name, at: later } of changes) {
    if (kind === "time") at = later ?? at;
    else if (kind === "label") label = [`${name}=${value}`];
    else if (kind === "no label") label = [];
    else {
      const match = /^args\.([a-z]+)(?:\[([0-9]+)\])?$/.exec(path ?? "");
      const holder = args as Record<string, Json | undefined>;
      const key = match?.[1] ?? "";
      const index = match?.[2];
      if (index !== undefined) {
        const list = [...(holder[key] as Json[])];
        if (kind === "argument") list.splice(Number(index), 1, value as Json);
        else list.splice(Number(index), 1);
        holder[key] = list;
      } else if (kind === "argument") holder[key] = value as Json;
      else delete holder[key];
      args = holder as Json;
    }
  }
  return { args, at, label };
}

describe("a sample of a pattern", () => {
  it.each([
    "^(?s:[a-z]+@corp\\.com)$",
    "abc",
    "^(?i:[^a-z]{3}\\d*x?)$",
    "^(?s:(?:a|b)c.+\\\\[\\]x]{2,})$",
    "[\\w-]+\\s\\(x\\)",
  ])("matches %s", (pattern) => {
    const regex = compileRegex(pattern);
    const sample = sampleOf(pattern);
    if (typeof regex === "string" || sample === undefined) throw new Error("It has none.");
    expect(regex.test(sample)).toBe(true);
  });

  it("is none where the pattern is not understood", () => {
    for (const pattern of ["\\p{L}", "(a", "[a", "a)"]) expect(sampleOf(pattern)).toBeUndefined();
  });
});
