import { duplicateRule } from "../messages/reach.ts";
import type { BoundRule } from "../program.ts";
import type { Check } from "./check.ts";
import { guardKey } from "./counters.ts";
import { removal } from "./edits.ts";
import { limitClauses } from "./standing.ts";

/** No rule says what another one says already. */
export const duplicateRulesCheck: Check = {
  name: "duplicate-rules",
  run({ program, report, reported, sound }) {
    if (!sound()) return;
    const seen = new Map<string, BoundRule>();
    // Imported rules come first, so that the file's own rule is the one that can go.
    const own = program.rules.filter(({ imported }) => !imported);
    const rules = [...program.rules.filter(({ imported }) => imported), ...own];
    for (const rule of rules) {
      const key = keyOf(rule);
      if (key === undefined) continue;
      const before = seen.get(key);
      if (before === undefined) seen.set(key, rule);
      else if (!rule.imported && !reported(rule.source, rule.node.span)) {
        const same = before.source === rule.source;
        const line = before.source.positionAt(before.node.span.start).line;
        report(
          duplicateRule,
          { line, ...(same ? {} : { file: before.source.name }) },
          rule.source,
          rule.node.span,
          {
            tags: ["unnecessary"],
            related: [{ message: "The same rule.", source: before.source, span: before.node.span }],
            fixes: [removal("Remove this rule", rule.source, rule.node.span)],
          },
        );
      }
    }
  },
};

const keys = new WeakMap<BoundRule, string>();

/** The same text for rules that decide and count the same. */
function keyOf(rule: BoundRule): string | undefined {
  if (!rule.resolved) return undefined;
  const known = keys.get(rule);
  if (known !== undefined) return known;
  const key = makeKey(rule);
  keys.set(rule, key);
  return key;
}

function makeKey(rule: BoundRule): string {
  const { node, selection } = rule;
  const clauses: unknown[] = limitClauses(rule)
    .map(({ span }) => rule.source.slice(span).replace(/\s+/g, " "))
    .sort();
  if ("because" in node) clauses.push(node.because?.value);
  if ("until" in node) clauses.push(node.until?.text);
  if (node.kind === "ask") {
    clauses.push([...(node.by ?? [])].map(({ value }) => value).sort(), node.within?.ms);
  }
  // Most rules have one name and no globs: texts of these are cheaper than of lists.
  const { names, globs } = selection;
  const targets = globs.length === 0 && names.length === 1 ? names[0] : [names, globs];
  return `${rule.kind} ${rule.of} ${rule.shadow} ${JSON.stringify([targets, clauses])} ${guardKey(rule.guard)}`;
}
