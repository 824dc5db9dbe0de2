import picocolors from "picocolors";
import { type Change, callText, contextText } from "../../compiler/index.ts";
import { visible } from "../../language/index.ts";
import type { DiffReport } from "./report.ts";
import { subjectOf, summaryOf } from "./sentences.ts";

/** For a person at a terminal. */
export function diffPretty(report: DiffReport): string {
  const { bold, dim, green, red, yellow } = picocolors.createColors(report.colour);
  const block = (change: Change): string => {
    const { before, after, direction, call, what } = change;
    const mark = direction === "wider" ? red("wider") : green("narrower");
    const kind = what === "decision" ? "" : `${what} `;
    const title = `${bold(visible(subjectOf(change)))}  ${kind}${visible(before)} → ${visible(after)}  ${mark}`;
    if (call === undefined) return title;
    return `${title}\n  ${visible(callText(call))}${dim(visible(contextText(call)))}`;
  };
  const parts = [
    ...report.changes.map(block),
    ...report.undecided.map(
      ({ name, before, after, why }) =>
        `${bold(visible(name))}  ${before} → ${after}  ${yellow("not decided")}\n  ${
          why === "effort"
            ? "Its rules have more combinations than are looked at."
            : "It depends on conditions or schemas that are not taken apart."
        }`,
    ),
    visible(summaryOf(report)),
  ];
  return `${parts.join("\n\n")}\n`;
}
