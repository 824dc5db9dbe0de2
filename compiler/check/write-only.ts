import { writeOnly } from "../messages/escapes.ts";
import type { BoundRule, Program } from "../program.ts";
import type { RiskClass } from "../tools/list.ts";
import type { Check } from "./check.ts";
import { replacement } from "./edits.ts";
import { closedOf, standingOf } from "./standing.ts";

const GRAVER: readonly RiskClass[] = ["execute", "destructive", "financial"];

/** Who forbids `@write` does not leave the graver classes open. */
export const writeOnlyCheck: Check = {
  name: "write-only",
  run({ program, report, sound }) {
    if (!sound()) return;
    for (const rule of program.rules) {
      if (rule.kind !== "deny" && rule.kind !== "hide") continue;
      if (!rule.resolved || rule.imported || rule.of !== "tool") continue;
      const item = rule.selection.items.find(
        ({ node }) => node.kind === "group" && node.value === "write",
      );
      if (item === undefined) continue;
      const tools = leftOpen(program, rule);
      if (tools.length === 0) continue;
      const classes = GRAVER.filter((risk) =>
        tools.some((tool) => program.tools.risk.get(tool) === risk),
      );
      const groups = ["write", ...classes].map((name) => `@${name}`).join(", ");
      // The other tools need not have the arguments that a condition reads.
      const fixes = rule.guard.always
        ? [replacement(`Forbid \`${groups}\``, item.node.span, groups)]
        : [];
      report(
        writeOnly,
        { rule: rule.kind, classes, tools },
        rule.source,
        item.node.span,
        fixes.length === 0 ? {} : { fixes },
      );
    }
  },
};

/** The graver tools that the rule misses and that are open other than by their own name. */
function leftOpen(program: Program, rule: BoundRule): readonly string[] {
  return program.tools.names.filter((tool) => {
    const risk = program.tools.risk.get(tool);
    if (risk === undefined || !GRAVER.includes(risk)) return false;
    if (rule.selection.names.includes(tool) || closedOf(program, tool) !== undefined) return false;
    const { permits, conditionalDenies } = standingOf(program, tool);
    const chosen = [...permits, ...conditionalDenies].some((other) =>
      other.selection.items.some(({ node }) => node.kind === "name" && node.value === tool),
    );
    return !chosen;
  });
}
