import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { announcement } from "../../../cli/reload/announce.ts";
import { describeRemoved, removed } from "../../../cli/reload/removed.ts";
import type { Policy } from "../../../policy/index.ts";

const entry = (value: number) => ({
  conditions: [{ path: "args.amount", op: "gt" as const, value }],
});
const limit = (counter: string) => ({
  counter,
  window: "minute" as const,
  max: 1,
  scope: "grant" as const,
});
const FULL: Policy = {
  version: "1",
  default: "deny",
  hide: ["secret"],
  deny_tools: { "drop_*": {} },
  all_tools: { limits: [limit("all_rate")] },
  tools: {
    pay: {
      require: [entry(1)],
      deny_if: [entry(2), entry(3)],
      ask_if: [entry(4)],
      limits: [limit("pay_rate")],
    },
  },
  extensions: ["ask_if", "patterns"],
};

describe("what a policy has less than before", () => {
  it("is nothing of itself, nor when something is added", () => {
    expect(describeRemoved(removed(FULL, FULL))).toBeUndefined();
    const more: Policy = { ...FULL, hide: ["secret", "more"] };
    expect(describeRemoved(removed(FULL, more))).toBeUndefined();
  });

  it("is everything when nothing is left", () => {
    expect(describeRemoved(removed(FULL, { version: "1", default: "allow" }))).toBe(
      "5 denies, 1 hide, 2 limits and 1 ask",
    );
  });

  it("is counted by content, not by place", () => {
    const { tools } = FULL;
    const moved: Policy = {
      ...FULL,
      tools: { pay: { ...tools?.pay, deny_if: [entry(3), entry(2)] } },
    };
    expect(describeRemoved(removed(FULL, moved))).toBeUndefined();
    const other: Policy = { ...FULL, tools: { pay: { ...tools?.pay, deny_if: [entry(3)] } } };
    expect(describeRemoved(removed(FULL, other))).toBe("1 deny");
  });

  it("is as much as was taken away", () => {
    const keys = ["require", "deny_if", "ask_if", "limits"] as const;
    fc.assert(
      fc.property(fc.subarray([...keys]), (left) => {
        const pay = Object.fromEntries(left.map((key) => [key, FULL.tools?.pay?.[key]]));
        const counts = removed(FULL, { ...FULL, tools: { pay } } as Policy);
        expect(counts).toEqual({
          denies: (left.includes("require") ? 0 : 1) + (left.includes("deny_if") ? 0 : 2),
          hides: 0,
          limits: left.includes("limits") ? 0 : 1,
          asks: left.includes("ask_if") ? 0 : 1,
        });
      }),
    );
  });
});

describe("the announcement of a reload", () => {
  it("counts the same change of many grants once", () => {
    const less: Policy = { ...FULL, hide: [] };
    const before = new Map([
      ["a", FULL],
      ["b", FULL],
    ]);
    const after = new Map([
      ["a", less],
      ["b", less],
    ]);
    expect(announcement("mcpp.yaml", before, after)).toBe(
      "`mcpp.yaml` was loaded anew; it has 1 hide less than before.",
    );
    expect(announcement("mcpp.yaml", before, before)).toBe("`mcpp.yaml` was loaded anew.");
  });
});
