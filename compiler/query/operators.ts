import type { ComparisonOperator } from "../../language/index.ts";
import { type Kind, kindsOf } from "../check/typing/literals.ts";
import type { Type } from "../tools/types.ts";

const FOR: Readonly<Record<Kind, readonly ComparisonOperator[]>> = {
  null: ["==", "!="],
  boolean: ["==", "!=", "in", "not in"],
  number: ["<=", "<", ">=", ">", "==", "!=", "in", "not in"],
  string: [
    "==",
    "!=",
    "in",
    "not in",
    "contains",
    "starts with",
    "ends with",
    "matches",
    "like",
    "under",
  ],
  list: ["contains", "=="],
  object: ["=="],
};

const ALL: readonly ComparisonOperator[] = [...new Set(Object.values(FOR).flat())];

/** The operators that a value of the type may stand before, the likeliest first. */
export function operatorsFor(type: Type): readonly ComparisonOperator[] {
  const kinds = kindsOf(type);
  if (kinds === undefined) return ALL;
  return [...new Set([...kinds].flatMap((kind) => FOR[kind]))];
}
