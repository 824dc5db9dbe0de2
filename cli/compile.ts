import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { Option } from "commander";
import { type Program, TARGETS, type Target } from "../compiler/index.ts";
import { renderDiagnostic } from "../language/index.ts";
import { type Policy, type SourceMap, serializePolicy, validatePolicy } from "../policy/index.ts";
import { type CliCommand, EXIT_FINDINGS, EXIT_OK, Failure } from "./command.ts";
import { readText, writeAtomically } from "./file.ts";
import { compileFile, readSource } from "./policy-file.ts";
import { painter, wantsColour } from "./report/colour.ts";

interface CompileOptions {
  readonly output?: string;
  readonly tools?: string;
  readonly target: Target;
  readonly map?: string;
  readonly check?: boolean;
}

export const command: CliCommand = {
  declare: (command) =>
    command
      .argument("<file>", "a policy")
      .option("-o, --output <file>", "write the JSON to this file instead of stdout")
      .option("--tools <file>", "a tool list in place of the one that the policy names")
      .addOption(
        new Option("--target <target>", "the format: ours, or only what hosted gateways publish")
          .choices(TARGETS)
          .default("mcpp"),
      )
      .option("--map <file>", "write a source map from JSON pointers to file:line:column")
      .option("--check", "write nothing; fail if the output file is not what would be written")
      .allowExcessArguments(false),

  run: async ({ args, options }) => {
    const file = args[0] as string;
    const { output, tools, target, map, check } = options as unknown as CompileOptions;
    if (check === true && (output === undefined || output === "-")) {
      throw new Failure("`--check` compares with a file: give `-o FILE` too.");
    }
    const written = [output, map].filter((path) => path !== undefined && path !== "-");
    for (const path of written) {
      if (resolve(path as string) === resolve(file)) {
        throw new Failure(`\`${path}\` is the policy itself, and would be overwritten.`);
      }
    }
    if (output !== undefined && map !== undefined && resolve(output) === resolve(map)) {
      throw new Failure(`\`-o\` and \`--map\` name the same file, \`${map}\`.`);
    }
    const list = tools === undefined ? undefined : readSource(tools);
    const compiled = compileFile(file, list, { target });
    const paint = painter(wantsColour(process.stderr));
    for (const diagnostic of compiled.diagnostics) {
      // What is only worth knowing is for `mcpp check`.
      if (diagnostic.severity === "info") continue;
      process.stderr.write(`${renderDiagnostic(diagnostic, { paint })}\n\n`);
    }
    if (compiled.policy === undefined) return EXIT_FINDINGS;
    refuseOverwriting(compiled.program, written);
    const files = outputs(compiled.policy, compiled.map, output, map);
    if (check === true) return reportStale(files);
    for (const { path, text } of files) {
      if (path === undefined) process.stdout.write(text);
      else writeAtomically(path, text);
    }
    return EXIT_OK;
  },
};

/** What the policy was made from is never what it is written to. */
function refuseOverwriting({ files, tools }: Program, written: readonly (string | undefined)[]) {
  const read = [...files.map(({ source }) => source), ...(tools.source ? [tools.source] : [])];
  for (const path of written) {
    if (path !== undefined && read.some(({ name }) => resolve(name) === resolve(path))) {
      throw new Failure(`\`${path}\` is a part of the policy, and would be overwritten.`);
    }
  }
}

interface Output {
  /** Absent: stdout. */
  readonly path?: string;
  readonly text: string;
}

function outputs(
  policy: Policy,
  map: SourceMap,
  output: string | undefined,
  mapOutput: string | undefined,
): readonly Output[] {
  const text = serializePolicy(policy);
  refuseInvalid(text);
  return [
    // First, so that no policy is ever newer than its map.
    ...(mapOutput === undefined
      ? []
      : [{ path: mapOutput, text: `${JSON.stringify(map, null, 2)}\n` }]),
    output === undefined || output === "-" ? { text } : { path: output, text },
  ];
}

/** What goes out is validated as it will be read: from its bytes. */
function refuseInvalid(text: string): void {
  const validated = validatePolicy(JSON.parse(text));
  if ("policy" in validated) return;
  const [problem] = validated.problems;
  throw new Failure(
    `The compiled policy is not valid, so nothing was written: at \`${problem?.pointer}\`: ${problem?.message}`,
  );
}

function reportStale(files: readonly Output[]): number {
  let stale = false;
  for (const { path, text } of files) {
    if (path === undefined || (existsSync(path) && readText(path) === text)) continue;
    stale = true;
    process.stderr.write(
      `mcpp: \`${path}\` is ${existsSync(path) ? "not what would be written" : "not there"}; compile without \`--check\` to write it.\n`,
    );
  }
  return stale ? EXIT_FINDINGS : EXIT_OK;
}
