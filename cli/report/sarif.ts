import { isAbsolute } from "node:path";
import { pathToFileURL } from "node:url";
import { catalogue } from "../../compiler/index.ts";
import type { Diagnostic, Fix, Source, Span } from "../../language/index.ts";
import { rangeOf } from "./places.ts";
import type { Report } from "./report.ts";

const LEVELS = { error: "error", warning: "warning", info: "note" } as const;

/** SARIF 2.1.0 (OASIS), for code scanning. */
export function reportSarif({ diagnostics }: Report): string {
  const codes = [...new Set(diagnostics.map(({ code }) => code))].sort();
  const log = {
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: {
          driver: { name: "mcpp", semanticVersion: MCPP_VERSION, rules: codes.map(ruleOf) },
        },
        columnKind: "utf16CodeUnits",
        results: diagnostics.map((diagnostic) => resultOf(diagnostic, codes)),
      },
    ],
  };
  return `${JSON.stringify(log, null, 2)}\n`;
}

function ruleOf(code: string) {
  const entry = catalogue.find((candidate) => candidate.code === code);
  return {
    id: code,
    ...(entry === undefined
      ? {}
      : {
          shortDescription: { text: sentence(entry.title) },
          fullDescription: { text: entry.explanation },
          defaultConfiguration: { level: LEVELS[entry.severity] },
        }),
  };
}

function resultOf(diagnostic: Diagnostic, codes: readonly string[]) {
  const { code, severity, message, hint, source, span, related = [], fixes = [] } = diagnostic;
  return {
    ruleId: code,
    ruleIndex: codes.indexOf(code),
    level: LEVELS[severity],
    message: { text: hint === undefined ? message : `${message} ${hint}` },
    locations: [{ physicalLocation: locationOf(source, span) }],
    ...(related.length === 0
      ? {}
      : {
          relatedLocations: related.map((place, id) => ({
            id,
            message: { text: place.message },
            physicalLocation: locationOf(place.source, place.span),
          })),
        }),
    ...(fixes.length === 0 ? {} : { fixes: fixes.map((fix) => fixOf(fix, source)) }),
  };
}

function fixOf({ title, edits }: Fix, source: Source) {
  const files = new Map<Source, typeof edits>();
  for (const edit of edits) {
    const file = edit.source ?? source;
    files.set(file, [...(files.get(file) ?? []), edit]);
  }
  return {
    description: { text: title },
    artifactChanges: [...files].map(([file, changes]) => ({
      artifactLocation: { uri: uriOf(file.name) },
      replacements: changes.map(({ span, text }) => ({
        deletedRegion: regionOf(file, span),
        insertedContent: { text },
      })),
    })),
  };
}

function locationOf(source: Source, span: Span) {
  return { artifactLocation: { uri: uriOf(source.name) }, region: regionOf(source, span) };
}

function regionOf(source: Source, span: Span) {
  const { start, end } = rangeOf(source, span);
  return {
    startLine: start.line,
    startColumn: start.column,
    endLine: end.line,
    endColumn: end.column,
    charOffset: start.offset,
    charLength: end.offset - start.offset,
  };
}

/** Relative to the folder that the command runs in, as code scanning wants it. */
function uriOf(name: string): string {
  if (isAbsolute(name)) return pathToFileURL(name).href;
  return name.replaceAll("\\", "/").split("/").map(encodeURIComponent).join("/");
}

function sentence(title: string): string {
  return `${title.slice(0, 1).toUpperCase()}${title.slice(1)}.`;
}
