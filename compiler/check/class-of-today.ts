import { classOfToday } from "../messages/escapes.ts";
import type { BoundRule, Program, Selection } from "../program.ts";
import { RISK_CLASSES } from "../tools/read.ts";
import type { Check } from "./check.ts";
import { statementAfter } from "./edits.ts";

/** Under `default allow` no rule relies on a risk class, which tools that come later do not have. */
export const classOfTodayCheck: Check = {
  name: "class-of-today",
  run({ program, report, sound }) {
    if (!sound()) return;
    const { effect, stated } = program.defaults.tool;
    if (effect !== "allow" || program.pin !== undefined) return;
    const rules = program.rules.filter(
      (rule) => rule.kind !== "allow" && rule.resolved && !rule.shadow && rule.of === "tool",
    );
    const relying = rules.filter((rule) => classesOf(program, rule.selection).length > 0);
    const [first, ...others] = relying;
    if (first === undefined) return;
    const groups = [...new Set(relying.flatMap((rule) => classesOf(program, rule.selection)))];
    const place = first.selection.node?.span ?? first.node.span;
    const anchor = stated !== undefined && !stated.imported ? stated : undefined;
    report(classOfToday, { groups }, first.source, place, {
      related: others.map((rule) => ({
        message: "This rule relies on a risk class too.",
        source: rule.source,
        span: spanOf(rule),
      })),
      ...(anchor === undefined
        ? {}
        : {
            fixes: [
              {
                title: "Add `pin tools`",
                edits: [
                  {
                    source: anchor.source,
                    ...statementAfter(anchor.source, anchor.node.span, "pin tools"),
                  },
                ],
              },
            ],
          }),
    });
  },
};

function spanOf(rule: BoundRule) {
  return rule.selection.node?.span ?? rule.node.span;
}

function classesOf(
  program: Program,
  selection: Selection,
  seen = new Set<string>(),
): readonly string[] {
  return selection.items.flatMap(({ node }) => {
    if (node.kind !== "group" || seen.has(node.value)) return [];
    seen.add(node.value);
    if ((RISK_CLASSES as readonly string[]).includes(node.value)) return [node.value];
    const group = program.groups.get(node.value);
    return group === undefined ? [] : classesOf(program, group.selection, seen);
  });
}
