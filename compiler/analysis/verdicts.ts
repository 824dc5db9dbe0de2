import type { ComparisonOperator, RegexNode } from "../../language/index.ts";
import { compileRegex, type Json } from "../../policy/index.ts";
import { jsonEqual } from "../tools/algebra.ts";
import type { Predicate } from "./formula.ts";
import {
  BOOLEANS,
  between,
  LISTS,
  NOTHING,
  NUMBERS,
  OBJECTS,
  only,
  PRESENT,
  STRINGS,
  union,
  unionOf,
  type ValueSet,
} from "./values.ts";

/** What one operator with one literal makes of a present value. */
export interface Verdicts {
  readonly holds: ValueSet;
  /** The values that it can be asked of; the others are errors. */
  readonly defined: ValueSet;
  /** Narrows the strings and lists of `holds` further. */
  readonly predicate?: Predicate;
}

/**
 * Undefined for what is not taken apart.
 *
 * @param operator not `!=` or `not in`, which are negations of others, and not `under`
 */
export function verdictsOf(
  operator: ComparisonOperator,
  value: Json | RegexNode,
  ignoringCase: boolean,
): Verdicts | undefined {
  if (isRegex(value)) return regexVerdicts(operator, value, ignoringCase);
  switch (operator) {
    case "==":
      return equal([value], ignoringCase);
    case "in":
      return Array.isArray(value) ? equal(value, ignoringCase) : undefined;
    case "!=":
    case "not in":
    case "under":
      return undefined;
    case "<":
      return numeric(value, (n) => between(Number.NEGATIVE_INFINITY, true, n, true));
    case "<=":
      return numeric(value, (n) => between(Number.NEGATIVE_INFINITY, true, n, false));
    case ">":
      return numeric(value, (n) => between(n, true, Number.POSITIVE_INFINITY, true));
    case ">=":
      return numeric(value, (n) => between(n, false, Number.POSITIVE_INFINITY, true));
    case "starts with":
    case "ends with":
    case "contains":
    case "like":
    case "matches":
      return typeof value === "string"
        ? textual(operator, value, ignoringCase)
        : containing(operator, value);
  }
}

function isRegex(value: Json | RegexNode): value is RegexNode {
  return (
    typeof value === "object" &&
    value !== null &&
    "kind" in value &&
    value.kind === "regex" &&
    "span" in value
  );
}

function numeric(value: Json, range: (n: number) => ValueSet): Verdicts | undefined {
  return typeof value === "number" ? { holds: range(value), defined: NUMBERS } : undefined;
}

/** Equality with one of several literals. A value whose type none of them has is an error. */
function equal(values: readonly Json[], ignoringCase: boolean): Verdicts | undefined {
  const wanted = values.filter((value) => value !== null);
  const defined = unionOf([
    values.length > wanted.length ? PRESENT : NOTHING,
    ...new Set(wanted.map(kindOf)),
  ]);
  const compound = wanted.filter((value) => typeof value === "object");
  const folded = ignoringCase && wanted.some((value) => typeof value === "string");
  if (compound.length === 0 && !folded) {
    return { holds: unionOf(wanted.map(only)), defined };
  }
  if (wanted.length !== 1) return undefined;
  const target = wanted[0] as Json;
  const text = JSON.stringify(target);
  return {
    holds: kindOf(target),
    defined,
    predicate: {
      key: `== ${folded ? "folded " : ""}${text}`,
      positive: true,
      test: (value) => {
        if (folded && typeof value === "string" && typeof target === "string") {
          return sameFolded(value, target);
        }
        return jsonEqual(value, target);
      },
    },
  };
}

/** Whether two texts are equal by case folding; undefined beyond ASCII, where folding is not lower case. */
function sameFolded(a: string, b: string): boolean | undefined {
  if (a === b) return true;
  if (/[^\x20-\x7e]/.test(a + b)) return undefined;
  return a.toLowerCase() === b.toLowerCase();
}

function kindOf(value: Json): ValueSet {
  if (typeof value === "string") return STRINGS;
  if (typeof value === "number") return NUMBERS;
  if (typeof value === "boolean") return BOOLEANS;
  return Array.isArray(value) ? LISTS : value === null ? PRESENT : OBJECTS;
}

type TextOperator = "starts with" | "ends with" | "contains" | "like" | "matches";

function textual(operator: TextOperator, wanted: string, ignoringCase: boolean): Verdicts {
  const both = operator === "contains";
  return {
    holds: both ? union(STRINGS, LISTS) : STRINGS,
    defined: both ? union(STRINGS, LISTS) : STRINGS,
    predicate: {
      key: `${operator}${ignoringCase ? " folded" : ""} ${JSON.stringify(wanted)}`,
      positive: true,
      ...(ignoringCase || operator === "like" || operator === "matches"
        ? {}
        : { text: { operator, literal: wanted } }),
      test: (value) => {
        if (Array.isArray(value)) return value.includes(wanted);
        if (typeof value !== "string") return undefined;
        return ignoringCase ? undefined : textTest(operator, value, wanted);
      },
    },
  };
}

function textTest(operator: TextOperator, value: string, wanted: string): boolean | undefined {
  switch (operator) {
    case "starts with":
      return value.startsWith(wanted);
    case "ends with":
      return value.endsWith(wanted);
    case "contains":
      return value.includes(wanted);
    case "like": {
      const pattern = wanted
        .replace(/[.+^${}()|[\]\\]/g, "\\$&")
        .replace(/\*/g, ".*")
        .replace(/\?/g, ".");
      return found(`^(?s:${pattern})$`, value);
    }
    default:
      return undefined;
  }
}

function containing(operator: ComparisonOperator, value: Json): Verdicts | undefined {
  if (operator !== "contains") return undefined;
  return {
    holds: LISTS,
    defined: LISTS,
    predicate: {
      key: `contains ${JSON.stringify(value)}`,
      positive: true,
      test: (list) => (Array.isArray(list) ? list.includes(value) : undefined),
    },
  };
}

function regexVerdicts(
  operator: ComparisonOperator,
  regex: RegexNode,
  ignoringCase: boolean,
): Verdicts {
  const flags = regex.ignoreCase || ignoringCase ? "si" : "s";
  const pattern = operator === "matches" ? `^(?${flags}:${regex.pattern})$` : regex.pattern;
  return {
    holds: STRINGS,
    defined: STRINGS,
    predicate: {
      key: `${operator} ${flags} ${regex.pattern}`,
      positive: true,
      test: (value) =>
        typeof value === "string" && !(operator === "contains" && ignoringCase)
          ? found(pattern, value)
          : undefined,
    },
  };
}

function found(pattern: string, value: string): boolean | undefined {
  const regex = compileRegex(pattern);
  return typeof regex === "string" ? undefined : regex.test(value);
}
