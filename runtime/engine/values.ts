import { isWellFormed, type Json } from "../../policy/index.ts";

export type TypeName = "null" | "boolean" | "number" | "string" | "list" | "object";

export function typeOf(value: Json): TypeName {
  if (value === null) return "null";
  if (Array.isArray(value)) return "list";
  return typeof value as "boolean" | "number" | "string" | "object";
}

/** A type with its article, for messages. */
export function nameType(type: TypeName): string {
  return type === "null" ? "null" : `${type === "object" ? "an" : "a"} ${type}`;
}

/** JSON equality: strings by code point, numbers by value, objects whatever the order of their keys. */
export function equalJson(a: Json, b: Json): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false;
    return a.every((item, index) => equalJson(item, b[index] as Json));
  }
  const left = a as { readonly [key: string]: Json };
  const right = b as { readonly [key: string]: Json };
  const keys = Object.keys(left);
  return (
    keys.length === Object.keys(right).length &&
    keys.every(
      (key) => Object.hasOwn(right, key) && equalJson(left[key] as Json, right[key] as Json),
    )
  );
}

/** Whether every string in the value, keys included, is well-formed Unicode. */
export function isWellFormedJson(value: Json): boolean {
  if (typeof value === "string") return isWellFormed(value);
  if (typeof value !== "object" || value === null) return true;
  if (Array.isArray(value)) return value.every(isWellFormedJson);
  return Object.entries(value).every(
    ([key, member]) => isWellFormed(key) && isWellFormedJson(member),
  );
}

/** Unicode code points of a string. */
export function codePoints(text: string): number {
  let count = text.length;
  for (let i = 0; i < text.length - 1; i++) {
    const unit = text.charCodeAt(i);
    if (unit >= 0xd800 && unit < 0xdc00) {
      const next = text.charCodeAt(i + 1);
      if (next >= 0xdc00 && next < 0xe000) {
        count--;
        i++;
      }
    }
  }
  return count;
}
