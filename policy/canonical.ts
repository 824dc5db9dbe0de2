import type { Json } from "./types.ts";
import { isWellFormed } from "./unicode.ts";

/** The value has no canonical form: it is not JSON, or not I-JSON (RFC 7493). */
export class NotCanonical extends Error {
  override readonly name = "NotCanonical";
}

/**
 * Canonical JSON (RFC 8785): no white space, keys in the order of their UTF-16 code units, numbers and
 * strings as ECMAScript prints them.
 * @throws NotCanonical for non-finite numbers, strings that are not well-formed Unicode, and what is no JSON.
 */
export function canonicalJson(value: Json): string {
  switch (typeof value) {
    case "string":
      return canonicalText(value);
    case "number":
      if (!Number.isFinite(value)) throw new NotCanonical(`${value} is not a JSON number.`);
      return JSON.stringify(value);
    case "boolean":
      return value ? "true" : "false";
    case "object":
      break;
    default:
      throw new NotCanonical(`A value of type ${typeof value} is not JSON.`);
  }
  if (value === null) return "null";
  if (isList(value)) {
    let text = "[";
    for (let i = 0; i < value.length; i++) {
      if (i > 0) text += ",";
      text += canonicalJson(value[i] as Json);
    }
    return `${text}]`;
  }
  let text = "{";
  for (const key of Object.keys(value).sort()) {
    if (text.length > 1) text += ",";
    text += `${canonicalText(key)}:${canonicalJson(value[key] as Json)}`;
  }
  return `${text}}`;
}

/** Printable ASCII without what is escaped: most texts, written as they are. */
const PLAIN = /^[ !#-[\]-~]*$/;

function canonicalText(text: string): string {
  if (PLAIN.test(text)) return `"${text}"`;
  if (!isWellFormed(text)) throw new NotCanonical("A string is not well-formed Unicode.");
  return JSON.stringify(text);
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}
