import type { Formula } from "../../../compiler/analysis/formula.ts";
import { satisfied as satisfiedBy } from "../../../compiler/analysis/satisfied.ts";
import type { Comparison, Condition, Literal, Operand, Path } from "../../../language/index.ts";
import type { Json } from "../../../policy/index.ts";

/**
 * The meaning of conditions, written for clarity and independent of the compiler: the oracle of the tests.
 * (policy format § Evaluation of one condition)
 */
export type Outcome = "false" | "error" | "true";

const RANK = { false: 0, error: 1, true: 2 } as const;
const least = (a: Outcome, b: Outcome): Outcome => (RANK[a] <= RANK[b] ? a : b);
const greatest = (a: Outcome, b: Outcome): Outcome => (RANK[a] >= RANK[b] ? a : b);

export function evaluate(condition: Condition, values: Json, negated = false): Outcome {
  switch (condition.kind) {
    case "not":
      return evaluate(condition.operand, values, !negated);
    case "and":
    case "or": {
      const outcomes = condition.operands.map((operand) => evaluate(operand, values, negated));
      return outcomes.reduce((condition.kind === "and") !== negated ? least : greatest);
    }
    case "has":
      return (walk(condition.path, values) !== null) !== negated ? "true" : "false";
    case "comparison":
      return compare(condition, values, negated);
    default:
      throw new Error(`no oracle for ${condition.kind}`);
  }
}

function compare(node: Comparison, values: Json, negated: boolean): Outcome {
  const left = read(node.left, values);
  const right = read(node.right as Operand, values);
  if (node.right.kind === "null") {
    return (left === null) === ((node.operator === "==") !== negated) ? "true" : "false";
  }
  if (left === "not measurable") return "error";
  if (left === null || right === null) return "false";
  const result = decide(node.operator, left, right);
  if (result === undefined) return "error";
  return result !== negated ? "true" : "false";
}

function read(operand: Operand, values: Json): Json | "not measurable" {
  switch (operand.kind) {
    case "path-operand": {
      const value = walk(operand.path, values);
      return value === null && operand.else !== undefined ? json(operand.else) : value;
    }
    case "length": {
      const value = walk(operand.path, values);
      if (value === null) return null;
      if (typeof value === "string") return [...value].length;
      return Array.isArray(value) ? value.length : "not measurable";
    }
    case "host":
    case "reference":
      throw new Error(`no oracle for ${operand.kind}`);
    default:
      return json(operand);
  }
}

export function json(node: Literal): Json {
  if (node.kind === "list") return node.items.map(json);
  return node.kind === "null" ? null : node.value;
}

function kind(value: Json): string {
  return Array.isArray(value) ? "list" : typeof value;
}

/** Undefined for an error. */
function decide(operator: string, left: Json, right: Json): boolean | undefined {
  const equal = (a: Json, b: Json): boolean => JSON.stringify(a) === JSON.stringify(b);
  const strings = typeof left === "string" && typeof right === "string";
  const numbers = typeof left === "number" && typeof right === "number";
  switch (operator) {
    case "==":
    case "!=":
      if (kind(left) !== kind(right)) return undefined;
      return equal(left, right) === (operator === "==");
    case "in":
    case "not in": {
      const list = right as readonly Json[];
      if (!list.some((item) => kind(item) === kind(left))) return undefined;
      return list.some((item) => equal(item, left)) === (operator === "in");
    }
    case "<":
      return numbers ? left < right : undefined;
    case "<=":
      return numbers ? left <= right : undefined;
    case ">":
      return numbers ? left > right : undefined;
    case ">=":
      return numbers ? left >= right : undefined;
    case "contains":
      if (Array.isArray(left)) return left.some((item) => equal(item, right));
      return strings ? left.includes(right) : undefined;
    case "starts with":
      return strings ? left.startsWith(right) : undefined;
    case "ends with":
      return strings ? left.endsWith(right) : undefined;
    default:
      throw new Error(`no oracle for ${operator}`);
  }
}

function walk(path: Path, values: Json): Json {
  return at([path.root.value, ...path.steps.map((step) => step.value)], values);
}

function at(keys: readonly (string | number)[], values: Json): Json {
  let value: Json = values;
  for (const key of keys.slice(1)) {
    if (typeof key === "number") {
      value = Array.isArray(value) ? (value[key] ?? null) : null;
    } else {
      const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
      value =
        isObject && Object.hasOwn(value as object, key)
          ? (value as { readonly [key: string]: Json })[key]!
          : null;
    }
  }
  return value;
}

/** Whether a formula is true of arguments; it speaks of nothing that is not taken apart. */
export function satisfied(formula: Formula, args: Json): boolean {
  const result = satisfiedBy(formula, { args });
  if (result === undefined) throw new Error("no oracle for facts");
  return result;
}
