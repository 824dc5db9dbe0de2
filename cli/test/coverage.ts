import type { Program } from "../../compiler/index.ts";
import { type CoverableCondition, type CoverableRule, coverableOf } from "../../compiler/index.ts";
import type { Source, Span } from "../../language/index.ts";
import {
  type Call,
  type Context,
  type Judged,
  type Observation,
  type Outcomes,
  observeCondition,
  observeConditions,
} from "../../runtime/index.ts";
import type { MadeCall } from "./run.ts";

/** What tests have covered, of all policies that they ran on; files that several of them import count once. */
export interface Coverage {
  /** In the order of the files and their text. */
  readonly rules: readonly RuleCoverage[];
  readonly branches: readonly BranchCoverage[];
}

/** A rule, a limit clause of one, or the default. */
export interface RuleCoverage {
  readonly kind: CoverableRule["kind"];
  readonly source: Source;
  readonly span: Span;
  /** Calls that it was looked at for. */
  looked: number;
  /** Calls that it decided, permitted or counted. */
  hits: number;
}

/** Something that may turn out both ways. */
export interface BranchCoverage {
  /** `condition`: true and false; `limit`: with room for a call, and without. */
  readonly kind: "condition" | "limit";
  readonly source: Source;
  readonly span: Span;
  /** A condition was true; a limit had room. */
  taken: number;
  /** A condition was false, or something that it compares was missing; a limit had no room. */
  untaken: number;
  /** A condition read a value of a wrong type. */
  errors: number;
}

/** Collects what tests cover. */
export class CoverageCollector {
  readonly #rules = new Map<string, RuleCoverage>();
  readonly #branches = new Map<string, BranchCoverage>();

  /** What is to be told of every call that is made under a policy. */
  watch(program: Program): (made: MadeCall) => void {
    const watched = coverableOf(program).map((rule) => this.#watched(rule));
    let last: { readonly made: MadeCall; readonly looks: readonly Look[] } | undefined;
    return (made) => {
      const stage = stageOf(made.judged);
      if (stage === "no rule" || !made.call.ok) return;
      // Repetitions differ in what limits say, and in nothing else.
      if (last === undefined || !isSameCall(last.made, made)) {
        last = { made, looks: looksOf(watched, made) };
      }
      count(last.looks, made, stage);
    };
  }

  result(): Coverage {
    const inOrder = <T extends { readonly source: Source; readonly span: Span }>(
      entries: Iterable<T>,
    ): readonly T[] => {
      const files = new Map<string, number>();
      const all = [...entries];
      for (const { source } of all) if (!files.has(source.name)) files.set(source.name, files.size);
      return all.sort(
        (a, b) =>
          (files.get(a.source.name) as number) - (files.get(b.source.name) as number) ||
          a.span.start - b.span.start ||
          b.span.end - a.span.end,
      );
    };
    return { rules: inOrder(this.#rules.values()), branches: inOrder(this.#branches.values()) };
  }

  #watched(rule: CoverableRule): Watched {
    const { source, span, kind } = rule;
    const entry = once(this.#rules, keyOf(kind, source, span), () => ({
      kind,
      source,
      span,
      looked: 0,
      hits: 0,
    }));
    const limit =
      kind === "limit" && !rule.concurrent && !rule.shadow
        ? this.#branch("limit", source, span)
        : undefined;
    return {
      rule,
      entry,
      place: placeText(source, span),
      limit,
      applies: observeConditions(rule.applies.conditions),
      guards: rule.guards.map((guard) => ({
        holds: observeCondition(guard.entry),
        conditions: guard.conditions.map((condition) => this.#watchedCondition(condition)),
      })),
    };
  }

  #watchedCondition({ source, span, entry, within }: CoverableCondition): WatchedCondition {
    return {
      branch: this.#branch("condition", source, span),
      observe: observeCondition(entry, within),
    };
  }

  #branch(kind: BranchCoverage["kind"], source: Source, span: Span): BranchCoverage {
    return once(this.#branches, keyOf(kind, source, span), () => ({
      kind,
      source,
      span,
      taken: 0,
      untaken: 0,
      errors: 0,
    }));
  }
}

function once<T>(map: Map<string, T>, key: string, make: () => T): T {
  let found = map.get(key);
  if (found === undefined) {
    found = make();
    map.set(key, found);
  }
  return found;
}

/** As source maps write it. */
function placeText(source: Source, span: Span): string {
  const { line, column } = source.positionAt(span.start);
  return `${source.name}:${line}:${column}`;
}

function keyOf(kind: string, { name }: Source, { start, end }: Span): string {
  return JSON.stringify([name, start, end, kind]);
}

