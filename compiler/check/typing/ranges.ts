import type { ComparisonOperator, RegexNode } from "../../../language/index.ts";
import { compileRegex, type Json } from "../../../policy/index.ts";
import { codePoints, jsonEqual, membersOf } from "../../tools/algebra.ts";
import type { NumberType, StringType, Type } from "../../tools/types.ts";
import { membership } from "./literals.ts";

/** Whether a comparison with a constant holds for all values of a type, or for none, and why. */
export interface Verdict {
  readonly holds: "always" | "never";
  /** The end of a sentence that begins with the operand. */
  readonly because: string;
}

/** What stands on the right: a value or a pattern. */
export type Constant = { readonly value: Json } | { readonly regex: RegexNode };

/** More values of an enumeration are not tried one by one. */
const MAX_VALUES = 1_000;

/** The verdict by enumeration, bounds and lengths; `undefined` when it depends on the call. */
export function verdictOf(
  type: Type,
  operator: ComparisonOperator,
  constant: Constant,
  ignoringCase: boolean,
): Verdict | undefined {
  const parts = membersOf(type);
  if (parts.length === 0 || parts.length > MAX_VALUES) return undefined;
  const test = parts.some(isTriable) ? tester(operator, constant, ignoringCase) : undecided;
  const verdicts = parts.map((part) => partVerdict(part, operator, constant, test));
  const first = verdicts[0];
  if (first === undefined) return undefined;
  if (!verdicts.every((verdict) => verdict?.holds === first.holds)) return undefined;
  return verdicts.length === 1
    ? first
    : {
        ...first,
        because: parts.every(isLiteral) ? `is one of ${parts.length} values` : first.because,
      };
}

/** Of few enough values to try them. */
function isTriable(type: Type): boolean {
  return type.kind === "literal" || type.kind === "boolean";
}

const undecided: Test = () => undefined;

function isLiteral(type: Type): boolean {
  return type.kind === "literal";
}

type Test = (value: Json) => boolean | undefined;

function partVerdict(
  part: Type,
  operator: ComparisonOperator,
  constant: Constant,
  test: Test,
): Verdict | undefined {
  switch (part.kind) {
    case "literal": {
      const result = test(part.value);
      if (result === undefined) return undefined;
      return {
        holds: result ? "always" : "never",
        because: `is \`${JSON.stringify(part.value)}\``,
      };
    }
    case "boolean": {
      const results = [test(true), test(false)];
      if (results[0] === undefined || results[0] !== results[1]) return undefined;
      return { holds: results[0] ? "always" : "never", because: "is `true` or `false`" };
    }
    case "number":
      return "value" in constant ? numberVerdict(part, operator, constant.value) : undefined;
    case "string":
      return "value" in constant ? stringVerdict(part, operator, constant.value) : undefined;
    default:
      return undefined;
  }
}

/** Evaluates the operator on a known value; `undefined` where only the runtime can tell. */
function tester(operator: ComparisonOperator, constant: Constant, ignoringCase: boolean): Test {
  if ("regex" in constant) {
    const { pattern, ignoreCase } = constant.regex;
    const flags = `(?${ignoreCase || ignoringCase ? "i" : ""}s:`;
    const compiled = compileRegex(
      operator === "matches"
        ? `^${flags}${pattern})$`
        : ignoreCase || ignoringCase
          ? `(?i:${pattern})`
          : pattern,
    );
    return (value) =>
      typeof compiled === "string" || typeof value !== "string" ? undefined : compiled.test(value);
  }
  const right = constant.value;
  // Folding beyond ASCII is left to the runtime.
  const fold = (value: Json): Json =>
    ignoringCase && typeof value === "string" ? value.toLowerCase() : value;
  const foldable = !ignoringCase || isAscii(JSON.stringify(right));
  const isMember = Array.isArray(right)
    ? membership(right.map((item: Json) => fold(item)))
    : undefined;
  return (value) => {
    if (!foldable || (ignoringCase && !isAscii(JSON.stringify(value)))) return undefined;
    const [left, other] = [fold(value), fold(right)];
    switch (operator) {
      case "==":
        return jsonEqual(left, other);
      case "!=":
        return !jsonEqual(left, other);
      case "in":
        return isMember?.(left);
      case "not in":
        return isMember && !isMember(left);
      case "starts with":
        return texts(left, other, (text, part) => text.startsWith(part));
      case "ends with":
        return texts(left, other, (text, part) => text.endsWith(part));
      case "contains":
        return texts(left, other, (text, part) => text.includes(part));
      case "<":
      case "<=":
      case ">":
      case ">=":
        return numbers(left, other, operator);
      default:
        return undefined;
    }
  };
}

