import { type Change, callText, contextText } from "../../compiler/index.ts";
import { visible } from "../../language/index.ts";
import type { DiffReport } from "./report.ts";
import { subjectOf, summaryOf } from "./sentences.ts";

/** For a comment of a pull request. Nothing of a policy is markup: texts of it stand in code only. */
export function diffMarkdown(report: DiffReport): string {
  const { changes, undecided } = report;
  const heading = "### What the policy decides differently";
  const summary = plain(summaryOf(report));
  if (changes.length === 0 && undecided.length === 0) return `${heading}\n\n${summary}\n`;
  const rows = [
    "| | of | before | after |",
    "|---|---|---|---|",
    ...changes.map(
      (change) =>
        `| ${change.direction === "wider" ? "⚠️ wider" : "narrower"} | ${cell(subjectOf(change))} | ${cell(change.before)} | ${cell(change.after)} |`,
    ),
    ...undecided.map(
      ({ name, before, after }) =>
        `| ❔ not decided | ${cell(name)} | ${cell(before)} | ${cell(after)} |`,
    ),
  ];
  const calls = changes.flatMap(exampleOf);
  const examples =
    calls.length === 0
      ? []
      : ["<details>", "<summary>Calls that show it</summary>", ...calls, "</details>"];
  return `${[heading, summary, rows.join("\n"), ...examples].join("\n\n")}\n`;
}

function exampleOf(change: Change): readonly string[] {
  const { call, before, after } = change;
  if (call === undefined) return [];
  return [
    `${code(subjectOf(change))}: ${code(before)} → ${code(after)}`,
    fenced(`${callText(call)}${contextText(call)}`),
  ];
}

/** In a table, `|` would end the cell even within code. */
function cell(text: string): string {
  return code(text).replaceAll("|", "\\|");
}

/** On one line, between more backticks than it holds in a row. */
function code(text: string): string {
  const line = visible(text.replaceAll(/\s+/g, " "));
  const ticks = "`".repeat(longestRun(line) + 1);
  const space = line.startsWith("`") || line.endsWith("`") ? " " : "";
  return `${ticks}${space}${line}${space}${ticks}`;
}

function fenced(text: string): string {
  const shown = visible(text);
  const fence = "`".repeat(Math.max(3, longestRun(shown) + 1));
  return `${fence}\n${shown}\n${fence}`;
}

function longestRun(text: string): number {
  return Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
}

/** Text outside of code: names of files may hold anything. */
function plain(text: string): string {
  return visible(text.replaceAll(/\s+/g, " "))
    .replaceAll(/[\\`*_{}[\]<>()#+!|&~]/g, (mark) => `\\${mark}`)
    .replaceAll("@", "&#64;");
}
