import { pointer } from "./paths.ts";
import type { AskEntry, ConditionEntry, LimitEntry, PathJson, Policy, RuleEntry } from "./types.ts";

export type EntryList = "require" | "deny_if" | "ask_if";

/** What `walkPolicy` calls, with JSON pointers. */
export interface PolicyVisitor {
  entry?(entry: RuleEntry | AskEntry, at: string, list: EntryList): void;
  limit?(limit: LimitEntry, at: string): void;
  condition?(condition: ConditionEntry, at: string, place: ConditionPlace): void;
  /** Every path, with the variables that enclosing list conditions define. */
  path?(path: PathJson, at: string, variables: readonly string[]): void;
}

export interface ConditionPlace {
  /** 1 for a condition that stands in no other. */
  readonly depth: number;
  readonly variables: readonly string[];
}

/** Visits every entry, limit, condition and path of a policy, each before what it holds. */
export function walkPolicy(policy: Policy, visitor: PolicyVisitor): void {
  walkLimits(policy.all_tools?.limits, "/all_tools/limits", visitor);
  for (const [name, tool] of Object.entries(policy.tools ?? {})) {
    const at = pointer("tools", name);
    for (const list of ["require", "deny_if", "ask_if"] as const) {
      (tool[list] ?? []).forEach((entry, index) => {
        const entryAt = `${at}/${list}/${index}`;
        visitor.entry?.(entry, entryAt, list);
        walkConditions(entry.conditions, `${entryAt}/conditions`, TOP, visitor);
      });
    }
    walkLimits(tool.limits, `${at}/limits`, visitor);
  }
}

const TOP: ConditionPlace = { depth: 1, variables: [] };

function walkLimits(
  limits: readonly LimitEntry[] | undefined,
  at: string,
  visitor: PolicyVisitor,
): void {
  limits?.forEach((limit, index) => {
    const limitAt = `${at}/${index}`;
    visitor.limit?.(limit, limitAt);
    if (limit.increment_from !== undefined) {
      visitor.path?.(limit.increment_from, `${limitAt}/increment_from`, []);
    }
    limit.key?.forEach((path, i) => {
      visitor.path?.(path, `${limitAt}/key/${i}`, []);
    });
    if (limit.when !== undefined) walkConditions(limit.when, `${limitAt}/when`, TOP, visitor);
  });
}

function walkConditions(
  conditions: readonly ConditionEntry[],
  at: string,
  place: ConditionPlace,
  visitor: PolicyVisitor,
): void {
  conditions.forEach((condition, index) => {
    walkCondition(condition, `${at}/${index}`, place, visitor);
  });
}

/** Visits one condition and all that it holds. */
export function walkCondition(
  condition: ConditionEntry,
  at: string,
  place: ConditionPlace,
  visitor: PolicyVisitor,
): void {
  visitor.condition?.(condition, at, place);
  const inner = { ...place, depth: place.depth + 1 };
  if ("any" in condition) walkConditions(condition.any, `${at}/any`, inner, visitor);
  else if ("all" in condition) walkConditions(condition.all, `${at}/all`, inner, visitor);
  else if ("some" in condition || "every" in condition) {
    const [list, word] =
      "some" in condition ? [condition.some, "some"] : [condition.every, "every"];
    visitor.path?.(list, `${at}/${word}`, place.variables);
    const variables = [...place.variables, condition.as];
    walkCondition(condition.where, `${at}/where`, { ...inner, variables }, visitor);
  } else if ("path" in condition) {
    visitor.path?.(condition.path, `${at}/path`, place.variables);
    if (condition.path2 !== undefined)
      visitor.path?.(condition.path2, `${at}/path2`, place.variables);
  }
}
