import type { Diagnostic } from "../../language/index.ts";
import { location, renderDiagnostic } from "../../language/index.ts";
import { failureText } from "./pretty.ts";
import { hasPassed, summarise, type TestedFile, type TestReport } from "./report.ts";
import type { TestResult } from "./result.ts";
import { titleOf } from "./sentences.ts";
import { element, xmlText } from "./xml.ts";

/** JUnit XML: one suite a file, one case a test. A policy that does not compile is a case that could not run. */
export function reportJunit(report: TestReport): string {
  const { tests, failed, errors } = summarise(report);
  const suites = report.files.map(suiteOf);
  const broken = report.files.filter((file) => file.errors.length > 0).length;
  const whole = element(
    "testsuites",
    {
      name: "mcpp test",
      tests: tests + broken,
      failures: failed,
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
  return element(
    "testsuite",
    {
      name: path,
      tests: tests.length + broken,
      failures: tests.filter((test) => !hasPassed(test)).length,
      errors: broken,
      skipped: 0,
      time: seconds(tests),
    },
    [...(broken === 0 ? [] : [brokenCase(path, errors)]), ...tests.map((one) => caseOf(one, file))],
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

function seconds(tests: readonly TestResult[]): string {
  return (tests.reduce((sum, { took }) => sum + took, 0) / 1000).toFixed(3);
}
