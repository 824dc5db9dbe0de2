import { type Diagnostic, report, type Source, type Span } from "../../language/index.ts";
import type { Program } from "../program.ts";
import type { Report } from "../resolve/reporter.ts";
import { areSilent, notSilent, silent } from "./silence.ts";
import { worldOf } from "./world.ts";

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
  /**
   * Looks at a part of the policy, unless it is known that there is nothing to say: it was looked at before, and
   * neither the part nor the things that the look depends on are others. A part is a node, or what was bound to
   * one; what is true of the whole policy, as its `World` tells it, is one of the things already.
   */
  readonly look: (part: object, things: readonly unknown[], look: () => void) => void;
}

/**
 * Runs checks over a program, in order.
 *
 * @param earlier what parsing and resolving reported, so that nothing is reported twice
 * @param remember whether to keep what was found for the policy after an edit
 * @returns only what the checks added
 */
export function runChecks(
  checks: readonly Check[],
  program: Program,
  earlier: readonly Diagnostic[] = [],
  remember = false,
): readonly Diagnostic[] {
  const found: Diagnostic[] = [];
  // Asked of every rule by most checks.
  const grave = earlier.filter(({ severity }) => severity !== "info");
  const errors = earlier.filter(({ severity }) => severity === "error");
  const inside = (diagnostic: Diagnostic, source: Source, span: Span): boolean =>
    diagnostic.source === source &&
    diagnostic.span.start >= span.start &&
    diagnostic.span.end <= span.end;
  const world = worldOf(program);
  for (const check of checks) {
    let isSilent = true;
    check.run({
      program,
      report: (entry, parameters, source, span, extras) => {
        isSilent = false;
        // What stands on an error of the text or of its names is a consequence of it.
        if (errors.some((error) => meets(error, source, span))) return;
        const diagnostic = report(entry, parameters, source, span, extras);
        found.push(diagnostic);
        if (diagnostic.severity !== "info") grave.push(diagnostic);
      },
      reported: (source, span) => {
        const isReported = grave.some((diagnostic) => inside(diagnostic, source, span));
        // What would have been said without that is not known.
        if (isReported) isSilent = false;
        return isReported;
      },
      sound: () => !grave.some(({ severity }) => severity === "error"),
      look: (part, things, look) => {
        if (!remember) {
          look();
          return;
        }
        if (areSilent(check, part, world, things)) return;
        isSilent = true;
        look();
        if (isSilent) silent(check, part, world, things);
        else notSilent(check, part);
      },
    });
  }
  return found;
}

function meets(diagnostic: Diagnostic, source: Source, span: Span): boolean {
  return (
    diagnostic.source === source &&
    diagnostic.span.start < span.end &&
    diagnostic.span.end > span.start
  );
}
