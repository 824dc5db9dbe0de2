import type { Diagnostic } from "../../language/index.ts";
import { rangeOf } from "./places.ts";
import type { Report } from "./report.ts";

const COMMANDS = { error: "error", warning: "warning", info: "notice" } as const;

/** For GitHub Actions: one workflow command a line, which annotates the file. */
export function reportGithub({ diagnostics }: Report): string {
  return diagnostics.map((diagnostic) => `${commandOf(diagnostic)}\n`).join("");
}

function commandOf({ severity, code, title, message, hint, source, span }: Diagnostic): string {
  const { start, end } = rangeOf(source, span);
  const properties = {
    file: source.name,
    line: start.line,
    endLine: end.line,
    // Columns over several lines make GitHub ignore the whole place.
    ...(start.line === end.line ? { col: start.column, endColumn: end.column } : {}),
    title: `${code} ${title}`,
  };
  const list = Object.entries(properties).map(([name, value]) => `${name}=${property(value)}`);
  const text = hint === undefined ? message : `${message}\n${hint}`;
  return `::${COMMANDS[severity]} ${list.join(",")}::${data(text)}`;
}

function data(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function property(value: string | number): string {
  return data(String(value)).replaceAll(":", "%3A").replaceAll(",", "%2C");
}
