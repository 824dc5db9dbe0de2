import type { Json } from "../../policy/index.ts";
import type { ListType, NumberType, ObjectType, Property, StringType, Type } from "./types.ts";

/** Union, intersection and membership of types. All are total; work is bounded by `Budget`. */

export const NEVER: Type = { kind: "never" };
export const ANYTHING: Type = { kind: "unknown" };

export function unknown(why: string): Type {
  return { kind: "unknown", why };
}

/** Steps that reading one schema may take. */
export class Budget {
  #left: number;

  constructor(steps: number) {
    this.#left = steps;
  }

  /** True while there is something left. */
  spend(steps = 1): boolean {
    this.#left -= steps;
    return this.#left >= 0;
  }
}

const TOO_MUCH = unknown("a schema with too many alternatives");

export function jsonEqual(a: Json, b: Json): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false;
    return a.every((item, index) => jsonEqual(item as Json, b[index] as Json));
  }
  const left = a as { readonly [key: string]: Json };
  const right = b as { readonly [key: string]: Json };
  const keys = Object.keys(left);
  if (keys.length !== Object.keys(right).length) return false;
  return keys.every(
    (key) => Object.hasOwn(right, key) && jsonEqual(left[key] as Json, right[key] as Json),
  );
}

/** JSON with sorted keys, so that equal values give equal texts. */
function canonical(value: Json): string {
  return JSON.stringify(value, (_, inner: Json) =>
    isJsonObject(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

/** The members of a union; of another type, itself. */
export function membersOf(type: Type): readonly Type[] {
  if (type.kind === "union") return type.members;
  return type.kind === "never" ? [] : [type];
}

/** What is any of the types. One that is `unknown` makes all unknown; a literal that another covers goes. */
export function union(types: readonly Type[]): Type {
  if (types.length === 1) return types[0] as Type;
  const members = new Map<unknown, Type>();
  for (const type of types) {
    for (const member of membersOf(type)) {
      if (member.kind === "unknown") return member;
      members.set(identity(member), member);
    }
  }
  const wide = [...members.values()].filter((member) => member.kind !== "literal");
  const kept = [...members.values()].filter(
    (member) =>
      member.kind !== "literal" ||
      !wide.some((other) => isScalarKind(other) && accepts(other, member.value)),
  );
  if (kept.length === 0) return NEVER;
  return kept.length === 1 ? (kept[0] as Type) : { kind: "union", members: kept };
}

function isScalarKind(type: Type): boolean {
  return type.kind === "null" || type.kind === "boolean" || type.kind === "number"
    ? true
    : type.kind === "string" && type.pattern === undefined && type.format === undefined;
}

/** Nodes that are compared; larger types count as different from all others. */
const MAX_COMPARED = 2_000;
let strangers = 0;

/** What two types share exactly when they are the same. */
function identity(type: Type): unknown {
  // Enumerations are long: a plain number stands for itself, a string is told from the texts of `key`.
  if (type.kind === "literal") {
    if (typeof type.value === "number") return type.value;
    if (typeof type.value === "string") return `"${type.value}`;
  }
  return key(type);
}

/** A text that two types share exactly when they are the same. */
function key(type: Type): string {
  let left = MAX_COMPARED;
  const write = (part: Type): string => {
    if (--left < 0) return "";
    switch (part.kind) {
      case "union":
        return `(${part.members.map(write).sort().join("|")})`;
      case "list": {
        const { item, prefix, rest, ...plain } = part;
        const inner = prefix === undefined ? [item] : [...prefix, rest ?? ANYTHING];
        return `${JSON.stringify(plain)}[${inner.map(write).join()}]`;
      }
      case "object": {
        const names = [...part.properties].sort(([a], [b]) => (a < b ? -1 : 1));
        const properties = names.map(
          ([name, { type: inner, required }]) =>
            `${JSON.stringify(name)}${required ? "!" : "?"}${write(inner)}`,
        );
        return `${part.silent}{${properties.join()};${write(part.additional)}}`;
      }
      case "literal":
        return `=${canonical(part.value)}`;
      default:
        return JSON.stringify(part, Object.keys(part).sort());
    }
  };
  const written = write(type);
  return left < 0 ? `stranger ${strangers++}` : written;
}

/** What is both. Where one is not understood, the other: wider than the truth, never narrower. */
export function intersect(a: Type, b: Type, budget: Budget): Type {
  if (!budget.spend()) return TOO_MUCH;
  if (a.kind === "unknown") return b.kind === "unknown" && b.why === undefined ? a : b;
  if (b.kind === "unknown") return a;
  if (a.kind === "never" || b.kind === "never") return NEVER;
  if (a.kind === "union" || b.kind === "union") return intersectUnions(a, b, budget);
  if (a.kind === "literal") return accepts(b, a.value) ? a : NEVER;
  if (b.kind === "literal") return accepts(a, b.value) ? b : NEVER;
  if (a.kind === "number" && b.kind === "number") return intersectNumbers(a, b);
  if (a.kind === "string" && b.kind === "string") return intersectStrings(a, b);
  if (a.kind === "list" && b.kind === "list") return intersectLists(a, b, budget);
  if (a.kind === "object" && b.kind === "object") return intersectObjects(a, b, budget);
  return a.kind === b.kind ? a : NEVER;
}

function intersectUnions(a: Type, b: Type, budget: Budget): Type {
  const found: Type[] = [];
  for (const left of membersOf(a)) {
    for (const right of membersOf(b)) {
      const both = intersect(left, right, budget);
      if (both === TOO_MUCH) return TOO_MUCH;
      found.push(both);
    }
  }
  return union(found);
}

function most(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined ? b : b === undefined ? a : Math.max(a, b);
}

function least(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined ? b : b === undefined ? a : Math.min(a, b);
}

/** The object without its undefined fields. */
export function defined<T extends object>(fields: { [K in keyof T]: T[K] | undefined }): T {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined),
  ) as unknown as T;
}

function intersectNumbers(a: NumberType, b: NumberType): Type {
  const both = defined<NumberType>({
    kind: "number",
    integer: a.integer || b.integer,
    minimum: most(a.minimum, b.minimum),
    maximum: least(a.maximum, b.maximum),
    exclusiveMinimum: most(a.exclusiveMinimum, b.exclusiveMinimum),
    exclusiveMaximum: least(a.exclusiveMaximum, b.exclusiveMaximum),
  });
  const low = most(both.minimum, both.exclusiveMinimum);
  const high = least(both.maximum, both.exclusiveMaximum);
  return low !== undefined && high !== undefined && low > high ? NEVER : both;
}

function intersectStrings(a: StringType, b: StringType): Type {
  const both = defined<StringType>({
    kind: "string",
    minLength: most(a.minLength, b.minLength),
    maxLength: least(a.maxLength, b.maxLength),
    // Two patterns have no common one to name; either is wider than both, and true.
    pattern: a.pattern ?? b.pattern,
    format: a.format ?? b.format,
  });
  return (both.minLength ?? 0) > (both.maxLength ?? Number.POSITIVE_INFINITY) ? NEVER : both;
}

function intersectLists(a: ListType, b: ListType, budget: Budget): Type {
  const tuple = a.prefix === undefined ? b : a;
  const other = tuple === a ? b : a;
  return defined<ListType>({
    kind: "list",
    item: intersect(a.item, b.item, budget),
    prefix: tuple.prefix?.map((type, index) => intersect(type, elementType(other, index), budget)),
    rest: tuple.prefix && intersect(tuple.rest ?? ANYTHING, other.rest ?? other.item, budget),
    minItems: most(a.minItems, b.minItems),
    maxItems: least(a.maxItems, b.maxItems),
  });
}

/** The type of the element at an index; `never` where there can be none. */
export function elementType(list: ListType, index: number): Type {
  if (list.maxItems !== undefined && index >= list.maxItems) return NEVER;
  return list.prefix?.[index] ?? list.rest ?? list.item;
}

function intersectObjects(a: ObjectType, b: ObjectType, budget: Budget): Type {
  const properties = new Map<string, Property>();
  for (const name of new Set([...a.properties.keys(), ...b.properties.keys()])) {
    const left = a.properties.get(name);
    const right = b.properties.get(name);
    const type = intersect(left?.type ?? a.additional, right?.type ?? b.additional, budget);
    const required = left?.required === true || right?.required === true;
    const description = left?.description ?? right?.description;
    properties.set(name, { type, required, ...(description === undefined ? {} : { description }) });
  }
  return {
    kind: "object",
    properties,
    additional: intersect(a.additional, b.additional, budget),
    silent: (a.silent || b.silent) && !isNever(a.additional) && !isNever(b.additional),
  };
}

function isNever(type: Type): boolean {
  return type.kind === "never";
}

/**
 * Whether a value can be of the type. `pattern` and `format` are not looked at: a value that only they
 * refuse counts as accepted.
 */
export function accepts(type: Type, value: Json): boolean {
  switch (type.kind) {
    case "unknown":
      return true;
    case "never":
      return false;
    case "null":
      return value === null;
    case "boolean":
      return typeof value === "boolean";
    case "literal":
      return jsonEqual(type.value, value);
    case "number":
      return typeof value === "number" && inRange(type, value);
    case "string":
      return typeof value === "string" && inLength(type, value);
    case "list":
      return (
        Array.isArray(value) &&
        value.length >= (type.minItems ?? 0) &&
        value.length <= (type.maxItems ?? Number.POSITIVE_INFINITY) &&
        value.every((item, index) => accepts(elementType(type, index), item as Json))
      );
    case "object":
      return isJsonObject(value) && acceptsMembers(type, value);
    case "union":
      return type.members.some((member) => accepts(member, value));
  }
}

export function isJsonObject(value: Json): value is { readonly [key: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function inRange(type: NumberType, value: number): boolean {
  return (
    (!type.integer || Number.isInteger(value)) &&
    !(type.minimum !== undefined && value < type.minimum) &&
    !(type.maximum !== undefined && value > type.maximum) &&
    !(type.exclusiveMinimum !== undefined && value <= type.exclusiveMinimum) &&
    !(type.exclusiveMaximum !== undefined && value >= type.exclusiveMaximum)
  );
}

function inLength(type: StringType, value: string): boolean {
  const length = codePoints(value);
  return length >= (type.minLength ?? 0) && length <= (type.maxLength ?? Number.POSITIVE_INFINITY);
}

/** The length of a string as JSON Schema and `length(…)` count it. */
export function codePoints(value: string): number {
  let count = 0;
  for (const _ of value) count++;
  return count;
}

function acceptsMembers(type: ObjectType, value: { readonly [key: string]: Json }): boolean {
  for (const [name, property] of type.properties) {
    if (property.required && !Object.hasOwn(value, name)) return false;
  }
  return Object.entries(value).every(([name, member]) =>
    accepts(type.properties.get(name)?.type ?? type.additional, member),
  );
}
