import { splitLimit } from "../messages/escapes.ts";
import type { Check } from "./check.ts";
import { type Counter, countersBeside, countersOf, covers } from "./counters.ts";
import { replacement } from "./edits.ts";

/** A limit that its caller can split by sessions or arguments has a companion that cannot be split. */
export const splitLimitCheck: Check = {
  name: "split-limit",
  run({ program, report, reported, sound }) {
    if (!sound()) return;
    const counters = countersOf(program);
    for (const counter of counters) {
      const by = splitBy(counter);
      if (by === undefined || counter.kind === "concurrent") continue;
      // What selects no tool is bounded by anything.
      const others = counter.tools.length === 0 ? counters : countersBeside(program, counter);
      if (others.some((other) => bounds(other, counter))) continue;
      const scope = counter.clause.scope;
      const { source } = counter.rule;
      if (scope === undefined || reported(source, counter.clause.span)) continue;
      report(splitLimit, { by, session: counter.keys.length === 0 }, source, scope.span, {
        fixes: [replacement("Count per grant instead", scope.span, "per grant")],
      });
    }
  },
};

function splitBy(counter: Counter): string | undefined {
  if (counter.keys.length > 0) return counter.keys.join(", ");
  return counter.scope === "session" ? "per session" : undefined;
}

function bounds(other: Counter, counter: Counter): boolean {
  return (
    splitBy(other) === undefined &&
    other.kind === counter.kind &&
    other.sum === counter.sum &&
    covers(other, counter)
  );
}
