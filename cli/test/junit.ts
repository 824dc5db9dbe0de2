import { type ClaimResult, claimDiagnostics } from "../../compiler/index.ts";
import type { Diagnostic } from "../../language/index.ts";
import { location, renderDiagnostic } from "../../language/index.ts";
import { failureText } from "./pretty.ts";
import { claimsOf, hasPassed, summarise, type TestedFile, type TestReport } from "./report.ts";
import type { TestResult } from "./result.ts";
import { titleOf } from "./sentences.ts";
import { element, xmlText } from "./xml.ts";

/** JUnit XML: one suite a file, one case a test. A policy that does not compile is a case that could not run. */
export function reportJunit(report: TestReport): string {
  const { tests, failed, claims, refuted, errors } = summarise(report);
  const suites = report.files.map(suiteOf);
  const broken = report.files.filter((file) => file.errors.length > 0).length;
  const whole = element(
    "testsuites",
    {
      name: "mcpp test",
      tests: tests + claims + broken,
      failures: failed + refuted,
      errors: errors > 0 ? broken : 0,
      time: seconds(report.files.flatMap((file) => file.tests)),
    },
    suites,
  );
  return `<?xml version="1.0" encoding="UTF-8"?>\n${whole}\n`;
}

function suiteOf(file: TestedFile): string {
  const { path, tests, errors } = file;
  const broken = errors.length > 0 ? 1 : 0;
  const claims = claimsOf(file);
  const refuted = claims.filter(({ verdict }) => verdict.kind === "refuted").length;
  const open = claims.filter(({ verdict }) => verdict.kind === "undecided").length;
  return element(
    "testsuite",
    {
      name: path,
      tests: tests.length + claims.length + broken,
      failures: tests.filter((test) => !hasPassed(test)).length + refuted,
      errors: broken,
      skipped: open,
      time: seconds(tests),
    },
    [
      ...(broken === 0 ? [] : [brokenCase(path, errors)]),
      ...tests.map((one) => caseOf(one, file)),
      ...claims.map((one) => claimCase(one, path)),
    ],
  );
}

function brokenCase(path: string, errors: readonly Diagnostic[]): string {
  const message = errors.map((error) => error.message).join(" ");
  const text = errors.map((error) => renderDiagnostic(error)).join("\n\n");
  const error = element("error", { message, type: "compile" }, [xmlText(text)]);
  return element("testcase", { name: "the policy compiles", classname: path, time: "0" }, [error]);
}

function caseOf(test: TestResult, file: TestedFile): string {
  const { line } = test.source.positionAt(test.span.start);
  const attributes = {
    name: test.name,
    classname: file.path,
    file: file.path,
    line,
    time: seconds([test]),
  };
  const failures = test.failures.map((failure) => {
    const message = `${location(failure.source, failure.span)}: ${titleOf(failure)}`;
    return element("failure", { message, type: failure.expected.outcome }, [
      xmlText(failureText(failure, file)),
    ]);
  });
  return element("testcase", attributes, failures);
}

/** A claim is a case too; one that is not decided counts as skipped. */
function claimCase(result: ClaimResult, path: string): string {
  const { node, source } = result.claim;
  const attributes = {
    name: source.slice(node.span),
    classname: path,
    file: source.name,
    line: source.positionAt(node.span.start).line,
    time: "0",
  };
  const [found] = claimDiagnostics(result);
  if (found === undefined) return element("testcase", attributes, []);
  const { message } = found;
  const outcome =
    result.verdict.kind === "refuted"
      ? element("failure", { message, type: "claim" }, [xmlText(renderDiagnostic(found))])
      : element("skipped", { message }, []);
  return element("testcase", attributes, [outcome]);
}

function seconds(tests: readonly TestResult[]): string {
  return (tests.reduce((sum, { took }) => sum + took, 0) / 1000).toFixed(3);
}
