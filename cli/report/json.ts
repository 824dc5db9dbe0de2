import type { Diagnostic, Fix, Source } from "../../language/index.ts";
import { rangeOf } from "./places.ts";
import { type Report, summarise } from "./report.ts";

/** For programs; stable. */
export function reportJson({ diagnostics }: Report): string {
  const report = { diagnostics: diagnostics.map(diagnosticJson), summary: summarise(diagnostics) };
  return `${JSON.stringify(report, null, 2)}\n`;
}

/** A diagnostic as `mcpp check --format json` gives it. */
export function diagnosticJson({
  code,
  severity,
  message,
  hint,
  source,
  span,
  related,
  fixes,
}: Diagnostic) {
  return {
    file: source.name,
    code,
    severity,
    message,
    ...(hint === undefined ? {} : { hint }),
    range: rangeOf(source, span),
    ...(related === undefined
      ? {}
      : {
          related: related.map((place) => ({
            file: place.source.name,
            message: place.message,
            range: rangeOf(place.source, place.span),
          })),
        }),
    ...(fixes === undefined ? {} : { fixes: fixes.map((fix) => fixOf(fix, source)) }),
  };
}

function fixOf({ title, edits }: Fix, source: Source) {
  return {
    title,
    edits: edits.map((edit) => ({
      // Nearly every edit is in the file of the diagnostic.
      ...(edit.source === undefined || edit.source === source ? {} : { file: edit.source.name }),
      range: rangeOf(edit.source ?? source, edit.span),
      text: edit.text,
    })),
  };
}
