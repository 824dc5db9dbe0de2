import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { canonicalJson, type Json, sha256Hex } from "../../../policy/index.ts";
import { compileEngine } from "../../../runtime/engine/decide.ts";
import { denyLimit, describeSpan } from "../../../runtime/engine/limit-denial.ts";
import type { Context, LimitCharge } from "../../../runtime/engine/types.ts";
import { CONTEXT, decide, policyOf } from "./helpers.ts";

const limit = { counter: "c", window: "minute", max: 10, scope: "grant" };

function policy(...limits: object[]): object {
  return { tools: { t: { limits } } };
}

function charge(
  entry: object,
  args: { readonly [key: string]: Json } = {},
  context: Partial<Context> = {},
): LimitCharge {
  const { outcome, charges, message } = decide(policy(entry), args, context);
  if (outcome !== "allow" || charges[0] === undefined) throw new Error(message);
  return charges[0];
}

function identity(...parts: Json[]): string {
  return sha256Hex(canonicalJson(parts));
}

describe("charges", () => {
  it.each<readonly [object, object]>([
    [
      limit,
      { amount: 1, max: 10, window: { kind: "calendar", unit: "minute" }, allows: "10 per minute" },
    ],
    [
      { ...limit, window: "month" },
      { window: { kind: "calendar", unit: "month" }, allows: "10 per month" },
    ],
    [
      { ...limit, algorithm: "sliding" },
      { window: { kind: "sliding", ms: 60_000 }, allows: "10 within any minute" },
    ],
    [
      { ...limit, algorithm: "sliding", every: 15 },
      { window: { kind: "sliding", ms: 900_000 }, allows: "10 within any 15 minutes" },
    ],
    [
      { counter: "c", concurrent: true, max: 2, scope: "server" },
      {
        amount: 1,
        max: 2,
        window: { kind: "concurrent", leaseMs: 30_000 },
        allows: "2 at the same time",
      },
    ],
    [{ ...limit, on_deny: "Slowly." }, { message: "Slowly." }],
  ])("of %j are %j", (entry, expected) => {
    expect(charge(entry)).toMatchObject(expected);
    expect(charge(entry)).not.toHaveProperty("sum");
  });

  it("stand in order: the tool's, then those of all tools", () => {
    const both = {
      ...policy(limit, { ...limit, counter: "b" }),
      all_tools: { limits: [{ ...limit, counter: "a" }] },
    };
    expect(decide(both).charges.map(({ rule }) => rule)).toEqual([
      "/tools/t/limits/c",
      "/tools/t/limits/b",
      "/all_tools/limits/a",
    ]);
    expect(decide({ ...both, default: "allow" }, {}).charges).toHaveLength(3);
  });

  it("of all tools are those of unlisted ones too", () => {
    const { charges } = decide({ default: "allow", all_tools: { limits: [limit] } });
    expect(charges.map(({ rule }) => rule)).toEqual(["/all_tools/limits/c"]);
  });

  it("are none of a denied call", () => {
    expect(
      decide({ tools: { t: { deny_if: [{ conditions: [] }], limits: [limit] } } }).charges,
    ).toEqual([]);
  });
});

describe("sums", () => {
  const sum = { ...limit, increment_from: "args.amount", max: 500.25 };
  it.each([
    [1.005, 1_005_000],
    [0, 0],
    [500.25, 500_250_000],
    [9000, 9_000_000_000],
  ])("of %s charge %s micro-units", (amount, micro) => {
    expect(charge(sum, { amount })).toMatchObject({ amount: micro, max: 500_250_000, sum: true });
  });

  it.each<readonly [Json | undefined, RegExp]>([
    [undefined, /`args\.amount` is missing/],
    [null, /`args\.amount` is missing/],
    [-1, /must not be negative/],
    [-0.000001, /must not be negative/],
    [1e-7, /at most six decimal places/],
    [0.1 + 0.2, /at most six decimal places/],
    [1e300, /must be at most 9007199254/],
    [9.3e18, /must be at most 9007199254/],
    [Number.POSITIVE_INFINITY, /finite/],
    ["5", /must be a number, and is a string/],
    [[5], /must be a number, and is a list/],
    [true, /must be a number, and is a boolean/],
  ])("of %s deny", (amount, message) => {
    const decision = decide(policy(sum), amount === undefined ? {} : { amount });
    expect(decision).toMatchObject({ outcome: "deny", rule: "/tools/t/limits/c", charges: [] });
    expect(decision.message).toMatch(message);
  });
});

