import { describe, expect, it } from "vitest";
import { alternatives, didYouMean, suggest } from "../../language/index.ts";

describe("suggest", () => {
  it.each([
    ["alow", ["allow", "deny", "ask"], ["allow"]],
    ["create_refnd", ["create_refund", "create_charge", "list"], ["create_refund"]],
    ["ALLOW", ["allow", "hallow"], ["allow", "hallow"]],
    ["lsit", ["list", "last"], ["list"]],
    ["xyz", ["allow", "deny"], []],
    ["a", ["b", "abc"], ["b"]],
    ["allow", ["allow"], []],
    [
      "tool_0",
      ["tool_1", "tool_2", "tool_3", "tool_4", "tool_5", "tool_6"],
      ["tool_1", "tool_2", "tool_3", "tool_4", "tool_5"],
    ],
  ])("%s among %j gives %j", (written, candidates, expected) => {
    expect(suggest(written, candidates)).toEqual(expected);
  });
});

describe("didYouMean", () => {
  it("builds one sentence", () => {
    expect(didYouMean([])).toBeUndefined();
    expect(didYouMean(["a"])).toBe("Did you mean `a`?");
    expect(didYouMean(["a", "b"])).toBe("Did you mean `a` or `b`?");
    expect(alternatives(["a", "b", "c"])).toBe("`a`, `b` or `c`");
  });
});
