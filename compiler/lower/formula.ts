import type {
  AfterEntry,
  BeforeEntry,
  CompareEntry,
  ConditionEntry,
  DuringEntry,
  Json,
  PathJson,
} from "../../policy/index.ts";
import { canonicalJson, DAY_MS, startOfDay } from "../../policy/index.ts";

/**
 * A condition on its way to the policy format: negations are at the leaves, constants are folded, nested
 * `and`s and `or`s of one kind are one, and no operand stands twice.
 */
export type Formula =
  | { readonly kind: "constant"; readonly value: boolean }
  | { readonly kind: "all" | "any"; readonly parts: readonly Formula[] }
  | { readonly kind: "leaf"; readonly entry: Leaf }
  | {
      readonly kind: "some" | "every";
      readonly path: PathJson;
      readonly as: string;
      readonly where: Formula;
    };

export type Leaf = CompareEntry | DuringEntry | BeforeEntry | AfterEntry;

export const TRUE: Formula = { kind: "constant", value: true };
export const FALSE: Formula = { kind: "constant", value: false };

export const isTrue = (formula: Formula): boolean => formula.kind === "constant" && formula.value;
export const isFalse = (formula: Formula): boolean => formula.kind === "constant" && !formula.value;

export const leaf = (entry: Leaf): Formula => ({ kind: "leaf", entry });
export const all = (parts: readonly Formula[]): Formula => join("all", parts);
export const any = (parts: readonly Formula[]): Formula => join("any", parts);

function join(kind: "all" | "any", parts: readonly Formula[]): Formula {
  if (parts.length === 1) return parts[0] as Formula;
  const neutral = kind === "all";
  const found = new Map<string, Formula>();
  const add = (part: Formula): boolean => {
    if (part.kind === "constant") return part.value === neutral;
    if (part.kind === kind) return part.parts.every(add);
    found.set(textOf(part), part);
    return true;
  };
  if (!parts.every(add)) return neutral ? FALSE : TRUE;
  const [only, second] = found.values();
  if (only === undefined) return neutral ? TRUE : FALSE;
  return second === undefined ? only : { kind, parts: [...found.values()] };
}

const texts = new WeakMap<Formula, string>();

/** Equal for formulas that are written alike but for the order of their operands. */
export function textOf(formula: Formula): string {
  const known = texts.get(formula);
  if (known !== undefined) return known;
  const text =
    formula.kind === "all" || formula.kind === "any"
      ? `${formula.kind}(${formula.parts.map(textOf).sort().join()})`
      : formula.kind === "some" || formula.kind === "every"
        ? `${formula.kind}(${canonicalJson([formula.path as Json, formula.as])},${textOf(formula.where)})`
        : canonicalJson(toEntry(formula) as unknown as Json);
  texts.set(formula, text);
  return text;
}

/** The formula as one condition. */
export function toEntry(formula: Formula): ConditionEntry {
  switch (formula.kind) {
    case "constant":
      return formula.value ? { all: [] } : { any: [] };
    case "all":
      return { all: formula.parts.map(toEntry) };
    case "any":
      return { any: formula.parts.map(toEntry) };
    case "leaf":
      return formula.entry;
    case "some":
      return { some: formula.path, as: formula.as, where: toEntry(formula.where) };
    case "every":
      return { every: formula.path, as: formula.as, where: toEntry(formula.where) };
  }
}

/** The formula as the conditions of an entry, all of which must hold. */
export function toConditions(formula: Formula): readonly ConditionEntry[] {
  if (formula.kind === "all") return formula.parts.map(toEntry);
  return formula.kind === "constant" && formula.value ? [] : [toEntry(formula)];
}

/** The alternatives of a formula at its top. */
export function alternatives(formula: Formula): readonly Formula[] {
  if (formula.kind === "any") return formula.parts;
  return formula.kind === "constant" && !formula.value ? [] : [formula];
}

/** How deep conditions stand in one another, once it is the condition of an entry. */
export function depthOf(formula: Formula): number {
  switch (formula.kind) {
    case "constant":
    case "leaf":
      return 1;
    case "all":
    case "any":
      return 1 + formula.parts.reduce((most, part) => Math.max(most, depthOf(part)), 0);
    case "some":
    case "every":
      return 1 + depthOf(formula.where);
  }
}

/**
 * `not`, moved inward. A comparison with a missing operand is false, negated or not, so this is *not* the
 * set of all other calls: that is `complement`.
 */
export function negate(formula: Formula): Formula {
  switch (formula.kind) {
    case "constant":
      return formula.value ? FALSE : TRUE;
    case "all":
      return any(formula.parts.map(negate));
    case "any":
      return all(formula.parts.map(negate));
    case "leaf":
      return leaf(negateLeaf(formula.entry));
    case "some":
      return { ...formula, kind: "every", where: negate(formula.where) };
    case "every":
      return { ...formula, kind: "some", where: negate(formula.where) };
  }
}

/** True of every call for which the formula is not true, those that lack an operand included. */
export function complement(formula: Formula): Formula {
  switch (formula.kind) {
    case "constant":
      return formula.value ? FALSE : TRUE;
    case "all":
      return any(formula.parts.map(complement));
    case "any":
      return all(formula.parts.map(complement));
    case "leaf":
      return any([leaf(negateLeaf(formula.entry)), ...operands(formula.entry).map(missing)]);
    case "some":
      return any([
        { ...formula, kind: "every", where: complement(formula.where) },
        missing(formula.path),
      ]);
    case "every":
      return any([
        { ...formula, kind: "some", where: complement(formula.where) },
        missing(formula.path),
      ]);
  }
}

const missing = (path: PathJson): Formula => leaf({ path, op: "exists", value: false });

/** The paths whose absence makes a comparison false. */
function operands(entry: Leaf): readonly PathJson[] {
  if (!("path" in entry)) return [];
  const presence =
    entry.op === "exists" || ((entry.op === "eq" || entry.op === "neq") && entry.value === null);
  if (presence) return [];
  return [
    ...(entry.else === undefined ? [entry.path] : []),
    ...(entry.path2 === undefined ? [] : [entry.path2]),
  ];
}

const OPPOSITE = {
  eq: "neq",
  neq: "eq",
  lt: "gte",
  lte: "gt",
  gt: "lte",
  gte: "lt",
  in: "not_in",
  not_in: "in",
} as const;

function negateLeaf(entry: Leaf): Leaf {
  if ("before" in entry) {
    const day = entry.negate ? undefined : dayBeside(entry.before, -1);
    return day === undefined ? toggled(entry) : { after: day };
  }
  if ("after" in entry) {
    const day = entry.negate ? undefined : dayBeside(entry.after, 1);
    return day === undefined ? toggled(entry) : { before: day };
  }
  if ("during" in entry) return toggled(entry);
  const { op } = entry;
  if (op === "exists") return { ...entry, value: entry.value !== true };
  return Object.hasOwn(OPPOSITE, op)
    ? { ...entry, op: OPPOSITE[op as keyof typeof OPPOSITE] }
    : toggled(entry);
}

function toggled<E extends Leaf>(entry: E): Leaf {
  if (!entry.negate) return { ...entry, negate: true };
  const { negate: _, ...plain } = entry;
  return plain as unknown as Leaf;
}

/** The day before or after a date; undefined outside the years that a policy can name. */
export function dayBeside(date: string, days: 1 | -1): string | undefined {
  const start = startOfDay(date);
  if (start === undefined) return undefined;
  const text = new Date(start + days * DAY_MS).toISOString().slice(0, 10);
  return startOfDay(text) === undefined ? undefined : text;
}
