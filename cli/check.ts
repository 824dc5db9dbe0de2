import { normalize } from "node:path";
import { Option } from "commander";
import type { Diagnostic } from "../language/index.ts";
import { type CliCommand, EXIT_FINDINGS, EXIT_OK } from "./command.ts";
import { isConfig, loadConfig } from "./config/load.ts";
import { compileFile, readSource } from "./policy-file.ts";
import { wantsColour } from "./report/colour.ts";
import { summarise } from "./report/report.ts";
import { REPORTERS, type ReportFormat } from "./report/reporter.ts";

export const command: CliCommand = {
  declare: (command) =>
    command
      .argument("<file...>", "policies, and configurations of gateways (.yaml)")
      .option("--tools <file>", "a tool list in place of the one that the policy names")
      .option("--strict", "let warnings count as errors")
      .addOption(
        new Option("--format <format>", "how findings are written")
          .choices(Object.keys(REPORTERS))
          .default("pretty"),
      ),

  run: async ({ args, options }) => {
    const { tools, strict, format } = options as {
      tools?: string;
      strict?: boolean;
      format: ReportFormat;
    };
    const list = tools === undefined ? undefined : readSource(tools);
    const files = [...new Set(args.map((path) => (path === "-" ? path : normalize(path))))];
    const diagnostics = distinct(
      files.flatMap((file) =>
        isConfig(file)
          ? loadConfig(readSource(file), process.env, false).diagnostics
          : compileFile(file, list).diagnostics,
      ),
    );
    const colour = wantsColour(process.stdout);
    process.stdout.write(REPORTERS[format]({ diagnostics, files: files.length, colour }));
    const { errors, warnings } = summarise(diagnostics);
    return errors > 0 || (strict === true && warnings > 0) ? EXIT_FINDINGS : EXIT_OK;
  },
};

/** Files that several policies import are reported once. */
function distinct(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  const seen = new Set<string>();
  return diagnostics.filter(({ source, span, code, message }) => {
    const key = JSON.stringify([source.name, span.start, span.end, code, message]);
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}
