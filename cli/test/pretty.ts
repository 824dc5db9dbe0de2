import picocolors from "picocolors";
import { type ClaimResult, claimDiagnostics } from "../../compiler/index.ts";
import { location, renderDiagnostic, renderFrame, visible } from "../../language/index.ts";
import type { ConditionSeen } from "../../runtime/index.ts";
import { type Colours, conditionLines } from "../explain/conditions.ts";
import { painter } from "../report/colour.ts";
import { statementIn } from "../statement.ts";
import type { Coverage } from "./coverage.ts";
import { percentOf, type Share, sumOf, uncoveredOf } from "./coverage-sum.ts";
import { explainCommand } from "./explain-command.ts";
import { claimsOf, hasPassed, summarise, type TestedFile, type TestReport } from "./report.ts";
import type { TestFailure, TestResult } from "./result.ts";
import { answerOf, counted, ruleOf, titleOf } from "./sentences.ts";

/** For a person at a terminal: every test on a line, what failed in full, and the sum. */
export function reportPretty(report: TestReport): string {
  const colours = picocolors.createColors(report.colour);
  const parts = [
    ...report.files.map((file) => filePart(file, report.colour, colours)),
    ...(report.coverage === undefined ? [] : [coveragePart(report.coverage, colours)]),
    [summaryLine(report, colours), ...report.shortfalls.map((one) => colours.red(one))].join("\n"),
  ];
  return `${parts.join("\n\n")}\n`;
}

/** One failure without colours, for reports that have a place of their own for it. */
export function failureText(failure: TestFailure, file: TestedFile): string {
  return failurePart(failure, file, false, picocolors.createColors(false));
}

function filePart(file: TestedFile, colour: boolean, colours: Colours): string {
  const heading = colours.bold(visible(file.path));
  if (file.errors.length > 0) {
    const paint = painter(colour);
    const errors = file.errors.map((error) => renderDiagnostic(error, { paint }));
    return [`${heading}  does not compile`, ...errors].join("\n\n");
  }
  const claims = claimsOf(file).map((claim) => claimPart(claim, file, colour, colours));
  if (file.tests.length === 0 && claims.length === 0) {
    return `${heading}\n  ${colours.dim("no tests")}`;
  }
  let text = heading;
  let apart = "\n";
  for (const test of file.tests) {
    const failures = test.failures.map((failure) => failurePart(failure, file, colour, colours));
    text += `${apart}${[testLine(test, colours), ...failures].join("\n\n")}`;
    apart = hasPassed(test) ? "\n" : "\n\n";
  }
  for (const claim of claims) {
    text += `${apart}${claim.text}`;
    apart = claim.isProved ? "\n" : "\n\n";
  }
  return text;
}

/** A claim on a line, and the call against it where there is one. */
function claimPart(
  result: ClaimResult,
  file: TestedFile,
  colour: boolean,
  colours: Colours,
): { readonly text: string; readonly isProved: boolean } {
  const { claim, verdict } = result;
  const said = visible(claim.source.slice(claim.node.span).replaceAll(/\s+/g, " "));
  const place = colours.dim(`  ${location(claim.source, claim.node.span)}`);
  if (verdict.kind === "proved") {
    return { text: `  ${colours.green("✓")} ${said}${colours.dim("  proved")}`, isProved: true };
  }
  const paint = painter(colour);
  const [diagnostic] = claimDiagnostics(result);
  const mark = verdict.kind === "refuted" ? colours.red("✗") : colours.yellow("?");
  const parts = [`  ${mark} ${said}${place}`];
  if (diagnostic !== undefined) parts.push(renderDiagnostic(diagnostic, { paint }));
  if (verdict.kind === "refuted") {
    const { tool, args, grant, now } = verdict.call;
    const caller = {
      tool,
      arguments: JSON.stringify(args),
      grant: grant.name,
      labels: grant.labels,
      now,
    };
    parts.push(paint("hint", explainCommand(file.path, caller)));
  }
  return { text: parts.join("\n\n"), isProved: false };
}

function testLine(test: TestResult, colours: Colours): string {
  const mark = hasPassed(test) ? colours.green("✓") : colours.red("✗");
  const place = hasPassed(test) ? "" : `  ${location(test.source, test.nameSpan)}`;
  const beside = `  ${counted(test.calls, "call")}${place}`;
  return `  ${mark} ${visible(test.name)}${colours.dim(beside)}`;
}

