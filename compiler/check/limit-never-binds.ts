import type { WindowUnit } from "../../language/index.ts";
import { limitNeverBinds } from "../messages/reach.ts";
import type { Program } from "../program.ts";
import type { Check } from "./check.ts";
import {
  type Counter,
  countersBeside,
  countersOf,
  counterText,
  covers,
  noFiner,
} from "./counters.ts";
import { closedOf } from "./standing.ts";

/** Of two limits on the same calls, neither is always reached before the other. */
export const limitNeverBindsCheck: Check = {
  name: "limit-never-binds",
  run({ program, report, reported, sound }) {
    if (!sound()) return;
    const counters = countersOf(program);
    const order = new Map(counters.map((counter, index) => [counter, index]));
    for (const counter of counters) {
      if (counter.rule.imported || counter.max === 0 || countsNothing(program, counter)) continue;
      const tighter = countersBeside(program, counter).find(
        (other) =>
          other !== counter &&
          bindsFirst(other, counter) &&
          !sameName(other, counter) &&
          // Of two that bind alike the later one is superfluous.
          (!bindsFirst(counter, other) || (order.get(other) ?? 0) < (order.get(counter) ?? 0)),
      );
      const { source } = counter.rule;
      if (tighter === undefined || reported(source, counter.clause.span)) continue;
      const place = tighter.rule.source;
      report(
        limitNeverBinds,
        {
          other: counterText(tighter),
          line: place.positionAt(tighter.clause.span.start).line,
          ...(place === source ? {} : { file: place.name }),
        },
        source,
        counter.clause.span,
        {
          related: [
            { message: "This limit is reached first.", source: place, span: tighter.clause.span },
          ],
        },
      );
    }
  },
};

/** Whether no call of its tools is ever permitted; that is told by itself. */
function countsNothing(program: Program, { tools }: Counter): boolean {
  return tools !== "all" && tools.every((tool) => closedOf(program, tool) !== undefined);
}

/** Whether `b` can never be full before `a` is. */
function bindsFirst(a: Counter, b: Counter): boolean {
  if (a.max === 0 || a.kind !== b.kind || a.sum !== b.sum) return false;
  // One counter, used twice; or one whose other users count calls that `a` need not.
  if (b.shared && (a.tools !== "all" || a.guard !== "")) return false;
  if (!covers(a, b) || !noFiner(a, b)) return false;
  const windows = a.kind === "concurrent" ? 1 : windowsTouched(b, a);
  const tools = a.each && !b.each ? b.tools.length : 1;
  return b.max >= a.max * windows * tools;
}

/** Limits that get one counter name by themselves: that is an error, and told as one. */
function sameName(a: Counter, b: Counter): boolean {
  if (a.clause.as !== undefined || b.clause.as !== undefined) return false;
  const shape = ({ tools, window, scope, keys, guard }: Counter): string =>
    JSON.stringify([tools === "all", window, scope, keys, guard]);
  return shape(a) === shape(b);
}

const DAY = 86_400;
/** Lengths in seconds; months from 28 to 31 days. */
const SHORTEST: Readonly<Record<WindowUnit, number>> = {
  second: 1,
  minute: 60,
  hour: 3600,
  day: DAY,
  week: 7 * DAY,
  month: 28 * DAY,
};
const LONGEST: Readonly<Record<WindowUnit, number>> = { ...SHORTEST, month: 31 * DAY };

/** How many windows of `inner` one window of `outer` can touch, at most. */
export function windowsTouched(
  outer: Pick<Counter, "window">,
  inner: Pick<Counter, "window">,
): number {
  if (outer.window === undefined || inner.window === undefined) return Number.POSITIVE_INFINITY;
  const long = LONGEST[outer.window.unit] * outer.window.every;
  const short = SHORTEST[inner.window.unit] * inner.window.every;
  if (inner.window.sliding) return Math.ceil(long / short);
  if (outer.window.sliding) return Math.ceil(long / short) + 1;
  const units = [outer.window.unit, inner.window.unit];
  if (units.includes("week") && units.includes("month")) {
    return outer.window.unit === "week" ? 2 : 6;
  }
  return Math.max(1, long / short);
}
