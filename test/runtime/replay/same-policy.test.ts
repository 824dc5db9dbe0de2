import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EXTENSIONS, type LimitEntry, type Policy, type RuleEntry } from "../../../policy/index.ts";
import {
  compileEngine,
  openStore,
  type PastRequest,
  Replay,
  Rulebook,
} from "../../../runtime/index.ts";
import { Governed, NOW } from "../proxy/governed.ts";
import { MemoryTrail } from "./trail.ts";

// Calls go through a session that keeps an audit trail; then the trail is judged again under the same policy.

const limits = fc
  .array(
    fc.record({
      window: fc.constantFrom("second" as const, "minute" as const, "hour" as const),
      sliding: fc.boolean(),
      max: fc.integer({ min: 0, max: 5 }),
      sum: fc.boolean(),
      keyed: fc.boolean(),
      shadow: fc.boolean(),
      when: fc.boolean(),
    }),
    { maxLength: 3 },
  )
  .map((list): LimitEntry[] =>
    list.map(({ window, sliding, max, sum, keyed, shadow, when }, index) => ({
      counter: `limit_${index}`,
      window,
      ...(sliding && { algorithm: "sliding" as const }),
      ...(sum && { increment_from: "args.amount" }),
      max: sum ? max * 4 : max,
      scope: "grant",
      ...(keyed && { key: ["args.to"] }),
      ...(when && { when: [{ path: "args.amount", op: "gt", value: 2 }] }),
      ...(shadow && { shadow: true as const }),
    })),
  );

const entries = (list: "require" | "deny_if" | "ask_if") =>
  fc
    .array(
      fc.record({
        condition: fc.constantFrom<RuleEntry["conditions"]>(
          [{ path: "args.amount", op: list === "require" ? "lte" : "gt", value: 4 }],
          [{ path: "args.to", op: list === "require" ? "neq" : "eq", value: "b" }],
          [
            {
              any: [
                { path: "args.deep.x", op: "eq", value: 1 },
                { path: "args.deep", op: "exists", value: false },
              ],
            },
          ],
          [
            {
              some: "args.list",
              as: "one",
              where: { path: "one", op: list === "require" ? "neq" : "eq", value: 2 },
            },
          ],
        ),
        shadow: fc.boolean(),
      }),
      { maxLength: 2 },
    )
    .map((all) =>
      all.map(({ condition, shadow }) => ({
        conditions: condition,
        ...(shadow && { shadow: true as const }),
      })),
    );

const tool = fc.record({
  require: entries("require"),
  deny_if: entries("deny_if"),
  ask_if: entries("ask_if"),
  limits,
});

const policies = fc.record({ a: tool, b: tool, all: limits, allow: fc.boolean() }).map(
  ({ a, b, all, allow }): Policy => ({
    version: "1",
    extensions: EXTENSIONS.filter(
      (name) => !["unlisted", "validate", "resources", "prompts", "pins"].includes(name),
    ),
    default: allow ? "allow" : "deny",
    hide: ["hidden"],
    all_tools: { limits: all.map((one) => ({ ...one, counter: `all_${one.counter}` })) },
    tools: { a, b },
  }),
);

const calls = fc.array(
  fc.record({
    tool: fc.constantFrom("a", "a", "b", "other", "hidden"),
    args: fc.record(
      {
        amount: fc.oneof(fc.integer({ min: 0, max: 7 }), fc.constant("many"), fc.constant(null)),
        to: fc.constantFrom("a", "b", "c"),
        deep: fc.oneof(
          fc.record({ x: fc.integer({ min: 0, max: 1 }), y: fc.constant(1) }, { requiredKeys: [] }),
          fc.constant(3),
        ),
        list: fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 2 }),
        other: fc.string(),
      },
      { requiredKeys: [] },
    ),
    /** Milliseconds since the one before. */
    after: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 40_000 })),
    approve: fc.boolean(),
  }),
  { maxLength: 25 },
);

type Calls = typeof calls extends fc.Arbitrary<infer T> ? T : never;

/** The trail of these calls under this policy. */
async function recorded(
  policy: Policy,
  made: Calls,
  mode: "judged" | "full",
  shadow: boolean,
): Promise<readonly PastRequest[]> {
  const [past] = await recordedAs([mode], policy, made, shadow);
  return past ?? [];
}

