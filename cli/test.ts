import { normalize } from "node:path";
import { Option } from "commander";
import type { Source } from "../language/index.ts";
import { type CliCommand, EXIT_FINDINGS, EXIT_OK, Failure } from "./command.ts";
import { compileFile, readSource } from "./policy-file.ts";
import { wantsColour } from "./report/colour.ts";
import { summarise, type TestedFile } from "./test/report.ts";
import { TEST_REPORTERS, type TestFormat } from "./test/reporter.ts";
import { runTests } from "./test/run.ts";

interface TestOptions {
  readonly tools?: string;
  readonly filter?: string;
  readonly format: TestFormat;
}

export const command: CliCommand = {
  declare: (command) =>
    command
      .argument("<file...>", "policies")
      .option("--tools <file>", "a tool list in place of the one that the policy names")
      .option("--filter <text>", "only tests with this text in their name")
      .addOption(
        new Option("--format <format>", "how results are written")
          .choices(Object.keys(TEST_REPORTERS))
          .default("pretty"),
      ),

  run: async ({ args, options }) => {
    const { tools, filter, format } = options as unknown as TestOptions;
    const list = tools === undefined ? undefined : readSource(tools);
    const paths = [...new Set(args.map((path) => (path === "-" ? path : normalize(path))))];
    const chosen = chooser(filter);
    const files: TestedFile[] = [];
    for (const path of paths) files.push(await test(path, list, chosen));
    const report = { files, colour: wantsColour(process.stdout) };
    const { tests, failed, errors } = summarise(report);
    if (filter !== undefined && tests === 0 && errors === 0) {
      throw new Failure(`No test has \`${filter}\` in its name.`);
    }
    process.stdout.write(TEST_REPORTERS[format](report));
    return failed > 0 || errors > 0 ? EXIT_FINDINGS : EXIT_OK;
  },
};

async function test(
  path: string,
  list: Source | undefined,
  chosen: (name: string) => boolean,
): Promise<TestedFile> {
  const compiled = compileFile(path, list);
  const errors = compiled.diagnostics.filter(({ severity }) => severity === "error");
  return { path, compiled, errors, tests: await runTests(compiled, { chosen }) };
}

/** Whether a test is to run, by its name; letters count whatever their case. */
function chooser(filter: string | undefined): (name: string) => boolean {
  if (filter === undefined) return () => true;
  const wanted = filter.toLowerCase();
  return (name) => name.toLowerCase().includes(wanted);
}