function failurePart(
  failure: TestFailure,
  file: TestedFile,
  colour: boolean,
  colours: Colours,
): string {
  const { source, span, callSpan } = failure;
  const paint = painter(colour);
  const title = `${paint("error", "failed")} ${paint("location", location(source, span))}  ${paint("title", titleOf(failure))}`;
  const call = renderFrame(source, callSpan, { message: answerOf(failure), paint });
  const command = explainCommand(file.path, failure.caller);
  // It knows nothing of the calls before, and would say that there is room.
  const isFull = failure.actual.rule.includes("/limits/");
  return [
    title,
    call,
    ...decisionParts(failure, file, colour, colours),
    ...(isFull ? [] : [paint("hint", command)]),
  ].join("\n\n");
}

/** The statement that decided, with what its conditions read. */
function decisionParts(
  failure: TestFailure,
  { compiled }: TestedFile,
  colour: boolean,
  colours: Colours,
): readonly string[] {
  const { decidedBy } = failure;
  const rule = ruleOf(failure);
  const by = rule === undefined ? "" : `  ${visible(rule)}`;
  const statement = decidedBy === undefined ? undefined : statementIn(compiled.program, decidedBy);
  if (decidedBy === undefined || statement === undefined) {
    return by === "" ? [] : [`Decided by${by}`];
  }
  const paint = painter(colour);
  const frame = renderFrame(statement.source, statement.span, { style: "hint", paint });
  const seen = conditionLines(conditionsOf(failure), colours, "  ");
  return [
    `Decided by ${paint("location", visible(decidedBy))}${paint("gutter", by)}`,
    [frame, ...(seen.length === 0 ? [] : ["", ...seen])].join("\n"),
  ];
}

function conditionsOf({ actual, steps }: TestFailure): readonly ConditionSeen[] {
  return steps.find(({ check }) => check === actual.rule)?.conditions ?? [];
}

/** How much is covered, and what is not. */
function coveragePart(coverage: Coverage, colours: Colours): string {
  const { rules, branches } = sumOf(coverage);
  const heading = `${colours.bold("coverage")}  ${shareText(rules, "rule")}, ${shareText(branches, "branch")}`;
  const uncovered = uncoveredOf(coverage).map(({ source, span, text, missing }) => ({
    place: location(source, span),
    text: visible(text),
    missing,
  }));
  const width = Math.max(0, ...uncovered.map(({ place }) => place.length));
  return [
    heading,
    ...uncovered.map(
      ({ place, text, missing }) =>
        `  ${colours.dim(place.padEnd(width))}  ${text}: ${colours.yellow(missing)}`,
    ),
  ].join("\n");
}

function shareText(share: Share, what: "rule" | "branch"): string {
  const { covered, of } = share;
  const many = what === "rule" ? "rules" : "branches";
  return `${covered} of ${of} ${of === 1 ? what : many} (${percentOf(share)} %)`;
}

function summaryLine(report: TestReport, colours: Colours): string {
  const { tests, passed, failed, claims, proved, refuted, errors } = summarise(report);
  const parts = [
    ...(failed > 0 ? [colours.red(`${failed} failed`)] : []),
    ...(passed > 0 ? [colours.green(`${passed} passed`)] : []),
    ...(errors > 0 ? [colours.red(counted(errors, "error"))] : []),
  ];
  const open = claims - proved - refuted;
  const found = [
    ...(refuted > 0 ? [colours.red(`${refuted} refuted`)] : []),
    ...(open > 0 ? [colours.yellow(`${open} not decided`)] : []),
    ...(proved > 0 ? [colours.green(`${proved} proved`)] : []),
  ];
  const where = counted(report.files.length, "file");
  const sentences = [
    ...(parts.length > 0 ? [`${counted(tests, "test")} in ${where}: ${parts.join(", ")}.`] : []),
    ...(claims > 0 ? [`${counted(claims, "claim")}: ${found.join(", ")}.`] : []),
  ];
  return sentences.length === 0 ? `No tests in ${where}.` : sentences.join(" ");
}
