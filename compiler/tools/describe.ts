import { membersOf } from "./algebra.ts";
import type { NumberType, Type } from "./types.ts";

const SHOWN = 8;

/** A type in a few words, for hovers and messages: `"a" | "b"`, `integer from 0`, `list of string`. */
export function describe(type: Type): string {
  switch (type.kind) {
    case "unknown":
      return "anything";
    case "never":
      return "nothing";
    case "null":
    case "boolean":
    case "object":
      return type.kind;
    case "literal":
      return JSON.stringify(type.value);
    case "number":
      return describeNumber(type);
    case "string":
      return type.format === undefined ? "string" : `string (${type.format})`;
    case "list":
      return type.item.kind === "unknown" || type.item.kind === "never"
        ? "list"
        : `list of ${type.item.kind === "union" ? `(${describe(type.item)})` : describe(type.item)}`;
    case "union": {
      const parts = type.members.slice(0, SHOWN).map(describe);
      const more = type.members.length - parts.length;
      return [...new Set(parts), ...(more > 0 ? [`${more} more`] : [])].join(" | ");
    }
  }
}

/** As `describe`, with a `?` where the value may be missing: `string?`. */
export function describeOptional(type: Type, mayBeMissing: boolean): string {
  const words = describe(type);
  if (!mayBeMissing) return words;
  return membersOf(type).length > 1 ? `(${words})?` : `${words}?`;
}

function describeNumber(type: NumberType): string {
  const name = type.integer ? "integer" : "number";
  const low = telling(type.exclusiveMinimum ?? type.minimum);
  const high = telling(type.exclusiveMaximum ?? type.maximum);
  const from = type.exclusiveMinimum === undefined ? "from" : "above";
  const to = type.exclusiveMaximum === undefined ? "to" : "below";
  if (low !== undefined && high !== undefined) return `${name} ${from} ${low} ${to} ${high}`;
  if (low !== undefined) return `${name} ${from} ${low}`;
  if (high !== undefined) return `${name} ${to === "to" ? "up to" : to} ${high}`;
  return name;
}

/** Generated schemas bound every integer by what a double holds exactly, which says nothing. */
function telling(bound: number | undefined): number | undefined {
  return bound === undefined || Math.abs(bound) >= Number.MAX_SAFE_INTEGER ? undefined : bound;
}
