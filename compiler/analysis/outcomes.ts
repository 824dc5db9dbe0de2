import {
  type AskEntry,
  compileArguments,
  compileGlob,
  type Json,
  type LimitEntry,
  type Policy,
  parsePath,
  type RuleEntry,
  type ToolPolicy,
  toMicro,
} from "../../policy/index.ts";
import { typeOf } from "../tools/schema.ts";
import type { Type } from "../tools/types.ts";
import { encodeAll } from "./encode.ts";
import {
  all,
  any,
  FALSE,
  type Formula,
  literal,
  not,
  type Predicate,
  TRUE,
  valueAt,
} from "./formula.ts";
import { BOOLEANS, between, NUMBERS, STRINGS, unionOf } from "./values.ts";

export type Outcome = "allow" | "ask" | "deny" | "hide";

/** What a policy, or several that a call must all pass, decide of the calls of one tool. */
export interface Outcomes {
  /** Calls that no policy denies. */
  readonly passes: Formula;
  /** Of those, the calls that wait for a person. */
  readonly asks: Formula;
  /** What a call that does not pass gets. */
  readonly otherwise: "deny" | "hide";
  /** The types that arguments must keep to, where they are validated; each of them. */
  readonly validated: readonly { readonly type: Type; readonly strict: boolean }[];
}

export interface OutcomeOptions {
  /** Limits, too, deny calls that they cannot count. What they have room for is never looked at. */
  readonly limits: boolean;
}

/** Live definitions are taken to be the pinned ones. */
export function outcomesOf(policy: Policy, tool: string, { limits }: OutcomeOptions): Outcomes {
  const refused = refusalOf(policy, tool);
  const rules = toolOf(policy, tool);
  if (refused !== undefined) return { ...NEVER, otherwise: refused };
  const validated = validationOf(policy, rules);
  if (validated === undefined) return NEVER;
  const { require = [], deny_if = [], ask_if = [] } = rules;
  const asking = inForce<AskEntry>(ask_if).map(({ conditions }) => encodeAll(conditions));
  const counting = limits
    ? inForce([...(rules.limits ?? []), ...(policy.all_tools?.limits ?? [])]).map(countable)
    : [];
  return {
    passes: all([
      ...inForce<RuleEntry>(require).map(({ conditions }) => encodeAll(conditions).isTrue),
      ...inForce<RuleEntry>(deny_if).map(({ conditions }) => not(encodeAll(conditions).notFalse)),
      ...asking.map(({ isTrue, notFalse }) => any([isTrue, not(notFalse)])),
      ...counting,
    ]),
    asks: any(asking.map(({ isTrue }) => isTrue)),
    otherwise: "deny",
    validated,
  };
}

const NEVER: Outcomes = { passes: FALSE, asks: FALSE, otherwise: "deny", validated: [] };

/** A call must pass both; the first that refuses it says how. */
export function bothOf(guard: Outcomes, grant: Outcomes): Outcomes {
  return {
    passes: all([guard.passes, grant.passes]),
    asks: any([guard.asks, grant.asks]),
    otherwise: guard.passes.kind === "false" ? guard.otherwise : grant.otherwise,
    validated: [...guard.validated, ...grant.validated],
  };
}

/** The calls that get an outcome. */
export function callsOf({ passes, asks }: Outcomes, outcome: "allow" | "ask" | "deny"): Formula {
  if (outcome === "deny") return not(passes);
  return all([passes, outcome === "ask" ? asks : not(asks)]);
}

export function toolOf({ tools = {} }: Policy, tool: string): ToolPolicy {
  return Object.hasOwn(tools, tool) ? (tools[tool] as ToolPolicy) : {};
}

/** How every call of a tool is refused, whatever its arguments (policy format § Evaluation, steps 2 and 3). */
export function refusalOf(policy: Policy, tool: string): "deny" | "hide" | undefined {
  const { hide = [], deny_tools = {}, tools = {}, unlisted } = policy;
  if (hide.some((glob) => compileGlob(glob)(tool))) return "hide";
  const listed = Object.hasOwn(tools, tool);
  if (!listed && policy.default === "deny") return unlisted === "hide" ? "hide" : "deny";
  for (const [glob, { shadow }] of Object.entries(deny_tools)) {
    if (shadow !== true && compileGlob(glob)(tool)) return "deny";
  }
  return !listed && unlisted !== undefined ? "hide" : undefined;
}

function inForce<T extends { readonly shadow?: true }>(entries: readonly T[]): readonly T[] {
  return entries.filter(({ shadow }) => shadow !== true);
}

/** Undefined where no arguments are valid. */
function validationOf(
  { validate }: Policy,
  { input_schema: schema }: ToolPolicy,
): Outcomes["validated"] | undefined {
  if (validate === undefined) return [];
  if (schema === undefined || "refused" in compileArguments(schema, validate)) return undefined;
  return [{ type: schemaType(schema), strict: validate === "strict" }];
}

const types = new WeakMap<object, Type>();

function schemaType(schema: Json): Type {
  if (typeof schema !== "object" || schema === null) return typeOf(schema, { exact: true });
  let type = types.get(schema);
  if (type === undefined) {
    type = typeOf(schema, { exact: true });
    types.set(schema, type);
  }
  return type;
}

// Limits -----------------------------------------------------------------------------------------------

/** No sum is larger, by much less than this is. */
const MAX_SUM = 9_007_199_255;

/** What sums are counted in. */
const IN_MICRO_UNITS: Predicate = {
  key: "micro-units",
  positive: true,
  test: (value) => (typeof value === "number" ? typeof toMicro(value) === "number" : undefined),
};

const KEYS = unionOf([BOOLEANS, NUMBERS, STRINGS]);

/** The calls that a limit can count, or does not count. */
function countable({ when, increment_from, key = [] }: LimitEntry): Formula {
  const counted = when === undefined ? undefined : encodeAll(when);
  const summed =
    increment_from === undefined
      ? TRUE
      : literal(
          valueAt(parsePath(increment_from)),
          between(0, false, MAX_SUM, false),
          IN_MICRO_UNITS,
        );
  const keyed = key.map((path) => literal(valueAt(parsePath(path)), KEYS));
  const can = all([summed, ...keyed]);
  if (counted === undefined) return can;
  return any([not(counted.notFalse), all([counted.isTrue, can])]);
}
