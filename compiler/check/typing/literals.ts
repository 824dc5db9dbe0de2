import type { Literal } from "../../../language/index.ts";
import type { Json } from "../../../policy/index.ts";
import { jsonEqual, membersOf, union } from "../../tools/algebra.ts";
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
  let kinds = knownKinds.get(type);
  if (kinds === undefined) {
    kinds = makeKinds(type);
    knownKinds.set(type, kinds);
  }
  return kinds === "unknown" ? undefined : kinds;
}

/** Asked for each literal of a list, of a type that may have as many members. */
const knownKinds = new WeakMap<Type, ReadonlySet<Kind> | "unknown">();

function makeKinds(type: Type): ReadonlySet<Kind> | "unknown" {
  const kinds = new Set<Kind>();
  for (const member of membersOf(type)) {
    if (member.kind === "unknown") return "unknown";
    if (member.kind === "literal") kinds.add(kindOf(member.value));
    else if (member.kind !== "union" && member.kind !== "never") kinds.add(member.kind);
  }
  return kinds;
}

/** Whether a value equals one of some, as JSON; scalars are looked up, however many there are. */
export function membership(values: readonly Json[]): (value: Json) => boolean {
  const compound = values.filter((value) => typeof value === "object" && value !== null);
  const scalars = new Set(values.filter((value) => typeof value !== "object" || value === null));
  return (value) =>
    typeof value === "object" && value !== null
      ? compound.some((known) => jsonEqual(known, value))
      : scalars.has(value);
}

/** What a value of one kind can be where the type names each. */
export interface Enumeration {
  readonly values: readonly Json[];
  /** The same as JSON texts. */
  readonly texts: readonly string[];
  /** Whether a value is one of them, in lower case too with `folded`. */
  readonly has: (value: Json, folded: boolean) => boolean;
}

const enumerations = new WeakMap<Type, Map<Kind, Enumeration | undefined>>();

/** Undefined where the type takes other values of the kind too, or none of it. */
export function enumerationOf(type: Type, kind: Kind): Enumeration | undefined {
  const known = enumerations.get(type) ?? new Map<Kind, Enumeration | undefined>();
  enumerations.set(type, known);
  if (!known.has(kind)) known.set(kind, makeEnumeration(type, kind));
  return known.get(kind);
}

function makeEnumeration(type: Type, kind: Kind): Enumeration | undefined {
  const same = membersOf(type).filter((member) => kindsOf(member)?.has(kind));
  const values = same.flatMap((member) => (member.kind === "literal" ? [member.value] : []));
  if (values.length === 0 || values.length < same.length) return undefined;
  const exact = membership(values);
  const folded = membership(values.map(lowerCase));
  return {
    values,
    texts: values.map((value) => JSON.stringify(value)),
    has: (value, ignoringCase) => (ignoringCase ? folded(lowerCase(value)) : exact(value)),
  };
}

function lowerCase(value: Json): Json {
  return typeof value === "string" ? value.toLowerCase() : value;
}
