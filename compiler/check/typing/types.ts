import type { Condition, LimitClause, Source } from "../../../language/index.ts";
import { notChecked } from "../../messages/types.ts";
import type { BoundRule, Program } from "../../program.ts";
import { sorted } from "../../resolve/targets.ts";
import type { Check, CheckContext } from "../check.ts";
import { checkCondition, checkLimit } from "./condition.ts";
import { type Environment, type TypedTool, typedTool, untypedTool } from "./environment.ts";
import { Problems } from "./problems.ts";

/** What is typed once, in every tool that it concerns. */
interface Subject {
  readonly source: Source;
  readonly check: (environment: Environment, problems: Problems) => void;
  /** The tools of each rule that it concerns. */
  readonly targets: (readonly string[])[];
}

/** Conditions, sums and keys of limits fit the types of the arguments in every tool of their rule. */
export const types: Check = {
  name: "types",
  run: (context) => {
    const { program } = context;
    for (const [node, subject] of subjectsOf(program)) {
      context.look(node, subject.targets, () => run(subject, context));
    }
  },
};

/** Rules in one block share its conditions, which are typed once in all of their tools. */
function subjectsOf(program: Program): ReadonlyMap<Condition | LimitClause, Subject> {
  const subjects = new Map<Condition | LimitClause, Subject>();
  const add = (
    source: Source,
    node: Condition | LimitClause,
    tools: readonly string[],
    check: Subject["check"],
  ) => {
    const subject = subjects.get(node);
    if (subject === undefined) subjects.set(node, { source, check, targets: [tools] });
    else subject.targets.push(tools);
  };
  const condition = (source: Source, node: Condition, tools: readonly string[]) =>
    add(source, node, tools, (here, problems) => checkCondition(node, here, problems));
  for (const rule of program.rules) {
    if (!rule.resolved || rule.of !== "tool") continue;
    const tools = rule.all ? program.tools.names : rule.selection.names;
    const { when, own } = rule.guard;
    for (const node of when) condition(rule.source, node, tools);
    if (own !== undefined) condition(rule.source, own.condition, tools);
    for (const limit of limitsOf(rule)) {
      add(rule.source, limit, tools, (here, problems) => checkLimit(limit, here, problems));
    }
  }
  for (const { node, source, selection, condition: guard, resolved } of program.claims) {
    if (!resolved || node.targets.of !== "tool" || guard === undefined) continue;
    condition(source, guard, selection.names);
  }
  return subjects;
}

function limitsOf(rule: BoundRule): readonly LimitClause[] {
  if (rule.kind === "allow" || rule.kind === "ask") return rule.node.limits;
  return rule.kind === "limit" ? [rule.node.limit] : [];
}

function run(subject: Subject, context: CheckContext): void {
  const { program } = context;
  const problems = new Problems();
  for (const tool of toolsOf(subject, program)) {
    problems.enter(tool.name);
    subject.check(
      { source: subject.source, tool, labels: program.labels, variables: new Map() },
      problems,
    );
  }
  problems.report(context, subject.source, notChecked);
}

/** Without a target, or a tool list, what says nothing of arguments is still checked. */
function toolsOf({ targets }: Subject, { tools: catalogue }: Program): readonly TypedTool[] {
  const [first = []] = targets;
  const names = targets.length === 1 && first.length < 2 ? first : sorted(targets.flat());
  if (names.length === 0 || !catalogue.known) return [untypedTool(names[0] ?? "")];
  return names.map((name) => {
    const tool = catalogue.byName.get(name);
    return tool === undefined ? untypedTool(name) : typedTool(tool);
  });
}