interface Watched {
  readonly rule: CoverableRule;
  readonly entry: RuleCoverage;
  /** As decisions name it. */
  readonly place: string;
  /** Whether a limit had room. */
  readonly limit: BranchCoverage | undefined;
  readonly applies: Observation;
  readonly guards: readonly {
    readonly holds: Observation;
    readonly conditions: readonly WatchedCondition[];
  }[];
}

interface WatchedCondition {
  readonly branch: BranchCoverage;
  readonly observe: Observation;
}

/** How far a call has come. `closed`: its tool is not open to any call; `hidden`: nor does it seem to be there. */
type Stage = "no rule" | "hidden" | "closed" | "rules";

function stageOf({ outcome, rule }: Judged): Stage {
  if (rule === "(hidden)") return "hidden";
  if (rule === "(default deny)" || rule.startsWith("/deny_tools/")) return "closed";
  // Of those in parentheses only this one comes of a rule: a condition read a value of a wrong type.
  if (rule.startsWith("(") && rule !== "(type mismatch)") return "no rule";
  return outcome === "hide" ? "no rule" : "rules";
}

/** A rule that is about a call, and what its conditions came to. */
interface Look {
  readonly watched: Watched;
  readonly applies: "yes" | "no" | "error";
  readonly conditions: readonly { readonly branch: BranchCoverage; readonly seen: Outcomes }[];
}

function looksOf(watched: readonly Watched[], { call, grant, now }: MadeCall): readonly Look[] {
  if (!call.ok) return [];
  const context: Context = { grant, now, server: "" };
  return watched
    .filter(({ rule }) => rule.selects(call.tool))
    .map((one) => lookOf(one, call, context));
}

function lookOf(watched: Watched, call: Call, context: Context): Look {
  const conditions: { branch: BranchCoverage; seen: Outcomes }[] = [];
  const known = new Set<BranchCoverage>();
  for (const guard of watched.guards) {
    for (const { branch, observe } of guard.conditions) {
      // A named condition may be mentioned twice.
      if (known.has(branch)) continue;
      known.add(branch);
      conditions.push({ branch, seen: observe(call, context) });
    }
    if (guard.holds(call, context).true === 0) break;
  }
  const { unless } = watched.rule.applies;
  const holds = watched.applies(call, context);
  const applies = holds.error > 0 ? "error" : holds.true > 0 !== unless ? "yes" : "no";
  return { watched, applies, conditions };
}

function count(looks: readonly Look[], made: MadeCall, stage: Stage): void {
  // A block's condition, and a named one, is looked at once for all rules.
  const counted = new Set<BranchCoverage>();
  for (const { watched, applies, conditions } of looks) {
    const { entry, rule, limit } = watched;
    if (stage !== "rules") {
      if (isClosedBy(rule, stage)) {
        entry.looked++;
        entry.hits++;
      }
      continue;
    }
    entry.looked++;
    for (const { branch, seen } of conditions) {
      if (counted.has(branch)) continue;
      counted.add(branch);
      branch.taken += seen.true;
      branch.untaken += seen.false;
      branch.errors += seen.error;
    }
    if (isHit(watched, applies, made)) entry.hits++;
    if (limit === undefined || applies !== "yes") continue;
    if (isFull(watched, made)) limit.untaken++;
    else if (made.judged.outcome === "allow") limit.taken++;
  }
}

/** Whether a rule keeps a tool closed to every call. */
function isClosedBy({ kind, always, shadow }: CoverableRule, stage: Stage): boolean {
  if (shadow) return false;
  if (kind === "hide") return stage === "hidden";
  return stage === "closed" && (kind === "default" || (kind === "deny" && always));
}

function isHit(watched: Watched, applies: Look["applies"], made: MadeCall): boolean {
  const { rule } = watched;
  const { outcome } = made.judged;
  switch (rule.kind) {
    case "default":
    case "allow":
      return applies === "yes" && (outcome === "allow" || outcome === "ask");
    case "ask":
      if (rule.shadow) return applies === "yes";
      return applies === "yes" && (outcome === "ask" || (outcome === "allow" && made.approved));
    case "limit":
      return applies === "yes" && (outcome === "allow" || isFull(watched, made));
    default:
      // What ends in an error denies, too.
      return applies !== "no";
  }
}

/** Whether it was this limit that had no room. */
function isFull({ place }: Watched, { judged }: MadeCall): boolean {
  return judged.outcome === "deny" && judged.source === place && /\/limits\//.test(judged.rule);
}

function isSameCall(a: MadeCall, b: MadeCall): boolean {
  return a.call === b.call && a.now === b.now && a.grant === b.grant;
}
