import type { Json } from "../../policy/index.ts";
import {
  ANYTHING,
  Budget,
  defined,
  intersect,
  isJsonObject,
  NEVER,
  union,
  unknown,
} from "./algebra.ts";
import type { ListType, NumberType, ObjectType, Property, StringType, Type } from "./types.ts";

/**
 * Reads JSON Schemas as types. The type is never narrower than the schema, one convention apart: a schema
 * without `type` that has `properties` is meant as an object, one with `items` as a list, and so on.
 * A server writes the schema, so work is bounded: whatever is too deep, too recursive or too big is unknown.
 */

type Schema = { readonly [keyword: string]: Json };

/** Subschemas and combinations that one schema may take. */
const MAX_STEPS = 20_000;
const MAX_DEPTH = 32;
/** How often one `$ref` is followed on the way to a value: a tree is known some levels deep. */
const MAX_UNROLL = 3;
const MAX_ENUM = 10_000;
const MAX_REF = 1_000;

interface Reading {
  readonly root: Json;
  readonly budget: Budget;
  readonly depth: number;
  /** How often each `$ref` was followed on the way here. */
  readonly followed: ReadonlyMap<string, number>;
  readonly exact: boolean;
}

export interface TypeOptions {
  /** Without the convention: a schema without `type` says nothing of values of other types. */
  readonly exact?: boolean;
}

/** The type that a JSON Schema (2020-12, 2019-09 or draft-07) describes. */
export function typeOf(schema: Json, { exact = false }: TypeOptions = {}): Type {
  return read(schema, {
    root: schema,
    exact,
    budget: new Budget(MAX_STEPS),
    depth: 0,
    followed: new Map(),
  });
}

function read(schema: Json, reading: Reading): Type {
  if (schema === true) return ANYTHING;
  if (schema === false) return NEVER;
  if (!isJsonObject(schema)) return unknown("a schema that is not an object");
  if (reading.depth > MAX_DEPTH) return unknown(`a schema nested more than ${MAX_DEPTH} levels`);
  if (!reading.budget.spend()) return unknown("a schema that is too big");
  const inside = { ...reading, depth: reading.depth + 1 };
  const parts: Type[] = [own(schema, inside)];
  for (const keyword of ["$dynamicRef", "$recursiveRef"]) {
    if (keyword in schema) parts.push(unknown(`\`${keyword}\``));
  }
  if ("$ref" in schema) parts.push(follow(schema.$ref as Json, inside));
  for (const part of list(schema.allOf)) parts.push(read(part, inside));
  for (const keyword of ["anyOf", "oneOf"] as const) {
    const alternatives = list(schema[keyword]);
    if (alternatives.length > 0) parts.push(union(alternatives.map((part) => read(part, inside))));
  }
  const type = parts.reduce((all, part) => intersect(all, part, reading.budget));
  const narrowed = conditional(schema, type, inside);
  return schema.nullable === true ? union([narrowed, { kind: "null" }]) : narrowed;
}

function follow(ref: Json, reading: Reading): Type {
  if (typeof ref !== "string") return unknown("a `$ref` that is not a string");
  if (ref.length > MAX_REF) return unknown("a `$ref` that is too long");
  if (!ref.startsWith("#")) return unknown("a `$ref` to another document");
  const times = reading.followed.get(ref) ?? 0;
  if (times >= MAX_UNROLL) return unknown("a recursive schema, deeper than it is followed");
  const target = resolve(reading.root, ref.slice(1));
  if (target === undefined) return unknown(`a \`$ref\` to \`${ref}\`, which is not there`);
  return read(target, { ...reading, followed: new Map(reading.followed).set(ref, times + 1) });
}