describe("conditional limits", () => {
  const when = [{ path: "args.a", op: "gt", value: 5 }];
  it.each<readonly [object, string, number]>([
    [{ a: 6 }, "", 1],
    [{ a: 5 }, "", 0],
    [{}, "", 0],
    [{ a: "6" }, "(type mismatch)", 0],
  ])("count %j: %s", (args, rule, charges) => {
    const decision = decide(policy({ ...limit, when }), args as { [key: string]: Json });
    expect(decision.rule).toBe(rule);
    expect(decision.charges).toHaveLength(charges);
  });

  it("say which value could not be judged", () => {
    expect(decide(policy({ ...limit, when }), { a: "6" }).message).toMatch(
      /`args\.a` must be a number/,
    );
  });

  it("that share a counter charge it once, by the larger amount", () => {
    const shared = { ...limit, increment_from: "args.a" };
    const twice = policy(shared, { ...limit, increment_from: "args.b" });
    expect(decide(twice, { a: 1, b: 3 }).charges.map(({ amount }) => amount)).toEqual([3_000_000]);
    expect(decide(twice, { a: 4, b: 3 }).charges.map(({ amount }) => amount)).toEqual([4_000_000]);
    const counted = policy(
      { ...limit, when },
      { ...limit, when: [{ path: "args.b", op: "gt", value: 5 }] },
    );
    expect(decide(counted, { a: 6, b: 6 }).charges).toHaveLength(1);
  });
});

describe("identity", () => {
  const window = ["minute", "calendar", 1];
  it("is SHA-256 of the canonical list of its parts", () => {
    expect(charge(limit).key).toBe(identity("payments", "c", window, "count", "grant", "g1", []));
    expect(charge({ ...limit, scope: "server" }).key).toBe(
      identity("payments", "c", window, "count", "server", null, []),
    );
    expect(charge({ ...limit, scope: "session" }).key).toBe(
      identity("payments", "c", window, "count", "session", ["g1", "s1"], []),
    );
  });

  it("of key values has them with their types, and a family without", () => {
    const keyed = { ...limit, key: ["args.k"] };
    expect(charge(keyed, { k: 1 })).toMatchObject({
      key: identity("payments", "c", window, "count", "grant", "g1", [1]),
      family: identity("payments", "c", window, "count", "grant", "g1", []),
    });
    const keys = ([1, "1", true, "true", "", 0] as Json[]).map((k) => charge(keyed, { k }).key);
    expect(new Set(keys).size).toBe(keys.length);
    expect(charge(limit)).not.toHaveProperty("family");
  });

  it.each<readonly [Json | undefined]>([[undefined], [null], [{ a: 1 }], [[1]], ["\ud800"]])(
    "of the key value %j there is none, and the call is denied",
    (k) => {
      const decision = decide(policy({ ...limit, key: ["args.k"] }), k === undefined ? {} : { k });
      expect(decision).toMatchObject({ outcome: "deny", rule: "/tools/t/limits/c", charges: [] });
      expect(decision.message).toMatch(/\.$/);
    },
  );

  const variants: readonly (readonly [string, object, Partial<Context>])[] = [
    ["the counter", { ...limit, counter: "d" }, {}],
    ["the window", { ...limit, window: "hour" }, {}],
    ["the algorithm", { ...limit, algorithm: "sliding" }, {}],
    ["the multiple", { ...limit, algorithm: "sliding", every: 2 }, {}],
    ["sum or count", { ...limit, increment_from: "args.a" }, {}],
    ["slots", { counter: "c", concurrent: true, max: 10, scope: "grant" }, {}],
    ["the scope", { ...limit, scope: "server" }, {}],
    ["the session scope", { ...limit, scope: "session" }, {}],
    ["a shadow", { ...limit, shadow: true }, {}],
    ["the server", limit, { server: "other" }],
    ["the grant", limit, { grant: { ...CONTEXT.grant, id: "g2" } }],
  ];
  it("differs by everything that sets counters apart", () => {
    const keys = variants.map(([, entry, context]) => {
      const { charges, shadowCharges } = decide(policy(entry), { a: 1 }, context);
      return (charges[0] ?? shadowCharges[0])?.key;
    });
    expect(new Set([charge(limit).key, ...keys]).size).toBe(variants.length + 1);
  });

  it("does not differ by the rest", () => {
    const { key } = charge(limit);
    expect(charge({ ...limit, max: 5, on_deny: "x" }, { a: 1 }).key).toBe(key);
    const renamed = { ...CONTEXT.grant, name: "x", labels: {} };
    expect(charge(limit, {}, { grant: renamed, session: "s2", now: 0 }).key).toBe(key);
    const all = decide({ all_tools: { limits: [limit] }, tools: { t: {} } });
    expect(all.charges[0]?.key).toBe(key);
  });

  it("of a session that is absent counts as the grant, and is no other grant's", () => {
    const { session: _, ...context } = CONTEXT;
    const engine = compileEngine(policyOf(policy({ ...limit, scope: "session" })));
    const keyOf = (given: Context): string | undefined =>
      engine.decide({ tool: "t", args: {} }, given).charges[0]?.key;
    const other = { ...context, grant: { ...context.grant, id: "g2" } };
    const keys = [keyOf(context), keyOf(CONTEXT), keyOf(other), keyOf({ ...other, session: "s1" })];
    expect(new Set(keys).size).toBe(4);
  });

  it("is remembered without mixing grants up", () => {
    const engine = compileEngine(policyOf(policy(limit)));
    fc.assert(
      fc.property(fc.string(), fc.string(), (server, id) => {
        const context = { ...CONTEXT, server, grant: { ...CONTEXT.grant, id } };
        const { charges } = engine.decide({ tool: "t", args: {} }, context);
        expect(charges[0]?.key).toBe(identity(server, "c", window, "count", "grant", id, []));
      }),
    );
  });
});

