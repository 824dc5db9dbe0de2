import type { Json } from "../../policy/index.ts";
import { elementType, isJsonObject, membersOf, NEVER, union } from "./algebra.ts";
import type { ObjectType, Type, UnknownType } from "./types.ts";

/** What is at a path: keys are strings, indexes are numbers. */
export type Lookup = Found | NoSuchKey | NotWalkable | NoSuchIndex;

export interface Found {
  readonly found: true;
  /** Without `null`, which counts as missing. */
  readonly type: Type;
  /** True when a call may leave the value, or something on the way to it, out or `null`. */
  readonly mayBeMissing: boolean;
}

/** No alternative has the key. */
export interface NoSuchKey {
  readonly found: false;
  readonly reason: "no such key";
  /** Which step failed, from 0. */
  readonly step: number;
  readonly known: readonly string[];
}

/** A key into what is no object, or an index into what is no list. */
export interface NotWalkable {
  readonly found: false;
  readonly reason: "not an object" | "not a list";
  readonly step: number;
  readonly type: Type;
}

/** The list ends before the index. */
export interface NoSuchIndex {
  readonly found: false;
  readonly reason: "no such index";
  readonly step: number;
  /** How many elements there are at most. */
  readonly length: number;
}

/** The type at a path. Through unions a value is there if any alternative has it. */
export function lookup(type: Type, steps: readonly (string | number)[]): Lookup {
  let current = type;
  let missing = false;
  for (const [index, step] of steps.entries()) {
    const next = typeof step === "number" ? element(current, step) : member(current, step);
    if (!next.found) return { ...next, step: index } as Lookup;
    missing ||= next.mayBeMissing;
    current = next.type;
  }
  const { type: present, nullable } = withoutNull(current);
  return { found: true, type: present, mayBeMissing: missing || nullable };
}

type Step = Found | { readonly found: false; readonly reason: string };

function member(type: Type, name: string): Step {
  const objects: ObjectType[] = [];
  const unknowns: UnknownType[] = [];
  let others = false;
  for (const part of membersOf(type)) {
    if (part.kind === "object") objects.push(part);
    else if (part.kind === "unknown") unknowns.push(part);
    else if (part.kind === "literal" && isJsonObject(part.value)) {
      objects.push(literalObject(part.value));
    } else others = true;
  }
  if (unknowns[0] !== undefined) return { found: true, type: unknowns[0], mayBeMissing: true };
  if (objects.length === 0) {
    return { found: false, reason: "not an object", type } as Step;
  }
  const found = objects.flatMap((object) => propertyOf(object, name) ?? []);
  if (found.length === 0) {
    const known = [...new Set(objects.flatMap((object) => [...object.properties.keys()]))];
    return { found: false, reason: "no such key", known } as Step;
  }
  return {
    found: true,
    type: union(found.map((property) => property.type)),
    mayBeMissing:
      others || found.length < objects.length || found.some((property) => !property.required),
  };
}

function propertyOf(
  object: ObjectType,
  name: string,
): { readonly type: Type; readonly required: boolean } | undefined {
  const property = object.properties.get(name);
  if (property !== undefined) return property.type.kind === "never" ? undefined : property;
  if (object.silent || object.additional.kind === "never") return undefined;
  return { type: object.additional, required: false };
}

/** The type of exactly this object. */
function literalObject(value: { readonly [key: string]: Json }): ObjectType {
  return {
    kind: "object",
    properties: new Map(
      Object.entries(value).map(([name, item]) => [
        name,
        { type: { kind: "literal", value: item }, required: true },
      ]),
    ),
    additional: NEVER,
    silent: false,
  };
}

function element(type: Type, index: number): Step {
  const found: Type[] = [];
  let lists = 0;
  let longest = 0;
  let certain = true;
  for (const part of membersOf(type)) {
    if (part.kind === "unknown") return { found: true, type: part, mayBeMissing: true };
    if (part.kind === "literal" && Array.isArray(part.value)) {
      lists++;
      longest = Math.max(longest, part.value.length);
      const value = (part.value as readonly Json[])[index];
      if (value === undefined) certain = false;
      else found.push({ kind: "literal", value });
    } else if (part.kind === "list") {
      lists++;
      longest = Math.max(longest, part.maxItems ?? 0);
      const at = elementType(part, index);
      if (at.kind === "never") certain = false;
      else found.push(at);
      certain &&= (part.minItems ?? 0) > index;
    } else certain = false;
  }
  if (lists === 0) return { found: false, reason: "not a list", type } as Step;
  if (found.length === 0) return { found: false, reason: "no such index", length: longest } as Step;
  return { found: true, type: union(found), mayBeMissing: !certain };
}

/** The type of an element of a list, for `any` and `every`; `undefined` when no alternative is a list. */
export function itemOf(type: Type): Type | undefined {
  const items: Type[] = [];
  for (const part of membersOf(type)) {
    if (part.kind === "unknown") return part;
    if (part.kind === "list") items.push(part.item);
    if (part.kind === "literal" && Array.isArray(part.value)) {
      items.push(...part.value.map((value): Type => ({ kind: "literal", value: value as Json })));
    }
  }
  return items.length === 0 ? undefined : union(items);
}

/** A type apart from `null`. Only `null` itself stays as it is. */
export function withoutNull(type: Type): { readonly type: Type; readonly nullable: boolean } {
  if (type.kind === "unknown") return { type, nullable: true };
  const isNull = (part: Type) =>
    part.kind === "null" || (part.kind === "literal" && part.value === null);
  const parts = membersOf(type);
  const present = parts.filter((part) => !isNull(part));
  if (present.length === parts.length) return { type, nullable: false };
  return present.length === 0
    ? { type: { kind: "null" }, nullable: true }
    : { type: union(present), nullable: true };
}