/** One trail in each of these modes. */
async function recordedAs(
  modes: readonly ("judged" | "full")[],
  policy: Policy,
  made: Calls,
  shadow: boolean,
): Promise<readonly (readonly PastRequest[])[]> {
  let now = NOW;
  const trails = modes.map((mode) => new MemoryTrail(mode, () => now));
  const governed = await Governed.under(policy, {
    store: await openStore("memory", { clock: () => now }),
    now: () => now,
    holdMs: 0,
    shadow,
    keep: (record) => {
      for (const trail of trails) trail.keep(record);
    },
  });
  const { session, governance, asked } = governed;
  session.catalogue.observe(
    ["a", "b", "other", "hidden"].map((name) => ({ name })),
    session.catalogue.changes,
  );
  let id = 0;
  for (const { tool, args, after, approve } of made) {
    now += after;
    const params = { name: tool, arguments: args };
    for (let round = 0; round < 2; round++) {
      governed.client({ jsonrpc: "2.0", id: ++id, method: "tools/call", params });
      await session.settled();
      governed.server({ jsonrpc: "2.0", id, result: { content: [] } });
      const question = asked.pop();
      if (question === undefined || !approve) break;
      await governance.store.approvals.decide(question.id, { approve, by: "eve", at: now });
    }
    asked.length = 0;
  }
  return trails.map((trail) => {
    trail.end();
    expect(trail.notes).toEqual([]);
    return trail.past().filter((past) => past.kind === "call");
  });
}

function replayOf(policy: Policy): Replay {
  const rulebook = new Rulebook(policy, compileEngine(policy));
  return new Replay({ rulebook, policies: [policy], server: "shop" });
}

const modes = fc.constantFrom("judged" as const, "full" as const);

describe("a trail that is judged again under its own policy", () => {
  it("is decided as it was, call by call, limits and approvals included", async () => {
    const seen = new Set<string>();
    await fc.assert(
      fc.asyncProperty(policies, calls, modes, async (policy, made, mode) => {
        const replay = replayOf(policy);
        for (const past of await recorded(policy, made, mode, false)) {
          const { outcome, rule } = past.done;
          seen.add(rule.includes("/limits/") ? "limit" : outcome);
          const replayed = await replay.judge(past);
          if (replayed.kind !== "judged") throw new Error(JSON.stringify([past, replayed]));
          expect(replayed.decision.outcome).toBe(outcome);
          if (outcome !== "ask") expect(replayed.decision.rule).toBe(rule);
        }
      }),
      { numRuns: 150 },
    );
    expect([...seen].sort()).toEqual(["allow", "ask", "deny", "hide", "limit"]);
  });

  it("is decided as what only looked on would have, where all was done", async () => {
    await fc.assert(
      fc.asyncProperty(policies, calls, modes, async (policy, made, mode) => {
        const replay = replayOf(policy);
        for (const past of await recorded(policy, made, mode, true)) {
          const replayed = await replay.judge(past);
          // A name that is unknown to the server is none under any policy.
          if (replayed.kind !== "judged") throw new Error(JSON.stringify([past, replayed]));
          expect(past.done.outcome).toBe("allow");
          const enforced = past.shadow ?? past.done;
          const isShadowRule = past.shadow !== undefined && replayed.decision.outcome === "allow";
          if (isShadowRule) expect(JSON.stringify(policy)).toContain('"shadow":true');
          else expect(replayed.decision.outcome).toBe(enforced.outcome);
        }
      }),
      { numRuns: 100 },
    );
  });
});

describe("a trail with what one policy read, judged by another", () => {
  it("is refused, or decided as one with all arguments", async () => {
    let [decided, refused] = [0, 0];
    await fc.assert(
      fc.asyncProperty(policies, policies, calls, async (first, second, made) => {
        const [judged = [], full = []] = await recordedAs(["judged", "full"], first, made, false);
        const [some, all] = [replayOf(second), replayOf(second)];
        for (const [index, past] of judged.entries()) {
          const known = await some.judge(past);
          const whole = await all.judge(full[index] as PastRequest);
          if (known.kind === "incomplete") {
            refused++;
            // What comes after depends on what it would have been charged.
            return;
          }
          decided++;
          expect(known).toEqual(whole);
        }
      }),
      { numRuns: 200 },
    );
    expect(decided).toBeGreaterThan(50);
    expect(refused).toBeGreaterThan(10);
  });
});
