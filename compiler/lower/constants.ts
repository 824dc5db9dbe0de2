import type { ComparisonOperator } from "../../language/index.ts";
import type { Json } from "../../policy/index.ts";
import { jsonEqual } from "../tools/algebra.ts";

/** The value of a comparison of two constants; undefined where it has none. */
export function compareConstants(
  left: Json,
  operator: ComparisonOperator,
  right: Json,
): boolean | undefined {
  switch (operator) {
    case "==":
      return jsonEqual(left, right);
    case "!=":
      return !jsonEqual(left, right);
    case "in":
    case "not in": {
      if (!Array.isArray(right)) return undefined;
      const found = right.some((item) => jsonEqual(left, item));
      return found === (operator === "in");
    }
    case "contains":
      if (Array.isArray(left)) return left.some((item) => jsonEqual(item, right));
      return both(left, right) ? (left as string).includes(right as string) : undefined;
    case "starts with":
      return both(left, right) ? (left as string).startsWith(right as string) : undefined;
    case "ends with":
      return both(left, right) ? (left as string).endsWith(right as string) : undefined;
  }
  if (typeof left !== "number" || typeof right !== "number") return undefined;
  switch (operator) {
    case "<":
      return left < right;
    case "<=":
      return left <= right;
    case ">":
      return left > right;
    case ">=":
      return left >= right;
  }
  return undefined;
}

const both = (left: Json, right: Json): boolean =>
  typeof left === "string" && typeof right === "string";
