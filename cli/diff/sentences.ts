import type { Change } from "../../compiler/index.ts";
import type { DiffReport } from "./report.ts";

/** What was compared, as a sentence. */
export function summaryOf({ changes, undecided, before, after, isNew }: DiffReport): string {
  const from = isNew ? `There was no ${before}, so nothing was permitted.` : "";
  if (changes.length === 0 && undecided.length === 0) {
    return `${from}${from === "" ? "" : " "}${before} and ${after} decide every call alike.`;
  }
  const count = (direction: Change["direction"]): number =>
    changes.filter((one) => one.direction === direction).length;
  const [wider, narrower] = [count("wider"), count("narrower")];
  const parts = [
    ...(wider > 0 ? [`${wider} wider`] : []),
    ...(narrower > 0 ? [`${narrower} narrower`] : []),
    ...(undecided.length > 0 ? [`${undecided.length} not decided`] : []),
  ];
  const many = changes.length + undecided.length;
  const found = `${many} ${many === 1 ? "difference" : "differences"}: ${parts.join(", ")}.`;
  return from === "" ? found : `${from} ${found}`;
}

/** What changed, and for what. */
export function subjectOf({ of, name, toCome }: Change): string {
  if (name === "*") return "all tools";
  if (toCome) return `tools to come, such as ${name}`;
  return of === "tool" ? name : `${of} ${name}`;
}
