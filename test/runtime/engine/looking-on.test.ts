import { describe, expect, it } from "vitest";
import type { Policy } from "../../../policy/index.ts";
import { both, compileEngine, lookingOn } from "../../../runtime/index.ts";

const POLICY: Policy = {
  version: "1",
  default: "deny",
  hide: ["secret"],
  tools: {
    pay: {
      deny_if: [{ conditions: [{ path: "args.amount", op: "gt", value: 100 }] }],
      ask_if: [{ conditions: [{ path: "args.amount", op: "gt", value: 50 }] }],
      limits: [{ counter: "pay_rate", window: "minute", max: 1, scope: "grant" }],
    },
  },
  extensions: ["ask_if"],
};
const GUARD: Policy = {
  version: "1",
  default: "allow",
  tools: { pay: { deny_if: [{ conditions: [{ path: "args.amount", op: "gt", value: 1000 }] }] } },
};
const CONTEXT = { grant: { id: "g", name: "g", labels: {} }, server: "s", now: 0 };
const only = lookingOn(compileEngine(POLICY, { shadow: true }));
const decide = (amount: number, tool = "pay") => only.decide({ tool, args: { amount } }, CONTEXT);

describe("a policy that only looks on", () => {
  it("forbids nothing, and finds what it would have decided", () => {
    expect(decide(500)).toMatchObject({
      outcome: "allow",
      charges: [],
      shadowCharges: [],
      shadow: [{ outcome: "deny", rule: "/tools/pay/deny_if/0" }],
    });
    expect(decide(60).shadow).toMatchObject([{ outcome: "ask" }]);
    expect(decide(1, "other").shadow).toMatchObject([{ outcome: "deny", rule: "(default deny)" }]);
    expect(decide(1, "secret").shadow).toMatchObject([{ outcome: "deny", rule: "(hidden)" }]);
    expect(only.visible("secret")).toBe(true);
  });

  it("counts apart what it would have counted", () => {
    const { charges, shadow, shadowCharges } = decide(1);
    expect({ charges, shadow }).toEqual({ charges: [], shadow: [] });
    expect(shadowCharges).toHaveLength(1);
    const enforced = compileEngine(POLICY).decide({ tool: "pay", args: { amount: 1 } }, CONTEXT);
    expect(shadowCharges[0]?.key).not.toBe(enforced.charges[0]?.key);
  });

  it("leaves a guard above it in force", () => {
    const engine = both(compileEngine(GUARD, { guard: true }), only);
    const under = (amount: number) => engine.decide({ tool: "pay", args: { amount } }, CONTEXT);
    expect(under(2000).outcome).toBe("deny");
    expect(under(500)).toMatchObject({ outcome: "allow", shadow: [{ outcome: "deny" }] });
  });
});
