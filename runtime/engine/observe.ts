import type { ConditionEntry, PathJson } from "../../policy/index.ts";
import { compileConditions, compileInside } from "./conditions.ts";
import { type Condition, ERROR, FALSE, type Frame, MAX_ELEMENTS, TRUE } from "./frame.ts";
import { compileRead } from "./read.ts";
import type { Call, Context } from "./types.ts";

/** How often a condition turned out in each way on one call: once, or once for each element of lists around it. */
export interface Outcomes {
  readonly true: number;
  readonly false: number;
  /** It read a value of a wrong type. */
  readonly error: number;
}

export type Observation = (call: Call, context: Context) => Outcomes;

/**
 * Compiles a condition to be looked at by itself, by the same closures that decide: they are not slowed by being
 * watched.
 *
 * @param within the lists whose elements it is about, the outermost first
 */
export function observeCondition(
  entry: ConditionEntry,
  within: readonly { readonly list: PathJson; readonly as: string }[] = [],
): Observation {
  const variables = within.map(({ as }) => as);
  return observing(compileInside(entry, variables), readersOf(within));
}

/** The same of several conditions, all of which must hold. */
export function observeConditions(entries: readonly ConditionEntry[]): Observation {
  return observing(compileConditions(entries, false), []);
}

type Reader = ReturnType<typeof compileRead>;

function readersOf(within: Parameters<typeof observeCondition>[1] = []): readonly Reader[] {
  return within.map(({ list }, depth) =>
    compileRead(
      list,
      within.slice(0, depth).map(({ as }) => as),
    ),
  );
}

function observing(condition: Condition, readers: readonly Reader[]): Observation {
  return ({ args }, context) => {
    const frame: Frame = {
      args,
      context,
      variables: undefined,
      fault: undefined,
      budget: MAX_ELEMENTS,
      seen: undefined,
    };
    const seen = { true: 0, false: 0, error: 0 };
    visit(frame, readers, 0, () => {
      frame.fault = undefined;
      const value = condition(frame);
      if (value === ERROR || frame.budget < 0) seen.error++;
      else if (value === TRUE) seen.true++;
      else if (value === FALSE) seen.false++;
    });
    return seen;
  };
}

/** Visits every element of the lists from a depth on. */
function visit(frame: Frame, readers: readonly Reader[], depth: number, look: () => void): void {
  const read = readers[depth];
  if (read === undefined) {
    look();
    return;
  }
  const list = read(frame);
  if (!Array.isArray(list)) return;
  frame.variables ??= [];
  for (const element of list) {
    if (--frame.budget < 0) return;
    frame.variables[depth] = element;
    visit(frame, readers, depth + 1, look);
  }
}
