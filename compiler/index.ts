export type * from "./program.ts";
export { accepts, jsonEqual, membersOf, union } from "./tools/algebra.ts";
export { describe, describeOptional } from "./tools/describe.ts";
export type * from "./tools/list.ts";
export type { Found, Lookup, NoSuchIndex, NoSuchKey, NotWalkable } from "./tools/lookup.ts";
export { itemOf, lookup, withoutNull } from "./tools/lookup.ts";
export { RISK_CLASSES, readToolList, toolSpans } from "./tools/read.ts";
export { typeOf } from "./tools/schema.ts";
export type * from "./tools/types.ts";
