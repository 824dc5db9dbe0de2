import { dirname, isAbsolute, join, normalize } from "node:path";
import type { Compilation } from "../../compiler/index.ts";
import { type Json, validatePolicy } from "../../policy/index.ts";
import { Failure } from "../command.ts";
import { readText } from "../file.ts";
import { parseJson } from "../json.ts";
import { compileFile } from "../policy-file.ts";
import type { ReadyPolicy } from "./config.ts";

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
    return path.endsWith(".json") ? compiledAt(path) : readyOf(path, compileFile(path, undefined));
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return { path, diagnostics: [], files: [path], problem: error.message };
  }
}

function compiledAt(path: string): ReadyPolicy {
  const validated = validatePolicy(parseJson(path, readText(path)));
  const common = { path, diagnostics: [], files: [path] };
  if ("policy" in validated) return { ...common, policy: validated.policy };
  const [first] = validated.problems;
  const where = first === undefined || first.pointer === "" ? "" : `at ${first.pointer}: `;
  return { ...common, problem: `it is not valid: ${where}${first?.message ?? "it is refused."}` };
}

/** What a compilation gives a gateway. */
export function readyOf(
  path: string,
  { policy, map, diagnostics, program }: Compilation,
): ReadyPolicy {
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
    ...(policy === undefined ? {} : { policy }),
    ...(server === undefined ? {} : { server }),
    ...(tools === undefined
      ? {}
      : { tools: new Map(tools.map((tool) => [(tool as { name: string }).name, tool])) }),
  };
}
