import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { outline } from "../../../runtime/proxy/outline.ts";

describe("the outline of a message", () => {
  it("has the keys of the message and of its result, whatever is inside them", () => {
    const inner = fc.dictionary(fc.string(), fc.jsonValue());
    fc.assert(
      fc.property(inner, inner, fc.constantFrom(0, 2), (message, result, indent) => {
        const text = JSON.stringify({ ...message, result }, undefined, indent);
        const parsed = JSON.parse(text) as Record<string, Record<string, unknown>>;
        expect(outline(text)).toEqual({
          message: Object.keys(parsed),
          result: Object.keys(parsed.result ?? {}),
        });
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    ['{"result":{"a":1,"a":2},"x":{"result":{"b":1}}}', ["result", "x"], ["a", "a"]],
    ['{"result":{"a":1},"result":{"b":2}}', ["result", "result"], ["a", "b"]],
    ['{"res\\u0075lt":{"\\u0061":1}}', ["result"], ["a"]],
    ['{"result":[{"a":1}]}', ["result"], []],
    ['{"x":"\\"result\\":{\\\\","result":{"a":"}"}}', ["x", "result"], ["a"]],
    ["{}", [], []],
  ])("shows what a parsed value does not: %s", (text, message, result) => {
    expect(outline(text)).toEqual({ message, result });
  });
});
