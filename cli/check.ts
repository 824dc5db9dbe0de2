import { normalize } from "node:path";
import { Option } from "commander";
import type { Diagnostic, Source } from "../language/index.ts";
import { type CliCommand, EXIT_FINDINGS, EXIT_OK } from "./command.ts";
import type { GrantConfig, PolicyFacts } from "./config/config.ts";
import { compileFile, readSource } from "./policy-file.ts";
import { wantsColour } from "./report/colour.ts";
import { summarise } from "./report/report.ts";
import { REPORTERS, type ReportFormat } from "./report/reporter.ts";

export const command: CliCommand = {
  declare: (command) =>
    command
      .argument("<file...>", "policies, and configurations of gateways (.yaml)")
      .option("--tools <file>", "a tool list in place of the one that the policy names")
      .option("--guard <file>", "a policy that every call must pass too")
      .option("--strict", "let warnings count as errors")
      .addOption(
        new Option("--format <format>", "how findings are written")
          .choices(Object.keys(REPORTERS))
          .default("pretty"),
      ),

  run: async ({ args, options }) => {
    const { tools, guard, strict, format } = options as {
      tools?: string;
      guard?: string;
      strict?: boolean;
      format: ReportFormat;
    };
    const list = tools === undefined ? undefined : readSource(tools);
    const files = [...new Set(args.map((path) => (path === "-" ? path : normalize(path))))];
    const found =
      guard !== undefined || files.some(isConfig)
        ? await checkTogether(files, list, guard)
        : files.flatMap((file) => compileFile(file, list).diagnostics);
    const diagnostics = distinct(found);
    const colour = wantsColour(process.stdout);
    process.stdout.write(REPORTERS[format]({ diagnostics, files: files.length, colour }));
    const { errors, warnings } = summarise(diagnostics);
    return errors > 0 || (strict === true && warnings > 0) ? EXIT_FINDINGS : EXIT_OK;
  },
};

/** Configurations, or policies under a guard: what is said of one depends on others. */
async function checkTogether(
  files: readonly string[],
  list: Source | undefined,
  guard: string | undefined,
): Promise<Diagnostic[]> {
  // Not loaded for policies alone.
  const [{ loadConfig }, { readyOf }, { claimsOverGrant, guardFindings, ofGuard }] =
    await Promise.all([
      import("./config/load.ts"),
      import("./config/policies.ts"),
      import("./config/guard.ts"),
    ]);
  const under: PolicyFacts[] = [];
  const grants: GrantConfig[] = [];
  const found = files.flatMap((file) => {
    if (isConfig(file)) {
      const { diagnostics, policies, config } = loadConfig(readSource(file), process.env, false);
      under.push(...policies);
      grants.push(...(config?.grants ?? []));
      return diagnostics;
    }
    const policy = readyOf(file, compileFile(file, list, { claimsApart: true }));
    under.push(policy);
    return [...policy.diagnostics, ...(policy.ofClaims ?? [])];
  });
  if (guard === undefined) return [...found];
  const above = readyOf(guard, compileFile(guard, undefined, { claimsApart: true }));
  const ofGrants = new Set(grants.flatMap(({ policies }) => [...policies.values()]));
  return [
    ...found,
    ...ofGuard(above),
    ...guardFindings(above, under),
    ...grants.flatMap((grant) => claimsOverGrant(above, grant)),
    ...under.flatMap((policy) =>
      ofGrants.has(policy)
        ? []
        : (above.claimsOver?.({ policy, where: `under \`${policy.path}\`` }) ?? []),
    ),
  ];
}

/** Whether a file is a gateway's configuration, by its name. */
function isConfig(path: string): boolean {
  return /\.ya?ml$/i.test(path);
}

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
