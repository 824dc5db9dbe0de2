import {
  compileRegex,
  hostOf,
  isUnder,
  type Json,
  type Operator,
  type Place,
  parseBase,
  parsePlace,
} from "../../policy/index.ts";
import { jsonEqual } from "../tools/algebra.ts";
import { languageOf } from "./automaton.ts";
import {
  all,
  any,
  FALSE,
  type Formula,
  literal,
  measureAt,
  not,
  type Operand,
  type Predicate,
  type Steps,
  valueAt,
} from "./formula.ts";
import {
  BOOLEANS,
  between,
  complement,
  intersect,
  LISTS,
  MISSING,
  NUMBERS,
  OBJECTS,
  only,
  PRESENT,
  STRINGS,
  union,
  unionOf,
  type ValueSet,
} from "./values.ts";

/** What one operator with one literal makes of a present value: when it holds, and when it cannot be asked. */
export interface Verdict {
  readonly holds: Formula;
  readonly errs: Formula;
}

/** @param operand not missing */
export function verdictOn(op: Operator, wanted: Json, operand: Operand): Verdict {
  switch (op) {
    case "eq":
      return { holds: equals(operand, wanted), errs: otherThan(operand, kindOf(wanted)) };
    case "neq":
      return inverted(verdictOn("eq", wanted, operand));
    case "in": {
      const values = (wanted as readonly Json[]).filter((value) => value !== null);
      return {
        holds: any(values.map((value) => equals(operand, value))),
        errs: otherThan(operand, unionOf(values.map(kindOf))),
      };
    }
    case "not_in":
      return inverted(verdictOn("in", wanted, operand));
    case "lt":
      return numeric(operand, between(Number.NEGATIVE_INFINITY, true, wanted as number, true));
    case "lte":
      return numeric(operand, between(Number.NEGATIVE_INFINITY, true, wanted as number, false));
    case "gt":
      return numeric(operand, between(wanted as number, true, Number.POSITIVE_INFINITY, true));
    case "gte":
      return numeric(operand, between(wanted as number, false, Number.POSITIVE_INFINITY, true));
    case "contains":
      return containing(operand, wanted);
    case "regex":
      return textual(operand, matching(wanted as string));
    case "under":
      return below(operand, typeof wanted === "string" ? [wanted] : (wanted as readonly string[]));
    case "exists":
      return { holds: literal(operand, PRESENT), errs: FALSE };
  }
}

function inverted({ holds, errs }: Verdict): Verdict {
  return { holds: all([not(holds), not(errs)]), errs };
}

function otherThan(operand: Operand, kinds: ValueSet): Formula {
  return literal(operand, intersect(PRESENT, complement(kinds)));
}

function numeric(operand: Operand, range: ValueSet): Verdict {
  return { holds: literal(operand, range), errs: otherThan(operand, NUMBERS) };
}

function textual(operand: Operand, predicate: Predicate): Verdict {
  return { holds: literal(operand, STRINGS, predicate), errs: otherThan(operand, STRINGS) };
}

/** All values of the type that a value has. */
export function kindOf(value: Json): ValueSet {
  if (value === null) return MISSING;
  if (typeof value === "string") return STRINGS;
  if (typeof value === "number") return NUMBERS;
  if (typeof value === "boolean") return BOOLEANS;
  return Array.isArray(value) ? LISTS : OBJECTS;
}

/** The operand is this value, as JSON. */
function equals(operand: Operand, value: Json): Formula {
  if (typeof value !== "object" || value === null) return literal(operand, only(value));
  // A measure is never a list or an object.
  if (operand.of !== "value") return FALSE;
  if (!Array.isArray(value)) return literal(operand, OBJECTS, sameObject(value));
  const length = measureAt("length", operand.path);
  return all([
    literal(operand, LISTS),
    literal(length, only(value.length)),
    ...value.map((item: Json, index) => equals(valueAt([...operand.path, index]), item)),
  ]);
}

function sameObject(value: Json): Predicate {
  return {
    key: `== ${JSON.stringify(value)}`,
    positive: true,
    candidates: [value, {}],
    test: (other) => jsonEqual(other, value),
  };
}

