import type { Literal } from "../../../language/index.ts";
import type { Json } from "../../../policy/index.ts";
import { membersOf, union } from "../../tools/algebra.ts";
import type { Type } from "../../tools/types.ts";

/** The value that a literal writes. */
export function jsonOf(literal: Literal): Json {
  switch (literal.kind) {
    case "string":
    case "number":
    case "boolean":
      return literal.value;
    case "null":
      return null;
    case "list":
      return literal.items.map(jsonOf);
  }
}

/** The type of exactly this value; of a list, that of its elements. */
export function literalType(literal: Literal): Type {
  if (literal.kind !== "list") return { kind: "literal", value: jsonOf(literal) };
  const count = literal.items.length;
  const item = union(literal.items.map(literalType));
  return { kind: "list", item, minItems: count, maxItems: count };
}

export type Kind = "null" | "boolean" | "number" | "string" | "list" | "object";

/** What a value is, as JSON tells values apart. */
export function kindOf(value: Json): Kind {
  if (value === null) return "null";
  if (Array.isArray(value)) return "list";
  const kind = typeof value;
  return kind === "object" ? "object" : (kind as Kind);
}

/** What a value of the type may be; `undefined` when it is not known. */
export function kindsOf(type: Type): ReadonlySet<Kind> | undefined {
  const kinds = new Set<Kind>();
  for (const member of membersOf(type)) {
    if (member.kind === "unknown") return undefined;
    if (member.kind === "literal") kinds.add(kindOf(member.value));
    else if (member.kind !== "union" && member.kind !== "never") kinds.add(member.kind);
  }
  return kinds;
}
