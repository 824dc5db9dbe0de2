import { dirname, isAbsolute, join, normalize } from "node:path";
import { type Compilation, claimDiagnostics, type Program } from "../../compiler/index.ts";
import { compileGlob, type Json, type Policy, validatePolicy } from "../../policy/index.ts";
import { Failure } from "../command.ts";
import { readText } from "../file.ts";
import { parseJson } from "../json.ts";
import { compileFile } from "../policy-file.ts";
import type { ReadyPolicy } from "./config.ts";
import type { Naming, Permission } from "./guard.ts";
import { claimsOver } from "./guard-claims.ts";

/** A path as a file writes it, for whoever runs us. */
export function pathFrom(path: string, from: string): string {
  return normalize(isAbsolute(path) ? path : join(dirname(from), path));
}

/** Reads policies from disk, each once: `.mcpp` files, compiled, and compiled `.json`. */
export function filePolicies(): (path: string, from: string) => ReadyPolicy {
  const known = new Map<string, ReadyPolicy>();
  return (path, from) => {
    const name = pathFrom(path, from);
    const before = known.get(name);
    if (before !== undefined) return before;
    const policy = policyAt(name);
    known.set(name, policy);
    return policy;
  };
}

function policyAt(path: string): ReadyPolicy {
  try {
    return path.endsWith(".json")
      ? compiledAt(path)
      : readyOf(path, compileFile(path, undefined, { claimsApart: true }));
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return { path, diagnostics: [], files: [path], problem: error.message };
  }
}

function compiledAt(path: string): ReadyPolicy {
  const validated = validatePolicy(parseJson(path, readText(path)));
  const common = { path, diagnostics: [], files: [path] };
  if ("policy" in validated) {
    const { policy } = validated;
    return { ...common, policy, refuses: (tool) => refuses(policy, tool) };
  }
  const [first] = validated.problems;
  const where = first === undefined || first.pointer === "" ? "" : `at ${first.pointer}: `;
  return { ...common, problem: `it is not valid: ${where}${first?.message ?? "it is refused."}` };
}

/** What a compilation, its claims apart, gives a gateway. */
export function readyOf(path: string, compilation: Compilation): ReadyPolicy {
  const { policy, map, diagnostics, program, claims } = compilation;
  const server = program.server?.node.name.value;
  const tools = program.tools.list?.tools as readonly unknown[] as readonly Json[] | undefined;
  const list = program.tools.source?.name;
  return {
    path,
    diagnostics,
    files: [
      ...program.files.map(({ source }) => source.name),
      ...(list === undefined ? [] : [list]),
    ],
    labels: new Map([...program.labels].map(([name, { values }]) => [name, values])),
    map,
    namings: namingsIn(program),
    permissions: permissionsIn(program),
    ofClaims: claims.flatMap((one) => claimDiagnostics(one)),
    claimsOver: (under) => claimsOver(compilation, under),
    ...(policy === undefined ? {} : { policy, refuses: (tool) => refuses(policy, tool) }),
    ...(server === undefined ? {} : { server }),
    ...(tools === undefined
      ? {}
      : {
          tools: new Map(tools.map((tool) => [nameOf(tool), tool])),
          toolNames: new Set(tools.map(nameOf)),
        }),
  };
}

function nameOf(tool: Json): string {
  return (tool as { readonly name: string }).name;
}

function namingsIn({ rules }: Program): Naming[] {
  return rules.flatMap(({ of, selection, source }) =>
    of === "tool"
      ? [...selection.items, ...selection.except].flatMap(({ node: { kind, value, span } }) =>
          kind === "name" ? [{ name: value, source, span }] : [],
        )
      : [],
  );
}

function permissionsIn({ rules }: Program): Permission[] {
  return rules.flatMap(({ kind, of, selection, source, node: { span }, shadow, resolved }) =>
    of === "tool" && resolved && !shadow && (kind === "allow" || kind === "ask")
      ? [{ tools: selection.names, source, span }]
      : [],
  );
}

/** Whether a policy forbids every call of a tool, whatever its arguments. */
function refuses(
  { default: byDefault, hide = [], deny_tools = {}, tools = {} }: Policy,
  tool: string,
): boolean {
  const denying = Object.entries(deny_tools).flatMap(([glob, { shadow }]) =>
    shadow === true ? [] : [glob],
  );
  if ([...hide, ...denying].some((glob) => compileGlob(glob)(tool))) return true;
  if (!Object.hasOwn(tools, tool)) return byDefault === "deny";
  return (tools[tool]?.deny_if ?? []).some(
    ({ conditions, shadow }) => conditions.length === 0 && shadow !== true,
  );
}
