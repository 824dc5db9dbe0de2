import type { Json } from "../../policy/index.ts";
import { isObject } from "./admit.ts";

type Steps = readonly (string | number)[];

/** As deep as the policy's own reading of schemas goes. */
const MAX_DEPTH = 32;
/** Subschemas that are looked at: one that refers to itself has more at every level. */
const MAX_VISITS = 10_000;
/** Keywords that hold schemas for the same value. */
const SAME = ["allOf", "anyOf", "oneOf", "if", "then", "else"] as const;
/** Keywords that hold schemas for the elements of a list. */
const EACH = ["items", "prefixItems", "contains", "additionalItems", "unevaluatedItems"] as const;

/** The arguments that an input schema names, as steps below `args`; `*` is each element of a list. */
export function namedBySchema(schema: Json): readonly Steps[] {
  const named: Steps[] = [];
  let visits = 0;
  const visit = (one: Json | undefined, at: Steps, depth: number): void => {
    if (!isObject(one) || depth > MAX_DEPTH || ++visits > MAX_VISITS) return;
    if (typeof one.$ref === "string") visit(target(schema, one.$ref), at, depth + 1);
    for (const keyword of SAME)
      for (const below of schemas(one[keyword])) visit(below, at, depth + 1);
    for (const keyword of EACH) {
      for (const below of schemas(one[keyword])) visit(below, [...at, "*"], depth + 1);
    }
    if (!isObject(one.properties)) return;
    for (const [name, below] of Object.entries(one.properties)) {
      named.push([...at, name]);
      visit(below, [...at, name], depth + 1);
    }
  };
  visit(schema, [], 1);
  return named;
}

function schemas(value: Json | undefined): readonly Json[] {
  if (Array.isArray(value)) return value as readonly Json[];
  if (!isObject(value)) return [];
  return [value];
}

/** What a `$ref` within the schema leads to. */
function target(schema: Json, ref: string): Json | undefined {
  if (!ref.startsWith("#/")) return ref === "#" ? schema : undefined;
  let value: Json | undefined = schema;
  for (const step of ref.slice(2).split("/")) {
    const key = step.replaceAll("~1", "/").replaceAll("~0", "~");
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as { readonly [key: string]: Json })[key];
  }
  return value;
}
