import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ConditionEntry, Json, Policy } from "../../../policy/index.ts";
import { compileEngine, observeCondition, observeConditions } from "../../../runtime/index.ts";

const context = { grant: { id: "local", name: "local", labels: {} }, server: "shop", now: 0 };
const call = (args: Record<string, Json>) => ({ tool: "pay", args });

describe("what is observed of a condition", () => {
  const above: ConditionEntry = { path: "args.amount", op: "gt", value: 5 };

  it.each([
    [{ amount: 6 }, { true: 1, false: 0, error: 0 }],
    [{ amount: 5 }, { true: 0, false: 1, error: 0 }],
    [{}, { true: 0, false: 1, error: 0 }],
    [{ amount: "6" }, { true: 0, false: 0, error: 1 }],
  ])("with %j is %j", (args, seen) => {
    expect(observeCondition(above)(call(args), context)).toEqual(seen);
  });

  it("is that of each element of the lists around it", () => {
    const inner: ConditionEntry = { path: "item.count", op: "gt", value: 5 };
    const within = [
      { list: "args.orders", as: "order" },
      { list: "order.items", as: "item" },
    ];
    const observe = observeCondition(inner, within);
    const orders = [
      { items: [{ count: 1 }, { count: 9 }] },
      { items: [{ count: 7 }, { count: "7" }, {}] },
      { items: null },
      {},
    ];
    expect(observe(call({ orders }), context)).toEqual({ true: 2, false: 2, error: 1 });
    expect(observe(call({}), context)).toEqual({ true: 0, false: 0, error: 0 });
    expect(observe(call({ orders: "none" }), context)).toEqual({ true: 0, false: 0, error: 0 });
  });

  it("ends where the engine gives up", () => {
    const observe = observeCondition({ path: "item", op: "gt", value: 5 }, [
      { list: "args.items", as: "item" },
    ]);
    const { error, ...seen } = observe(
      call({ items: Array.from({ length: 100_050 }, () => 1) }),
      context,
    );
    expect(seen.false).toBe(100_000);
    expect(error).toBe(0);
  });

  it("agrees with the decisions of the engine", () => {
    const leaf = fc.record({
      path: fc.constantFrom("args.a", "args.b"),
      op: fc.constantFrom("gt" as const, "eq" as const, "neq" as const),
      value: fc.integer({ min: 0, max: 2 }),
    });
    const { entry } = fc.letrec<{ entry: ConditionEntry }>((tie) => ({
      entry: fc.oneof(
        { maxDepth: 3 },
        leaf,
        fc.array(tie("entry"), { minLength: 1, maxLength: 3 }).map((any) => ({ any })),
        fc.array(tie("entry"), { minLength: 1, maxLength: 3 }).map((all) => ({ all })),
      ),
    }));
    const value = fc.constantFrom(0, 1, 2, "x", null);
    const args = fc.record({ a: value, b: value }, { requiredKeys: [] });
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 3 }), args, (conditions, given) => {
        const policy: Policy = {
          version: "1",
          extensions: ["conditions.logic"],
          default: "deny",
          tools: { pay: { deny_if: [{ conditions }] } },
        };
        const { outcome, rule } = compileEngine(policy).decide(call(given), context);
        const decided =
          outcome === "allow" ? "false" : rule === "(type mismatch)" ? "error" : "true";
        const seen = observeConditions(conditions)(call(given), context);
        expect(seen).toEqual({ true: 0, false: 0, error: 0, [decided]: 1 });
      }),
      { numRuns: 500 },
    );
  });
});
