import type {
  Comparison,
  ComparisonOperator,
  Condition,
  Literal as LiteralNode,
  Operand as OperandNode,
  RegexNode,
} from "../../language/index.ts";
import type { Json } from "../../policy/index.ts";
import { MIRRORED } from "../lower/condition.ts";
import { all, any, FALSE, type Formula, literal, not, type Operand } from "./formula.ts";
import { conditionKey, constant, dayNumber, fact, jsonOf, keysOf, valueAt } from "./operands.ts";
import { impossible, pathKey } from "./solve.ts";
import {
  between,
  complement,
  has,
  intersect,
  LISTS,
  MISSING,
  only,
  PRESENT,
  STRINGS,
  union,
  type ValueSet,
} from "./values.ts";
import { type Verdicts, verdictsOf } from "./verdicts.ts";

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
  const known = negated ? negations : truths;
  let truth = known.get(condition);
  if (truth === undefined) {
    truth = makeTruth(condition, negated);
    known.set(condition, truth);
  }
  return truth;
}

/** Several checks ask of the same conditions. */
const truths = new WeakMap<Condition, Truth>();
const negations = new WeakMap<Condition, Truth>();

function makeTruth(condition: Condition, negated: boolean): Truth {
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
  const flipped = MIRRORED[node.operator];
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
