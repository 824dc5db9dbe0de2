import { renderDiagnostic } from "../../language/index.ts";
import { painter } from "./colour.ts";
import { type Report, type Summary, summarise } from "./report.ts";

/** For a person at a terminal. */
export function reportPretty({ diagnostics, files, colour }: Report): string {
  const paint = painter(colour);
  const shown = diagnostics.map((diagnostic) => `${renderDiagnostic(diagnostic, { paint })}\n\n`);
  return `${shown.join("")}${summaryLine(summarise(diagnostics), files)}\n`;
}

/** `2 errors and 1 warning in 3 files.` */
export function summaryLine({ errors, warnings, infos }: Summary, files: number): string {
  const found = [
    ...(errors > 0 ? [counted(errors, "error")] : []),
    ...(warnings > 0 ? [counted(warnings, "warning")] : []),
    ...(infos > 0 ? [counted(infos, "note")] : []),
  ];
  const where = counted(files, "file");
  if (found.length === 0) return `No findings in ${where}.`;
  const last = found.pop() as string;
  return `${found.length === 0 ? last : `${found.join(", ")} and ${last}`} in ${where}.`;
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}
