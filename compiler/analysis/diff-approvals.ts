import type { AskEntry, Policy } from "../../policy/index.ts";
import type { Judge, JudgedCall } from "../host.ts";
import { findCall } from "./call.ts";
import { onlyIf } from "./claims.ts";
import type { Change, ToolDiff } from "./diff.ts";
import { encodeAll } from "./encode.ts";
import { all, any, type Formula, not } from "./formula.ts";
import { callsOf, outcomesOf, toolOf } from "./outcomes.ts";

/** How long a call waits for a person when no rule says; the engine's. */
const USUAL_SECONDS = 600;

/** Who is asked about calls: absent means anybody. */
interface Need {
  readonly approvers: readonly string[] | undefined;
  readonly seconds: number;
}

/** Calls that wait for other people than before, or for another time. */
export function approvalChanges(diff: ToolDiff): void {
  const { tool, before, after, judge, usual, labels } = diff;
  const [old, now] = [askingIn(before, tool), askingIn(after, tool)];
  const [was, is] = [before, after].map((one) => outcomesOf(one, tool, { limits: true }));
  if (was === undefined || is === undefined) return;
  const asked = all([callsOf(was, "ask"), callsOf(is, "ask")]);
  const seen = new Set<string>();
  for (const key of new Set([...old, ...now].map(keyOf))) {
    const [a, b] = [old, now].map((entries) => askedBy(key, entries)) as [Formula, Formula];
    for (const difference of [all([a, not(b)]), all([b, not(a)])]) {
      const found = findCall(
        all([asked, difference]),
        [...was.validated, ...is.validated],
        { tool, ...(usual !== undefined && { usual }), ...(labels !== undefined && { labels }) },
        (call) => judge.call(before, call) === "ask" && judge.call(after, call) === "ask",
      );
      if (found.kind === "undecided") {
        diff.undecided.push({ name: tool, before: "ask", after: "ask", why: found.why });
      }
      if (found.kind !== "call") continue;
      const change = changeAt(found.call, tool, old, now, judge);
      const text = `${change.before} ${change.after}`;
      if (change.before === change.after || seen.has(text)) continue;
      seen.add(text);
      diff.changes.push(change);
    }
  }
}

function askingIn(policy: Policy, tool: string): readonly AskEntry[] {
  return (toolOf(policy, tool).ask_if ?? []).filter(({ shadow }) => shadow !== true);
}

function keyOf({ approvers, timeout_seconds }: AskEntry): string {
  const groups = approvers === undefined ? null : [...new Set(approvers)].sort();
  return JSON.stringify([groups, timeout_seconds ?? USUAL_SECONDS]);
}

function askedBy(key: string, entries: readonly AskEntry[]): Formula {
  return any(
    entries
      .filter((entry) => keyOf(entry) === key)
      .map(({ conditions }) => encodeAll(conditions).isTrue),
  );
}

function changeAt(
  call: JudgedCall,
  tool: string,
  before: readonly AskEntry[],
  after: readonly AskEntry[],
  judge: Judge,
): Change {
  const needs = (entries: readonly AskEntry[]): readonly Need[] =>
    needsOf(
      entries.filter(
        ({ conditions }) => judge.call(onlyIf(tool, { all: conditions }), call) === "allow",
      ),
    );
  const [old, now] = [needs(before), needs(after)];
  return {
    of: "tool",
    name: tool,
    what: "approval",
    before: textOf(old),
    after: textOf(now),
    direction: isNarrower(old, now) ? "narrower" : "wider",
    call,
  };
}

/** One decision serves all entries that name the same approvers, in the shortest of their times. */
function needsOf(entries: readonly AskEntry[]): readonly Need[] {
  const needs = new Map<string, Need>();
  for (const { approvers, timeout_seconds: seconds = USUAL_SECONDS } of entries) {
    const groups = approvers === undefined ? undefined : [...new Set(approvers)].sort();
    const key = JSON.stringify(groups ?? null);
    const known = needs.get(key);
    needs.set(key, { approvers: groups, seconds: Math.min(seconds, known?.seconds ?? seconds) });
  }
  return [...needs.keys()].sort().map((key) => needs.get(key) as Need);
}

/** Whether every approval that was needed is needed still, of no more people and in no more time. */
function isNarrower(before: readonly Need[], after: readonly Need[]): boolean {
  return before.every((old) =>
    after.some(
      (now) =>
        now.seconds <= old.seconds &&
        (old.approvers === undefined ||
          now.approvers?.every((group) => old.approvers?.includes(group)) === true),
    ),
  );
}

function textOf(needs: readonly Need[]): string {
  const parts = needs.map(({ approvers, seconds }) => {
    const by = approvers === undefined ? "anybody" : approvers.join(" or ");
    return `${by} within ${durationText(seconds)}`;
  });
  return `ask ${parts.join(" and ")}`;
}

function durationText(seconds: number): string {
  if (seconds % 3_600 === 0) return `${seconds / 3_600}h`;
  return seconds % 60 === 0 ? `${seconds / 60}m` : `${seconds}s`;
}
