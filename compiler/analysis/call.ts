import type { Json, Policy, ToolPolicy } from "../../policy/index.ts";
import type { Judge, JudgedCall, JudgedOutcome } from "../host.ts";
import type { Type } from "../tools/types.ts";
import type { Domains } from "./branch.ts";
import { domainsFor, type Known, within } from "./domains.ts";
import { Effort } from "./effort.ts";
import { all, type Formula, literal, valueAt } from "./formula.ts";
import { type Outcomes, toolOf } from "./outcomes.ts";
import type { Scene } from "./satisfied.ts";
import { solve } from "./solve.ts";
import { EVERYTHING } from "./values.ts";

/** Why something was neither proved nor refuted: too many steps, or a condition that is not taken apart. */
export type Reason = "effort" | "opaque";

export type FoundCall =
  /** There is no such call: a proof. */
  | { readonly kind: "none" }
  /** It was put to the engine, which agrees. */
  | { readonly kind: "call"; readonly call: JudgedCall }
  | { readonly kind: "undecided"; readonly why: Reason };

/** What is known of the calls of one tool, beside the policies. */
export interface CallFacts {
  readonly tool: string;
  /** The type of its arguments by the tool list, which calls need not keep to. */
  readonly usual?: Type;
  readonly labels?: Known["labels"];
  /** The one grant that calls. */
  readonly grant?: Known["grant"];
}

/** Steps on one question about one tool. */
const STEPS = 120_000;

/**
 * Looks for a call of a tool that satisfies a formula and that the engine, asked by `confirm`, decides as expected.
 *
 * @param validated what policies validate arguments against
 */
export function findCall(
  formula: Formula,
  validated: Outcomes["validated"],
  { tool, usual, labels, grant }: CallFacts,
  confirm: (call: JudgedCall) => boolean,
): FoundCall {
  if (formula.kind === "false") return { kind: "none" };
  const known: Known = {
    ...(labels !== undefined && { labels }),
    ...(grant !== undefined && { grant }),
  };
  const schemas = validated.map(({ type, strict }) => domainsFor({ ...known, args: type, strict }));
  const exact =
    schemas.length > 0
      ? schemas.reduce(within)
      : domainsFor({ ...known, ...(usual !== undefined && { usual }) });
  const attempts: Domains[] = [exact];
  // Calls that keep to the schema read better, and are more likely to be made.
  if (schemas.length === 0 && usual !== undefined) {
    attempts.unshift(domainsFor({ ...known, args: usual, strict: true }));
  }
  const whole = all([formula, ...validated.flatMap(({ type }) => requiredOf(type))]);
  let undecided: Reason | undefined;
  for (const domains of attempts) {
    const answer = solve(whole, domains, new Effort(STEPS));
    if (answer.kind === "no") {
      if (domains === exact) return { kind: "none" };
      continue;
    }
    if (answer.kind === "perhaps") {
      undecided = answer.why;
      continue;
    }
    const made = callOf(tool, answer.scene);
    const call = grant === undefined ? made : { ...made, grant };
    if (confirm(call)) return { kind: "call", call };
    undecided = "opaque";
  }
  return { kind: "undecided", why: undecided ?? "opaque" };
}

/** Speaks of each argument that must be there: of two schemas, one may ask for what the other refuses. */
function requiredOf(type: Type): readonly Formula[] {
  if (type.kind !== "object") return [];
  return [...type.properties].flatMap(([name, { required }]) =>
    required ? [literal(valueAt(["args", name]), EVERYTHING)] : [],
  );
}

/** 2026-01-05T10:00Z: the time of a call that may come at any time. */
const USUAL_TIME = Date.UTC(2026, 0, 5, 10);

function callOf(tool: string, { args, grant, client, now }: Scene): JudgedCall {
  const { id, name, ...labels } = objectOf(grant);
  const texts = Object.entries(labels).filter((entry): entry is [string, string] =>
    isText(entry[1]),
  );
  return {
    tool,
    args: objectOf(args),
    grant: {
      id: isText(id) ? id : "local",
      name: isText(name) ? name : "local",
      labels: Object.fromEntries(texts),
    },
    ...(client !== undefined && client !== null && { client: objectOf(client) }),
    now: now ?? USUAL_TIME,
    anyTime: now === undefined,
  };
}

function isText(value: Json | undefined): value is string {
  return typeof value === "string";
}

function objectOf(value: Json | undefined): { readonly [key: string]: Json } {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return {};
  return value as { readonly [key: string]: Json };
}

/** The part of a policy that decides calls of one tool. Pinned definitions are taken to be the live ones. */
export function partFor(policy: Policy, tool: string, { limits }: { limits: boolean }): Policy {
  const { tools = {}, all_tools, ...rest } = policy;
  const listed = Object.hasOwn(tools, tool);
  const { pin: _pin, limits: own, ...rules } = toolOf(policy, tool);
  const entry: ToolPolicy = { ...rules, ...(limits && own !== undefined && { limits: own }) };
  return {
    ...rest,
    ...(limits && all_tools !== undefined && { all_tools }),
    tools: listed ? Object.fromEntries([[tool, entry]]) : {},
  };
}

/** What policies decide together, by the engine: the first that refuses a call has the last word. */
export function judgedBy(
  judge: Judge,
  policies: readonly Policy[],
  call: JudgedCall,
): JudgedOutcome {
  let asks = false;
  for (const policy of policies) {
    const outcome = judge.call(policy, call);
    if (outcome === "deny" || outcome === "hide") return outcome;
    asks ||= outcome === "ask";
  }
  return asks ? "ask" : "allow";
}