describe("name spaces", () => {
  it("keep the counters and rules of a guard, and of a policy in shadow, apart", () => {
    const given = policyOf(policy(limit));
    const decisions = [{}, { guard: true }, { shadow: true }, { guard: true, shadow: true }].map(
      (options) => compileEngine(given, options).decide({ tool: "t", args: {} }, CONTEXT),
    );
    expect(new Set(decisions.map(({ charges }) => charges[0]?.key)).size).toBe(4);
    expect(decisions.map(({ charges }) => charges[0]?.rule)).toEqual([
      "/tools/t/limits/c",
      "(guard) /tools/t/limits/c",
      "/tools/t/limits/c",
      "(guard) /tools/t/limits/c",
    ]);
  });
});

describe("denials", () => {
  const full = { ok: false, index: 0, reason: "full", used: 10 } as const;
  const sum = { ...limit, increment_from: "args.amount", max: 500, window: "day" };
  it("say what the limit is and when to retry", () => {
    const denials = {
      full: denyLimit(charge(limit), { ...full, retryAfterMs: 41_200.5 }),
      "with a message": denyLimit(charge({ ...limit, on_deny: "Slowly, please." }), {
        ...full,
        retryAfterMs: 1,
      }),
      sum: denyLimit(charge(sum, { amount: 5 }), { ...full, retryAfterMs: 7_200_000 }),
      "beyond any window": denyLimit(charge(sum, { amount: 501 }), { ...full, retryAfterMs: 5 }),
      slots: denyLimit(charge({ counter: "c", concurrent: true, max: 2, scope: "grant" }), full),
      keyed: denyLimit(charge({ ...limit, key: ["args.k", "args.l"] }, { k: 1, l: 2 }), full),
      "too many keys": denyLimit(charge({ ...limit, key: ["args.k"] }, { k: 1 }), {
        ...full,
        reason: "keys",
      }),
      "no state": denyLimit(charge(limit), "state unavailable"),
    };
    expect(denials).toMatchSnapshot();
  });

  it.each([
    [0, "1 s"],
    [1, "1 s"],
    [42_000, "42 s"],
    [42_001, "43 s"],
    [119_000, "119 s"],
    [121_000, "3 min"],
    [7_200_000, "2 h"],
    [172_800_000, "2 days"],
    [2_592_000_000, "30 days"],
  ])("%s ms is %s", (ms, text) => {
    expect(describeSpan(ms)).toBe(text);
  });
});
