import { type Diagnostic, report, type Source, type Span } from "../../language/index.ts";
import type { Program } from "../program.ts";
import type { Report } from "../resolve/reporter.ts";

/** One rule about policies: it reads the program and reports what breaks it. It never throws. */
export interface Check {
  /** The name of its file. */
  readonly name: string;
  readonly run: (context: CheckContext) => void;
}

export interface CheckContext {
  readonly program: Program;
  readonly report: Report;
  /**
   * Whether an error or a warning lies inside the span already, by an earlier check too. A check asks before it
   * reports a consequence, so that one mistake gives one diagnostic.
   */
  readonly reported: (source: Source, span: Span) => boolean;
  /**
   * Whether the policy is free of errors so far. What seems to be missing from one with errors may be just what
   * its author tried to write, so checks that look at more than one statement ask for this.
   */
  readonly sound: () => boolean;
}

/**
 * Runs checks over a program, in order.
 *
 * @param earlier what parsing and resolving reported, so that nothing is reported twice
 * @returns only what the checks added
 */
export function runChecks(
  checks: readonly Check[],
  program: Program,
  earlier: readonly Diagnostic[] = [],
): readonly Diagnostic[] {
  const found: Diagnostic[] = [];
  // Asked of every rule by most checks.
  const grave = earlier.filter(({ severity }) => severity !== "info");
  const errors = earlier.filter(({ severity }) => severity === "error");
  const inside = (diagnostic: Diagnostic, source: Source, span: Span): boolean =>
    diagnostic.source === source &&
    diagnostic.span.start >= span.start &&
    diagnostic.span.end <= span.end;
  const context: CheckContext = {
    program,
    report: (entry, parameters, source, span, extras) => {
      // What stands on an error of the text or of its names is a consequence of it.
      if (errors.some((error) => meets(error, source, span))) return;
      const diagnostic = report(entry, parameters, source, span, extras);
      found.push(diagnostic);
      if (diagnostic.severity !== "info") grave.push(diagnostic);
    },
    reported: (source, span) => grave.some((diagnostic) => inside(diagnostic, source, span)),
    sound: () => !grave.some(({ severity }) => severity === "error"),
  };
  for (const check of checks) check.run(context);
  return found;
}

function meets(diagnostic: Diagnostic, source: Source, span: Span): boolean {
  return (
    diagnostic.source === source &&
    diagnostic.span.start < span.end &&
    diagnostic.span.end > span.start
  );
}
