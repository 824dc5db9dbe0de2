import type { Path, Quantified } from "../../language/index.ts";
import type { Json } from "../../policy/index.ts";
import type { Domains } from "../analysis/branch.ts";
import { domainsFor } from "../analysis/domains.ts";
import type { Program } from "../program.ts";
import { itemOf, lookup } from "../tools/lookup.ts";
import type { Type } from "../tools/types.ts";
import { typedTool } from "./typing/environment.ts";

/** What the tool list says of a path: its type and whether a call can leave it out. */
export interface Known {
  readonly type: Type;
  readonly mayBeMissing: boolean;
}

/** The type of a tool's arguments; undefined when the list does not know it. */
export function argumentsOf(program: Program, name: string): Type | undefined {
  const tool = program.tools.byName.get(name);
  return tool?.inputSchema === undefined ? undefined : typedTool(tool).args;
}

/** Undefined where nothing is known, or nothing is there (which the type check reports). */
export function knownAt(
  program: Program,
  tool: string,
  path: Path,
  within: readonly Quantified[] = [],
): Known | undefined {
  const steps = path.steps.map((step) => step.value);
  const quantifier = within.findLast((outer) => outer.variable.value === path.root.value);
  let base: Type | undefined;
  if (quantifier !== undefined) {
    const outer = within.slice(0, within.indexOf(quantifier));
    const list = knownAt(program, tool, quantifier.path, outer);
    base = list === undefined ? undefined : itemOf(list.type);
  } else if (path.root.value === "args") {
    base = argumentsOf(program, tool);
  }
  if (base === undefined) return undefined;
  const found = lookup(base, steps);
  return found.found && found.type.kind !== "unknown" ? found : undefined;
}

/** The `default` that a schema declares for a top-level argument. */
export function declaredDefault(program: Program, tool: string, path: Path): Json | undefined {
  const schema = program.tools.byName.get(tool)?.inputSchema;
  if (path.root.value !== "args" || path.steps.length !== 1) return undefined;
  const property = member(member(schema, "properties"), String(path.steps[0]?.value));
  return member(property, "default");
}

function member(value: Json | undefined, key: string): Json | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  return Object.hasOwn(value, key) ? (value as { readonly [key: string]: Json })[key] : undefined;
}

/** What paths can be in a call of the tool that keeps to its schema. */
export function domainsOf(program: Program, tool: string): Domains {
  let tools = domains.get(program);
  if (tools === undefined) {
    tools = new Map();
    domains.set(program, tools);
  }
  let known = tools.get(tool);
  if (known === undefined) {
    const args = argumentsOf(program, tool);
    known = domainsFor({ ...(args === undefined ? {} : { args }), labels: program.labels });
    tools.set(tool, known);
  }
  return known;
}

const domains = new WeakMap<Program, Map<string, Domains>>();
