import { type Branch, isThere } from "./branch.ts";
import {
  all,
  any,
  type Formula,
  literal,
  measureAt,
  type Operand,
  type Relation,
  valueAt,
} from "./formula.ts";
import { between, complement, intersect, isEmpty, LISTS, MISSING, PRESENT } from "./values.ts";

/** Of a comparison of two lists, how many of their elements are spoken of; undefined of any other. */
export function elementsOf(branch: Branch, { how, left, right }: Relation): number | undefined {
  if (how !== "equal" && how !== "unequal") return undefined;
  if (!isList(branch, left) || !isList(branch, right)) return undefined;
  return Math.max(branch.countOf(left), branch.countOf(right));
}

function isList(branch: Branch, operand: Operand): boolean {
  if (operand.of !== "value") return false;
  return isEmpty(intersect(branch.of(operand).values, complement(LISTS)));
}

/**
 * A comparison of two lists as one of their lengths and elements. Beyond those that are spoken of, one element stands
 * for all.
 */
export function compareLists({ how, left, right }: Relation, count: number): Formula {
  const lengths = [left, right].map(({ path }) => measureAt("length", path)) as [Operand, Operand];
  const indexes = Array.from({ length: count }, (_, index) => index);
  if (how === "equal") {
    return all([
      { kind: "relation", how: "equal", left: lengths[0], right: lengths[1] },
      ...indexes.map((index) => any([isShort(lengths[0], index), same(left, right, index)])),
    ]);
  }
  return any([
    { kind: "relation", how: "unequal", left: lengths[0], right: lengths[1] },
    ...[...indexes, count].map((index) =>
      all([isThere(left, index), isThere(right, index), differ(left, right, index)]),
    ),
  ]);
}

function isShort(length: Operand, index: number): Formula {
  return literal(length, between(0, false, index, false));
}

function same(left: Operand, right: Operand, index: number): Formula {
  const [a, b] = [valueAt([...left.path, index]), valueAt([...right.path, index])];
  return any([
    { kind: "relation", how: "equal", left: a, right: b },
    // Absence, in a list, is null.
    all([literal(a, MISSING), literal(b, MISSING)]),
  ]);
}

function differ(left: Operand, right: Operand, index: number): Formula {
  const [a, b] = [valueAt([...left.path, index]), valueAt([...right.path, index])];
  return any([
    { kind: "relation", how: "unequal", left: a, right: b },
    all([literal(a, MISSING), literal(b, PRESENT)]),
    all([literal(a, PRESENT), literal(b, MISSING)]),
  ]);
}
