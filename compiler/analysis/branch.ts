import type { Json } from "../../policy/index.ts";
import {
  any,
  type Formula,
  type Literal,
  literal,
  measureAt,
  type Operand,
  type Predicate,
  pathKey,
  type Quantity,
  type Relation,
  type Steps,
} from "./formula.ts";
import { WHOLE_WEEK } from "./moments.ts";
import {
  BOOLEANS,
  between,
  complement,
  EVERYTHING,
  intersect,
  isEmpty,
  LISTS,
  MISSING,
  OBJECTS,
  STRINGS,
  union,
  type ValueSet,
} from "./values.ts";

/** What can be at paths before any condition. Never too little: what is not known is anything. */
export interface Domains {
  /** Asked for paths and for their parents. */
  values(path: Steps): ValueSet;
  /** How long a text or a list can be. */
  lengths?(path: Steps): ValueSet | undefined;
  /** What a text must be, besides. */
  texts?(path: Steps): readonly Predicate[];
  /** A value that stands for the parts of a call that nothing is asked of; `partial` is what is settled of it. */
  complete?(path: Steps, partial: Json | undefined): Json | undefined;
}

export const anyValue: Domains = { values: () => EVERYTHING };

/** What a branch of the search demands of one operand. */
export interface Constraint {
  readonly operand: Operand;
  readonly values: ValueSet;
  readonly predicates: readonly Predicate[];
}

/** A list of which elements are spoken of: those below `count`, and `eaches` of every other one too. */
interface Elements {
  readonly list: Operand;
  readonly count: number;
  readonly eaches: readonly Quantity[];
}

const WHOLE: ValueSet = { ...between(0, false, Number.POSITIVE_INFINITY, true), whole: true };
const LENGTHS = union(WHOLE, MISSING);
const ANY_DAY: ValueSet = {
  ...between(Number.NEGATIVE_INFINITY, true, Number.POSITIVE_INFINITY, true),
  whole: true,
};

/** What a branch of the search has taken for granted: all of it must hold together. */
export class Branch {
  readonly domains: Domains;
  readonly constraints: Map<string, Constraint>;
  readonly relations: Relation[];
  /** Elements that are still to be found, those of the outermost lists first. */
  readonly somes: Quantity[];
  /** Comparisons of lists that were taken apart, into those of so many elements. */
  readonly apart: Map<Relation, number>;
  readonly #elements: Map<string, Elements>;

  constructor(domains: Domains, from?: Branch) {
    this.domains = domains;
    this.constraints = new Map(from?.constraints);
    this.relations = [...(from?.relations ?? [])];
    this.somes = [...(from?.somes ?? [])];
    this.apart = new Map(from?.apart);
    this.#elements = new Map(from === undefined ? [] : from.#elements);
  }

  copy(): Branch {
    return new Branch(this.domains, this);
  }

  of(operand: Operand): Constraint {
    return (
      this.constraints.get(operand.key) ?? {
        operand,
        values: domainOf(operand, this.domains),
        predicates: [],
      }
    );
  }

  /** False when nothing is left of its operand. */
  narrow({ operand, values, predicate }: Literal): boolean {
    const before = this.of(operand);
    const narrowed = intersect(before.values, values);
    if (isEmpty(narrowed)) return false;
    this.constraints.set(operand.key, {
      operand,
      values: narrowed,
      predicates: predicate === undefined ? before.predicates : [...before.predicates, predicate],
    });
    return true;
  }

  countOf(list: Operand): number {
    return this.#elements.get(list.key)?.count ?? 0;
  }

