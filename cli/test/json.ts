import type { ClaimResult } from "../../compiler/index.ts";
import { callJson } from "../report/call-json.ts";
import { diagnosticJson } from "../report/json.ts";
import type { BranchCoverage, Coverage, RuleCoverage } from "./coverage.ts";
import { percentOf, type Share, sumOf } from "./coverage-sum.ts";
import { claimsOf, hasPassed, summarise, type TestedFile, type TestReport } from "./report.ts";
import type { TestFailure, TestResult } from "./result.ts";
import { decidedText, titleOf } from "./sentences.ts";

/** For programs; stable. Lines and columns are from 1. */
export function reportJson(report: TestReport): string {
  const { files, coverage, shortfalls } = report;
  const errors = files.flatMap((file) => file.errors);
  const json = {
    ...(errors.length === 0 ? {} : { diagnostics: errors.map(diagnosticJson) }),
    tests: files.flatMap((file) => file.tests.map((test) => testOf(test, file))),
    claims: files.flatMap((file) => claimsOf(file).map(claimOf)),
    ...(coverage === undefined ? {} : { coverage: coverageOf(coverage) }),
    ...(shortfalls.length === 0 ? {} : { shortfalls }),
    summary: summarise(report),
  };
  return `${JSON.stringify(json, null, 2)}\n`;
}

function testOf(test: TestResult, file: TestedFile) {
  const { line } = test.source.positionAt(test.span.start);
  return {
    name: test.name,
    file: file.path,
    line,
    passed: hasPassed(test),
    calls: test.calls,
    failures: test.failures.map(failureOf),
  };
}

function claimOf({ claim: { node, source }, verdict }: ClaimResult) {
  return {
    text: source.slice(node.span),
    file: source.name,
    line: source.positionAt(node.span.start).line,
    proved: verdict.kind === "proved",
    ...(verdict.kind === "refuted" && {
      counterexample: { ...callJson(verdict.call), outcome: verdict.outcome },
    }),
    ...(verdict.kind === "undecided" && { undecided: { tool: verdict.tool, why: verdict.why } }),
  };
}

function failureOf(failure: TestFailure) {
  const { source, span, expected, actual, repeated, caller, decidedBy } = failure;
  const { line, column } = source.positionAt(span.start);
  return {
    line,
    column,
    title: titleOf(failure),
    expected: decidedText(expected),
    actual: actual.outcome,
    message: actual.message,
    rule: actual.rule,
    ...(decidedBy === undefined ? {} : { source: decidedBy }),
    ...(repeated === undefined ? {} : { repeated }),
    call: { tool: caller.tool, arguments: JSON.parse(caller.arguments) as unknown },
    grant: { name: caller.grant, labels: caller.labels },
    at: new Date(caller.now).toISOString(),
  };
}

function coverageOf(coverage: Coverage) {
  const { rules, branches } = sumOf(coverage);
  return {
    rules: coverage.rules.map((rule) => ({
      ...placeOf(rule),
      kind: rule.kind,
      hit: rule.hits > 0,
      hits: rule.hits,
      looked: rule.looked,
    })),
    branches: coverage.branches.map((branch) => ({
      ...placeOf(branch),
      kind: branch.kind,
      ...(branch.kind === "condition"
        ? { true: branch.taken, false: branch.untaken, error: branch.errors }
        : { room: branch.taken, full: branch.untaken }),
    })),
    summary: { rules: shareOf(rules), branches: shareOf(branches) },
  };
}

function placeOf({ source, span }: RuleCoverage | BranchCoverage) {
  const { line, column } = source.positionAt(span.start);
  return { file: source.name, line, column, text: source.slice(span) };
}

function shareOf(share: Share) {
  return { ...share, percent: percentOf(share) };
}
