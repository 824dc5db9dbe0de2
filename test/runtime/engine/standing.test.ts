import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { LimitEntry, Policy } from "../../../policy/index.ts";
import { both, compileEngine, lookingOn } from "../../../runtime/index.ts";
import { CONTEXT } from "./helpers.ts";

// What limits are whatever is called: what the admin page asks for.

const policyWith = (limits: readonly LimitEntry[], all: readonly LimitEntry[] = []): Policy => ({
  version: "1",
  default: "allow",
  tools: { t: { limits } },
  ...(all.length === 0 ? {} : { all_tools: { limits: all } }),
});

const limit: LimitEntry = { counter: "c", window: "hour", max: 5, scope: "grant" };

describe("the limits of an engine", () => {
  it("name the very counter that a call charges, where nothing of the call says which it is", () => {
    const entry = fc.record({
      counter: fc.constantFrom("c", "d", "other"),
      window: fc.constantFrom("minute", "hour", "day"),
      max: fc.integer({ min: 1, max: 1_000 }),
      scope: fc.constantFrom("grant", "server", "session"),
      shadow: fc.boolean(),
      algorithm: fc.constantFrom("calendar", "sliding"),
      increment_from: fc.constantFrom(undefined, "args.n"),
      key: fc.constantFrom(undefined, ["args.k"]),
    });
    fc.assert(
      fc.property(entry, fc.boolean(), fc.boolean(), (drawn, guard, shadow) => {
        const given = JSON.parse(JSON.stringify(drawn)) as LimitEntry;
        const engine = compileEngine(policyWith([given]), { guard, shadow });
        const call = { tool: "t", args: { n: 1, k: "v" } };
        const decision = engine.decide(call, { ...CONTEXT, session: "s" });
        const [charge] = [...decision.charges, ...decision.shadowCharges];
        const [standing] = engine.limits(CONTEXT);
        expect(standing).toMatchObject({
          tool: "t",
          counter: given.counter,
          scope: given.scope,
          rule: charge?.rule,
          allows: charge?.allows,
          shadow: shadow || given.shadow === true,
        });
        const depends = given.scope === "session" || given.key !== undefined;
        expect(standing?.charge === undefined).toBe(depends);
        if (depends) {
          expect(charge?.values).toEqual(given.key === undefined ? undefined : ["v"]);
          return;
        }
        const { key, max, window, sum } = charge ?? {};
        expect(standing?.charge).toMatchObject({ key, max, window, amount: max });
        expect(standing?.charge?.sum).toBe(sum);
      }),
    );
  });

  it("are those of each tool, then those of all; of the guard before the grant's", () => {
    const own = compileEngine(policyWith([limit], [{ ...limit, counter: "all" }]));
    const guard = compileEngine(policyWith([], [{ ...limit, counter: "above" }]), { guard: true });
    const shown = (engine: typeof own) =>
      engine.limits(CONTEXT).map(({ tool, counter, rule }) => [tool, counter, rule]);
    expect(shown(both(guard, own))).toEqual([
      [undefined, "above", "(guard) /all_tools/limits/above"],
      ["t", "c", "/tools/t/limits/c"],
      [undefined, "all", "/all_tools/limits/all"],
    ]);
    expect(shown(lookingOn(own))).toEqual(shown(own));
    expect(compileEngine(undefined).limits(CONTEXT)).toEqual([]);
  });
});
