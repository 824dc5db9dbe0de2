import type { Json } from "../../policy/index.ts";
import type { Language } from "./automaton.ts";
import {
  complement,
  intersect,
  isEmpty,
  LISTS,
  NUMBERS,
  PRESENT,
  unionOf,
  type ValueSet,
} from "./values.ts";

/**
 * What a condition reads. `value` is the value of a path, `length` and `host` are measures of it (a text that
 * is no URL has a missing host), `day` is the calendar day of the call in UTC (days since 1970-01-01), `week` the
 * minute of the week in a time zone (from Monday, 00:00), and a `fact` is a comparison that is not
 * taken apart: its value is `true`, `false`, or missing where the comparison is an error.
 */
export interface Operand {
  readonly of: "value" | "length" | "host" | "day" | "week" | "fact";
  /** The same for the same operand, and for no other. */
  readonly key: string;
  /** The keys from the root (`args`, `grant`, `client`) on; of a week, its time zone; empty for a day or a fact. */
  readonly path: Steps;
}

export type Steps = readonly (string | number)[];

/** A property of values that a set of values cannot express. */
export interface Predicate {
  readonly key: string;
  readonly positive: boolean;
  /** Of a property of texts that an automaton decides. */
  readonly language?: Language;
  /** Values that may have the property, or may not. */
  readonly candidates?: readonly Json[];
  /** Places of which the texts lie under one: what that implies of others is known. */
  readonly bases?: readonly string[];
  /** Whether the property itself, positive or not, holds; undefined where that is not known. */
  readonly test: (value: Json) => boolean | undefined;
}

/** A formula of classical logic over operands. */
export type Formula =
  | { readonly kind: "true" }
  | { readonly kind: "false" }
  | { readonly kind: "all"; readonly operands: readonly Formula[] }
  | { readonly kind: "any"; readonly operands: readonly Formula[] }
  | Literal
  | Relation
  | Quantity;

/** The operand is in the set and has the property. */
export interface Literal {
  readonly kind: "literal";
  readonly operand: Operand;
  readonly values: ValueSet;
  readonly predicate?: Predicate;
}

/** Both operands are there and compare so: as JSON values, or both as numbers. */
export interface Relation {
  readonly kind: "relation";
  readonly how: "equal" | "unequal" | "less" | "at most";
  readonly left: Operand;
  readonly right: Operand;
}

/** The operand is a list, and the body holds of some or of each of its elements, given by their paths. */
export interface Quantity {
  readonly kind: "some" | "each";
  readonly list: Operand;
  readonly body: (element: Steps) => Formula;
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
  const joined = flat.length > 1 ? merged(kind, flat) : flat;
  if (joined.some(({ kind }) => kind === deciding.kind)) return deciding;
  if (joined.length === 0) return neutral;
  return joined.length === 1 ? (joined[0] as Formula) : { kind, operands: joined };
}

/** What speaks of one operand, and of its value alone, is one literal. */
function merged(kind: "all" | "any", operands: readonly Formula[]): readonly Formula[] {
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
  const literals = [...groups.values()].map((group): Formula => {
    const [first, ...rest] = group as [Literal, ...Literal[]];
    if (rest.length === 0) return first;
    const sets = group.map(({ values }) => values);
    return literal(first.operand, kind === "any" ? unionOf(sets) : sets.reduce(intersect));
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
    case "relation":
      return notRelated(formula);
    case "some":
    case "each": {
      const { kind, list, body } = formula;
      return any([
        literal(list, complement(LISTS)),
        { kind: kind === "some" ? "each" : "some", list, body: (element) => not(body(element)) },
      ]);
    }
    case "literal": {
      const outside = literal(formula.operand, complement(formula.values));
      if (formula.predicate === undefined) return outside;
      const predicate = { ...formula.predicate, positive: !formula.predicate.positive };
      return any([outside, literal(formula.operand, formula.values, predicate)]);
    }
  }
}

function notRelated({ how, left, right }: Relation): Formula {
  const without = (set: ValueSet): Formula[] => [
    literal(left, complement(set)),
    literal(right, complement(set)),
  ];
  switch (how) {
    case "equal":
      return any([...without(PRESENT), { kind: "relation", how: "unequal", left, right }]);
    case "unequal":
      return any([...without(PRESENT), { kind: "relation", how: "equal", left, right }]);
    case "less":
      return any([
        ...without(NUMBERS),
        { kind: "relation", how: "at most", left: right, right: left },
      ]);
    case "at most":
      return any([
        ...without(NUMBERS),
        { kind: "relation", how: "less", left: right, right: left },
      ]);
  }
}

export function pathKey(path: Steps): string {
  return JSON.stringify(path);
}

export function valueAt(path: Steps): Operand {
  return { of: "value", key: pathKey(path), path };
}

export function measureAt(of: "length" | "host", path: Steps): Operand {
  return { of, key: `${of}${pathKey(path)}`, path };
}

export function fact(key: string): Operand {
  return { of: "fact", key: `fact ${key}`, path: [] };
}

export const DAY: Operand = { of: "day", key: "day", path: [] };

export function weekIn(zone: string): Operand {
  return { of: "week", key: `week ${zone}`, path: [zone] };
}
