import type {
  Claim,
  Document,
  Expected,
  Item,
  Node,
  On,
  Path,
  Rule,
  Targets,
  When,
} from "../../language/index.ts";
import { nodesAt, RESERVED, rulesOf } from "../../language/index.ts";
import { compileGlob } from "../../policy/index.ts";
import { type Environment, lookupPath, typedTool } from "../check/typing/environment.ts";
import type { Catalogue, Program } from "../program.ts";
import { union } from "../tools/algebra.ts";
import { itemOf, type Lookup } from "../tools/lookup.ts";
import { RISK_CLASSES } from "../tools/read.ts";
import type { Property, Type } from "../tools/types.ts";
import { quantifiersAt } from "./mentions.ts";
import { unquote } from "./typed-words.ts";

/** The tools that one item selects: nothing is reported, and what is not known selects nothing. */
export function toolsOfItem(
  program: Program,
  { kind, value }: Pick<Item, "kind" | "value">,
): readonly string[] {
  const { names, risk } = program.tools;
  if (kind === "glob") return names.filter(compileGlob(value));
  if (kind === "name") return [value];
  const group = program.groups.get(value);
  if (group !== undefined) return group.selection.of === "tool" ? group.selection.names : [];
  if (!RISK_CLASSES.some((builtIn) => builtIn === value)) return [];
  return names.filter((name) => risk.get(name) === value);
}

/** The tools that targets select. */
export function toolsOfTargets(
  program: Program,
  { of, items, except }: Targets,
): readonly string[] {
  if (of !== "tool") return [];
  const taken = new Set(except.flatMap((item) => toolsOfItem(program, item)));
  const names = items.flatMap((item) => toolsOfItem(program, item));
  return [...new Set(names)].filter((name) => !taken.has(name)).sort();
}

/**
 * The tools whose arguments `args` means at an offset. In a statement that is still being typed they are read
 * from its words before the offset.
 */
export function toolsAt(
  program: Program,
  document: Document,
  offset: number,
  expected?: Expected,
): readonly string[] {
  const around = nodesAt(document, offset).toReversed();
  for (const node of around) {
    const { kind } = node as { kind?: string };
    switch (kind) {
      case "allow":
      case "deny":
      case "hide":
      case "ask":
      case "limit": {
        const rule = node as Rule;
        if (rule.targets !== undefined) return toolsOfTargets(program, rule.targets);
        if (rule.kind === "limit" && rule.all !== undefined) return program.tools.names;
        break;
      }
      case "claim":
        return toolsOfTargets(program, (node as Claim).targets);
      case "call":
        return [(node as Node & { tool: { value: string } }).tool.value];
      case "broken": {
        const typed = typedTargets(program, expected);
        if (typed !== undefined) return typed;
        break;
      }
      case "on":
        return typedTargets(program, expected) ?? toolsOfTargets(program, (node as On).targets);
      case "when":
        return typedTargets(program, expected) ?? toolsInside(program, document, node as When);
    }
  }
  return typedTargets(program, expected) ?? [];
}

/** The tools of the rules in a `when`. */
function toolsInside(program: Program, document: Document, when: When): readonly string[] {
  const names = new Set<string>();
  for (const { rule, blocks } of rulesOf(document)) {
    if (!blocks.includes(when)) continue;
    const on = blocks.findLast((block) => block.kind === "on");
    const targets = rule.targets ?? (on as On | undefined)?.targets;
    for (const name of targets === undefined ? [] : toolsOfTargets(program, targets))
      names.add(name);
  }
  return [...names].sort();
}

const TARGET_WORDS = /^(allow|deny|hide|ask|limit|on)$/;
const TARGET_PARTS = /^(tool|except|,)$/;

