import type { Fix, LimitClause, Span, StringNode } from "../../language/index.ts";
import type { ConditionEntry, Json, LimitEntry } from "../../policy/index.ts";
import { canonicalJson, toMicro } from "../../policy/index.ts";
import {
  allWithEach,
  counterClash,
  counterDisagrees,
  eachWithName,
  limitNeedsName,
  multipleTooLarge,
  sumOutOfRange,
} from "../messages/lowering.ts";
import type { BoundRule } from "../program.ts";
import { pathJson } from "./condition.ts";
import { counterName, pathsJson, scopeOf } from "./counters.ts";
import { type Formula, toConditions } from "./formula.ts";
import type { Place } from "./places.ts";
import type { Lowering } from "./rule.ts";

/** A limit of one tool, or of all of them. */
export interface LoweredLimit {
  /** Absent of `limit all`. */
  readonly tool?: string;
  readonly entry: LimitEntry;
  readonly place: Place;
}

const MAX_EVERY = 10_000;

/** Lowers every limit of a policy, and sees to it that no two count into one counter by accident. */
export class LimitLowering {
  readonly #lowering: Lowering;
  readonly #counters = new Map<string, Counter>();
  readonly limits: LoweredLimit[] = [];

  constructor(lowering: Lowering) {
    this.#lowering = lowering;
  }

  add(rule: BoundRule, applies: Formula): void {
    const { node } = rule;
    if (node.kind === "limit") this.#clause(rule, node.limit, applies, node.because);
    else if ("limits" in node) {
      for (const clause of node.limits) this.#clause(rule, clause, applies);
    }
  }

  #clause(rule: BoundRule, clause: LimitClause, applies: Formula, because?: StringNode): void {
    if (!this.#fits(rule, clause) || !this.#names(rule, clause)) return;
    if (applies.kind === "constant" && !applies.value) return;
    const when = toConditions(applies);
    const owners: readonly (string | undefined)[] = rule.all ? [undefined] : rule.selection.names;
    for (const tool of owners) {
      const entry = remembered(rule, clause, tool, () =>
        this.#entry(rule, clause, when, tool, because),
      );
      const place = { source: rule.source, span: clauseSpan(rule, clause) };
      if (!this.#counter(rule, clause, entry, tool, place)) continue;
      this.limits.push({ ...(tool === undefined ? {} : { tool }), entry, place });
    }
  }

  #entry(
    rule: BoundRule,
    clause: LimitClause,
    when: readonly ConditionEntry[],
    tool: string | undefined,
    because: StringNode | undefined,
  ): LimitEntry {
    const { amount } = clause;
    const scope = scopeOf(clause.scope);
    const every = everyOf(clause);
    const derived = counterName(tool ?? "all", amount, scope, every, when);
    return {
      counter: clause.as?.value ?? derived,
      ...(amount.window === undefined ? {} : { window: amount.window.unit }),
      ...(amount.sliding ? { algorithm: "sliding" as const } : {}),
      ...(every === undefined ? {} : { every }),
      ...(amount.kind === "concurrent" ? { concurrent: true as const } : {}),
      ...(amount.path === undefined ? {} : { increment_from: pathJson(amount.path) }),
      max: amount.max.value === 0 ? 0 : amount.max.value,
      scope: scope.scope,
      ...(scope.keys.length === 0 ? {} : { key: pathsJson(scope.keys) }),
      ...(when.length === 0 ? {} : { when }),
      ...(because === undefined ? {} : { on_deny: because.value }),
      ...(rule.shadow ? { shadow: true as const } : {}),
    };
  }

