import { openSchema } from "../messages/escapes.ts";
import type { BoundRule, Program } from "../program.ts";
import { membersOf } from "../tools/algebra.ts";
import type { Check } from "./check.ts";
import { replacement, statementAfter } from "./edits.ts";
import { leavesOf, readsOf } from "./leaves.ts";
import { argumentsOf } from "./typed.ts";

/**
 * A `deny if` on an argument comes with strict validation where the tool's schema lets calls carry other
 * arguments. Most servers ignore these, so it is an information, given once for the policy.
 */
export const openSchemaCheck: Check = {
  name: "open-schema",
  run({ program, report, sound }) {
    if (!sound() || program.validate?.node.strictly === true) return;
    const rules = program.rules.filter((rule) => looksForBadValues(rule));
    const tools = new Set<string>();
    let first: BoundRule | undefined;
    for (const rule of rules) {
      const open = rule.selection.names.filter((tool) => isSilent(program, tool));
      if (open.length > 0) first ??= rule;
      for (const tool of open) tools.add(tool);
    }
    const own = first?.guard.own;
    if (first === undefined || own === undefined) return;
    const fix = fixOf(program);
    report(
      openSchema,
      { tools: [...tools].sort() },
      first.source,
      own.span,
      fix === undefined ? {} : { fixes: [fix] },
    );
  },
};

function looksForBadValues(rule: BoundRule): boolean {
  return (
    rule.kind === "deny" &&
    rule.resolved &&
    rule.guard.own?.kind === "if" &&
    leavesOf(rule).some((leaf) => readsOf(leaf.node).some(({ path }) => path.root.value === "args"))
  );
}

/** Explicitly open schemas are left out: strict validation does not close them. */
function isSilent(program: Program, tool: string): boolean {
  const type = argumentsOf(program, tool);
  return (
    type !== undefined && membersOf(type).some((part) => part.kind === "object" && part.silent)
  );
}

function fixOf(program: Program) {
  const text = "validate arguments strictly";
  const { validate } = program;
  if (validate !== undefined) {
    return validate.imported
      ? undefined
      : replacement("Validate arguments strictly", validate.node.span, text);
  }
  const anchor = program.defaults.tool.stated ?? program.server;
  if (anchor === undefined || anchor.imported) return undefined;
  const edit = { source: anchor.source, ...statementAfter(anchor.source, anchor.node.span, text) };
  return { title: "Add `validate arguments strictly`", edits: [edit] };
}
