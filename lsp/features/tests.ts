import type { CodeLens, Diagnostic, Range } from "vscode-languageserver/node";
import type { Source } from "../../language/index.ts";
import { rangeOf } from "../positions.ts";
import { type FileRun, type TestRuns, testsIn } from "../test-runs.ts";
import type { View, Workspace } from "../workspace.ts";
import { toLsp } from "./diagnostics.ts";

/** A command of the server: runs the tests of a policy. Arguments: its URI, and the name of a test or none. */
export const RUN_TESTS_COMMAND = "mcpp.runTests";

/** The tests of one policy, for an editor's list of tests. */
export interface TestsOfFile {
  readonly uri: string;
  readonly tests: readonly { readonly name: string; readonly range: Range }[];
}

export function testsOf(workspace: Workspace, source: Source): TestsOfFile {
  const tests = testsIn(source).map(({ name, span }) => ({
    name: name.value,
    range: rangeOf(source, span),
  }));
  return { uri: workspace.uriOf(source), tests };
}

/** The tests of every policy that has some. */
export function allTests(workspace: Workspace): readonly TestsOfFile[] {
  return workspace
    .policies()
    .flatMap((name) => workspace.files.source(name) ?? [])
    .map((source) => testsOf(workspace, source))
    .filter(({ tests }) => tests.length > 0);
}

/** What `mcpp.runTests` answers. */
export interface RunAnswer {
  readonly uri: string;
  /** Errors of the policy: with any, nothing has run. */
  readonly errors: number;
  readonly tests: readonly {
    readonly name: string;
    readonly passed: boolean;
    readonly calls: number;
    readonly failures: readonly Diagnostic[];
  }[];
}

export function runAnswer(uri: string, run: FileRun, workspace: Workspace): RunAnswer {
  return {
    uri,
    errors: run.errors,
    tests: run.tests.map(({ name, calls, failures }) => ({
      name,
      passed: failures.length === 0,
      calls,
      failures: failures.map((failure) => toLsp(failure, workspace)),
    })),
  };
}

/** Above each test: what it came to, and a command that runs it. */
export function testLenses({ source, uri }: View, runs: TestRuns): CodeLens[] {
  if (!runs.canRun) return [];
  return testsIn(source).map(({ name, span }) => {
    const at = { start: span.start, end: span.start };
    const result = runs.resultOf(source, name.value);
    const title =
      result === undefined
        ? "Run test"
        : result.failures.length === 0
          ? "✓ Passed · run again"
          : "✗ Failed · run again";
    const command = { title, command: RUN_TESTS_COMMAND, arguments: [uri, name.value] };
    return { range: rangeOf(source, at), command };
  });
}
