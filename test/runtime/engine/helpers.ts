import {
  type ConditionEntry,
  EXTENSIONS,
  type Json,
  type Policy,
  validatePolicy,
} from "../../../policy/index.ts";
import { compileEngine } from "../../../runtime/engine/decide.ts";
import type { Context, Decision, Engine } from "../../../runtime/engine/types.ts";

/** 2026-11-23 is a Monday; 09:00 UTC is 10:00 in Berlin. */
export const MONDAY = Date.parse("2026-11-23T09:00:00Z");

export const CONTEXT: Context = {
  grant: { id: "g1", name: "ci", labels: { role: "support", team: "build" } },
  server: "payments",
  session: "s1",
  client: { name: "inspector", version: "1.0" },
  now: MONDAY,
};

/** Validates with every extension listed, and compiles. */
export function engineOf(policy: object): Engine {
  return compileEngine(policyOf(policy));
}

export function policyOf(policy: object): Policy {
  const result = validatePolicy({
    version: "1",
    extensions: EXTENSIONS,
    default: "deny",
    ...policy,
  });
  if ("problems" in result) throw new Error(JSON.stringify(result.problems));
  return result.policy;
}

export function decide(
  policy: object,
  args: { readonly [key: string]: Json } = {},
  context: Partial<Context> = {},
): Decision {
  return engineOf(policy).decide({ tool: "t", args }, { ...CONTEXT, ...context });
}

export type Value = "true" | "false" | "error";

/** The value of a condition, told from the decisions of a `require` and a `deny_if` entry of it. */
export function judge(
  condition: ConditionEntry | readonly ConditionEntry[],
  args: { readonly [key: string]: Json },
  context: Partial<Context> = {},
): Value {
  const conditions = Array.isArray(condition) ? condition : [condition];
  const required = decide({ tools: { t: { require: [{ conditions }] } } }, args, context);
  const denied = decide({ tools: { t: { deny_if: [{ conditions }] } } }, args, context);
  const outcomes = [required, denied].map(({ rule }) => rule).join(" ");
  switch (outcomes) {
    case " /tools/t/deny_if/0":
      return "true";
    case "/tools/t/require/0 ":
      return "false";
    case "(type mismatch) (type mismatch)":
      return "error";
    default:
      throw new Error(`The lists disagree: ${outcomes}`);
  }
}
