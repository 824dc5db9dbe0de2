import type { Message, Span } from "../../language/index.ts";
import { MAX_CONDITION_DEPTH } from "../../policy/index.ts";
import { tooDeep } from "../messages/lowering.ts";
import type { BoundRule, Program } from "../program.ts";
import type { Report } from "../resolve/reporter.ts";
import { lowerCondition } from "./condition.ts";
import {
  all,
  any,
  complement,
  dayBeside,
  depthOf,
  type Formula,
  leaf,
  negate,
  TRUE,
} from "./formula.ts";

/** What lowering reads and where it reports. */
export interface Lowering {
  readonly program: Program;
  readonly report: Report;
  /** Whether to keep what rules come to for the policy after an edit. */
  readonly remember?: boolean;
}

/** When a rule is in force, in the terms of the policy format; the same for all of its tools. */
export interface RuleFormulas {
  /** Of an `allow` or `ask`: the calls that it permits. */
  readonly permits: Formula;
  /** Of every other effect: the calls that it denies, asks for or counts. */
  readonly applies: Formula;
  /** Of `deny … unless`: what every call must meet. In place of `applies`. */
  readonly requires?: Formula;
}

/** Those of rules that there is nothing to report of: the same in the policy after an edit. */
const silent = new WeakMap<BoundRule, RuleFormulas>();

export function formulasOf(rule: BoundRule, lowering: Lowering): RuleFormulas {
  const known = silent.get(rule);
  if (known !== undefined) return known;
  let isSilent = true;
  const formulas = makeFormulas(rule, (entry, parameters, source, span) => {
    isSilent = false;
    lowering.report(entry, parameters, source, span);
  });
  if (isSilent) silent.set(rule, formulas);
  return formulas;
}

function makeFormulas(rule: BoundRule, reportAt: Report): RuleFormulas {
  const { guard, source } = rule;
  const report = <P>(entry: Message<P>, parameters: P, span: Span): void =>
    reportAt(entry, parameters, source, span);
  const when = all(guard.when.map((condition) => lowerCondition(condition, report)));
  const own = guard.own === undefined ? TRUE : lowerCondition(guard.own.condition, report);
  const formulas = combine(rule, when, own);
  const at = guard.own?.span ?? rule.whens.at(-1)?.condition.span ?? rule.node.span;
  for (const formula of Object.values(formulas) as Formula[]) {
    // The conditions of an entry stand beside one another: the outermost `all` is no level.
    const depth = depthOf(formula) - (formula.kind === "all" ? 1 : 0);
    if (depth > MAX_CONDITION_DEPTH) {
      reportAt(tooDeep, { what: "deep" }, source, at);
      break;
    }
  }
  return formulas;
}

function combine(rule: BoundRule, when: Formula, own: Formula): RuleFormulas {
  const until = untilOf(rule);
  if (rule.guard.own?.kind !== "unless") {
    const applies = all([when, own]);
    return { permits: all([applies, until]), applies };
  }
  // `unless C` is about every call for which C is not true. In a `when`, a call for which neither can be
  // told apart, because something is missing, is one of them too: it must not escape.
  if (rule.kind === "deny") {
    return { permits: TRUE, applies: TRUE, requires: any([negate(when), own]) };
  }
  return {
    permits: all([when, complement(own), until]),
    applies: all([complement(negate(when)), complement(own)]),
  };
}

/** `until` ends a permission with that day, UTC. What else the rule does stays. */
function untilOf({ node }: BoundRule): Formula {
  const date = "until" in node ? node.until?.text : undefined;
  if (date === undefined) return TRUE;
  const next = dayBeside(date, 1);
  return leaf(next === undefined ? { after: date, negate: true } : { before: next });
}
