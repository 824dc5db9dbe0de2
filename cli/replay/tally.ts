import type { Json } from "../../policy/index.ts";
import type { NewDecision, PastDecision, PastOther, PastRequest } from "../../runtime/index.ts";

/** Whether more or less is done than was; `other`: it is refused in another way. */
export type Direction = "wider" | "narrower" | "other";

/** Calls of one tool that are decided otherwise than they were, by one rule. */
export interface Change {
  readonly tool: string;
  readonly before: PastDecision["outcome"];
  readonly after: NewDecision["outcome"];
  readonly direction: Direction;
  /** What decides now; of a call that is allowed now, what refused it then. */
  readonly rule: string;
  readonly source?: string;
  count: number;
  readonly examples: Example[];
}

export interface Example {
  /** Of the recorded decision; absent in a list of calls. */
  readonly id?: string;
  readonly place: string;
  readonly time: string;
  readonly grant: string;
  readonly arguments: Json;
  readonly before: PastDecision;
  readonly after: NewDecision;
  readonly shadow?: PastDecision;
}

/** Calls that were done although something that only looked on would have kept them from it. */
export interface Watched {
  readonly tool: string;
  readonly outcome: PastDecision["outcome"];
  readonly rule: string;
  count: number;
  /** How many of them the policy decides so, too. */
  same: number;
}

/** What was not judged, and how often. */
export interface Aside {
  /** Requests other than calls of tools. */
  requests: number;
  /** Refused before any policy was asked. */
  refused: number;
  /** Calls of other servers or grants. */
  others: number;
  /** Calls whose records lack something; without `--skip-incomplete` there are none. */
  incomplete: number;
  /** By the rule of what refused them whatever the policy said. */
  readonly circumstances: Record<string, number>;
}

/** Groups that are told apart: names of tools come from clients. */
const MAX_GROUPS = 10_000;

/** Counts what comes of past calls. */
export class Tally {
  calls = 0;
  changed = 0;
  from: string | undefined;
  to: string | undefined;
  /** Calls that were refused by a limit which the policy still has, and are allowed now. */
  recounted = 0;
  readonly aside: Aside = {
    requests: 0,
    refused: 0,
    others: 0,
    incomplete: 0,
    circumstances: Object.create(null),
  };
  readonly #examples: number;
  readonly #changes = new Map<string, Change>();
  readonly #watched = new Map<string, Watched>();

  /** `examples`: how many calls are kept of each change. */
  constructor(examples: number) {
    this.#examples = examples;
  }

  /** Those of most calls first. */
  get changes(): readonly Change[] {
    return [...this.#changes.values()].sort((a, b) => b.count - a.count);
  }

  get watched(): readonly Watched[] {
    return [...this.#watched.values()].sort((a, b) => b.count - a.count);
  }

  judged(past: PastRequest, after: NewDecision): void {
    this.calls++;
    this.from ??= past.time;
    this.to = past.time;
    if (past.shadow !== undefined) this.#watch(past, past.shadow, after);
    if (sameOutcome(past.done, after)) return;
    this.changed++;
    this.#change(past, after);
  }

  circumstance(rule: string): void {
    const { circumstances } = this.aside;
    circumstances[rule] = (circumstances[rule] ?? 0) + 1;
  }

  other({ what, count }: PastOther): void {
    if (what === "request") this.aside.requests += count;
    else if (what === "refused") this.aside.refused += count;
    else this.aside.incomplete += count;
  }

  #change(past: PastRequest, after: NewDecision): void {
    const { tool, done: before, known, grant, id, shadow, place, time } = past;
    const by = after.outcome === "allow" ? before : after;
    const change = groupOf(
      this.#changes,
      tool,
      [before.outcome, after.outcome, by.rule],
      (name) => ({
        tool: name,
        before: before.outcome,
        after: after.outcome,
        direction: directionOf(before.outcome, after.outcome),
        rule: by.rule,
        ...(by.source !== undefined && { source: by.source }),
        count: 0,
        examples: [],
      }),
    );
    change.count++;
    if (change.examples.length >= this.#examples) return;
    change.examples.push({
      ...(id !== undefined && { id }),
      place,
      time,
      grant: grant.name,
      arguments: known.args,
      before,
      after,
      ...(shadow !== undefined && { shadow }),
    });
  }

  #watch({ tool }: PastRequest, { outcome, rule }: PastDecision, after: NewDecision): void {
    const watched = groupOf(this.#watched, tool, [outcome, rule], (name) => ({
      tool: name,
      outcome,
      rule,
      count: 0,
      same: 0,
    }));
    watched.count++;
    if (sameOutcome({ outcome }, after)) watched.same++;
  }
}

/** The group of a tool; once there are many, others of the same kind are one. */
function groupOf<T>(
  groups: Map<string, T>,
  tool: string,
  kind: readonly string[],
  make: (tool: string) => T,
): T {
  const named = JSON.stringify([tool, ...kind]);
  const known = groups.get(named);
  if (known !== undefined) return known;
  const [key, name] =
    groups.size < MAX_GROUPS ? [named, tool] : [JSON.stringify(["", ...kind]), "(others)"];
  const group = groups.get(key) ?? make(name);
  groups.set(key, group);
  return group;
}

/** A call that does not reach the policy is refused. */
function sameOutcome(
  { outcome }: Pick<PastDecision, "outcome">,
  after: Pick<NewDecision, "outcome">,
): boolean {
  return outcome === (after.outcome === "refuse" ? "deny" : after.outcome);
}

const RANK = { allow: 2, ask: 1, deny: 0, hide: 0, refuse: 0 } as const;

function directionOf(before: keyof typeof RANK, after: keyof typeof RANK): Direction {
  const difference = RANK[after] - RANK[before];
  return difference > 0 ? "wider" : difference < 0 ? "narrower" : "other";
}
