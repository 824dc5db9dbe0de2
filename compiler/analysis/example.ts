import type { Json } from "../../policy/index.ts";
import { compileSchemaPattern } from "../../policy/index.ts";
import { accepts, isJsonObject, membersOf } from "../tools/algebra.ts";
import type { ListType, NumberType, ObjectType, StringType, Type } from "../tools/types.ts";
import { Effort } from "./effort.ts";
import { between, has, type ValueSet } from "./values.ts";
import { matching } from "./verdicts.ts";
import { findString } from "./witness.ts";

/** Deeper parts are left out. */
const MAX_DEPTH = 12;
const STEPS = 5_000;

/**
 * A value of the type that holds `partial`, with whatever else the type requires, as small as can be; `partial`
 * itself where the type is not known.
 */
export function completed(
  type: Type | undefined,
  partial: Json | undefined,
  depth = 0,
): Json | undefined {
  if (type === undefined || depth > MAX_DEPTH) return partial;
  const members = membersOf(type);
  if (partial === undefined) {
    for (const member of members) {
      const value = sample(member, depth);
      if (value !== undefined) return value;
    }
    return undefined;
  }
  const member = members.find((one) => isOfKind(one, partial));
  if (isJsonObject(partial) && member?.kind === "object") {
    return completedObject(member, partial, depth);
  }
  if (Array.isArray(partial) && member?.kind === "list") {
    const { prefix, rest, item } = member;
    return partial.map(
      (one: Json, index) => completed(prefix?.[index] ?? rest ?? item, one, depth + 1) ?? one,
    );
  }
  return partial;
}

function isOfKind(type: Type, value: Json): boolean {
  if (type.kind === "object") return isJsonObject(value);
  if (type.kind === "list") return Array.isArray(value);
  return accepts(type, value);
}

function completedObject(
  { properties }: ObjectType,
  partial: { readonly [key: string]: Json },
  depth: number,
): Json {
  const entries = new Map<string, Json>(Object.entries(partial));
  for (const [name, { type, required }] of properties) {
    if (!required && !entries.has(name)) continue;
    const value = completed(type, entries.get(name), depth + 1);
    if (value !== undefined) entries.set(name, value);
  }
  return Object.fromEntries(entries);
}

function sample(type: Type, depth: number): Json | undefined {
  switch (type.kind) {
    case "unknown":
      return "example";
    case "never":
      return undefined;
    case "null":
      return null;
    case "boolean":
      return false;
    case "literal":
      return type.value;
    case "number":
      return sampleNumber(type);
    case "string":
      return sampleText(type);
    case "list":
      return sampleList(type, depth);
    case "object":
      return completedObject(type, {}, depth);
    case "union":
      return completed(type, undefined, depth);
  }
}

function sampleNumber(type: NumberType): Json | undefined {
  const { minimum, exclusiveMinimum, maximum, exclusiveMaximum } = type;
  const fits = (value: number): boolean => accepts(type, value);
  const low = Math.max(minimum ?? -1e9, exclusiveMinimum ?? -1e9);
  const high = Math.min(maximum ?? 1e9, exclusiveMaximum ?? 1e9);
  const tries = [1, 0, Math.ceil(low), Math.floor(low) + 1, Math.floor(high), Math.ceil(high) - 1];
  return [...tries, low, high, (low + high) / 2].find(fits);
}

/** Texts of the usual formats. */
const FORMATS: Readonly<Record<string, string>> = {
  date: "2026-01-05",
  "date-time": "2026-01-05T10:00:00Z",
  duration: "P1D",
  email: "someone@example.com",
  hostname: "example.com",
  ipv4: "192.0.2.1",
  ipv6: "2001:db8::1",
  "json-pointer": "/example",
  time: "10:00:00Z",
  uri: "https://example.com/",
  "uri-reference": "https://example.com/",
  url: "https://example.com/",
  uuid: "00000000-0000-4000-8000-000000000000",
};

function sampleText({ minLength = 0, maxLength, pattern, format }: StringType): Json | undefined {
  const known = format === undefined ? undefined : FORMATS[format];
  if (known !== undefined && pattern === undefined) return known;
  const regex = pattern === undefined ? undefined : compileSchemaPattern(pattern);
  const lengths: ValueSet = {
    ...between(minLength, false, maxLength ?? Number.POSITIVE_INFINITY, false),
    whole: true,
  };
  if (regex === undefined && has(lengths, "example".length)) return "example";
  const found = findString(
    {
      strings: { except: true, values: new Set() },
      predicates: regex === undefined || typeof regex === "string" ? [] : [matching(regex.source)],
      lengths,
    },
    new Effort(STEPS),
  );
  return found.kind === "yes" ? found.value : undefined;
}

function sampleList({ minItems = 0, prefix, rest, item }: ListType, depth: number): Json {
  const length = Math.min(minItems, 100);
  return Array.from(
    { length },
    (_, index) => completed(prefix?.[index] ?? rest ?? item, undefined, depth + 1) ?? null,
  );
}
