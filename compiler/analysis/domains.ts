import { compileSchemaPattern, type Json } from "../../policy/index.ts";
import type { JudgedCall } from "../host.ts";
import { isJsonObject, membersOf } from "../tools/algebra.ts";
import type { Type } from "../tools/types.ts";
import type { Domains } from "./branch.ts";
import { completed } from "./example.ts";
import type { Predicate, Steps } from "./formula.ts";
import {
  between,
  EVERYTHING,
  intersect,
  MISSING,
  NOTHING,
  only,
  STRINGS,
  union,
  unionOf,
  type ValueSet,
  valuesOf,
} from "./values.ts";
import { matching } from "./verdicts.ts";

/** What is known of a call beside its conditions. */
export interface Known {
  /** The type of its arguments, that calls keep to. */
  readonly args?: Type;
  /** Objects hold nothing that their schema does not name. */
  readonly strict?: boolean;
  /** The type of arguments that read well, where calls need not keep to one. */
  readonly usual?: Type;
  /** The labels that are declared, with the values they may have; absent where any label may stand. */
  readonly labels?: ReadonlyMap<string, { readonly values?: readonly string[] }>;
  /** The one grant that calls; absent for every grant. */
  readonly grant?: JudgedCall["grant"];
}

export function domainsFor({ args, strict = false, usual = args, labels, grant }: Known): Domains {
  const typesAt = remembered((path): readonly Place[] | undefined => {
    const [root, ...steps] = path;
    return root === "args" && args !== undefined ? placesAt(args, steps, strict) : undefined;
  });
  const usualAt = (path: Steps): Type | undefined => {
    const [root, ...steps] = path;
    if (root !== "args" || usual === undefined) return undefined;
    const found = placesAt(usual, steps, strict)?.find(({ kind }) => kind !== "missing");
    return found?.kind === "missing" ? undefined : found;
  };
  return {
    values: remembered((path) => {
      const [root, first] = path;
      if (root === "grant") return grantDomain(first, labels, grant);
      if (root === "client") return union(STRINGS, MISSING);
      const places = typesAt(path);
      return places === undefined ? EVERYTHING : unionOf(places.map(valuesAt));
    }),
    lengths: remembered((path) => {
      const places = typesAt(path);
      return places === undefined ? undefined : unionOf(places.map(lengthsAt));
    }),
    texts: remembered((path) => textsAt(typesAt(path))),
    complete: (path, partial) => completed(usualAt(path), partial),
  };
}

/** What calls can be that keep to both. */
export function within(a: Domains, b: Domains): Domains {
  return {
    values: remembered((path) => intersect(a.values(path), b.values(path))),
    lengths: remembered((path) => {
      const [one, other] = [a.lengths?.(path), b.lengths?.(path)];
      return one === undefined || other === undefined ? (one ?? other) : intersect(one, other);
    }),
    texts: remembered((path) => [...(a.texts?.(path) ?? []), ...(b.texts?.(path) ?? [])]),
    complete: (path, partial) => b.complete?.(path, a.complete?.(path, partial)) ?? partial,
  };
}

/** What may be at a path. */
type Place = Type | { readonly kind: "missing" };

const ABSENT: Place = { kind: "missing" };

/** Every alternative; undefined where nothing is known. */
function placesAt(type: Type, steps: Steps, strict: boolean): readonly Place[] | undefined {
  let places: readonly Place[] = membersOf(type);
  for (const step of steps) {
    const next: Place[] = [];
    for (const place of places) {
      if (place.kind === "unknown") return undefined;
      const inside = typeof step === "number" ? element(place, step) : member(place, step, strict);
      if (inside === undefined) return undefined;
      for (const one of inside) {
        if (one.kind === "union") next.push(...one.members);
        else next.push(one);
      }
    }
    places = next;
  }
  return places.some(({ kind }) => kind === "unknown") ? undefined : places;
}

function member(place: Place, key: string, strict: boolean): readonly Place[] | undefined {
  if (place.kind === "literal" && isJsonObject(place.value)) {
    const value = Object.hasOwn(place.value, key) ? place.value[key] : undefined;
    return value === undefined ? [ABSENT] : [{ kind: "literal", value }];
  }
  if (place.kind !== "object") return [ABSENT];
  const property = place.properties.get(key);
  if (property !== undefined) return property.required ? [property.type] : [property.type, ABSENT];
  if (place.silent) return strict ? [ABSENT] : undefined;
  return [place.additional, ABSENT];
}

function element(place: Place, index: number): readonly Place[] {
  if (place.kind === "literal" && Array.isArray(place.value)) {
    const value = (place.value as readonly Json[])[index];
    return value === undefined ? [ABSENT] : [{ kind: "literal", value }];
  }
  if (place.kind !== "list") return [ABSENT];
  const type = place.prefix?.[index] ?? place.rest ?? place.item;
  return (place.minItems ?? 0) > index ? [type] : [type, ABSENT];
}

function valuesAt(place: Place): ValueSet {
  return place.kind === "missing" ? MISSING : valuesOf(place);
}

function lengthsAt(place: Place): ValueSet {
  switch (place.kind) {
    case "string":
      return lengthsBetween(place.minLength, place.maxLength);
    case "list":
      return lengthsBetween(place.minItems, place.maxItems);
    case "literal": {
      const { value } = place;
      if (typeof value === "string") return only([...value].length);
      return Array.isArray(value) ? only(value.length) : MISSING;
    }
    case "never":
      return NOTHING;
    default:
      return MISSING;
  }
}

function lengthsBetween(low = 0, high = Number.POSITIVE_INFINITY): ValueSet {
  return { ...between(low, false, high, false), whole: true };
}

/** The pattern of a text, where it has one in every alternative. */
function textsAt(places: readonly Place[] | undefined): readonly Predicate[] {
  const texts = (places ?? []).filter(
    (place) => place.kind === "string" || (place.kind === "literal" && isText(place.value)),
  );
  const [only] = texts;
  if (texts.length !== 1 || only?.kind !== "string" || only.pattern === undefined) return [];
  const regex = compileSchemaPattern(only.pattern);
  return typeof regex === "string" ? [] : [matching(regex.source)];
}

function isText(value: Json): boolean {
  return typeof value === "string";
}

function grantDomain(
  name: string | number | undefined,
  labels: Known["labels"],
  grant: Known["grant"],
): ValueSet {
  if (grant !== undefined) {
    if (name === "name" || name === "id") return only(grant[name]);
    const own = Object.hasOwn(grant.labels, String(name)) ? grant.labels[String(name)] : undefined;
    return own === undefined ? MISSING : only(own);
  }
  if (name === "name" || name === "id") return STRINGS;
  if (labels === undefined) return union(STRINGS, MISSING);
  const label = labels.get(String(name));
  if (label === undefined) return MISSING;
  return unionOf([MISSING, ...(label.values?.map(only) ?? [STRINGS])]);
}

/** The same path is asked for over and over. */
function remembered<T>(find: (path: Steps) => T): (path: Steps) => T {
  const known = new Map<string, T>();
  const byPath = new WeakMap<Steps, { readonly found: T }>();
  return (path) => {
    const before = byPath.get(path);
    if (before !== undefined) return before.found;
    const key = JSON.stringify(path);
    const found = known.has(key) ? (known.get(key) as T) : find(path);
    known.set(key, found);
    byPath.set(path, { found });
    return found;
  };
}