/** A string in a string, or an element of a list. */
function containing(operand: Operand, wanted: Json): Verdict {
  const isText = typeof wanted === "string";
  const inText = isText ? literal(operand, STRINGS, matching(escapePattern(wanted))) : FALSE;
  const kinds = isText ? union(STRINGS, LISTS) : LISTS;
  if (operand.of !== "value") return { holds: inText, errs: otherThan(operand, kinds) };
  const found: Formula = {
    kind: "some",
    list: operand,
    body: (element) => equals(valueAt(element), wanted),
  };
  if (wanted === null) return { holds: found, errs: otherThan(operand, LISTS) };
  const otherKind = (element: Steps): Formula => otherThan(valueAt(element), kindOf(wanted));
  return {
    holds: any([inText, found]),
    errs: any([
      otherThan(operand, kinds),
      all([not(found), { kind: "some", list: operand, body: otherKind }]),
    ]),
  };
}

export function escapePattern(text: string): string {
  return text.replace(/[\\.+*?()|[\]{}^$]/g, "\\$&");
}

/** The texts in which a pattern occurs. */
export function matching(pattern: string): Predicate {
  const language = languageOf(pattern);
  const regex = compileRegex(pattern);
  return {
    key: `regex ${pattern}`,
    positive: true,
    ...(language === undefined ? {} : { language }),
    test: (value) =>
      typeof value !== "string" || typeof regex === "string" ? undefined : regex.test(value),
  };
}

// Places ---------------------------------------------------------------------------------------------

/** A text that is no plain place, or of another kind than every base, is an error. */
function below(operand: Operand, bases: readonly string[]): Verdict {
  const parsed = bases.map(parseBase).filter((base): base is Place => typeof base !== "string");
  const judge = (value: Json): boolean | undefined => {
    const place = typeof value === "string" ? parsePlace(value) : "";
    if (typeof place === "string") return undefined;
    const results = parsed.map((base) => isUnder(place, base));
    if (results.includes(true)) return true;
    return results.includes(false) ? false : undefined;
  };
  const sorted = [...bases].sort();
  const key = JSON.stringify(sorted);
  const candidates = sorted.flatMap(candidatesUnder);
  const placed: Predicate = {
    key: `place ${key}`,
    positive: true,
    candidates,
    test: (value) => judge(value) !== undefined,
  };
  const under: Predicate = {
    key: `under ${key}`,
    positive: true,
    candidates,
    bases: sorted,
    test: (value) => judge(value) === true,
  };
  const comparable = literal(operand, STRINGS, placed);
  return {
    holds: all([literal(operand, STRINGS, under), comparable]),
    errs: any([
      otherThan(operand, STRINGS),
      literal(operand, STRINGS, { ...placed, positive: false }),
    ]),
  };
}

function candidatesUnder(base: string): readonly string[] {
  const plain = base.replace("://*.", "://www.").replace(/\/$/, "");
  const host = hostOf(plain);
  const elsewhere = typeof host === "string" ? "/elsewhere" : "https://elsewhere.example/";
  return [plain, `${plain}/example`, `${plain}/a/b`, elsewhere, `${elsewhere}-2`, "not a place"];
}

/** Whether whatever lies under one of `inner` lies under one of `outer`. */
export function impliesUnder(inner: readonly string[], outer: readonly string[]): boolean {
  const bases = outer.map(parseBase);
  return inner.every((one) => {
    const place = parsePlace(one);
    return (
      typeof place !== "string" &&
      bases.some((base) => typeof base !== "string" && isUnder(place, base) === true)
    );
  });
}

/** Whether nothing lies under both. */
export function apartUnder(a: readonly string[], b: readonly string[]): boolean {
  return a.every((one) => b.every((other) => isApart(one, other)));
}

function isApart(one: string, other: string): boolean {
  const [a, b] = [parsePlace(one), parsePlace(other)];
  // A base with a `*` in its host is no place.
  if (typeof a === "string" || typeof b === "string") return false;
  return isUnder(a, b) !== true && isUnder(b, a) !== true;
}
