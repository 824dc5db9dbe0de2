import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { verdictOf } from "../../../compiler/check/typing/ranges.ts";
import { accepts, typeOf } from "../../../compiler/index.ts";
import type { ComparisonOperator } from "../../../language/index.ts";
import type { Json } from "../../../policy/index.ts";

/** What the runtime makes of a comparison with a present value; `undefined` where it is an error. */
function holds(value: Json, operator: ComparisonOperator, right: Json): boolean | undefined {
  const same = (a: Json, b: Json) => JSON.stringify(a) === JSON.stringify(b);
  const texts =
    typeof value === "string" && typeof right === "string" ? ([value, right] as const) : undefined;
  const numbers =
    typeof value === "number" && typeof right === "number" ? ([value, right] as const) : undefined;
  switch (operator) {
    case "==":
      return same(value, right);
    case "!=":
      return !same(value, right);
    case "in":
      return Array.isArray(right) ? right.some((item: Json) => same(value, item)) : undefined;
    case "not in":
      return Array.isArray(right) ? !right.some((item: Json) => same(value, item)) : undefined;
    case "<":
      return numbers && numbers[0] < numbers[1];
    case "<=":
      return numbers && numbers[0] <= numbers[1];
    case ">":
      return numbers && numbers[0] > numbers[1];
    case ">=":
      return numbers && numbers[0] >= numbers[1];
    case "starts with":
      return texts?.[0].startsWith(texts[1]);
    case "ends with":
      return texts?.[0].endsWith(texts[1]);
    case "contains":
      return texts?.[0].includes(texts[1]);
    default:
      return undefined;
  }
}

const bound = fc.constantFrom(-1, 0, 0.5, 1, 2);
const scalar = fc.constantFrom<Json>(
  -2,
  -1,
  -0.5,
  0,
  0.5,
  1,
  1.5,
  2,
  3,
  "",
  "a",
  "b",
  "ab",
  "abc",
  true,
  false,
);
const optional = (fields: Record<string, fc.Arbitrary<unknown>>) =>
  fc.record(fields, { requiredKeys: [] });
const schema = fc.oneof(
  optional({ minimum: bound, maximum: bound }).map((rest) => ({ type: "number", ...rest })),
  optional({ exclusiveMinimum: bound, exclusiveMaximum: bound, minimum: bound }).map((rest) => ({
    type: "integer",
    ...rest,
  })),
  optional({ minLength: fc.nat(2), maxLength: fc.nat(2) }).map((rest) => ({
    type: "string",
    ...rest,
  })),
  fc.constant({ type: "boolean" }),
  fc.array(scalar, { minLength: 1, maxLength: 3 }).map((values) => ({ enum: values })),
) as fc.Arbitrary<Json>;
const anySchema = fc.oneof(
  schema,
  fc.array(schema, { minLength: 2, maxLength: 2 }).map((parts): Json => ({ anyOf: parts })),
);
const single = fc.constantFrom<ComparisonOperator>(
  "==",
  "!=",
  "<",
  "<=",
  ">",
  ">=",
  "starts with",
  "ends with",
  "contains",
);
const several = fc.constantFrom<ComparisonOperator>("in", "not in");
const comparison = fc.oneof(
  fc.tuple(single, scalar),
  fc.tuple(several, fc.array(scalar, { minLength: 1, maxLength: 3 }) as fc.Arbitrary<Json>),
);

const samples: readonly Json[] = [
  -3,
  -2,
  -1.5,
  -1,
  -0.5,
  0,
  0.25,
  0.5,
  0.75,
  1,
  1.5,
  2,
  2.5,
  3,
  9,
  "",
  "a",
  "b",
  "ab",
  "ba",
  "abc",
  "xyz",
  true,
  false,
];

describe("verdictOf", () => {
  it("says always or never only of what holds for every value, or for none", () => {
    let decided = 0;
    fc.assert(
      fc.property(anySchema, comparison, (from, [operator, right]) => {
        const type = typeOf(from);
        const verdict = verdictOf(type, operator, { value: right }, false);
        if (verdict === undefined) return;
        decided++;
        for (const value of samples) {
          if (!accepts(type, value)) continue;
          const result = holds(value, operator, right) ?? false;
          expect(result, JSON.stringify({ from, operator, right, value })).toBe(
            verdict.holds === "always",
          );
        }
      }),
      { numRuns: 3_000 },
    );
    expect(decided).toBeGreaterThan(100);
  });
});
