import type { Path, Source } from "../../../language/index.ts";
import { ANYTHING, union, unknown } from "../../tools/algebra.ts";
import type { Tool } from "../../tools/list.ts";
import { type Lookup, lookup } from "../../tools/lookup.ts";
import { typeOf } from "../../tools/schema.ts";
import type { Type } from "../../tools/types.ts";

/** One target of a rule, as far as its arguments are known. */
export interface TypedTool {
  readonly name: string;
  readonly args: Type;
  /** False when only the name is known, which is said elsewhere, once. */
  readonly known: boolean;
}

/** What the names of a condition stand for. */
export interface Environment {
  readonly source: Source;
  readonly tool: TypedTool;
  /** Declared labels and the values they may have. */
  readonly labels: ReadonlyMap<string, { readonly values?: readonly string[] }>;
  /** The elements that enclosing `any` and `every` stand for. */
  readonly variables: ReadonlyMap<string, Type>;
}

const cache = new WeakMap<Tool, TypedTool>();

/** A tool with the type of its arguments, which are always an object. */
export function typedTool(tool: Tool): TypedTool {
  const known = cache.get(tool);
  if (known !== undefined) return known;
  const args =
    tool.inputSchema === undefined
      ? unknown("a schema that the tool list lacks")
      : typeOf(tool.inputSchema);
  const typed = { name: tool.name, args, known: true };
  cache.set(tool, typed);
  return typed;
}

/** A tool of which only the name is known. */
export function untypedTool(name: string): TypedTool {
  return { name, args: ANYTHING, known: false };
}

const TEXT: Type = { kind: "string" };

/** What is at a path of a condition. A root that is not known was reported elsewhere, and is anything. */
export function lookupPath(path: Path, environment: Environment): Lookup {
  const steps = path.steps.map(({ value }) => value);
  return lookup(rootType(path.root.value, environment), steps);
}

function rootType(root: string, { tool, labels, variables }: Environment): Type {
  const variable = variables.get(root);
  if (variable !== undefined) return variable;
  switch (root) {
    case "args":
      return tool.args;
    case "grant":
      return fields([
        ["name", TEXT, true],
        ...[...labels].map(([name, { values }]) => [name, labelType(values), false] as const),
      ]);
    case "client":
      return fields([
        ["name", TEXT, false],
        ["version", TEXT, false],
      ]);
    default:
      return ANYTHING;
  }
}

function labelType(values: readonly string[] | undefined): Type {
  if (values === undefined) return TEXT;
  return union(values.map((value): Type => ({ kind: "literal", value })));
}

function fields(entries: readonly (readonly [string, Type, boolean])[]): Type {
  return {
    kind: "object",
    properties: new Map(entries.map(([name, type, required]) => [name, { type, required }])),
    additional: { kind: "never" },
    silent: false,
  };
}

/** Whether a call of the tool may lack the argument at a path, or have `null` there. */
export function mayBeMissing(path: Path, tool: Tool): boolean {
  const environment: Environment = {
    source: NOWHERE,
    tool: typedTool(tool),
    labels: new Map(),
    variables: new Map(),
  };
  const found = lookupPath(path, environment);
  return !found.found || found.mayBeMissing;
}

const NOWHERE = { name: "", text: "" } as Source;
