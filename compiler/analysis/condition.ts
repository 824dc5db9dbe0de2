import type { Condition } from "../../language/index.ts";
import { lowerCondition } from "../lower/condition.ts";
import { negate, toEntry } from "../lower/formula.ts";
import { encode, type Truth } from "./encode.ts";
import { fact, literal } from "./formula.ts";
import { conditionKey } from "./operands.ts";
import { MISSING, only, union } from "./values.ts";

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

function makeTruth(condition: Condition, negated: boolean): Truth {
  let isWhole = true;
  const lowered = lowerCondition(condition, () => {
    isWhole = false;
  });
  if (isWhole) return encode(toEntry(negated ? negate(lowered) : lowered));
  // The lowering of the rule reports it.
  const operand = fact(conditionKey(condition));
  return {
    isTrue: literal(operand, only(!negated)),
    notFalse: literal(operand, union(only(!negated), MISSING)),
  };
}

/** Several checks ask of the same conditions. */
const truths = new WeakMap<Condition, Truth>();
const negations = new WeakMap<Condition, Truth>();
