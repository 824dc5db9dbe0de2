import type { Fix } from "../../language/index.ts";
import { zeroLimit } from "../messages/reach.ts";
import type { BoundRule } from "../program.ts";
import type { Check } from "./check.ts";
import { countersOf } from "./counters.ts";

/** A limit leaves room for a call; what forbids is written `deny`. */
export const zeroLimitCheck: Check = {
  name: "zero-limit",
  run({ program, report, reported, sound }) {
    if (!sound()) return;
    for (const { rule, clause, max } of countersOf(program)) {
      if (max !== 0 || rule.imported || reported(rule.source, clause.span)) continue;
      const fix = fixOf(rule);
      report(
        zeroLimit,
        {},
        rule.source,
        clause.amount.max.span,
        fix === undefined ? {} : { fixes: [fix] },
      );
    }
  },
};

/** A `limit` rule can become a `deny`; a limit of several keys or of a session denies just the same. */
function fixOf(rule: BoundRule): Fix | undefined {
  if (rule.kind !== "limit") return undefined;
  const { node, source } = rule;
  const targets = rule.all
    ? "*"
    : node.targets === undefined
      ? ""
      : source.slice(node.targets.span);
  const parts = [
    ...(node.shadow === undefined ? [] : ["shadow"]),
    "deny",
    ...(targets === "" ? [] : [targets]),
    ...(node.guard === undefined ? [] : [source.slice(node.guard.span)]),
    ...(node.because === undefined ? [] : ["because", source.slice(node.because.span)]),
  ];
  return { title: "Write `deny`", edits: [{ span: node.span, text: parts.join(" ") }] };
}
