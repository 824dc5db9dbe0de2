import { type Document, renderDiagnostic, type Source } from "../../language/index.ts";
import {
  type Json,
  type Policy,
  type SourceMap,
  validatePolicy,
  walkPolicy,
} from "../../policy/index.ts";
import { Failure } from "../command.ts";
import { readText } from "../file.ts";
import { parseJson } from "../json.ts";
import { asListed } from "../listed-tool.ts";
import { painter, wantsColour } from "../report/colour.ts";
import { beginsAt, parsePlace, type Statement, statementIn } from "../statement.ts";

/** A policy with what is known beside it, to explain its decisions. */
export interface ExplainedPolicy {
  readonly policy: Policy;
  readonly map: SourceMap;
  /** The name that the policy gives the server. */
  readonly server?: string;
  /** The server's tools; absent when they are not known. */
  readonly tools?: readonly Json[];
  readonly labels: LabelRules;
  /** Of a place such as `refunds.mcpp:9:3`, the statement that begins there; absent when it is not to be had. */
  readonly statementAt: (place: string) => Statement | undefined;
}

/** The labels that grants may have: what a `.mcpp` file declares. Compiled, only those that are read are known. */
export type LabelRules =
  | { readonly declared: ReadonlyMap<string, readonly string[] | undefined> }
  | { readonly read: ReadonlySet<string> };

export interface PolicyFiles {
  readonly policy: string;
  readonly tools?: string | undefined;
  readonly map?: string | undefined;
}

/** Reads and compiles. Throws `Failure`, its errors printed before. */
export async function readPolicy(files: PolicyFiles): Promise<ExplainedPolicy> {
  return files.policy.endsWith(".json") ? readCompiled(files) : compileSource(files);
}

async function compileSource({ policy: path, tools, map }: PolicyFiles): Promise<ExplainedPolicy> {
  if (map !== undefined) {
    throw new Failure("`--map` goes with a compiled policy; a `.mcpp` file has its own places.");
  }
  const { compileFile, readSource } = await import("../policy-file.ts");
  const list = tools === undefined ? undefined : readSource(tools);
  // A claim that does not hold is what the decision may have to explain.
  const compiled = compileFile(path, list, { claimsApart: true });
  const errors = compiled.diagnostics.filter(({ severity }) => severity === "error");
  if (compiled.policy === undefined) {
    const paint = painter(wantsColour(process.stderr));
    for (const error of errors) process.stderr.write(`${renderDiagnostic(error, { paint })}\n\n`);
    throw new Failure(`\`${path}\` does not compile, so there is no decision to explain.`);
  }
  const { program } = compiled;
  const server = program.server?.node.name.value;
  const listed = program.tools.known ? program.tools.list?.tools : undefined;
  return {
    policy: compiled.policy,
    map: compiled.map,
    ...(server !== undefined && { server }),
    ...(listed !== undefined && { tools: listed.map(asListed) }),
    labels: {
      declared: new Map([...program.labels].map(([name, { values }]) => [name, values])),
    },
    statementAt: (place) => statementIn(program, place),
  };
}

async function readCompiled(files: PolicyFiles): Promise<ExplainedPolicy> {
  const validated = validatePolicy(parseJson(files.policy, readText(files.policy)));
  if (!("policy" in validated)) {
    const [first] = validated.problems;
    const where = first === undefined || first.pointer === "" ? "" : `at \`${first.pointer}\`: `;
    throw new Failure(
      `\`${files.policy}\` is not a valid policy: ${where}${first?.message ?? "it is refused."}`,
    );
  }
  const { policy } = validated;
  const map = files.map === undefined ? {} : readMap(files.map);
  const tools = files.tools === undefined ? undefined : await readTools(files.tools);
  const sources = files.map === undefined ? undefined : await sourceReader();
  return {
    policy,
    map,
    ...(tools !== undefined && { tools }),
    labels: { read: labelsRead(policy) },
    statementAt: (place) => sources?.(place),
  };
}

/** As `mcpp compile --map` writes it. */
function readMap(path: string): SourceMap {
  const value = parseJson(path, readText(path));
  const isMap =
    typeof value === "object" &&
    value !== null &&
    Object.entries(value).every(([at, place]) => at.startsWith("/") && typeof place === "string");
  if (!isMap)
    throw new Failure(`\`${path}\` is not a source map; \`mcpp compile --map\` writes one.`);
  return value as SourceMap;
}

async function readTools(path: string): Promise<readonly Json[]> {
  const [{ readToolList }, { readSource }] = await Promise.all([
    import("../../compiler/index.ts"),
    import("../policy-file.ts"),
  ]);
  const { list, diagnostics } = readToolList(readSource(path));
  if (list !== undefined) return list.tools.map(asListed);
  throw new Failure(
    `\`${path}\` is not a tool list: ${diagnostics[0]?.message ?? "it is refused."}`,
  );
}

/** The files that a source map names are looked for where it says; those that are gone show nothing. */
async function sourceReader(): Promise<ExplainedPolicy["statementAt"]> {
  const [{ parse }, { readSource }] = await Promise.all([
    import("../../language/index.ts"),
    import("../policy-file.ts"),
  ]);
  const files = new Map<string, { source: Source; document: Document } | undefined>();
  const read = (file: string) => {
    try {
      const source = readSource(file);
      return { source, document: parse(source).document };
    } catch {
      return undefined;
    }
  };
  return (place) => {
    const at = parsePlace(place);
    if (at === undefined) return undefined;
    if (!files.has(at.file)) files.set(at.file, read(at.file));
    const file = files.get(at.file);
    return file === undefined ? undefined : beginsAt(file.document, file.source, at);
  };
}

/** The labels that some condition reads; `name` and `id` are the grant's own. */
function labelsRead(policy: Policy): ReadonlySet<string> {
  const labels = new Set<string>();
  walkPolicy(policy, {
    path: (path) => {
      const [root, label] = typeof path === "string" ? path.split(".") : path;
      if (root === "grant" && typeof label === "string") labels.add(label);
    },
  });
  labels.delete("name");
  labels.delete("id");
  return labels;
}

/** For decisions where no definition can be compared with its pin. */
export function withoutPins(policy: Policy): Policy {
  const tools = Object.entries(policy.tools ?? {}).map(([name, { pin: _pin, ...tool }]) => [
    name,
    tool,
  ]);
  return policy.tools === undefined ? policy : { ...policy, tools: Object.fromEntries(tools) };
}