function texts(a: Json, b: Json, test: (a: string, b: string) => boolean): boolean | undefined {
  return typeof a === "string" && typeof b === "string" ? test(a, b) : undefined;
}

function numbers(a: Json, b: Json, operator: "<" | "<=" | ">" | ">="): boolean | undefined {
  if (typeof a !== "number" || typeof b !== "number") return undefined;
  if (operator === "<") return a < b;
  if (operator === "<=") return a <= b;
  return operator === ">" ? a > b : a >= b;
}

/** The least and greatest value, and whether they are reached. */
interface Interval {
  readonly low: number;
  readonly lowOpen: boolean;
  readonly high: number;
  readonly highOpen: boolean;
}

function intervalOf(type: NumberType): Interval {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum } = type;
  const lowOpen = exclusiveMinimum !== undefined && exclusiveMinimum >= (minimum ?? -Infinity);
  const highOpen = exclusiveMaximum !== undefined && exclusiveMaximum <= (maximum ?? Infinity);
  return {
    low: (lowOpen ? exclusiveMinimum : minimum) ?? -Infinity,
    lowOpen,
    high: (highOpen ? exclusiveMaximum : maximum) ?? Infinity,
    highOpen,
  };
}

function numberVerdict(
  type: NumberType,
  operator: ComparisonOperator,
  value: Json,
): Verdict | undefined {
  if (operator === "in" || operator === "not in") {
    if (!Array.isArray(value) || value.length === 0) return undefined;
    const each = value.map((item: Json) => numberVerdict(type, "==", item));
    const never = each.every((verdict) => verdict?.holds === "never") ? each[0] : undefined;
    return never && { ...never, holds: operator === "in" ? "never" : "always" };
  }
  if (typeof value !== "number") return undefined;
  const { low, lowOpen, high, highOpen } = intervalOf(type);
  const below = high < value || (high === value && highOpen);
  const above = low > value || (low === value && lowOpen);
  const least = lowOpen ? `is above ${low}` : `is at least ${low}`;
  const most = highOpen ? `is below ${high}` : `is at most ${high}`;
  const because = (yes: boolean) => (yes ? most : least);
  switch (operator) {
    case "==":
    case "!=": {
      const fraction = type.integer && !Number.isInteger(value);
      if (!below && !above && !fraction) return undefined;
      const holds = operator === "==" ? "never" : "always";
      return { holds, because: fraction ? "is a whole number" : because(below) };
    }
    case "<":
      if (below) return { holds: "always", because: most };
      return low >= value ? { holds: "never", because: least } : undefined;
    case "<=":
      if (high <= value) return { holds: "always", because: most };
      return above ? { holds: "never", because: least } : undefined;
    case ">":
      if (above) return { holds: "always", because: least };
      return high <= value ? { holds: "never", because: most } : undefined;
    case ">=":
      if (low >= value) return { holds: "always", because: least };
      return below ? { holds: "never", because: most } : undefined;
    default:
      return undefined;
  }
}

function stringVerdict(
  type: StringType,
  operator: ComparisonOperator,
  value: Json,
): Verdict | undefined {
  if (operator === "in" || operator === "not in") {
    if (!Array.isArray(value) || value.length === 0) return undefined;
    const each = value.map((item: Json) => stringVerdict(type, "==", item));
    const never = each.every((verdict) => verdict?.holds === "never") ? each[0] : undefined;
    return never && { ...never, holds: operator === "in" ? "never" : "always" };
  }
  if (typeof value !== "string") return undefined;
  const length = codePoints(value);
  const { minLength, maxLength } = type;
  const tooLong = maxLength !== undefined && length > maxLength;
  const tooShort = minLength !== undefined && length < minLength;
  const characters = (count: number) => `${count} ${count === 1 ? "character" : "characters"}`;
  const limit = tooLong
    ? `has at most ${characters(maxLength)}`
    : `has at least ${characters(minLength ?? 0)}`;
  switch (operator) {
    case "==":
      return tooLong || tooShort ? { holds: "never", because: limit } : undefined;
    case "!=":
      return tooLong || tooShort ? { holds: "always", because: limit } : undefined;
    case "starts with":
    case "ends with":
    case "contains":
      if (value === "") return { holds: "always", because: "begins and ends with nothing" };
      return tooLong ? { holds: "never", because: limit } : undefined;
    default:
      return undefined;
  }
}

function isAscii(text: string): boolean {
  return [...text].every((character) => character < "\u0080");
}
