import {
  type ConditionEntry,
  canonicalJson,
  type Json,
  type LimitEntry,
  type Policy,
} from "../../policy/index.ts";
import { conditionsText } from "../raise/conditions.ts";
import { amountText, scopeText } from "../raise/limits.ts";
import { findCall } from "./call.ts";
import type { Change, ToolDiff } from "./diff.ts";
import { passingBoth } from "./diff-calls.ts";
import { encodeAll } from "./encode.ts";
import { all } from "./formula.ts";
import { refusalOf } from "./outcomes.ts";

/** Limits that bind more, less or otherwise on calls that both policies let pass. */
export function limitChanges(diff: ToolDiff): void {
  const { tool, before, after } = diff;
  for (const [old, now, name] of [
    [before.tools?.[tool]?.limits, after.tools?.[tool]?.limits, tool],
    [before.all_tools?.limits, after.all_tools?.limits, "*"],
  ] as const) {
    // A limit on all tools is compared once, on the first of them that a call of passes both.
    if (name === "*" && diff.changes.some((one) => one.what === "limit" && one.name === "*")) {
      continue;
    }
    const [one, other] = [
      counted(old, name, diff.whole.before),
      counted(now, name, diff.whole.after),
    ];
    for (const { was, is } of pairsOf(one, other)) {
      const call = callFor(diff, ((is ?? was) as Counted).limit);
      if (call === undefined) continue;
      const isLess = is !== undefined && (was === undefined || is.limit.max < was.limit.max);
      diff.changes.push({
        of: "tool",
        name,
        what: "limit",
        before: was === undefined ? "no limit" : textOf(was),
        after: is === undefined ? "no limit" : textOf(is),
        direction: isLess ? "narrower" : "wider",
        ...call,
      });
    }
  }
}

/** A call that a limit counts; undefined where no call is. */
function callFor(diff: ToolDiff, { when = [] }: LimitEntry): Pick<Change, "call"> | undefined {
  const { tool, judge, usual, labels } = diff;
  const { formula, validated } = passingBoth(diff);
  const found = findCall(
    all([formula, encodeAll(when).isTrue]),
    validated,
    { tool, ...(usual !== undefined && { usual }), ...(labels !== undefined && { labels }) },
    (call) => [diff.before, diff.after].every((one) => judge.call(one, call) !== "deny"),
  );
  if (found.kind === "none") return undefined;
  return found.kind === "call" ? { call: found.call } : {};
}

interface Counted {
  readonly limit: LimitEntry;
  /** The other tools whose calls the same counter counts. */
  readonly sharers: readonly string[];
}

function counted(
  limits: readonly LimitEntry[] = [],
  tool: string,
  policy: Policy,
): readonly Counted[] {
  return limits
    .filter(({ shadow }) => shadow !== true)
    .map((limit) => ({
      limit,
      sharers: (countersOf(policy).get(limit.counter) ?? []).filter((name) => name !== tool),
    }));
}

const counters = new WeakMap<Policy, ReadonlyMap<string, readonly string[]>>();

/** The tools of each counter. */
function countersOf(policy: Policy): ReadonlyMap<string, readonly string[]> {
  let found = counters.get(policy);
  if (found === undefined) {
    const made = new Map<string, string[]>();
    for (const [tool, { limits = [] }] of Object.entries(policy.tools ?? {})) {
      for (const { counter, shadow } of limits) {
        if (shadow !== true) made.set(counter, [...(made.get(counter) ?? []), tool]);
      }
    }
    found = made;
    counters.set(policy, found);
  }
  return found;
}

interface Pair {
  readonly was?: Counted;
  readonly is?: Counted;
}

/** Limits that count the same are one limit, whatever its counter is called; those that are alike are left out. */
function pairsOf(before: readonly Counted[], after: readonly Counted[]): readonly Pair[] {
  const old = tightest(before);
  const pairs: Pair[] = [];
  for (const [key, is] of tightest(after)) {
    const was = old.get(key);
    old.delete(key);
    if (was === undefined) pairs.push({ is });
    else if (was.limit.max !== is.limit.max) pairs.push({ was, is });
  }
  return [...[...old.values()].map((was) => ({ was })), ...pairs];
}

/** Of limits that count the same, the one that binds. */
function tightest(all: readonly Counted[]): Map<string, Counted> {
  const found = new Map<string, Counted>();
  for (const one of all) {
    const key = countsOf(one);
    const other = found.get(key);
    if (other === undefined || one.limit.max < other.limit.max) found.set(key, one);
  }
  return found;
}

function countsOf({ limit, sharers }: Counted): string {
  const { max: _max, on_deny: _message, counter: _counter, ...what } = limit;
  return canonicalJson([what as unknown as Json, [...new Set(sharers)].sort()]);
}

function textOf({ limit, sharers }: Counted): string {
  const { when = [] } = limit;
  const parts = [
    amountText(limit),
    scopeText(limit),
    ...(when.length === 0 ? [] : [`if ${conditionText(when)}`]),
    ...(sharers.length === 0 ? [] : [`together with ${sharers.join(", ")}`]),
  ];
  return parts.join(" ");
}

function conditionText(when: readonly ConditionEntry[]): string {
  try {
    return conditionsText(when);
  } catch {
    // Not every condition of a policy can be written in the language.
    return JSON.stringify(when);
  }
}

/** Pins that came or went. A definition that has changed is open only where the new one is pinned. */
export function pinChanges(before: Policy, after: Policy, changes: Change[]): void {
  for (const [tool, { pin: is }] of Object.entries(after.tools ?? {})) {
    const old = before.tools ?? {};
    if (!Object.hasOwn(old, tool)) continue;
    const was = old[tool]?.pin;
    if (
      was === is ||
      refusalOf(before, tool) !== undefined ||
      refusalOf(after, tool) !== undefined
    ) {
      continue;
    }
    changes.push({
      of: "tool",
      name: tool,
      what: "pin",
      before: was === undefined ? "not pinned" : `pinned to ${was.slice(0, 15)}…`,
      after: is === undefined ? "not pinned" : `pinned to ${is.slice(0, 15)}…`,
      direction: was === undefined ? "narrower" : "wider",
    });
  }
}
