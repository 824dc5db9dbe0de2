import type { Span } from "../../language/index.ts";
import type { Domains } from "../analysis/branch.ts";
import { truthOf } from "../analysis/condition.ts";
import { Effort } from "../analysis/effort.ts";
import { all, type Formula, type Literal, not } from "../analysis/formula.ts";
import { impossible } from "../analysis/solve.ts";
import { complement, intersect, isEmpty } from "../analysis/values.ts";
import { neverDecides } from "../messages/reach.ts";
import type { BoundRule, Program, SelectedItem } from "../program.ts";
import type { Check, CheckContext } from "./check.ts";
import { guardKey } from "./counters.ts";
import { limitClauses, standingOf } from "./standing.ts";
import { domainsOf } from "./typed.ts";

/**
 * The steps on one rule, comparing it with others included: the work on a policy is linear in its rules. A rule that is
 * still undecided then is taken to decide something.
 */
const STEPS = 1000;

/** Every rule decides some call: no graver or broader rule is always there before it. */
export const deadRulesCheck: Check = {
  name: "dead-rules",
  run(context) {
    if (!context.sound()) return;
    const { program } = context;
    for (const rule of program.rules) {
      if (rule.kind === "limit" || rule.imported || rule.shadow || !rule.resolved) continue;
      if (rule.of !== "tool") continue;
      const standings = rule.selection.names.map((name) => standingOf(program, name));
      context.look(rule, standings, () => examine(context, rule));
    }
  },
};

function examine({ program, report, reported }: CheckContext, rule: BoundRule): void {
  if (reported(rule.source, rule.node.span)) return;
  const dead = deathOf(program, rule);
  if (dead === undefined) return;
  const { by } = dead;
  report(
    neverDecides,
    { rule: rule.kind, names: dead.names, because: dead.because },
    rule.source,
    dead.span,
    by === undefined
      ? {}
      : {
          related: [
            { message: "This rule is there before it.", source: by.source, span: by.node.span },
          ],
        },
  );
}

interface Death {
  readonly because: string;
  /** The tools it is dead for; empty for all of its tools. */
  readonly names: readonly string[];
  readonly span: Span;
  readonly by?: BoundRule;
}

function deathOf(program: Program, rule: BoundRule): Death | undefined {
  const targets = rule.node.targets?.span ?? rule.node.keyword;
  if (
    rule.kind === "allow" &&
    program.defaults.tool.effect === "allow" &&
    rule.guard.always &&
    rule.node.limits.length === 0
  ) {
    return {
      because: "the default allows these tools already, and this closes no others",
      names: [],
      span: rule.node.span,
    };
  }
  return (
    overruledItems(program, rule, targets) ??
    superfluous(program, rule, targets, new Effort(STEPS)) ??
    overruledCalls(program, rule, new Effort(STEPS))
  );
}

// A graver rule without a condition -------------------------------------------------------------------

/** Items whose every tool is hidden or denied. A glob that covers some such tools is an exception, and meant. */
function overruledItems(program: Program, rule: BoundRule, targets: Span): Death | undefined {
  if (rule.kind === "hide") return undefined;
  const { items } = rule.selection;
  const overruled = (name: string): BoundRule | undefined => {
    const standing = standingOf(program, name);
    const deny = standing.denies.find((other) => other !== rule && silences(rule, other));
    return standing.hides[0] ?? deny;
  };
  const dead = items.filter(
    ({ names }) => names.length > 0 && names.every((name) => overruled(name) !== undefined),
  );
  const [first] = dead;
  if (first === undefined) return undefined;
  const by = overruled(first.names[0] ?? "") as BoundRule;
  return {
    because: `${by.kind === "hide" ? "hidden" : "denied"} by ${placed(rule, by)}`,
    names: namesOf(dead),
    span:
      dead.length === items.length || rule.node.targets === undefined ? targets : first.node.span,
    by,
  };
}

