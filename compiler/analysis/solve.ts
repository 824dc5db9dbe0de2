import type { Json } from "../../policy/index.ts";
import { Effort } from "./effort.ts";
import type { Formula, Literal, Operand, Predicate } from "./formula.ts";
import {
  BOOLEANS,
  between,
  complement,
  EVERYTHING,
  has,
  intersect,
  isEmpty,
  LISTS,
  MISSING,
  NOTHING,
  OBJECTS,
  pick,
  STRINGS,
  sizeOf,
  union,
  type ValueSet,
} from "./values.ts";

/** What an operand of kind `value` can be before any condition; asked for paths and for their parents. */
export type Domains = (path: readonly (string | number)[]) => ValueSet;

/**
 * `no` is a proof that nothing satisfies the formula. `yes` comes with values that do. `perhaps`: neither
 * was found, because a text pattern or a budget stood in the way.
 */
export type Answer =
  | { readonly kind: "no" }
  | { readonly kind: "yes"; readonly model: Model }
  | { readonly kind: "perhaps" };

/** A value for each operand that matters, `null` where it is missing. */
export type Model = ReadonlyMap<string, { readonly operand: Operand; readonly value: Json }>;

/** The effort on one question where none is given: enough for some thousand alternatives. */
const STEPS = 50_000;

/** Choices one inside the other; each is a call on the stack. */
const DEPTH = 500;

interface Constraint {
  readonly operand: Operand;
  readonly values: ValueSet;
  readonly predicates: readonly Predicate[];
}

type State = ReadonlyMap<string, Constraint>;

export const anyValue: Domains = () => EVERYTHING;

/**
 * Whether some values satisfy the formula. Exact for conjunctions and alternatives of comparisons with
 * numbers, texts, booleans and absence, as far as the effort goes.
 */
export function solve(
  formula: Formula,
  domains: Domains = anyValue,
  effort: Effort = new Effort(STEPS),
): Answer {
  let perhaps = false;

  const search = (
    pending: readonly Formula[],
    state: State,
    alternatives: Alternatives | undefined,
    depth: number,
  ): Model | undefined => {
    const here = new Map(state);
    const open = [...pending];
    let left = alternatives;
    let affordable = effort.spend(1 + here.size);
    for (let next = open.pop(); affordable && next !== undefined; next = open.pop()) {
      if (next.kind === "false") return undefined;
      if (next.kind === "all") {
        affordable = effort.spend(next.operands.length);
        if (affordable) for (const operand of next.operands) open.push(operand);
      }
      if (next.kind === "any") left = { operands: next.operands, others: left };
      if (next.kind === "literal") {
        const before = here.get(next.operand.key) ?? unconstrained(next.operand, domains);
        const { values, predicates } = before;
        affordable = effort.spend(sizeOf(next.values) + sizeOf(values) + predicates.length);
        if (affordable && !narrow(here, before, next)) return undefined;
      }
    }
    if (left === undefined) affordable &&= effort.spend(finishingCost(here));
    if (!affordable || depth > DEPTH) {
      perhaps = true;
      return undefined;
    }
    if (left === undefined) {
      const leaf = finish(here, domains);
      if (leaf === "perhaps") perhaps = true;
      return leaf === "no" || leaf === "perhaps" ? undefined : leaf;
    }
    for (const operand of left.operands) {
      const model = search([operand], here, left.others, depth + 1);
      if (model !== undefined) return model;
      if (!effort.spend(1)) {
        perhaps = true;
        return undefined;
      }
    }
    return undefined;
  };

  const model = search([formula], new Map(), undefined, 0);
  if (model !== undefined) return { kind: "yes", model };
  return { kind: perhaps ? "perhaps" : "no" };
}

/** Choices that are still to be made, the next one first. */
interface Alternatives {
  readonly operands: readonly Formula[];
  readonly others: Alternatives | undefined;
}

/** A value is sought for each operand, and its predicates are compared in pairs. */
function finishingCost(state: State): number {
  let cost = 0;
  for (const { values, predicates } of state.values()) {
    cost += sizeOf(values) * (predicates.length + 1) + predicates.length ** 2;
  }
  return cost;
}

/** True only where it is proved that nothing satisfies the formula. */
export function impossible(formula: Formula, domains?: Domains, effort?: Effort): boolean {
  return solve(formula, domains, effort).kind === "no";
}

/** Adds a literal to the constraints of a branch; false when nothing is left of its operand. */
function narrow(state: Map<string, Constraint>, before: Constraint, literal: Literal): boolean {
  const { operand, predicate } = literal;
  const values = intersect(before.values, literal.values);
  if (isEmpty(values)) return false;
  const { predicates } = before;
  state.set(operand.key, {
    operand,
    values,
    predicates: predicate === undefined ? predicates : [...predicates, predicate],
  });
  return true;
}

function unconstrained(operand: Operand, domains: Domains): Constraint {
  return { operand, values: domainOf(operand, domains), predicates: [] };
}

function domainOf(operand: Operand, domains: Domains): ValueSet {
  switch (operand.of) {
    case "value":
      return domains(operand.path);
    case "length":
      return { ...between(0, false, Number.POSITIVE_INFINITY, true), whole: true };
    case "host":
      return union(STRINGS, MISSING);
    case "day":
      return {
        ...between(Number.NEGATIVE_INFINITY, true, Number.POSITIVE_INFINITY, true),
        whole: true,
      };
    case "fact":
      return union(BOOLEANS, MISSING);
  }
}

