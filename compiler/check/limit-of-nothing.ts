import { limitOfNothing } from "../messages/reach.ts";
import type { Check } from "./check.ts";
import { type Closed, closedOf } from "./standing.ts";

/** A limit counts calls of tools that something permits. */
export const limitOfNothingCheck: Check = {
  name: "limit-of-nothing",
  run({ program, report, reported, sound }) {
    if (!sound()) return;
    for (const rule of program.rules) {
      if (rule.kind !== "limit" || rule.all || rule.imported || !rule.resolved) continue;
      if (rule.of !== "tool" || reported(rule.source, rule.node.span)) continue;
      // A glob or a group may well cover closed tools beside open ones.
      const dead = rule.selection.items.filter(
        ({ names }) =>
          names.length > 0 && names.every((name) => closedOf(program, name) !== undefined),
      );
      const [first] = dead;
      if (first === undefined) continue;
      const names = [...new Set(dead.flatMap((item) => item.names))].sort();
      const closed = closedOf(program, first.names[0] ?? "") as Closed;
      const all = dead.length === rule.selection.items.length;
      report(
        limitOfNothing,
        { names, why: closed.why },
        rule.source,
        all && rule.node.targets !== undefined
          ? rule.node.targets.span
          : rule.node.targets === undefined
            ? rule.node.keyword
            : first.node.span,
        closed.why === "not permitted"
          ? {}
          : {
              related: [
                {
                  message: `Here \`${first.names[0]}\` is ${closed.why}.`,
                  source: closed.by.source,
                  span: closed.by.node.span,
                },
              ],
            },
      );
    }
  },
};