function namesOf(items: readonly SelectedItem[]): readonly string[] {
  return [...new Set(items.flatMap(({ names }) => names))].sort();
}

/** Whether an unconditional `deny` leaves a rule nothing to do, not even to give its own reason. */
function silences(rule: BoundRule, other: BoundRule): boolean {
  if (rule.kind !== "deny") return true;
  if (other.kind !== "deny") return false;
  const reason = rule.node.because?.value;
  if (reason !== undefined && reason !== other.node.because?.value) return false;
  return !rule.guard.always || narrower(rule, other);
}

function narrower(rule: BoundRule, other: BoundRule): boolean {
  const wide = new Set(other.selection.names);
  return (
    rule.selection.names.length < wide.size && rule.selection.names.every((name) => wide.has(name))
  );
}

// A broader rule of its own kind -----------------------------------------------------------------------

/** A rule whose tools all have a rule of the same kind that speaks of more calls, or of all. */
function superfluous(
  program: Program,
  rule: BoundRule,
  targets: Span,
  effort: Effort,
): Death | undefined {
  const { names } = rule.selection;
  if (names.length === 0 || limitClauses(rule).length > 0) return undefined;
  if (rule.kind === "hide") {
    const by = standingOf(program, names[0] as string).hides.find(
      (other) => other !== rule && narrower(rule, other),
    );
    return by && { because: `hidden by ${placed(rule, by)}`, names: [], span: targets, by };
  }
  if (rule.kind === "ask") return undefined;
  const wider = (name: string): BoundRule | undefined => {
    const { permits, conditionalDenies } = standingOf(program, name);
    return (rule.kind === "allow" ? permits : conditionalDenies).find(
      (other) =>
        effort.spend(1) &&
        other !== rule &&
        other.resolved &&
        includes(program, name, other, rule, effort),
    );
  };
  const by = wider(names[0] as string);
  if (by === undefined || !names.every((name) => wider(name) !== undefined)) return undefined;
  const verb = rule.kind === "allow" ? "permits" : "denies";
  return {
    because: `${placed(rule, by)} ${verb} these calls already`,
    names: [],
    span: rule.node.span,
    by,
  };
}

/** Whether every call that `rule` decides is decided the same by `other`. */
function includes(
  program: Program,
  tool: string,
  other: BoundRule,
  rule: BoundRule,
  effort: Effort,
): boolean {
  if (rule.kind === "allow") {
    if ((other.kind !== "allow" && other.kind !== "ask") || other.node.until !== undefined) {
      return false;
    }
    if (other.guard.always) return !rule.guard.always || narrower(rule, other);
    if (other.kind === "ask" || rule.guard.always) return false;
  } else {
    if (rule.kind !== "deny" || other.kind !== "deny") return false;
    const reason = rule.node.because?.value;
    if (reason !== undefined && reason !== other.node.because?.value) return false;
  }
  if (guardKey(other.guard) === guardKey(rule.guard)) return narrower(rule, other);
  const mine = reachOf(rule);
  const theirs = reachOf(other);
  if (!related(mine, theirs)) return false;
  const domains = domainsOf(program, tool);
  if (!effort.spend(4) || sticksOut(mine, theirs, domains)) return false;
  if (!impossible(all([mine.formula, theirs.contrary]), domains, effort)) return false;
  // Of two that say the same, only the later one is superfluous.
  const equal = impossible(all([theirs.formula, mine.contrary]), domains, effort);
  return !equal || program.rules.indexOf(other) < program.rules.indexOf(rule);
}

// Graver rules with conditions ---------------------------------------------------------------------------

