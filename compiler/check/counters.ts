import type { LimitClause, WindowUnit } from "../../language/index.ts";
import { conditionKey } from "../analysis/operands.ts";
import type { BoundGuard, BoundRule, Program } from "../program.ts";
import { limitClauses } from "./standing.ts";
import { pathText } from "./typing/paths.ts";

/** What one limit counts, and how far. */
export interface Counter {
  readonly rule: BoundRule;
  readonly clause: LimitClause;
  /** True when another limit adds to the same counter, by its name. */
  readonly shared: boolean;
  /** The tools whose calls it counts; `all` of `limit all`. */
  readonly tools: readonly string[] | "all";
  /** True when each tool has a counter of its own. */
  readonly each: boolean;
  /** The same text for the same guard; empty where it counts every call. */
  readonly guard: string;
  readonly kind: "count" | "sum" | "concurrent";
  /** What is added up. */
  readonly sum?: string;
  readonly max: number;
  readonly window?: {
    readonly unit: WindowUnit;
    readonly every: number;
    readonly sliding: boolean;
  };
  readonly scope: "grant" | "session" | "server";
  /** The arguments whose values have counters of their own. */
  readonly keys: readonly string[];
}

/** Every limit that is in force; shadow limits bound nothing. */
export function countersOf(program: Program): readonly Counter[] {
  let counters = known.get(program);
  if (counters === undefined) {
    counters = makeCounters(program);
    known.set(program, counters);
  }
  return counters;
}

const known = new WeakMap<Program, readonly Counter[]>();

/** The limits that may count calls which a limit counts: those of all calls, and those of its first tool. */
export function countersBeside(program: Program, counter: Counter): readonly Counter[] {
  let found = beside.get(program);
  if (found === undefined) {
    found = { global: [], byTool: new Map() };
    for (const each of countersOf(program)) {
      if (each.tools === "all") found.global.push(each);
      else for (const tool of each.tools) add(found.byTool, tool, each);
    }
    beside.set(program, found);
  }
  const first = counter.tools === "all" ? undefined : counter.tools[0];
  const ofTool = first === undefined ? undefined : found.byTool.get(first);
  return [...found.global, ...(ofTool ?? [])];
}

const beside = new WeakMap<
  Program,
  { readonly global: Counter[]; readonly byTool: Map<string, Counter[]> }
>();

function add(byTool: Map<string, Counter[]>, tool: string, counter: Counter): void {
  const list = byTool.get(tool);
  if (list === undefined) byTool.set(tool, [counter]);
  else list.push(counter);
}

function makeCounters(program: Program): readonly Counter[] {
  const clauses = program.rules.flatMap((rule) =>
    rule.resolved && !rule.shadow && rule.of === "tool"
      ? limitClauses(rule).map((clause) => ({ rule, clause }))
      : [],
  );
  const users = new Map<string, number>();
  for (const { clause } of clauses) {
    const name = clause.as?.value;
    if (name !== undefined) users.set(name, (users.get(name) ?? 0) + 1);
  }
  return clauses.map(({ rule, clause }) =>
    counterOf(rule, clause, (users.get(clause.as?.value ?? "") ?? 0) > 1),
  );
}

function counterOf(rule: BoundRule, clause: LimitClause, shared: boolean): Counter {
  const { amount, scope } = clause;
  const words = scope?.keys.flatMap((key) => (key.kind === "scope" ? [key.value] : [])) ?? [];
  const { window } = amount;
  return {
    rule,
    clause,
    shared,
    tools: rule.all ? "all" : rule.selection.names,
    each: clause.each || (!rule.all && rule.selection.names.length === 1 && !shared),
    guard: guardKey(rule.guard),
    kind: amount.kind,
    ...(amount.path === undefined ? {} : { sum: pathText(amount.path) }),
    max: amount.max.value,
    ...(window === undefined
      ? {}
      : {
          window: {
            unit: window.unit,
            every: window.every?.value ?? 1,
            sliding: amount.sliding,
          },
        }),
    scope: words[0] ?? "grant",
    keys: (scope?.keys.flatMap((key) => (key.kind === "path" ? [pathText(key)] : [])) ?? []).sort(),
  };
}

/** The same text for guards that say the same in the same order; empty for none. */
export function guardKey(guard: BoundGuard): string {
  if (guard.always) return "";
  let key = guardKeys.get(guard);
  if (key === undefined) {
    key = makeGuardKey(guard);
    guardKeys.set(guard, key);
  }
  return key;
}

const guardKeys = new WeakMap<BoundGuard, string>();

function makeGuardKey(guard: BoundGuard): string {
  const { own } = guard;
  const last = own === undefined ? "" : `${own.kind} ${conditionKey(own.condition)}`;
  return guard.when.length === 0
    ? last
    : `${JSON.stringify(guard.when.map(conditionKey).sort())} ${last}`;
}

/** Whether one limit counts every call that the other counts, whatever their scopes. */
export function covers(a: Counter, b: Counter): boolean {
  if (a.guard !== "" && a.guard !== b.guard) return false;
  if (a.tools === "all") return true;
  if (b.tools === "all") return false;
  const tools = new Set(a.tools);
  return b.tools.every((tool) => tools.has(tool));
}

const BREADTH = { session: 0, grant: 1, server: 2 } as const;

/** Whether calls that share a counter of `b` share one of `a` too, tools aside. */
export function noFiner(a: Counter, b: Counter): boolean {
  return BREADTH[a.scope] >= BREADTH[b.scope] && a.keys.every((key) => b.keys.includes(key));
}

/** As it is written, on one line and without the word `limit`. */
export function counterText(counter: Counter): string {
  return counter.rule.source
    .slice(counter.clause.span)
    .replace(/\s+/g, " ")
    .replace(/^limit /, "");
}
