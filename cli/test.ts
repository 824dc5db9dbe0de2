import { normalize } from "node:path";
import { InvalidArgumentError, Option } from "commander";
import type { Source } from "../language/index.ts";
import { type CliCommand, EXIT_FINDINGS, EXIT_OK, Failure } from "./command.ts";
import { writeAtomically } from "./file.ts";
import { compileFile, readSource } from "./policy-file.ts";
import { wantsColour } from "./report/colour.ts";
import { type Coverage, CoverageCollector } from "./test/coverage.ts";
import { percentOf, type Share, sumOf } from "./test/coverage-sum.ts";
import { lcovOf } from "./test/lcov.ts";
import { summarise, type TestedFile, type TestReport } from "./test/report.ts";
import { TEST_REPORTERS, type TestFormat } from "./test/reporter.ts";
import { runTests } from "./test/run.ts";

interface TestOptions {
  readonly tools?: string;
  readonly filter?: string;
  readonly coverage?: boolean;
  readonly coverageLcov?: string;
  readonly minCoverage?: number;
  readonly minBranchCoverage?: number;
  readonly format: TestFormat;
}

export const command: CliCommand = {
  declare: (command) =>
    command
      .argument("<file...>", "policies")
      .option("--tools <file>", "a tool list in place of the one that the policy names")
      .option("--filter <text>", "only tests with this text in their name")
      .option("--coverage", "say which rules and branches the tests have covered")
      .option("--coverage-lcov <file>", "write the coverage as an lcov tracefile")
      .option("--min-coverage <percent>", "fail where fewer of the rules are covered", percent)
      .option("--min-branch-coverage <percent>", "the same of the branches", percent)
      .addOption(
        new Option("--format <format>", "how results are written")
          .choices(Object.keys(TEST_REPORTERS))
          .default("pretty"),
      ),

  run: async ({ args, options: given }) => {
    const options = given as unknown as TestOptions;
    const { filter, coverageLcov } = options;
    const list = options.tools === undefined ? undefined : readSource(options.tools);
    const paths = [...new Set(args.map((path) => (path === "-" ? path : normalize(path))))];
    const collector = wantsCoverage(options) ? new CoverageCollector() : undefined;
    const files: TestedFile[] = [];
    for (const path of paths) files.push(await test(path, list, chooser(filter), collector));
    const coverage = collector?.result();
    const report: TestReport = {
      files,
      ...(coverage === undefined ? {} : { coverage }),
      shortfalls: coverage === undefined ? [] : shortfallsOf(coverage, options),
      colour: wantsColour(process.stdout),
    };
    const { tests, failed, refuted, errors } = summarise(report);
    if (filter !== undefined && tests === 0 && errors === 0) {
      throw new Failure(`No test has \`${filter}\` in its name.`);
    }
    if (coverage !== undefined && coverageLcov !== undefined) {
      writeAtomically(coverageLcov, lcovOf(coverage));
    }
    process.stdout.write(TEST_REPORTERS[options.format](report));
    // JUnit has no place for it.
    if (options.format === "junit") {
      for (const shortfall of report.shortfalls) process.stderr.write(`${shortfall}\n`);
    }
    const fine = failed === 0 && refuted === 0 && errors === 0 && report.shortfalls.length === 0;
    return fine ? EXIT_OK : EXIT_FINDINGS;
  },
};

async function test(
  path: string,
  list: Source | undefined,
  chosen: (name: string) => boolean,
  collector: CoverageCollector | undefined,
): Promise<TestedFile> {
  // A claim that does not hold is one more thing that failed, beside the tests.
  const compiled = compileFile(path, list, { claimsApart: true });
  const errors = compiled.diagnostics.filter(({ severity }) => severity === "error");
  if (compiled.policy === undefined) return { path, compiled, errors, tests: [] };
  const observe = collector?.watch(compiled.program);
  const tests = await runTests(compiled, { chosen, ...(observe === undefined ? {} : { observe }) });
  return { path, compiled, errors, tests };
}

function wantsCoverage(options: TestOptions): boolean {
  const { coverage, coverageLcov, minCoverage, minBranchCoverage } = options;
  return [coverage, coverageLcov, minCoverage, minBranchCoverage].some((one) => one !== undefined);
}

/** What is less than it has to be. */
function shortfallsOf(coverage: Coverage, options: TestOptions): readonly string[] {
  const { rules, branches } = sumOf(coverage);
  const compare = (what: string, share: Share, least: number | undefined): readonly string[] => {
    if (least === undefined || share.covered * 100 >= least * share.of) return [];
    const { covered, of } = share;
    return [
      `The tests cover ${covered} of ${of} ${what} (${percentOf(share)} %), and ${least} % are asked for.`,
    ];
  };
  return [
    ...compare("rules", rules, options.minCoverage),
    ...compare("branches", branches, options.minBranchCoverage),
  ];
}

function percent(text: string): number {
  const value = Number(text);
  if (/^[0-9]+(?:\.[0-9]+)?$/.test(text) && value <= 100) return value;
  throw new InvalidArgumentError("It is a number from 0 to 100.");
}

/** Whether a test is to run, by its name; letters count whatever their case. */
function chooser(filter: string | undefined): (name: string) => boolean {
  if (filter === undefined) return () => true;
  const wanted = filter.toLowerCase();
  return (name) => name.toLowerCase().includes(wanted);
}
