import type { Condition, LimitClause, Source } from "../../../language/index.ts";
import { notChecked } from "../../messages/types.ts";
import type { BoundRule, Program } from "../../program.ts";
import { sorted } from "../../resolve/targets.ts";
import type { Check, CheckContext } from "../check.ts";
import { checkCondition, checkLimit } from "./condition.ts";
import { type Environment, type TypedTool, typedTool, untypedTool } from "./environment.ts";
import { Problems } from "./problems.ts";

/** Conditions, sums and keys of limits fit the types of the arguments in every tool of their rule. */
export const types: Check = {
  name: "types",
  run: (context) => {
    const { program } = context;
    const blocks = new Map<Condition, Block>();
    for (const rule of program.rules) {
      if (!rule.resolved || rule.of !== "tool") continue;
      const { source } = rule;
      const tools = rule.all ? program.tools.names : rule.selection.names;
      const { when, own } = rule.guard;
      for (const node of when) {
        const block = blocks.get(node);
        if (block === undefined) blocks.set(node, { source, targets: [tools] });
        else block.targets.push(tools);
      }
      context.look(rule, rule.all ? [tools] : [], () => {
        if (own !== undefined) examine(context, source, own.condition, [tools], checkCondition);
        for (const limit of limitsOf(rule)) examine(context, source, limit, [tools], checkLimit);
      });
    }
    for (const [node, { source, targets }] of blocks) {
      context.look(node, targets, () => examine(context, source, node, targets, checkCondition));
    }
    for (const { node, source, selection, condition, resolved } of program.claims) {
      if (!resolved || node.targets.of !== "tool" || condition === undefined) continue;
      examine(context, source, condition, [selection.names], checkCondition);
    }
  },
};

/** Rules in one block share its condition, which is typed once in all of their tools. */
interface Block {
  readonly source: Source;
  readonly targets: (readonly string[])[];
}

function limitsOf(rule: BoundRule): readonly LimitClause[] {
  if (rule.kind === "allow" || rule.kind === "ask") return rule.node.limits;
  return rule.kind === "limit" ? [rule.node.limit] : [];
}

function examine<N extends Condition | LimitClause>(
  context: CheckContext,
  source: Source,
  node: N,
  targets: readonly (readonly string[])[],
  check: (node: N, environment: Environment, problems: Problems) => void,
): void {
  const { program } = context;
  const problems = new Problems();
  for (const tool of toolsOf(targets, program)) {
    problems.enter(tool.name);
    check(node, { source, tool, labels: program.labels, variables: new Map() }, problems);
  }
  problems.report(context, source, notChecked);
}

/** Without a target, or a tool list, what says nothing of arguments is still checked. */
function toolsOf(
  targets: readonly (readonly string[])[],
  { tools: catalogue }: Program,
): readonly TypedTool[] {
  const [first = []] = targets;
  const names = targets.length === 1 && first.length < 2 ? first : sorted(targets.flat());
  if (names.length === 0 || !catalogue.known) return [untypedTool(names[0] ?? "")];
  return names.map((name) => {
    const tool = catalogue.byName.get(name);
    return tool === undefined ? untypedTool(name) : typedTool(tool);
  });
}
