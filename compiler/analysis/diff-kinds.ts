import type { KindPolicy, Policy } from "../../policy/index.ts";
import type { Judge, JudgedOutcome } from "../host.ts";
import type { Change, Undecided } from "./diff.ts";
import { findName, namesOf } from "./names.ts";
import type { Membership } from "./texts.ts";

const KINDS = [
  ["resources", "resource", "^[a-z]+://[a-z]+(?:/[a-z0-9]+)*$"],
  ["prompts", "prompt", "^[a-z][a-z0-9_]*$"],
] as const;

const OUTCOMES = ["allow", "deny", "hide"] as const;
type KindOutcome = (typeof OUTCOMES)[number];

const RANK: Readonly<Record<JudgedOutcome, number>> = { hide: 0, deny: 1, ask: 2, allow: 3 };

/** Resources and prompts that are open to other names than before. */
export function kindChanges(
  before: Policy,
  after: Policy,
  judge: Judge,
  changes: Change[],
  undecided: Undecided[],
): void {
  for (const [kind, of, readable] of KINDS) {
    for (const was of OUTCOMES) {
      for (const is of OUTCOMES) {
        if (was === is) continue;
        const ways = waysTo(before[kind], was).flatMap((one) =>
          waysTo(after[kind], is).map((other) => [...one, ...other]),
        );
        for (const memberships of ways) {
          const name = findName(memberships, [], readable);
          if (name === undefined) continue;
          if (judge.kind(before, kind, name) !== was || judge.kind(after, kind, name) !== is) {
            // Unusual URIs are refused on both sides.
            if (judge.kind(before, kind, name) === judge.kind(after, kind, name)) continue;
            undecided.push({ name: `${of} ${name}`, before: was, after: is, why: "opaque" });
            continue;
          }
          const direction = RANK[is] > RANK[was] ? "wider" : "narrower";
          changes.push({ of, name, what: "decision", before: was, after: is, direction });
          break;
        }
      }
    }
  }
}

/** The names that get an outcome: each way is one set of memberships. */
function waysTo(policy: KindPolicy | undefined, outcome: KindOutcome): readonly Membership[][] {
  // What is not governed is open.
  if (policy === undefined) return outcome === "allow" ? [[]] : [];
  const { hide = [], deny = [], allow = [] } = policy;
  const inside = (globs: readonly string[]): Membership[] => namesOf(globs, true, false);
  const outside = (globs: readonly string[]): Membership[] =>
    globs.length === 0 ? [] : namesOf(globs, false, false);
  if (outcome === "hide") return hide.length === 0 ? [] : [inside(hide)];
  const shown = outside(hide);
  if (outcome === "allow") {
    if (policy.default === "allow") return [[...shown, ...outside(deny)]];
    return allow.length === 0 ? [] : [[...shown, ...outside(deny), ...inside(allow)]];
  }
  const denied = deny.length === 0 ? [] : [[...shown, ...inside(deny)]];
  if (policy.default === "allow") return denied;
  return [...denied, [...shown, ...outside(allow)]];
}
