import { RE2JS } from "re2js";
import type {
  Comparison,
  ComparisonOperator,
  Condition,
  Literal as LiteralNode,
  Operand as OperandNode,
  Path,
  RegexNode,
} from "../../language/index.ts";
import type { Json } from "../../policy/index.ts";
import { jsonEqual } from "../tools/algebra.ts";
import {
  all,
  any,
  FALSE,
  type Formula,
  literal,
  not,
  type Operand,
  type Predicate,
} from "./formula.ts";
import { impossible, pathKey } from "./solve.ts";
import {
  BOOLEANS,
  between,
  complement,
  has,
  intersect,
  LISTS,
  MISSING,
  NOTHING,
  NUMBERS,
  OBJECTS,
  only,
  PRESENT,
  STRINGS,
  union,
  type ValueSet,
} from "./values.ts";

/**
 * When a condition is true, and when it is true or an error; the calls between the two are those on which
 * evaluation fails. (policy format § Evaluation of one condition: false < error < true.)
 */
export interface Truth {
  readonly isTrue: Formula;
  readonly notFalse: Formula;
}

/** The truth of a condition, or with `negated` of its negation, with `not` moved inward to the comparisons. */
export function truthOf(condition: Condition, negated = false): Truth {
  switch (condition.kind) {
    case "not":
      return truthOf(condition.operand, !negated);
    case "and":
    case "or": {
      const operands = condition.operands.map((operand) => truthOf(operand, negated));
      const join = (condition.kind === "and") !== negated ? all : any;
      return {
        isTrue: join(operands.map((truth) => truth.isTrue)),
        notFalse: join(operands.map((truth) => truth.notFalse)),
      };
    }
    case "has": {
      const path = keysOf(condition.path);
      return certain(literal(valueAt(path), negated ? MISSING : PRESENT));
    }
    case "before":
    case "after": {
      const day = dayNumber(condition.date.text);
      const values =
        condition.kind === "before"
          ? between(Number.NEGATIVE_INFINITY, true, day, true)
          : between(day, true, Number.POSITIVE_INFINITY, true);
      const formula = literal({ of: "day", key: "day", path: [] }, values);
      return certain(negated ? not(formula) : formula);
    }
    case "during": {
      const formula = literal(fact(conditionKey(condition)), only(true));
      return certain(negated ? not(formula) : formula);
    }
    case "any":
    case "every": {
      const kind = (condition.kind === "any") !== negated ? "any" : "every";
      const inner = truthOf(condition.condition, negated);
      const key = `${kind} ${negated} ${conditionKey({ ...condition, kind })}`;
      const list = valueAt(keysOf(condition.path));
      const truth = factAbout(key, list, LISTS);
      return kind === "any" && impossible(inner.isTrue) ? { ...truth, isTrue: FALSE } : truth;
    }
    case "reference":
      return opaque(conditionKey(condition), negated);
    case "comparison":
      return comparison(condition, negated);
  }
}

function certain(formula: Formula): Truth {
  return { isTrue: formula, notFalse: formula };
}

function opaque(key: string, negated: boolean): Truth {
  const operand = fact(key);
  return {
    isTrue: literal(operand, only(!negated)),
    notFalse: literal(operand, union(only(!negated), MISSING)),
  };
}

/** A statement about a path that is false when it is missing and an error when it is not of its kind. */
function factAbout(key: string, operand: Operand, kinds: ValueSet, negated = false): Truth {
  const inside = opaque(key, negated);
  const mistyped = literal(operand, complement(union(kinds, MISSING)));
  return {
    isTrue: all([literal(operand, kinds), inside.isTrue]),
    notFalse: any([mistyped, all([literal(operand, kinds), inside.notFalse])]),
  };
}

// Comparisons --------------------------------------------------------------------------------------

/** What one operator with one literal makes of a present value. */
interface Verdicts {
  readonly holds: ValueSet;
  /** The values that it can be asked of; the others are errors. */
  readonly defined: ValueSet;
  /** Narrows the strings and lists of `holds` further. */
  readonly predicate?: Predicate;
}

const FLIPPED: Partial<Record<ComparisonOperator, ComparisonOperator>> = {
  "==": "==",
  "!=": "!=",
  "<": ">",
  "<=": ">=",
  ">": "<",
  ">=": "<=",
};

function comparison(node: Comparison, negated: boolean): Truth {
  const right = node.right.kind === "regex" ? undefined : constant(node.right);
  if (
    node.left.kind === "path-operand" ||
    node.left.kind === "length" ||
    node.left.kind === "host"
  ) {
    if (node.right.kind === "regex" || right !== undefined) {
      const value = node.right.kind === "regex" ? node.right : (right as { json: Json }).json;
      return compare(
        node.left,
        node.operator,
        value,
        node.ignoringCase !== undefined,
        negated,
        node,
      );
    }
  }
  const left = constant(node.left);
  const flipped = FLIPPED[node.operator];
  if (left !== undefined && flipped !== undefined && node.right.kind === "path-operand") {
    return compare(node.right, flipped, left.json, node.ignoringCase !== undefined, negated, node);
  }
  return presentOf(node, negated);
}

/** A comparison that is not taken apart: false at least where an operand is missing. */
function presentOf(node: Comparison, negated: boolean): Truth {
  const presence = [node.left, node.right].flatMap((operand) =>
    operand.kind === "path-operand" && operand.else === undefined
      ? [literal(valueAt(keysOf(operand.path)), PRESENT)]
      : [],
  );
  const truth = opaque(conditionKey(node), negated);
  return {
    isTrue: all([...presence, truth.isTrue]),
    notFalse: all([...presence, truth.notFalse]),
  };
}

