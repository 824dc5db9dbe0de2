import type { Claim, Condition } from "../../language/index.ts";
import type { ConditionEntry, Policy } from "../../policy/index.ts";
import type { Judge, JudgedCall } from "../host.ts";
import { lowerCondition } from "../lower/condition.ts";
import { toEntry } from "../lower/formula.ts";
import type { BoundClaim } from "../program.ts";
import type { Type } from "../tools/types.ts";
import { type CallFacts, findCall, judgedBy, partFor, type Reason } from "./call.ts";
import { encode } from "./encode.ts";
import { all, type Formula, TRUE } from "./formula.ts";
import { closingGlobs, findName, namesOf } from "./names.ts";
import { bothOf, callsOf, type Outcomes, outcomesOf } from "./outcomes.ts";

/** A claim, and whether it holds of every call. Limits are left aside: they may have room or not. */
export interface ClaimResult {
  readonly claim: BoundClaim;
  readonly verdict: ClaimVerdict;
}

export type ClaimVerdict =
  | { readonly kind: "proved" }
  /** The engine decides this call against the claim. */
  | { readonly kind: "refuted"; readonly call: JudgedCall; readonly outcome: "allow" | "ask" }
  | { readonly kind: "undecided"; readonly tool: string; readonly why: Reason };

export interface ClaimWorld {
  /** The labels that are declared; absent where grants may have any. */
  readonly labels?: CallFacts["labels"];
  /** The one grant that calls; absent for every grant. */
  readonly grant?: JudgedCall["grant"];
  /** All that a call must pass: a guard's first. */
  readonly policies: readonly Policy[];
  readonly judge: Judge | undefined;
  /** The type of a tool's arguments by the tool list. */
  readonly typeOf: (tool: string) => Type | undefined;
}

/** Proves or refutes a claim whose names were found. */
export function proveClaim(claim: BoundClaim, world: ClaimWorld): ClaimVerdict {
  return proveFor(claim, claim.selection.names, world);
}

/** The same of the tools named, whatever the claim's own targets come to. */
export function proveFor(
  claim: BoundClaim,
  tools: readonly string[],
  world: ClaimWorld,
): ClaimVerdict {
  let undecided: ClaimVerdict | undefined;
  for (const tool of [...tools, ...toolsToCome(claim, world)]) {
    const verdict = verdictOn(claim, tool, world);
    if (verdict.kind === "refuted") return verdict;
    if (verdict.kind === "undecided") undecided ??= verdict;
  }
  return undecided ?? { kind: "proved" };
}

/** What was found out of a claim and a tool, by all that it depends on; a kept claim is the same node after an edit. */
const known = new WeakMap<
  Claim,
  Map<string, { readonly by: string; readonly verdict: ClaimVerdict }>
>();

function verdictOn(claim: BoundClaim, tool: string, world: ClaimWorld): ClaimVerdict {
  const { labels, grant, policies, judge } = world;
  const parts = policies.map((policy) => partFor(policy, tool, { limits: false }));
  const declared = labels && [...labels].map(([name, { values }]) => [name, values]);
  const condition = claim.condition === undefined ? undefined : entryOf(claim.condition);
  const by = JSON.stringify([parts, declared, grant, condition, judge === undefined]);
  let byTool = known.get(claim.node);
  if (byTool === undefined) {
    byTool = new Map();
    known.set(claim.node, byTool);
  }
  const before = byTool.get(tool);
  if (before?.by === by) return before.verdict;
  const usual = world.typeOf(tool);
  const verdict = judgeClaim({
    claim: claim.node.claim,
    ...(condition !== undefined && { condition }),
    policies: parts,
    facts: {
      tool,
      ...(labels !== undefined && { labels }),
      ...(grant !== undefined && { grant }),
      ...(usual !== undefined && { usual }),
    },
    judge,
  });
  byTool.set(tool, { by, verdict });
  return verdict;
}

function entryOf(condition: Condition): ConditionEntry {
  // What cannot be lowered is reported by the type check.
  return toEntry(lowerCondition(condition, () => undefined));
}

/** A claim about one tool, in the terms of the policy format. */
export interface ToolClaim {
  readonly claim: Claim["claim"];
  readonly condition?: ConditionEntry;
  /** All that a call must pass, without limits and pins. */
  readonly policies: readonly Policy[];
  readonly facts: CallFacts;
  readonly judge: Judge | undefined;
}

/** Proves or refutes a claim about one tool. */
export function judgeClaim({ claim, condition, policies, facts, judge }: ToolClaim): ClaimVerdict {
  const { tool } = facts;
  const outcomes = policies
    .map((policy) => outcomesOf(policy, tool, { limits: false }))
    .reduce(bothOf);
  const meets: Formula = condition === undefined ? TRUE : encode(condition).isTrue;
  let decided: "allow" | "ask" = "allow";
  const confirm = (call: JudgedCall): boolean => {
    if (judge === undefined) return false;
    if (condition !== undefined && judge.call(onlyIf(tool, condition), call) !== "allow") {
      return false;
    }
    const outcome = judgedBy(judge, policies, call);
    if (outcome !== "allow" && (outcome !== "ask" || claim === "never allow")) return false;
    decided = outcome;
    return true;
  };
  const against = all([meets, callsAgainst(claim, outcomes)]);
  const found = findCall(against, outcomes.validated, facts, confirm);
  if (found.kind === "none") return { kind: "proved" };
  if (found.kind === "undecided") return { kind: "undecided", tool, why: found.why };
  return { kind: "refuted", call: found.call, outcome: decided };
}

function callsAgainst(claim: Claim["claim"], outcomes: Outcomes): Formula {
  return claim === "never allow" ? callsOf(outcomes, "allow") : outcomes.passes;
}

/** A policy that allows the calls that meet a condition, so that the engine says whether one does. */
export function onlyIf(tool: string, condition: ConditionEntry): Policy {
  const entry = { require: [{ conditions: [condition] }] };
  return { version: "1", default: "deny", tools: Object.fromEntries([[tool, entry]]) };
}

// Tools to come ---------------------------------------------------------------------------------------

/** Under a default that allows, a claim's globs speak of tools that come later too: one that no rule covers. */
function toolsToCome({ selection }: BoundClaim, { policies }: ClaimWorld): readonly string[] {
  if (policies.some((one) => one.default === "deny" || one.unlisted !== undefined)) return [];
  const closed = policies.map(closingGlobs).flatMap(({ hidden, denied }) => [...hidden, ...denied]);
  const excepted = selection.except.flatMap(({ node }) =>
    node.kind === "name" || node.kind === "glob" ? [node.value] : [],
  );
  const named = policies.flatMap(({ tools = {} }) => Object.keys(tools));
  return selection.globs.flatMap((glob) => {
    const inside = [...namesOf([glob], true), ...namesOf([...closed, ...excepted], false)];
    return findName(inside, named) ?? [];
  });
}
