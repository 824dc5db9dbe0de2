import { canonicalJson } from "./canonical.ts";
import type { Problem } from "./json.ts";
import { MICRO, toMicro } from "./micro.ts";
import { pointer } from "./paths.ts";
import type { CalendarUnit, Json, LimitEntry, Policy } from "./types.ts";

const UNIT_MS: Readonly<Record<CalendarUnit, number>> = {
  second: 1_000,
  minute: 60_000,
  hour: 3_600_000,
  day: 86_400_000,
  week: 604_800_000,
  // Only sliding windows have a length; there a month is 30 days.
  month: 2_592_000_000,
};

/** The length of a sliding window in milliseconds. */
export function slidingMs(unit: CalendarUnit, every = 1): number {
  return UNIT_MS[unit] * every;
}

/** What is wrong with the limits of a policy that has the right shape. */
export function limitProblems(policy: Policy): readonly Problem[] {
  const problems: Problem[] = [];
  const shared = (policy.all_tools?.limits ?? []).map(
    (limit, index) => [limit, `/all_tools/limits/${index}`] as const,
  );
  checkList(shared, [], problems);
  for (const [name, tool] of Object.entries(policy.tools ?? {})) {
    const own = (tool.limits ?? []).map(
      (limit, index) => [limit, pointer("tools", name, "limits", index)] as const,
    );
    checkList(own, shared, problems);
  }
  return problems;
}

type Placed = readonly [limit: LimitEntry, at: string];

/** Checks each limit of one list, and that those of one call that share a counter agree. */
function checkList(own: readonly Placed[], shared: readonly Placed[], problems: Problem[]): void {
  const byCounter = new Map(shared.map(([limit]) => [counterOf(limit), limit]));
  const seen = new Set<string>();
  for (const [limit, at] of own) {
    if (limit.increment_from !== undefined) {
      const max = toMicro(limit.max);
      if (typeof max === "string") {
        problems.push({
          pointer: `${at}/max`,
          message: `\`max\` of a sum ${max}; sums are counted exactly, in steps of ${1 / MICRO}.`,
        });
      }
    }
    const text = canonicalJson(limit as unknown as Json);
    const other = byCounter.get(counterOf(limit));
    if (seen.has(text)) {
      problems.push({
        pointer: at,
        message: `The counter \`${limit.counter}\` stands here twice with the same limit.`,
      });
    } else if (other !== undefined && agreement(other) !== agreement(limit)) {
      problems.push({
        pointer: at,
        message: `Two limits of one call use the counter \`${limit.counter}\` and differ in what they count, their maximum, window, scope or key; give one of them another name.`,
      });
    }
    seen.add(text);
    byCounter.set(counterOf(limit), limit);
  }
}

/** Shadow counters have names of their own. */
function counterOf(limit: LimitEntry): string {
  return `${limit.shadow ? "shadow" : ""} ${limit.counter}`;
}

/** What limits that share a counter have in common; each may sum an argument of its own. */
function agreement(limit: LimitEntry): string {
  return canonicalJson([
    limit.window ?? null,
    limit.algorithm ?? null,
    limit.every ?? null,
    limit.concurrent ?? false,
    limit.increment_from !== undefined,
    limit.max,
    limit.scope,
    (limit.key ?? []) as Json,
  ]);
}