/** A present value meets one of the two; a missing one meets neither. */
const NEGATIONS: Partial<Record<ComparisonOperator, ComparisonOperator>> = {
  "!=": "==",
  "not in": "in",
};

type Measured = Extract<OperandNode, { kind: "path-operand" | "length" | "host" }>;

function compare(
  left: Measured,
  written: ComparisonOperator,
  value: Json | RegexNode,
  ignoringCase: boolean,
  negation: boolean,
  node: Comparison,
): Truth {
  const operator = NEGATIONS[written] ?? written;
  const negated = negation !== (operator !== written);
  const path = keysOf(left.path);
  if (value === null) {
    // Only a comparison with null sees absence.
    if (left.kind === "path-operand" && left.else === undefined && operator === "==") {
      return certain(literal(valueAt(path), negated ? PRESENT : MISSING));
    }
    return presentOf(node, negation);
  }
  // Some texts are no places: then the comparison is an error, which only a fact can be.
  if (operator === "under") {
    if (left.kind !== "path-operand" || left.else !== undefined) return presentOf(node, negation);
    return factAbout(conditionKey(node), valueAt(path), STRINGS, negated);
  }
  const verdicts = verdictsOf(operator, value, ignoringCase);
  if (verdicts === undefined) return presentOf(node, negation);
  if (left.kind === "path-operand") return judged(valueAt(path), verdicts, negated, left.else);
  const measure: Operand = { of: left.kind, key: `${left.kind}${pathKey(path)}`, path };
  const measurable = left.kind === "length" ? union(STRINGS, LISTS) : STRINGS;
  const inside = judged(measure, verdicts, negated);
  const there = literal(valueAt(path), measurable);
  const mistyped = literal(valueAt(path), complement(union(measurable, MISSING)));
  // A text that is no URL has no host, and asking for it is an error.
  const noHost = left.kind === "host" ? literal(measure, MISSING) : FALSE;
  return {
    isTrue: all([there, inside.isTrue]),
    notFalse: any([mistyped, all([there, any([inside.notFalse, noHost])])]),
  };
}

function judged(
  operand: Operand,
  verdicts: Verdicts,
  negated: boolean,
  fallback?: LiteralNode,
): Truth {
  const { predicate } = verdicts;
  const defined = intersect(verdicts.defined, PRESENT);
  const holds = intersect(verdicts.holds, defined);
  const positive = literal(operand, holds, predicate);
  const present = literal(operand, defined);
  const isTrue = negated ? all([present, not(positive)]) : positive;
  const errs = literal(operand, intersect(complement(verdicts.defined), PRESENT));
  const truth = { isTrue, notFalse: any([isTrue, errs]) };
  if (fallback === undefined) return truth;
  const value = jsonOf(fallback);
  const missing = literal(operand, MISSING);
  if (value === null) return truth;
  if (!has(verdicts.defined, value)) {
    return { isTrue: truth.isTrue, notFalse: any([truth.notFalse, missing]) };
  }
  const inSet = has(holds, value) ? (predicate?.test(value) ?? true) : false;
  if (inSet === negated) return truth;
  return { isTrue: any([truth.isTrue, missing]), notFalse: any([truth.notFalse, missing]) };
}

function verdictsOf(
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
  const defined = wanted
    .map(kindOf)
    .reduce(union, values.length > wanted.length ? PRESENT : NOTHING);
  const compound = wanted.filter((value) => typeof value === "object");
  const folded = ignoringCase && wanted.some((value) => typeof value === "string");
  if (compound.length === 0 && !folded) {
    return { holds: wanted.map(only).reduce(union, NOTHING), defined };
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
  try {
    return RE2JS.compile(pattern).matcher(value).find();
  } catch {
    return undefined;
  }
}

// Operands -----------------------------------------------------------------------------------------

export function keysOf(path: Path): readonly (string | number)[] {
  return [path.root.value, ...path.steps.map((step) => step.value)];
}

export function valueAt(path: readonly (string | number)[]): Operand {
  return { of: "value", key: pathKey(path), path };
}

function fact(key: string): Operand {
  return { of: "fact", key: `fact ${key}`, path: [] };
}

function constant(operand: OperandNode): { readonly json: Json } | undefined {
  switch (operand.kind) {
    case "string":
    case "number":
    case "boolean":
    case "null":
    case "list":
      return { json: jsonOf(operand) };
    default:
      return undefined;
  }
}

export function jsonOf(node: LiteralNode): Json {
  if (node.kind === "list") return node.items.map(jsonOf);
  return node.kind === "null" ? null : node.value;
}

/** Days from 1970-01-01 to a date such as `2026-12-31`. */
function dayNumber(date: string): number {
  return Math.floor(Date.parse(`${date}T00:00:00Z`) / 86_400_000);
}

/** The same text for conditions that differ in nothing but their place and their spelling of numbers. */
export function conditionKey(condition: Condition): string {
  return keyText(condition);
}

const WITHOUT_MEANING = new Set(["span", "operatorSpan", "quoted"]);

function keyText(value: unknown): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(keyText).join()}]`;
  if ("kind" in value && value.kind === "number" && "value" in value) return String(value.value);
  let text = "{";
  for (const [key, part] of Object.entries(value)) {
    // Where `ignoring case` stands does not matter, that it stands does.
    if (key === "ignoringCase") text += "ignoringCase,";
    else if (!WITHOUT_MEANING.has(key)) text += `${key}:${keyText(part)},`;
  }
  return `${text}}`;
}
