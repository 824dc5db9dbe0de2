import type { Diagnostic, Message, ReportExtras, Source, Span } from "../../language/index.ts";
import { report } from "../../language/index.ts";

/** Says something about a place in a file. */
export type Report = <P>(
  entry: Message<P>,
  parameters: P,
  source: Source,
  span: Span,
  extras?: ReportExtras,
) => void;

/** Collects what a pass over the program finds. */
export class Reporter {
  readonly diagnostics: Diagnostic[] = [];

  report<P>(
    entry: Message<P>,
    parameters: P,
    source: Source,
    span: Span,
    extras?: ReportExtras,
  ): void {
    this.diagnostics.push(report(entry, parameters, source, span, extras));
  }
}
