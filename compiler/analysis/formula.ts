import type { Json } from "../../policy/index.ts";
import { complement, isEmpty, unionOf, type ValueSet } from "./values.ts";

/**
 * What a condition reads. `value` is the value of a path, `length` and `host` are measures of it (a text that
 * is no URL has a missing host), `day` is
 * the calendar day of the call in UTC (days since 1970-01-01), and a `fact` is a comparison that is not
 * taken apart: its value is `true`, `false`, or missing where the comparison is an error.
 */
export interface Operand {
  readonly of: "value" | "length" | "host" | "day" | "fact";
  /** The same for the same operand, and for no other. */
  readonly key: string;
  /** The keys from the root (`args`, `grant`, `client`, a variable) on; empty for a day or a fact. */
  readonly path: readonly (string | number)[];
}

/** A property of strings or lists that a set of values cannot express. */
export interface Predicate {
  readonly key: string;
  readonly positive: boolean;
  readonly text?: {
    readonly operator: "starts with" | "ends with" | "contains";
    readonly literal: string;
  };
  /** Whether the property itself, positive or not, holds; undefined where that is not known. */
  readonly test: (value: Json) => boolean | undefined;
}

/** A formula of classical logic over operands. */
export type Formula =
  | { readonly kind: "true" }
  | { readonly kind: "false" }
  | { readonly kind: "all"; readonly operands: readonly Formula[] }
  | { readonly kind: "any"; readonly operands: readonly Formula[] }
  | Literal;

/** The operand is in the set and has the property. */
export interface Literal {
  readonly kind: "literal";
  readonly operand: Operand;
  readonly values: ValueSet;
  readonly predicate?: Predicate;
}

export const TRUE: Formula = { kind: "true" };
export const FALSE: Formula = { kind: "false" };

export function all(operands: readonly Formula[]): Formula {
  return join("all", operands, TRUE, FALSE);
}

export function any(operands: readonly Formula[]): Formula {
  return join("any", operands, FALSE, TRUE);
}

/** Flattened; a `neutral` operand adds nothing, and a `deciding` one settles it. */
function join(
  kind: "all" | "any",
  operands: readonly Formula[],
  neutral: Formula,
  deciding: Formula,
): Formula {
  const flat: Formula[] = [];
  for (const operand of operands) {
    if (operand.kind === deciding.kind) return deciding;
    // Not spread into one call: that fails for some hundred thousand operands.
    if (operand.kind === kind) for (const inner of operand.operands) flat.push(inner);
    else if (operand.kind !== neutral.kind) flat.push(operand);
  }
  const joined = kind === "any" && flat.length > 1 ? merged(flat) : flat;
  if (joined.length === 0) return neutral;
  return joined.length === 1 ? (joined[0] as Formula) : { kind, operands: joined };
}

/** Alternatives that speak of one operand, and of its value alone, are one alternative. */
function merged(operands: readonly Formula[]): readonly Formula[] {
  const groups = new Map<string, Literal[]>();
  const others: Formula[] = [];
  for (const operand of operands) {
    if (operand.kind !== "literal" || operand.predicate !== undefined) {
      others.push(operand);
      continue;
    }
    const group = groups.get(operand.operand.key);
    if (group === undefined) groups.set(operand.operand.key, [operand]);
    else group.push(operand);
  }
  if (groups.size + others.length === operands.length) return operands;
  const literals = [...groups.values()].map((group): Literal => {
    const [first] = group as [Literal, ...Literal[]];
    return { ...first, values: unionOf(group.map(({ values }) => values)) };
  });
  return [...literals, ...others];
}

export function literal(operand: Operand, values: ValueSet, predicate?: Predicate): Formula {
  if (isEmpty(values)) return FALSE;
  return { kind: "literal", operand, values, ...(predicate === undefined ? {} : { predicate }) };
}

export function not(formula: Formula): Formula {
  switch (formula.kind) {
    case "true":
      return FALSE;
    case "false":
      return TRUE;
    case "all":
      return any(formula.operands.map(not));
    case "any":
      return all(formula.operands.map(not));
    case "literal": {
      const outside = literal(formula.operand, complement(formula.values));
      if (formula.predicate === undefined) return outside;
      const predicate = { ...formula.predicate, positive: !formula.predicate.positive };
      return any([outside, literal(formula.operand, formula.values, predicate)]);
    }
  }
}