function finish(state: State, domains: Domains): Model | "no" | "perhaps" {
  const linked = link(state, domains);
  if (linked === undefined) return "no";
  const model = new Map<string, { operand: Operand; value: Json }>();
  let known = true;
  for (const [key, constraint] of linked) {
    const found = witness(constraint);
    if (found.kind === "no") return "no";
    if (found.kind === "perhaps") known = false;
    else model.set(key, { operand: constraint.operand, value: found.value });
  }
  return known ? model : "perhaps";
}

/** A value that is there lies in an object or a list; what has a measure is a text or a list. */
function link(state: State, domains: Domains): State | undefined {
  // The roots are objects by themselves, and what stands right below one has no other parent.
  if (![...state.values()].some(({ operand }) => operand.path.length > 2)) return state;
  const linked = new Map(state);
  const confine = (path: readonly (string | number)[], values: ValueSet): boolean => {
    const key = pathKey(path);
    const before = linked.get(key);
    const operand: Operand = before?.operand ?? { of: "value", key, path };
    const narrowed = intersect(before?.values ?? domains(path), values);
    linked.set(key, { operand, values: narrowed, predicates: before?.predicates ?? [] });
    return !isEmpty(narrowed);
  };
  // Longest paths first, so that what is required of a parent is known before its own parent's turn.
  const byLength = [...state.values()].sort(
    (a, b) => b.operand.path.length - a.operand.path.length,
  );
  for (const { operand, values } of byLength) {
    if (operand.of !== "value" || values.missing) continue;
    for (let length = operand.path.length - 1; length >= 1; length--) {
      const step = operand.path[length];
      const parent = operand.path.slice(0, length);
      // The roots are objects by themselves.
      if (length === 1) break;
      if (!confine(parent, typeof step === "number" ? LISTS : OBJECTS)) return undefined;
    }
  }
  for (const [key, constraint] of linked) {
    const { path, of } = constraint.operand;
    if (of !== "value") continue;
    for (let length = 2; length < path.length; length++) {
      const parent = linked.get(pathKey(path.slice(0, length)));
      const inside = typeof path[length] === "number" ? LISTS : OBJECTS;
      if (parent === undefined || !isEmpty(intersect(parent.values, inside))) continue;
      const values = intersect(linked.get(key)?.values ?? NOTHING, MISSING);
      if (isEmpty(values)) return undefined;
      linked.set(key, { ...constraint, values });
    }
  }
  return linked;
}

export function pathKey(path: readonly (string | number)[]): string {
  return JSON.stringify(path);
}

type Found = { readonly kind: "no" } | { readonly kind: "perhaps" } | Witness;
interface Witness {
  readonly kind: "yes";
  readonly value: Json;
}

function witness(constraint: Constraint): Found {
  const { values, predicates } = constraint;
  if (isEmpty(values)) return { kind: "no" };
  const yes = (value: Json): Witness => ({ kind: "yes", value });
  if (predicates.length === 0) return yes(pick(values) as Json);
  // A predicate speaks of strings and lists only; literals carry it together with sets of these.
  const meets = (value: Json): boolean | undefined => {
    let result: boolean | undefined = true;
    for (const predicate of predicates) {
      const holds = predicate.test(value);
      if (holds === undefined) result = undefined;
      else if (holds !== predicate.positive) return false;
    }
    return result;
  };
  const others = intersect(values, complement(union(STRINGS, LISTS)));
  if (!isEmpty(others)) return yes(pick(others) as Json);
  if (contradict(predicates, !values.lists)) return { kind: "no" };
  if (!values.strings.except && !values.lists) {
    let open = false;
    for (const text of values.strings.values) {
      const met = meets(text);
      if (met === true) return yes(text);
      if (met === undefined) open = true;
    }
    return { kind: open ? "perhaps" : "no" };
  }
  for (const candidate of candidates(predicates)) {
    if (has(values, candidate) && meets(candidate) === true) return yes(candidate);
  }
  return { kind: "perhaps" };
}

/** Texts that are likely to meet the predicates. */
function candidates(predicates: readonly Predicate[]): readonly Json[] {
  const wanted = (operator: string): readonly string[] =>
    predicates.flatMap(({ positive, text }) =>
      positive && text?.operator === operator ? [text.literal] : [],
    );
  const longest = (texts: readonly string[]): string =>
    texts.reduce((best, text) => (text.length > best.length ? text : best), "");
  const start = longest(wanted("starts with"));
  const end = longest(wanted("ends with"));
  const middle = wanted("contains").join("");
  return [
    start + end,
    start + middle + end,
    `${start}example${end}`,
    `${start}a${middle}b${end}`,
    start,
    end,
    "example",
    "",
    [],
  ];
}

/** Whether no value has all of the properties; what texts imply is true of texts only. */
function contradict(predicates: readonly Predicate[], texts: boolean): boolean {
  return predicates.some((a, i) =>
    predicates
      .slice(i + 1)
      .some(
        (b) =>
          (a.key === b.key && a.positive !== b.positive) || (texts && (clash(a, b) || clash(b, a))),
      ),
  );
}

function clash(a: Predicate, b: Predicate): boolean {
  if (a.text === undefined || b.text === undefined || !a.positive) return false;
  const x = a.text.literal;
  const y = b.text.literal;
  if (b.positive) {
    if (a.text.operator !== b.text.operator) return false;
    if (a.text.operator === "starts with") return !x.startsWith(y) && !y.startsWith(x);
    return a.text.operator === "ends with" && !x.endsWith(y) && !y.endsWith(x);
  }
  // `a` holds, and whatever has its literal there has that of `b` too.
  if (b.text.operator === "contains") return x.includes(y);
  if (b.text.operator !== a.text.operator) return false;
  return b.text.operator === "starts with" ? x.startsWith(y) : x.endsWith(y);
}
