import type { Fix } from "../../language/index.ts";
import { graveAndOpen } from "../messages/coverage.ts";
import type { BoundRule, Program } from "../program.ts";
import { isGraver } from "../tools/risk.ts";
import type { Check } from "./check.ts";
import { statementAtEnd, toolName } from "./edits.ts";
import { closedOf, placeOfPolicy, standingOf } from "./standing.ts";

/** What destroys, pays or executes is permitted with a condition, a limit or a person's approval. */
export const graveAndOpenCheck: Check = {
  name: "grave-and-open",
  run({ program, report, reported, sound }) {
    if (!sound()) return;
    const byRule = new Map<BoundRule | undefined, string[]>();
    for (const tool of program.tools.names) {
      const risk = program.tools.risk.get(tool);
      if (risk === undefined || !isGraver(risk, "write")) continue;
      const open = openBy(program, tool);
      if (open === undefined) continue;
      const tools = byRule.get(open.rule);
      if (tools === undefined) byRule.set(open.rule, [tool]);
      else tools.push(tool);
    }
    for (const [rule, names] of byRule) {
      const tools = names.map((name) => ({ name, risk: program.tools.risk.get(name) ?? "" }));
      if (rule === undefined) {
        const stated = program.defaults.tool.stated;
        const place =
          stated === undefined
            ? placeOfPolicy(program)
            : { source: stated.source, span: stated.node.span };
        const fix = askFix(program, names);
        report(graveAndOpen, { tools, byDefault: true }, place.source, place.span, {
          fixes: [fix],
        });
      } else if (!reported(rule.source, rule.node.span)) {
        report(graveAndOpen, { tools, byDefault: false }, rule.source, spanOf(rule, names), {
          fixes: [fixOf(program, rule, names)],
        });
      }
    }
  },
};

/** The rule, or with `undefined` the default, that permits every call of a tool without bound. */
function openBy(
  program: Program,
  tool: string,
): { readonly rule: BoundRule | undefined } | undefined {
  if (closedOf(program, tool) !== undefined) return undefined;
  const { permits, asks, limits, conditionalDenies } = standingOf(program, tool);
  if (asks.length > 0 || limits.length > 0 || conditionalDenies.length > 0) return undefined;
  const rule = permits.find((permit) => permit.guard.always);
  if (rule !== undefined) return { rule };
  return program.defaults.tool.effect === "allow" ? { rule: undefined } : undefined;
}

function spanOf(rule: BoundRule, names: readonly string[]) {
  const items = rule.selection.items.filter((item) =>
    item.names.some((name) => names.includes(name)),
  );
  const [item] = items;
  if (rule.node.targets === undefined) return rule.node.keyword;
  return items.length === 1 && item !== undefined ? item.node.span : rule.node.targets.span;
}

function fixOf(program: Program, rule: BoundRule, names: readonly string[]): Fix {
  if (rule.kind === "allow" && rule.selection.names.length === names.length) {
    return {
      title: "Ask a person before each call",
      edits: [{ span: rule.node.keyword, text: "ask" }],
    };
  }
  return askFix(program, names);
}

function askFix(program: Program, names: readonly string[]): Fix {
  const source = program.files[0]?.source ?? placeOfPolicy(program).source;
  const edit = {
    source,
    ...statementAtEnd(source, `ask ${names.map(toolName).join(", ")}`),
  };
  return { title: "Ask a person before each call of them", edits: [edit] };
}
