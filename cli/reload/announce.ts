import type { Policy } from "../../policy/index.ts";
import { describeRemoved, type Removed, removed } from "./removed.ts";

/** Policies by whom they are for: what a person would call it. */
export type InForce = ReadonlyMap<string, Policy>;

/** What a reload has changed, a sentence for the operator. */
export function announcement(file: string, before: InForce, after: InForce): string {
  const counts: Record<keyof Removed, number> = { denies: 0, hides: 0, limits: 0, asks: 0 };
  const pairs = new Set<string>();
  for (const [whom, policy] of after) {
    const old = before.get(whom);
    if (old === undefined || old === policy) continue;
    // The same change of one file, for many grants, is one.
    const pair = JSON.stringify([old, policy]);
    if (pairs.has(pair)) continue;
    pairs.add(pair);
    const gone = removed(old, policy);
    for (const what of Object.keys(counts) as (keyof Removed)[]) counts[what] += gone[what];
  }
  const less = describeRemoved(counts);
  return `\`${file}\` was loaded anew${less === undefined ? "" : `; it has ${less} less than before`}.`;
}
