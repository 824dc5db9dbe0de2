// Adds up vitest's JSON reports and prints "N passed, N failed" as the last line.
// In CI nothing that a test needs is missing, so a skipped test counts as a failed one.
import { readFileSync } from "node:fs";

let passed = 0;
let failed = 0;
for (const argument of process.argv.slice(2)) {
  const [file, status] = argument.split("=");
  let failedHere = 0;
  try {
    const report = JSON.parse(readFileSync(file, "utf8"));
    passed += report.numPassedTests;
    failedHere = report.numFailedTests;
    for (const suite of report.testResults) {
      // A file that could not be loaded has no tests of its own to count.
      if (suite.status === "failed" && suite.assertionResults.length === 0) failedHere++;
      for (const test of suite.assertionResults) {
        if (test.status === "failed") console.error(`failed: ${test.fullName}`);
        if (test.status !== "passed" && test.status !== "failed") {
          console.error(`skipped, which in CI is a failure: ${test.fullName}`);
          failedHere++;
        }
      }
    }
  } catch (error) {
    console.error(`The test report ${file} could not be read: ${error.message}`);
    failedHere = 1;
  }
  if (status !== "0" && failedHere === 0) failedHere = 1;
  failed += failedHere;
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);