/** The tools of the statement that ends with these words; undefined if it names none. */
function typedTargets(
  program: Program,
  expected: Expected | undefined,
): readonly string[] | undefined {
  // In the block the rules have none of their own.
  if (expected?.context === "on") return undefined;
  const images = expected?.before.map(({ image }) => image) ?? [];
  const skipped = images.findIndex((image) => TARGET_WORDS.test(image));
  if (skipped < 0 || skipped > 2) {
    // A step of a test: `refund { amount: …`.
    if (expected?.context !== "test" && expected?.context !== "as") return undefined;
    const brace = images.indexOf("{");
    const tool = brace > 0 ? images[brace - 1] : undefined;
    return tool === undefined ? undefined : [unquote(tool)];
  }
  if (images[skipped + 1] === "all") return program.tools.names;
  const names = new Set<string>();
  let found = false;
  let takes = false;
  let previous = "";
  for (const image of images.slice(skipped + 1)) {
    const isName = /^["@A-Za-z_*?]/.test(image) && !RESERVED.has(image);
    // Two names without a comma: the targets have ended.
    if (isName && previous === "name") break;
    if (!isName && !TARGET_PARTS.test(image)) break;
    if (image === "except") takes = true;
    if (isName) {
      found = true;
      for (const name of toolsOfItem(program, itemOfText(image))) {
        if (takes) names.delete(name);
        else names.add(name);
      }
    }
    previous = isName ? "name" : image;
  }
  return found ? [...names].sort() : undefined;
}

function itemOfText(image: string): Pick<Item, "kind" | "value"> {
  if (image.startsWith("@")) return { kind: "group", value: image.slice(1) };
  const value = unquote(image);
  return { kind: /[*?]/.test(value) ? "glob" : "name", value };
}

/** What is at a path in some tools: the union over those that have it. */
export interface TypeAtPath {
  readonly type: Type;
  /** True when a call of one of the tools may lack the value. */
  readonly mayBeMissing: boolean;
  readonly description?: string;
  /** The tools that have it, and those that do not. */
  readonly tools: readonly string[];
  readonly lacking: readonly string[];
}

/** Where a path is read: the tools, and the variables of the quantifiers around. */
export interface PathScope {
  readonly program: Program;
  readonly tools: readonly string[];
  readonly variables: readonly { readonly name: string; readonly path: Path }[];
}

export function scopeAt(
  program: Program,
  document: Document,
  offset: number,
  expected?: Expected,
): PathScope {
  const variables = quantifiersAt(document, offset).map(({ variable, path }) => ({
    name: variable.value,
    path,
  }));
  return {
    program,
    tools: toolsAt(program, document, offset, expected),
    variables: variables.length > 0 ? variables : typedVariables(expected),
  };
}

/** The variables of quantifiers that are still being typed: `any item in args.items (item.`. */
function typedVariables(expected: Expected | undefined): PathScope["variables"] {
  const found: { name: string; path: Path }[] = [];
  const tokens = expected?.before ?? [];
  for (const [index, token] of tokens.entries()) {
    if (token.image !== "any" && token.image !== "every") continue;
    const name = tokens[index + 1]?.image;
    if (name === undefined || tokens[index + 2]?.image !== "in") continue;
    const root = tokens[index + 3];
    if (root === undefined) continue;
    const span = { start: root.startOffset, end: root.startOffset };
    const steps: Path["steps"][number][] = [];
    for (let at = index + 4; tokens[at]?.image === "." && tokens[at + 1] !== undefined; at += 2) {
      steps.push({ kind: "key", value: tokens[at + 1]?.image as string, quoted: false, span });
    }
    found.push({
      name,
      path: { kind: "path", root: { value: root.image, quoted: false, span }, steps, span },
    });
  }
  return found;
}

/** The type of a path; undefined when no tool has it. */
export function typeOfPath(
  scope: PathScope,
  path: Pick<Path, "root" | "steps">,
): TypeAtPath | undefined {
  const found: { type: Type; mayBeMissing: boolean; tool: string }[] = [];
  const lacking: string[] = [];
  for (const { name, environment } of environmentsOf(scope)) {
    const result: Lookup = lookupPath(path as Path, environment);
    if (result.found) found.push({ ...result, tool: name });
    else lacking.push(name);
  }
  if (found.length === 0) return undefined;
  const description = descriptionOf(scope, path);
  return {
    type: union(found.map(({ type }) => type)),
    mayBeMissing: found.some(({ mayBeMissing }) => mayBeMissing),
    ...(description === undefined ? {} : { description }),
    tools: found.map(({ tool }) => tool).filter((name) => name !== ""),
    lacking,
  };
}

/** A key that a path can go on with. */
export interface NextKey extends Property {
  readonly name: string;
  /** The tools that have it. */
  readonly tools: readonly string[];
}

/** The keys that are known below a path, in the order of the schemas. */
export function keysBelow(
  scope: PathScope,
  path: Pick<Path, "root" | "steps">,
): readonly NextKey[] {
  const keys = new Map<
    string,
    { types: Type[]; required: boolean; description?: string; tools: string[] }
  >();
  for (const { name, environment } of environmentsOf(scope)) {
    const result = lookupPath(path as Path, environment);
    if (!result.found) continue;
    for (const [key, property] of propertiesOf(result.type)) {
      const known = keys.get(key) ?? { types: [], required: true, tools: [] };
      known.types.push(property.type);
      known.required &&= property.required;
      if (known.description === undefined && property.description !== undefined) {
        known.description = property.description;
      }
      known.tools.push(name);
      keys.set(key, known);
    }
  }
  const all = scope.tools.length;
  return [...keys].map(([name, { types, required, description, tools }]) => ({
    name,
    type: union(types),
    required: required && tools.length >= all,
    tools,
    ...(description === undefined ? {} : { description }),
  }));
}

function propertiesOf(type: Type): readonly (readonly [string, Property])[] {
  const members = type.kind === "union" ? type.members : [type];
  return members.flatMap((member) => (member.kind === "object" ? [...member.properties] : []));
}

function descriptionOf(scope: PathScope, path: Pick<Path, "root" | "steps">): string | undefined {
  const last = path.steps.at(-1);
  if (last === undefined || last.kind !== "key") return undefined;
  const parent = { root: path.root, steps: path.steps.slice(0, -1) };
  return keysBelow(scope, parent).find(({ name }) => name === last.value)?.description;
}

function* environmentsOf({
  program,
  tools,
  variables,
}: PathScope): Generator<{ readonly name: string; readonly environment: Environment }> {
  const names = tools.filter((name) => program.tools.byName.has(name));
  // Labels and the client are the same whatever the tool.
  for (const name of names.length === 0 ? [""] : names) {
    const tool = toolOf(program.tools, name);
    let environment: Environment = {
      source: NOWHERE,
      tool,
      labels: program.labels,
      variables: new Map(),
    };
    for (const variable of variables) {
      const list = lookupPath(variable.path, environment);
      const item = list.found ? itemOf(list.type) : undefined;
      if (item === undefined) continue;
      environment = {
        ...environment,
        variables: new Map([...environment.variables, [variable.name, item]]),
      };
    }
    yield { name, environment };
  }
}

const NOWHERE = { name: "", text: "" } as Environment["source"];

function toolOf({ byName }: Catalogue, name: string): Environment["tool"] {
  const tool = byName.get(name);
  return tool === undefined
    ? {
        name,
        args: {
          kind: "object",
          properties: new Map(),
          additional: { kind: "unknown" },
          silent: false,
        },
        known: false,
      }
    : typedTool(tool);
}
