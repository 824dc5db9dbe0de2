import type { Json } from "../../policy/index.ts";
import { isJsonObject } from "../tools/algebra.ts";
import type { ObjectType, Type } from "../tools/types.ts";
import { domainsFor } from "./domains.ts";
import {
  all,
  any,
  FALSE,
  type Formula,
  literal,
  measureAt,
  type Steps,
  valueAt,
} from "./formula.ts";
import {
  complement,
  intersect,
  isEmpty,
  LISTS,
  MISSING,
  NUMBERS,
  OBJECTS,
  PRESENT,
  STRINGS,
  valuesOf,
} from "./values.ts";

/**
 * Arguments that a schema refuses: all of them where the schema is plain, and some otherwise.
 *
 * @param strict objects hold nothing that is not named
 */
export function invalidArguments(type: Type, strict: boolean): Formula {
  return outside(type, ["args"], strict);
}

/** A value that is there and not of the type. */
function outside(type: Type, path: Steps, strict: boolean): Formula {
  switch (type.kind) {
    case "unknown":
      return FALSE;
    case "union":
      return all(type.members.map((member) => outside(member, path, strict)));
    case "object":
      return any([
        literal(valueAt(path), intersect(PRESENT, complement(OBJECTS))),
        ...outsideObject(type, path, strict),
      ]);
    case "list":
      return any([
        literal(valueAt(path), intersect(PRESENT, complement(LISTS))),
        wrongLength(type, path, LISTS),
        {
          kind: "some",
          list: valueAt(path),
          body: (element) => outside(type.item, element, strict),
        },
      ]);
    case "string": {
      const { texts } = domainsFor({ args: objectOf(type) });
      const patterns = texts?.(["args", "value"]) ?? [];
      return any([
        literal(valueAt(path), intersect(PRESENT, complement(STRINGS))),
        wrongLength(type, path, STRINGS),
        ...patterns.map((one) =>
          literal(valueAt(path), STRINGS, { ...one, positive: !one.positive }),
        ),
      ]);
    }
    default:
      return literal(valueAt(path), intersect(PRESENT, complement(valuesOf(type))));
  }
}

function wrongLength(type: Type, path: Steps, kind: typeof LISTS): Formula {
  const lengths = domainsFor({ args: objectOf(type) }).lengths?.(["args", "value"]);
  if (lengths === undefined) return FALSE;
  const wrong = intersect(NUMBERS, complement(lengths));
  if (isEmpty(wrong)) return FALSE;
  return all([literal(valueAt(path), kind), literal(measureAt("length", path), wrong)]);
}

/** An object with one property of the type. */
function objectOf(type: Type): ObjectType {
  return {
    kind: "object",
    properties: new Map([["value", { type, required: true }]]),
    additional: { kind: "never" },
    silent: false,
  };
}

function outsideObject(type: ObjectType, path: Steps, strict: boolean): readonly Formula[] {
  const parts = [...type.properties].flatMap(([name, { type: inner, required }]): Formula[] => {
    const at = [...path, name];
    return [...(required ? [literal(valueAt(at), MISSING)] : []), outside(inner, at, strict)];
  });
  // Arguments are closed even where no property is named.
  const isBare = path.length === 1 && type.properties.size === 0;
  const closed = type.additional.kind === "never" || (strict && (type.silent || isBare));
  const fresh = freshKey(type.properties);
  if (closed) parts.push(literal(valueAt([...path, fresh]), PRESENT));
  else if (!type.silent) parts.push(outside(type.additional, [...path, fresh], strict));
  return parts;
}

function freshKey(properties: ReadonlyMap<string, unknown>): string {
  for (let n = 0; ; n++) {
    const name = n === 0 ? "other" : `other${n}`;
    if (!properties.has(name)) return name;
  }
}

/** Keywords that say nothing of a value, or that types say in full. */
const PLAIN = new Set([
  "$schema",
  "additionalProperties",
  "const",
  "default",
  "description",
  "enum",
  "examples",
  "exclusiveMaximum",
  "exclusiveMinimum",
  "items",
  "maxItems",
  "maxLength",
  "maximum",
  "minItems",
  "minLength",
  "minimum",
  "pattern",
  "properties",
  "required",
  "title",
  "type",
]);

/** Whether a schema says no more than its type does, so that what is not of the type is all that it refuses. */
export function isPlainSchema(schema: Json | undefined): boolean {
  if (schema === undefined || typeof schema === "boolean") return true;
  if (!isJsonObject(schema)) return false;
  if (Object.keys(schema).some((keyword) => !PLAIN.has(keyword))) return false;
  const { properties, items, additionalProperties } = schema;
  const values = [...(Array.isArray(schema.enum) ? schema.enum : []), schema.const ?? 0];
  if (values.some((value) => typeof value === "object")) return false;
  return (
    (properties === undefined ||
      (isJsonObject(properties) && Object.values(properties).every(isPlainSchema))) &&
    !Array.isArray(items) &&
    isPlainSchema(items) &&
    isPlainSchema(additionalProperties)
  );
}
