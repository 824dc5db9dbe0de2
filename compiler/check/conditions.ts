import type { Condition, Source, Span } from "../../language/index.ts";
import { anyValue, type Domains } from "../analysis/branch.ts";
import { truthOf } from "../analysis/condition.ts";
import { Effort } from "../analysis/effort.ts";
import { all, type Formula, not } from "../analysis/formula.ts";
import { impossible } from "../analysis/solve.ts";
import { alwaysHolds, neverHolds } from "../messages/reach.ts";
import type { BoundRule, Program } from "../program.ts";
import type { Check, CheckContext } from "./check.ts";
import { domainsOf } from "./typed.ts";

/** Some calls meet a condition and some do not, and the same is true of its parts. */
export const conditionsCheck: Check = {
  name: "conditions",
  run(context) {
    const seen = new Set<string>();
    for (const rule of context.program.rules) {
      if (!rule.resolved || rule.imported || rule.of !== "tool") continue;
      const reason = new Reasoning(context.program, rule);
      for (const when of rule.whens) {
        const condition = rule.guard.when[rule.whens.indexOf(when)];
        const key = `${when.span.start} ${rule.source.name}`;
        if (condition === undefined || seen.has(key)) continue;
        seen.add(key);
        context.look(condition, [rule.selection.names], () =>
          examine(context, rule.source, condition, reason, WHEN),
        );
      }
      context.look(rule, [], () => examineOwn(context, rule, reason));
    }
  },
};

function examineOwn(context: CheckContext, rule: BoundRule, reason: Reasoning): void {
  const { own, when } = rule.guard;
  if (own === undefined) return;
  if (examine(context, rule.source, own.condition, reason, consequencesOf(rule))) return;
  if (when.length === 0 || context.reported(rule.source, rule.node.span)) return;
  const together = all([...when, own.condition].map((part) => truthOf(part).isTrue));
  if (!reason.never(together) || when.some((part) => reason.never(truthOf(part).isTrue))) return;
  const consequence = own.kind === "unless" ? undefined : consequencesOf(rule).never;
  context.report(
    neverHolds,
    consequence === undefined ? {} : { consequence },
    rule.source,
    own.condition.span,
    {
      related: rule.whens.map((block) => ({
        message: "It stands in this block, whose condition excludes it.",
        source: rule.source,
        span: block.condition.span,
      })),
    },
  );
}

interface Consequences {
  readonly never?: string;
  readonly always?: string;
}

const WHEN: Consequences = {
  never: "the rules inside never apply",
  always: "the `when` around the rules can go",
};
const PART: Consequences = {
  never: "this alternative can be left out",
  always: "this part can be left out",
};

function consequencesOf(rule: BoundRule): Consequences {
  const nothing = {
    allow: "this rule permits nothing",
    deny: "this rule denies nothing",
    ask: "nobody is ever asked",
    hide: "",
    limit: "this limit counts nothing",
  }[rule.kind];
  const everything = {
    allow: "it can be left out",
    deny: "every call is denied",
    ask: "every call waits for approval",
    hide: "",
    limit: "it can be left out",
  }[rule.kind];
  return rule.guard.own?.kind === "unless"
    ? { never: everything, always: nothing }
    : { never: nothing, always: everything };
}

/** The steps on the conditions of one rule, in all of its tools; what is undecided then is not reported. */
const STEPS = 20_000;

/** What can be, over all tools of a rule. */
class Reasoning {
  readonly #effort = new Effort(STEPS);
  readonly #program: Program;
  readonly #rule: BoundRule;
  readonly #validated: boolean;
  #domains: readonly Domains[] | undefined;

  constructor(program: Program, rule: BoundRule) {
    this.#program = program;
    this.#rule = rule;
    this.#validated = program.validate !== undefined;
  }

  #ofTools(): readonly Domains[] {
    const { all: isOfAll, selection } = this.#rule;
    if (isOfAll || selection.names.length === 0) return [anyValue];
    return selection.names.map((tool) => domainsOf(this.#program, tool));
  }

  /** Judged of calls that keep to the schema. */
  never(formula: Formula): boolean {
    this.#domains ??= this.#ofTools();
    return this.#domains.every((domains) => impossible(formula, domains, this.#effort));
  }

  /** A call may break a schema that nothing validates, and a rule may be there for just that. */
  always(formula: Formula): boolean {
    const contrary = not(formula);
    return this.#validated ? this.never(contrary) : impossible(contrary, anyValue, this.#effort);
  }
}

/** Reports the smallest parts that never or always hold; true if there was any, or something was reported there. */
function examine(
  context: CheckContext,
  source: Source,
  condition: Condition,
  reason: Reasoning,
  consequences: Consequences,
): boolean {
  if (context.reported(source, condition.span)) return true;
  const { isTrue } = truthOf(condition);
  if (reason.never(isTrue)) {
    const culprit = smallest(condition, "and", (part) => reason.never(truthOf(part).isTrue));
    report(context, neverHolds, consequences.never, source, culprit.span);
    return true;
  }
  if (reason.always(isTrue)) {
    const culprit = smallest(condition, "or", (part) => reason.always(truthOf(part).isTrue));
    report(context, alwaysHolds, consequences.always, source, culprit.span);
    return true;
  }
  if (condition.kind !== "and" && condition.kind !== "or") return false;
  const found = condition.operands.map((operand) =>
    examine(context, source, operand, reason, PART),
  );
  return found.includes(true);
}

/** The innermost operand of nested `kind`s that has the property by itself. */
function smallest(
  condition: Condition,
  kind: "and" | "or",
  test: (part: Condition) => boolean,
): Condition {
  if (condition.kind === "any" && kind === "and" && test(condition.condition)) {
    return smallest(condition.condition, kind, test);
  }
  if (condition.kind !== kind) return condition;
  const part = condition.operands.find(test);
  return part === undefined ? condition : smallest(part, kind, test);
}

function report(
  context: CheckContext,
  entry: typeof neverHolds,
  consequence: string | undefined,
  source: Source,
  span: Span,
): void {
  context.report(entry, consequence === undefined ? {} : { consequence }, source, span);
}
