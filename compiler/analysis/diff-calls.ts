import { canonicalJson, type Json, type Policy, prepareSchema } from "../../policy/index.ts";
import { type FoundCall, findCall } from "./call.ts";
import type { ToolDiff } from "./diff.ts";
import { all, any, type Formula, TRUE } from "./formula.ts";
import { invalidArguments, isPlainSchema } from "./invalid.ts";
import { callsOf, type Outcome, type Outcomes, outcomesOf, toolOf } from "./outcomes.ts";

type Judged = "allow" | "ask" | "deny";
const OUTCOMES: readonly Judged[] = ["allow", "ask", "deny"];

const RANK: Readonly<Record<Outcome, number>> = { hide: 0, deny: 1, ask: 2, allow: 3 };

/** The calls of a tool that two policies decide differently: one of each kind. */
export function callChanges(diff: ToolDiff): void {
  const before = outcomesOf(diff.before, diff.tool, { limits: true });
  const after = outcomesOf(diff.after, diff.tool, { limits: true });
  for (const was of OUTCOMES) {
    for (const is of OUTCOMES) {
      if (was !== is) examine(diff, before, after, was, is);
    }
  }
  const bothClosed = isClosed(before) && isClosed(after);
  if (bothClosed && before.otherwise !== after.otherwise)
    examine(diff, before, after, "deny", "deny");
}

function isClosed({ passes }: Outcomes): boolean {
  return passes.kind === "false";
}

function examine(diff: ToolDiff, before: Outcomes, after: Outcomes, was: Judged, is: Judged): void {
  const { tool, judge, usual, labels } = diff;
  const [old, now] = [nameOf(before, was), nameOf(after, is)];
  const find = (formula: Formula, validated: Outcomes["validated"]): FoundCall =>
    findCall(
      formula,
      validated,
      { tool, ...(usual !== undefined && { usual }), ...(labels !== undefined && { labels }) },
      (call) => judge.call(diff.before, call) === old && judge.call(diff.after, call) === now,
    );
  const validated = [
    ...(was === "deny" ? [] : before.validated),
    ...(is === "deny" ? [] : after.validated),
  ];
  const both = all([callsOf(before, was), callsOf(after, is)]);
  let found = find(both, validated);
  if (found.kind !== "call" && was !== is && (was === "deny" || is === "deny")) {
    // One of them may refuse by the schema alone.
    const [open, outcome, closed] =
      was === "deny" ? ([after, is, before] as const) : ([before, was, after] as const);
    const refused = invalid(closed);
    const calls = callsOf(open, outcome);
    if (refused !== undefined && calls.kind !== "false" && !sameSchemas(diff)) {
      const other = find(all([calls, refused]), open.validated);
      if (other.kind !== "none") found = other;
      else if (
        found.kind === "none" &&
        !refusesByType(was === "deny" ? diff.before : diff.after, tool)
      ) {
        found = { kind: "undecided", why: "opaque" };
      }
    }
  }
  if (found.kind === "none") return;
  if (found.kind === "undecided") {
    diff.undecided.push({ name: tool, before: old, after: now, why: found.why });
    return;
  }
  diff.changes.push({
    of: "tool",
    name: tool,
    what: "decision",
    before: old,
    after: now,
    direction: RANK[now] > RANK[old] ? "wider" : "narrower",
    call: found.call,
  });
}

/** Whether the arguments that a policy refuses by the schema are those of other types. */
function refusesByType(policy: Policy, tool: string): boolean {
  const { input_schema: schema } = toolOf(policy, tool);
  return policy.validate !== "strict" && isPlainSchema(schema);
}

function nameOf(outcomes: Outcomes, outcome: Judged): Outcome {
  return outcome === "deny" && isClosed(outcomes) ? outcomes.otherwise : outcome;
}

/** Whether both validate against the same schema, prose aside. */
function sameSchemas({ before, after, tool }: ToolDiff): boolean {
  if (before.validate !== after.validate) return false;
  const [a, b] = [before, after].map((policy) => asserted(toolOf(policy, tool).input_schema));
  return a === b;
}

function asserted(schema: Json | undefined): string | undefined {
  if (schema === undefined) return undefined;
  const prepared = prepareSchema(schema);
  return typeof prepared === "string" ? prepared : canonicalJson(prepared.declared as Json);
}

/** Arguments that some schema refuses. Undefined where nothing is validated. */
function invalid({ validated }: Outcomes): Formula | undefined {
  if (validated.length === 0) return undefined;
  return any(validated.map(({ type, strict }) => invalidArguments(type, strict)));
}

/** The calls that pass both, which limits and approvals are compared on. */
export function passingBoth({ before, after, tool }: ToolDiff): {
  readonly formula: Formula;
  readonly validated: Outcomes["validated"];
} {
  const [a, b] = [before, after].map((policy) => outcomesOf(policy, tool, { limits: true }));
  return {
    formula: all([a?.passes ?? TRUE, b?.passes ?? TRUE]),
    validated: [...(a?.validated ?? []), ...(b?.validated ?? [])],
  };
}