  /** Lists of which something is demanded of each element. */
  get judged(): readonly Elements[] {
    return [...this.#elements.values()].filter(({ eaches }) => eaches.length > 0);
  }

  /** Elements up to this index are spoken of; gives what that demands. */
  touch(list: Operand, index: number): readonly Formula[] {
    const known = this.#elements.get(list.key) ?? { list, count: 0, eaches: [] };
    if (index < known.count) return [];
    this.#elements.set(list.key, { ...known, count: index + 1 });
    return Array.from({ length: index + 1 - known.count }, (_, i) =>
      known.eaches.map((each) => ifThere(list, known.count + i, each)),
    ).flat();
  }

  /** Gives what it demands of the elements that are spoken of. */
  demandOfEach(each: Quantity): readonly Formula[] {
    const { list } = each;
    const known = this.#elements.get(list.key) ?? { list, count: 0, eaches: [] };
    this.#elements.set(list.key, { ...known, eaches: [...known.eaches, each] });
    return Array.from({ length: known.count }, (_, index) => ifThere(list, index, each));
  }

  /** How one more element can be the one that is sought: a new one, or one of those that are spoken of. */
  choicesFor({ list, body }: Quantity): readonly Formula[][] {
    const count = this.countOf(list);
    const reuse = Array.from({ length: count }, (_, index) => [
      isThere(list, index),
      body([...list.path, index]),
    ]);
    return [[isThere(list, count), body([...list.path, count])], ...reuse];
  }
}

function ifThere(list: Operand, index: number, { body }: Quantity): Formula {
  const absent = literal(
    measureAt("length", list.path),
    union(MISSING, between(0, false, index, false)),
  );
  return any([absent, body([...list.path, index])]);
}

/** The list is longer than the index. */
export function isThere(list: Operand, index: number): Formula {
  return literal(
    measureAt("length", list.path),
    between(index + 1, false, Number.POSITIVE_INFINITY, true),
  );
}

export function domainOf(operand: Operand, domains: Domains): ValueSet {
  switch (operand.of) {
    case "value":
      return operand.path.length === 1 ? rootDomain(operand.path[0]) : domains.values(operand.path);
    case "length":
      return intersect(LENGTHS, domains.lengths?.(operand.path) ?? LENGTHS);
    case "host":
      return union(STRINGS, MISSING);
    case "day":
      return ANY_DAY;
    case "week":
      return WHOLE_WEEK;
    case "fact":
      return union(BOOLEANS, MISSING);
  }
}

function rootDomain(root: string | number | undefined): ValueSet {
  return root === "client" ? union(OBJECTS, MISSING) : OBJECTS;
}

/** The indexes that a formula speaks of, by their lists. */
export function indexesIn(formula: Formula): ReadonlyMap<string, { list: Steps; index: number }> {
  let found = indexes.get(formula);
  if (found === undefined) {
    const made = new Map<string, { list: Steps; index: number }>();
    collect(formula, made);
    found = made;
    indexes.set(formula, found);
  }
  return found;
}

const indexes = new WeakMap<Formula, ReadonlyMap<string, { list: Steps; index: number }>>();

function collect(formula: Formula, into: Map<string, { list: Steps; index: number }>): void {
  const add = ({ path }: Operand): void => {
    for (const [at, step] of path.entries()) {
      if (typeof step !== "number") continue;
      const list = path.slice(0, at);
      const key = pathKey(list);
      const known = into.get(key);
      if (known === undefined || known.index < step) into.set(key, { list, index: step });
    }
  };
  switch (formula.kind) {
    case "all":
    case "any":
      for (const operand of formula.operands) collect(operand, into);
      break;
    case "literal":
      add(formula.operand);
      break;
    case "relation":
      add(formula.left);
      add(formula.right);
      break;
    case "some":
    case "each":
      add(formula.list);
      // A body may speak of elements of lists outside, which are known beforehand so.
      for (const [key, found] of indexesIn(formula.body(PROBE))) {
        if (found.list[0] === PROBE[0]) continue;
        const known = into.get(key);
        if (known === undefined || known.index < found.index) into.set(key, found);
      }
      break;
  }
}

/** Stands for an element, wherever it is. */
const PROBE: Steps = ["an element"];

/** Whether a formula cannot hold beside what is known, seen at once. */
export function isRefuted(branch: Branch, formula: Formula): boolean {
  if (formula.kind === "false") return true;
  if (formula.kind === "literal") {
    return isEmpty(intersect(branch.of(formula.operand).values, formula.values));
  }
  if (formula.kind === "all") return formula.operands.some((one) => isRefuted(branch, one));
  if (formula.kind === "some" || formula.kind === "each") {
    return isEmpty(intersect(branch.of(formula.list).values, LISTS));
  }
  return formula.kind === "any" && formula.operands.every((one) => isRefuted(branch, one));
}

/** Whether a formula holds of all that the branch leaves, seen at once. */
export function isSettled(branch: Branch, formula: Formula): boolean {
  if (formula.kind === "true") return true;
  if (formula.kind === "literal") {
    if (formula.predicate !== undefined) return false;
    return isEmpty(intersect(branch.of(formula.operand).values, complement(formula.values)));
  }
  if (formula.kind === "all") return formula.operands.every((one) => isSettled(branch, one));
  return formula.kind === "any" && formula.operands.some((one) => isSettled(branch, one));
}