/** A conditional permission, or ask, of which every call is denied. */
function overruledCalls(program: Program, rule: BoundRule, effort: Effort): Death | undefined {
  if ((rule.kind !== "allow" && rule.kind !== "ask") || rule.guard.always) return undefined;
  const { names } = rule.selection;
  if (names.length === 0) return undefined;
  const mine = reachOf(rule);
  let by: BoundRule | undefined;
  for (const name of names) {
    const { conditionalDenies } = standingOf(program, name);
    if (!effort.spend(conditionalDenies.length)) return undefined;
    const denies = conditionalDenies.filter(
      (deny) => deny.resolved && related(mine, reachOf(deny)),
    );
    const domains = domainsOf(program, name);
    const alone = denies.find((deny) =>
      impossible(all([mine.formula, reachOf(deny).contrary]), domains, effort),
    );
    const together = all([mine.formula, ...denies.map((deny) => reachOf(deny).contrary)]);
    if (alone === undefined && (denies.length < 2 || !impossible(together, domains, effort))) {
      return undefined;
    }
    by ??= alone ?? denies[0];
  }
  return {
    because: `each call that meets its condition is denied by ${by === undefined ? "other rules" : placed(rule, by)}`,
    names: [],
    span: rule.node.span,
    ...(by === undefined ? {} : { by }),
  };
}

/**
 * Whether some operand can have a value for which `mine` holds and `theirs` does not, by the plain sets of both alone:
 * most rules of a long list are told apart by that. True may be too much said where other operands exclude the value.
 */
function sticksOut(mine: Reach, theirs: Reach, domains: Domains): boolean {
  for (const [key, { operand, values }] of mine.plain) {
    const other = theirs.plain.get(key);
    if (other === undefined || operand.of !== "value") continue;
    const outside = intersect(values, complement(other.values));
    if (!isEmpty(outside) && !isEmpty(intersect(outside, domains.values(operand.path))))
      return true;
  }
  return false;
}

/** The calls that a rule permits, denies or asks about. */
interface Reach {
  readonly formula: Formula;
  /** All other calls. */
  readonly contrary: Formula;
  readonly keys: ReadonlySet<string>;
  /** The sets of values, by operand, that it confines its calls to. */
  readonly plain: ReadonlyMap<string, Literal>;
}

const reaches = new WeakMap<BoundRule, Reach>();

function reachOf(rule: BoundRule): Reach {
  const before = reaches.get(rule);
  if (before !== undefined) return before;
  const formula = formulaOf(rule);
  const plain = new Map<string, Literal>();
  for (const part of formula.kind === "all" ? formula.operands : [formula]) {
    if (part.kind === "literal" && part.predicate === undefined) plain.set(part.operand.key, part);
  }
  const reach = { formula, contrary: not(formula), keys: new Set(keysIn(formula)), plain };
  reaches.set(rule, reach);
  return reach;
}

function formulaOf({ kind, guard: { when, own } }: BoundRule): Formula {
  // `unless` is about every call that is not told to be fine, also where a `when` cannot tell.
  if (own?.kind === "unless") {
    const outside = when.map((condition) => truthOf(condition, true));
    return all([...outside, truthOf(own.condition)].map(({ isTrue }) => not(isTrue)));
  }
  const truths = [...when, ...(own === undefined ? [] : [own.condition])].map((condition) =>
    truthOf(condition),
  );
  // A permission needs a condition that is true; what forbids applies where evaluation fails, too.
  return all(truths.map(({ isTrue, notFalse }) => (kind === "allow" ? isTrue : notFalse)));
}

function keysIn(formula: Formula): readonly string[] {
  if (formula.kind === "literal") return [formula.operand.key];
  if (formula.kind === "relation") return [formula.left.key, formula.right.key];
  if (formula.kind === "some" || formula.kind === "each") return [formula.list.key];
  return formula.kind === "all" || formula.kind === "any" ? formula.operands.flatMap(keysIn) : [];
}

/** Conditions with no operand in common imply nothing about each other. */
function related(a: Reach, b: Reach): boolean {
  for (const key of a.keys) if (b.keys.has(key)) return true;
  return false;
}

function placed(rule: BoundRule, other: BoundRule): string {
  const line = other.source.positionAt(other.node.span.start).line;
  return `the \`${other.kind}\` on line ${line}${other.source === rule.source ? "" : ` of \`${other.source.name}\``}`;
}