/** What a fragment names: a JSON pointer (RFC 6901). */
function resolve(root: Json, fragment: string): Json | undefined {
  if (fragment === "") return root;
  if (!fragment.startsWith("/")) return undefined;
  let value: Json | undefined = root;
  for (const part of fragment.slice(1).split("/")) {
    const name = decode(part).replaceAll("~1", "/").replaceAll("~0", "~");
    if (value === undefined || typeof value !== "object" || value === null) return undefined;
    value = Object.hasOwn(value, name)
      ? (value as { readonly [key: string]: Json })[name]
      : undefined;
  }
  return value;
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** What the keywords other than references and combinations say. */
function own(schema: Schema, reading: Reading): Type {
  const byType = union(kindsOf(schema, reading.exact).map((kind) => ofKind(kind, schema, reading)));
  if ("const" in schema) {
    return intersect(byType, { kind: "literal", value: schema.const as Json }, reading.budget);
  }
  if (!Array.isArray(schema.enum)) return byType;
  if (schema.enum.length > MAX_ENUM) return byType;
  const values = schema.enum.map((value: Json): Type => ({ kind: "literal", value }));
  return values.length === 0 ? NEVER : intersect(byType, union(values), reading.budget);
}

const KEYWORDS: readonly (readonly [kind: string, keywords: readonly string[]])[] = [
  ["object", ["properties", "required", "additionalProperties", "patternProperties"]],
  ["array", ["items", "prefixItems", "minItems", "maxItems"]],
  ["string", ["minLength", "maxLength", "pattern", "format"]],
  ["number", ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"]],
];

const KINDS = ["null", "boolean", "number", "string", "array", "object"];

function kindsOf(schema: Schema, exact: boolean): readonly string[] {
  if (typeof schema.type === "string") return [schema.type];
  if (Array.isArray(schema.type)) return schema.type.filter((kind) => typeof kind === "string");
  const hinted = KEYWORDS.filter(([, keywords]) => keywords.some((keyword) => keyword in schema));
  if (hinted.length === 0) return ["any"];
  return exact ? KINDS : hinted.map(([kind]) => kind);
}

function ofKind(kind: string, schema: Schema, reading: Reading): Type {
  switch (kind) {
    case "any":
      return ANYTHING;
    case "null":
    case "boolean":
      return { kind };
    case "number":
    case "integer":
      return numberType(schema, kind === "integer");
    case "string":
      return stringType(schema);
    case "array":
      return listType(schema, reading);
    case "object":
      return objectType(schema, reading);
    default:
      return unknown(`the type \`${kind.slice(0, 40)}\``);
  }
}

function number(value: Json | undefined): number | undefined {
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}

function text(value: Json | undefined): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function list(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value : [];
}

function numberType(schema: Schema, integer: boolean): NumberType {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum } = schema;
  // Draft-04 wrote the exclusive bounds as flags beside the inclusive ones.
  const low = exclusiveMinimum === true ? number(minimum) : number(exclusiveMinimum);
  const high = exclusiveMaximum === true ? number(maximum) : number(exclusiveMaximum);
  return defined<NumberType>({
    kind: "number",
    integer,
    minimum: exclusiveMinimum === true ? undefined : number(minimum),
    maximum: exclusiveMaximum === true ? undefined : number(maximum),
    exclusiveMinimum: low,
    exclusiveMaximum: high,
  });
}

function stringType(schema: Schema): StringType {
  return defined<StringType>({
    kind: "string",
    minLength: number(schema.minLength),
    maxLength: number(schema.maxLength),
    pattern: text(schema.pattern),
    format: text(schema.format),
  });
}

function listType(schema: Schema, reading: Reading): ListType {
  // Draft-07 wrote tuples as a list under `items`, and what follows them as `additionalItems`.
  const tuple = list(schema.prefixItems ?? (Array.isArray(schema.items) ? schema.items : []));
  const after = Array.isArray(schema.items) ? schema.additionalItems : schema.items;
  const rest = after === undefined ? ANYTHING : read(after, reading);
  const prefix = tuple.map((part) => read(part, reading));
  const maxItems = number(schema.maxItems);
  return defined<ListType>({
    kind: "list",
    item: union([...prefix, rest]),
    prefix: prefix.length > 0 ? prefix : undefined,
    rest: prefix.length > 0 ? rest : undefined,
    minItems: number(schema.minItems),
    maxItems: rest.kind === "never" ? Math.min(maxItems ?? prefix.length, prefix.length) : maxItems,
  });
}

function objectType(schema: Schema, reading: Reading): ObjectType {
  const required = new Set(list(schema.required));
  const properties = new Map<string, Property>();
  const named = isJsonObject(schema.properties ?? null) ? (schema.properties as Schema) : undefined;
  for (const [name, part] of Object.entries(named ?? {})) {
    properties.set(name, property(part, required.has(name), reading));
  }
  const spoken = schema.additionalProperties ?? schema.unevaluatedProperties;
  const patterns = isJsonObject(schema.patternProperties ?? null)
    ? Object.values(schema.patternProperties as Schema)
    : [];
  const rest = spoken === undefined ? ANYTHING : read(spoken, reading);
  const additional = union([rest, ...patterns.map((part) => read(part, reading))]);
  for (const name of required) {
    if (typeof name !== "string" || properties.has(name)) continue;
    // Sharing a large type under every name would make a tree of exponential size.
    const type = isLeaf(additional) ? additional : ANYTHING;
    properties.set(name, { type, required: true });
  }
  return {
    kind: "object",
    properties,
    additional,
    silent: named !== undefined && spoken === undefined && patterns.length === 0,
  };
}

function isLeaf(type: Type): boolean {
  return type.kind !== "object" && type.kind !== "list" && type.kind !== "union";
}

function property(schema: Json, required: boolean, reading: Reading): Property {
  const description = isJsonObject(schema) ? text(schema.description) : undefined;
  return {
    type: read(schema, reading),
    required,
    ...(description === undefined ? {} : { description }),
  };
}

/**
 * `if`, `then`, `else` and `dependentSchemas` narrow what is there, which is left aside, and may be the only
 * place that names a property: that one is known, and optional.
 */
function conditional(schema: Schema, type: Type, reading: Reading): Type {
  const parts = [schema.if, schema.then, schema.else].filter((part) => part !== undefined);
  if (isJsonObject(schema.dependentSchemas ?? null)) {
    parts.push(...Object.values(schema.dependentSchemas as Schema));
  }
  if (type.kind !== "object" || parts.length === 0) return type;
  const properties = new Map(type.properties);
  for (const part of parts) {
    const inner = read(part as Json, reading);
    if (inner.kind !== "object") continue;
    for (const [name, { type: found }] of inner.properties) {
      if (type.properties.has(name)) continue;
      const before = properties.get(name)?.type ?? NEVER;
      properties.set(name, { type: union([before, found]), required: false });
    }
  }
  return { ...type, properties };
}