  /** Whether the numbers of a limit can be counted. */
  #fits(rule: BoundRule, { amount }: LimitClause): boolean {
    const { max, window } = amount;
    const every = window?.every;
    if (amount.kind === "sum" && typeof toMicro(max.value) === "string") {
      this.#lowering.report(sumOutOfRange, { text: max.text }, rule.source, max.span);
      return false;
    }
    if (every !== undefined && every.value > MAX_EVERY) {
      this.#lowering.report(multipleTooLarge, { text: every.text }, rule.source, every.span);
      return false;
    }
    return true;
  }

  /** Whether it is said how several tools are counted. */
  #names(rule: BoundRule, clause: LimitClause): boolean {
    const { report } = this.#lowering;
    const span = clauseSpan(rule, clause);
    if (clause.each && clause.as !== undefined) {
      report(eachWithName, { name: clause.as.value }, rule.source, clause.as.span);
      return false;
    }
    if (rule.all) {
      if (!clause.each) return true;
      report(allWithEach, {}, rule.source, span);
      return false;
    }
    const count = rule.selection.names.length;
    if (count < 2 || clause.each || clause.as !== undefined) return true;
    const fixes = [
      fix("Count each tool on its own", { at: clause.amount.span.start, text: "each " }),
      fix("Count all of them together", {
        at: nameOffset(rule, clause),
        text: ` as ${this.#freshName(rule)}`,
      }),
    ];
    report(limitNeedsName, { count }, rule.source, span, { fixes });
    return false;
  }

  #freshName(rule: BoundRule): string {
    const [item] = rule.selection.node?.items ?? [];
    const stem = item?.kind === "group" ? item.value : "shared";
    let name = `${stem}_limit`;
    const taken = new Set([...this.#counters.values()].map((counter) => counter.name));
    for (let i = 2; taken.has(name); i++) name = `${stem}_limit_${i}`;
    return name;
  }

  /** Whether the counter is this limit's to use. */
  #counter(
    rule: BoundRule,
    clause: LimitClause,
    entry: LimitEntry,
    tool: string | undefined,
    place: Place,
  ): boolean {
    const { counter: name, on_deny: _, ...meaning } = entry;
    const { when: __, increment_from, ...shared } = meaning;
    // Shadow counters have a name space of their own.
    const key = `${rule.shadow ? "shadow" : ""} ${name}`;
    const own: Counter = {
      name,
      place,
      owner: clause.as === undefined ? (tool ?? "") : undefined,
      all: tool === undefined,
      meaning: meaningOf(entry, meaning),
      shared: { ...shared, sum: increment_from !== undefined },
    };
    const other = this.#counters.get(key);
    if (other === undefined) {
      this.#counters.set(key, own);
      return true;
    }
    const related = [
      { message: "The other limit is here.", source: other.place.source, span: other.place.span },
    ];
    if (own.owner !== undefined || other.owner !== undefined) {
      if (own.owner === other.owner && own.all === other.all && own.meaning === other.meaning) {
        return true;
      }
      const fixes = [
        fix("Give it a name of its own", {
          at: nameOffset(rule, clause),
          text: ` as ${this.#freshName(rule)}`,
        }),
      ];
      this.#lowering.report(counterClash, { counter: name }, rule.source, place.span, {
        related,
        ...(clause.as === undefined && !clause.each ? { fixes } : {}),
      });
      return false;
    }
    const what = differing(own.shared, other.shared);
    if (what === undefined) return true;
    const span = (clause.as as { span: Span }).span;
    this.#lowering.report(counterDisagrees, { name, what }, rule.source, span, { related });
    return false;
  }
}

/** Entries by their clause and tool: the same in the policy after an edit, as long as the rule is. */
const entries = new WeakMap<BoundRule, Map<LimitClause, Map<string | undefined, LimitEntry>>>();

function remembered(
  rule: BoundRule,
  clause: LimitClause,
  tool: string | undefined,
  make: () => LimitEntry,
): LimitEntry {
  const ofRule = entries.get(rule) ?? new Map<LimitClause, Map<string | undefined, LimitEntry>>();
  entries.set(rule, ofRule);
  const ofClause = ofRule.get(clause) ?? new Map<string | undefined, LimitEntry>();
  ofRule.set(clause, ofClause);
  const known = ofClause.get(tool);
  if (known !== undefined) return known;
  const entry = make();
  ofClause.set(tool, entry);
  return entry;
}

const meanings = new WeakMap<LimitEntry, string>();

function meaningOf(entry: LimitEntry, meaning: object): string {
  const known = meanings.get(entry);
  if (known !== undefined) return known;
  const text = canonicalJson(meaning as Json);
  meanings.set(entry, text);
  return text;
}

/** A counter that a limit uses. */
interface Counter {
  readonly name: string;
  readonly place: Place;
  /** The tool whose limit the name was made from; "" for all tools, undefined for a name of `as`. */
  readonly owner: string | undefined;
  readonly all: boolean;
  readonly meaning: string;
  readonly shared: SharedLimit;
}

type SharedLimit = Partial<LimitEntry> & { readonly sum: boolean };

function differing(a: SharedLimit, b: SharedLimit): string | undefined {
  if (a.sum !== b.sum || a.concurrent !== b.concurrent) return "kind of count";
  if (a.max !== b.max) return "amount";
  if (a.window !== b.window || a.algorithm !== b.algorithm || a.every !== b.every) return "window";
  const keys = (limit: SharedLimit): string => JSON.stringify(limit.key ?? []);
  return a.scope !== b.scope || keys(a) !== keys(b) ? "scope" : undefined;
}

function everyOf({ amount }: LimitClause): number | undefined {
  const every = amount.window?.every?.value;
  return amount.sliding && every !== 1 ? every : undefined;
}

/** The place of a limit: its statement, or its clause on another rule. */
export function clauseSpan(rule: BoundRule, clause: LimitClause): Span {
  return rule.kind === "limit" ? rule.node.span : clause.span;
}

/** Where `as NAME` belongs: after the condition of a statement. */
function nameOffset(rule: BoundRule, clause: LimitClause): number {
  const guard = rule.node.kind === "limit" ? rule.node.guard : undefined;
  return guard?.span.end ?? (clause.scope ?? clause.amount).span.end;
}

function fix(title: string, { at, text }: { readonly at: number; readonly text: string }): Fix {
  return { title, edits: [{ span: { start: at, end: at }, text }] };
}
