import type { Json } from "../../policy/index.ts";

/**
 * The type of a value, read from a JSON Schema. `unknown` accepts every value: a construct that is not
 * understood is never an error of the policy, only unchecked.
 */
export type Type =
  | UnknownType
  | { readonly kind: "never" }
  | { readonly kind: "null" }
  | { readonly kind: "boolean" }
  | NumberType
  | StringType
  | { readonly kind: "literal"; readonly value: Json }
  | ListType
  | ObjectType
  | UnionType;

export interface UnknownType {
  readonly kind: "unknown";
  /** What was not understood, a few words such as "`$dynamicRef`"; absent where the schema allows anything. */
  readonly why?: string;
}

export interface NumberType {
  readonly kind: "number";
  readonly integer: boolean;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
}

export interface StringType {
  readonly kind: "string";
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly format?: string;
}

export interface ListType {
  readonly kind: "list";
  /** The type of any element. */
  readonly item: Type;
  /** The types of the first elements, where the schema has them; `rest` is the type of those that follow. */
  readonly prefix?: readonly Type[];
  readonly rest?: Type;
  readonly minItems?: number;
  readonly maxItems?: number;
}

export interface ObjectType {
  readonly kind: "object";
  readonly properties: ReadonlyMap<string, Property>;
  /** The type of properties that are not named; `never` when there can be none. */
  readonly additional: Type;
  /**
   * True when the schema names properties and says nothing of others. A call may carry them, yet a policy
   * that reads one has most likely misspelt its name.
   */
  readonly silent: boolean;
}

export interface Property {
  readonly type: Type;
  readonly required: boolean;
  readonly description?: string;
}

/** Two members or more, none a union, none equal, no `unknown` and no `never`. */
export interface UnionType {
  readonly kind: "union";
  readonly members: readonly Type[];
}
