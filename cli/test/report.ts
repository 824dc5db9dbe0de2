import type { ClaimResult, ClaimVerdict, Compilation } from "../../compiler/index.ts";
import type { Diagnostic } from "../../language/index.ts";
import type { Coverage } from "./coverage.ts";
import type { TestResult } from "./result.ts";

/** What a run has come to. */
export interface TestReport {
  /** In the order of the command line. */
  readonly files: readonly TestedFile[];
  /** Where it was asked for. */
  readonly coverage?: Coverage;
  /** What is not covered as it should be, a sentence each. */
  readonly shortfalls: readonly string[];
  /** Whether escape sequences for colours may be used. */
  readonly colour: boolean;
}

export interface TestedFile {
  /** As it was given. */
  readonly path: string;
  readonly compiled: Compilation;
  /** With any there was nothing to run. */
  readonly errors: readonly Diagnostic[];
  readonly tests: readonly TestResult[];
}

export interface TestSummary {
  readonly tests: number;
  readonly passed: number;
  readonly failed: number;
  /** Claims, of which so many were proved, and so many refuted by a call. */
  readonly claims: number;
  readonly proved: number;
  readonly refuted: number;
  /** Calls that were judged. */
  readonly calls: number;
  /** Errors in policies. */
  readonly errors: number;
}

export function summarise({ files }: TestReport): TestSummary {
  const tests = files.flatMap((file) => file.tests);
  const passed = tests.filter(hasPassed).length;
  const claims = files.flatMap(claimsOf);
  const of = (kind: ClaimVerdict["kind"]): number =>
    claims.filter(({ verdict }) => verdict.kind === kind).length;
  return {
    tests: tests.length,
    passed,
    failed: tests.length - passed,
    claims: claims.length,
    proved: of("proved"),
    refuted: of("refuted"),
    calls: tests.reduce((sum, { calls }) => sum + calls, 0),
    errors: files.reduce((sum, { errors }) => sum + errors.length, 0),
  };
}

export function hasPassed({ failures }: TestResult): boolean {
  return failures.length === 0;
}

/** The claims of a file that compiles, its imports' among them. */
export function claimsOf({ compiled, errors }: TestedFile): readonly ClaimResult[] {
  return errors.length > 0 ? [] : compiled.claims;
}
