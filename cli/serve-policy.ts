import type { Diagnostic } from "../language/index.ts";
import { type Json, type Policy, type SourceMap, validatePolicy } from "../policy/index.ts";
import { Failure } from "./command.ts";
import { readText } from "./file.ts";
import { parseJson } from "./json.ts";
import { refuseWritable } from "./permissions.ts";
import { type Digests, digestsOf } from "./reload/digests.ts";

export interface LoadedPolicy {
  readonly policy: Policy;
  readonly map?: SourceMap;
  /** The name that the policy gives the server. */
  readonly server?: string;
  /** The tools of the policy's list, by name. */
  readonly tools?: ReadonlyMap<string, Json>;
  /** All that it is made of, itself first. */
  readonly files: readonly string[];
  /** The files as they were when they were read. */
  readonly seen: Digests;
}

/** The `.mcpp` file does not compile. The message is one sentence; `report` shows every error. */
export class PolicyErrors extends Error {
  override readonly name = "PolicyErrors";
  readonly report: string;
  /** All that was read. */
  readonly files: readonly string[];

  constructor(message: string, report: string, files: readonly string[]) {
    super(message);
    this.report = report;
    this.files = files;
  }
}

/** A `.mcpp` file, compiled, or a compiled `.json`. Throws `Failure`, or `PolicyErrors`. */
export async function loadPolicy(path: string): Promise<LoadedPolicy> {
  refuseWritable(path);
  const seen = digestsOf([path]);
  const text = readText(path);
  if (!path.endsWith(".json")) return compilePolicy(path, text, seen);
  const validated = validatePolicy(parseJson(path, text));
  if ("policy" in validated) return { policy: validated.policy, files: [path], seen };
  const [first] = validated.problems;
  const more = validated.problems.length - 1;
  throw new Failure(
    `\`${path}\` is not a valid policy: ${first?.pointer === undefined || first.pointer === "" ? "" : `at ${first.pointer}: `}${first?.message ?? "it is refused."}${more > 0 ? ` (and ${more} more)` : ""}`,
  );
}

async function compilePolicy(path: string, text: string, seen: Digests): Promise<LoadedPolicy> {
  const [{ compile }, { Source }, { fileHost }, { reportPretty }, { wantsColour }] =
    await Promise.all([
      import("../compiler/index.ts"),
      import("../language/index.ts"),
      import("./file-host.ts"),
      import("./report/pretty.ts"),
      import("./report/colour.ts"),
    ]);
  const { policy, map, diagnostics, program } = compile(new Source(path, text), fileHost());
  const list = program.tools.source;
  const sources = [
    ...program.files.map(({ source }) => source),
    ...(list === undefined ? [] : [list]),
  ];
  const files = sources.map(({ name }) => name);
  for (const file of files) refuseWritable(file);
  const errors = diagnostics.filter(({ severity }) => severity === "error");
  const [first] = errors;
  if (first !== undefined || policy === undefined) {
    const where = first === undefined ? path : placeOf(first);
    throw new PolicyErrors(
      `The policy does not compile: ${where}: ${first?.message ?? "it has errors."}${errors.length > 1 ? ` (and ${errors.length - 1} more)` : ""}`,
      reportPretty({
        diagnostics: errors,
        files: 1,
        colour: wantsColour(process.stderr),
      }).trimEnd(),
      files,
    );
  }
  const server = program.server?.node.name.value;
  const tools = program.tools.list?.tools as readonly unknown[] as readonly Json[] | undefined;
  return {
    policy,
    map,
    files,
    seen: new Map([...digestsOf(files), ...seen]),
    ...(server === undefined ? {} : { server }),
    ...(tools === undefined
      ? {}
      : { tools: new Map(tools.map((tool) => [(tool as { name: string }).name, tool])) }),
  };
}

function placeOf({ source, span }: Diagnostic): string {
  const { line, column } = source.positionAt(span.start);
  return `${source.name}:${line}:${column}`;
}
