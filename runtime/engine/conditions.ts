import { type ConditionEntry, printPath } from "../../policy/index.ts";
import { compileComparison } from "./compare.ts";
import { describeCondition } from "./describe.ts";
import {
  allOf,
  anyOf,
  type Condition,
  ERROR,
  FALSE,
  type Frame,
  fail,
  TRUE,
  type Truth,
} from "./frame.ts";
import { compileRead } from "./read.ts";
import { compileAfter, compileBefore, compileDuring, describeLocalTime } from "./time.ts";
import type { ConditionSeen } from "./types.ts";

/**
 * Compiles the conditions of an entry: all of them together.
 *
 * @param explain whether they note in `Frame.seen` what they read; those of calls that are only decided do not
 *   even ask whether they should
 */
export function compileConditions(entries: readonly ConditionEntry[], explain: boolean): Condition {
  const scope = { variables: [], explain };
  return allOf(entries.map((entry) => compileCondition(entry, scope)));
}

/** Compiles one condition that stands in list conditions with these variables, outermost first. */
export function compileInside(entry: ConditionEntry, variables: readonly string[]): Condition {
  return compileCondition(entry, { variables, explain: false });
}

/** Where a condition stands. */
interface Scope {
  /** Of the enclosing list conditions, outermost first. */
  readonly variables: readonly string[];
  readonly explain: boolean;
}

function compileCondition(entry: ConditionEntry, scope: Scope): Condition {
  const whole = (group: Group, condition: Condition): Condition =>
    scope.explain ? noteGroup(entry, group, condition) : condition;
  if ("any" in entry) {
    return whole("or", anyOf(entry.any.map((one) => compileCondition(one, scope))));
  }
  if ("all" in entry) {
    return whole("and", allOf(entry.all.map((one) => compileCondition(one, scope))));
  }
  if ("some" in entry) {
    return whole("any", compileQuantifier(entry.some, entry.as, entry.where, TRUE, scope));
  }
  if ("every" in entry) {
    return whole("every", compileQuantifier(entry.every, entry.as, entry.where, FALSE, scope));
  }
  const leaf = compileLeaf(entry, scope.variables);
  return scope.explain ? noteLeaf(entry, leaf, scope.variables) : leaf;
}

function compileLeaf(
  entry: Exclude<ConditionEntry, { any: unknown } | { all: unknown } | { as: unknown }>,
  variables: readonly string[],
): Condition {
  if ("during" in entry) return compileDuring(entry.during, entry.negate ?? false);
  if ("before" in entry) return compileBefore(entry.before, entry.negate ?? false);
  if ("after" in entry) return compileAfter(entry.after, entry.negate ?? false);
  return compileComparison(entry, variables);
}

/**
 * `some` (final TRUE) is the greatest of its elements' values, `every` (final FALSE) the least. Over a
 * missing list both are false.
 */
function compileQuantifier(
  list: Parameters<typeof compileRead>[0],
  variable: string,
  where: ConditionEntry,
  final: typeof TRUE | typeof FALSE,
  { variables, explain }: Scope,
): Condition {
  const read = compileRead(list, variables);
  const path = printPath(list);
  const slot = variables.length;
  const condition = compileCondition(where, { variables: [...variables, variable], explain });
  return (frame) => {
    const value = read(frame);
    if (value === undefined) return FALSE;
    if (!Array.isArray(value)) return fail(frame, path, "must be a list");
    const before = frame.fault;
    frame.variables ??= [];
    let result: Truth = final === TRUE ? FALSE : TRUE;
    let index = 0;
    for (const element of value) {
      if (--frame.budget < 0) return fail(frame, path, "has too many elements to be checked");
      frame.variables[slot] = element;
      const one = explain ? ofElement(index++, condition, frame) : condition(frame);
      if (final === TRUE ? one > result : one < result) result = one;
      if (result === final) break;
    }
    if (result !== ERROR) frame.fault = before;
    return result;
  };
}

type Group = NonNullable<ConditionSeen["group"]>;

/** Notes what a condition gave, and its parts below it. */
function noteGroup(entry: ConditionEntry, group: Group, condition: Condition): Condition {
  const list = "some" in entry ? entry.some : "every" in entry ? entry.every : undefined;
  return (frame) => {
    const { seen } = frame;
    const parts: ConditionSeen[] = [];
    frame.seen = parts;
    const result = condition(frame);
    frame.seen = seen;
    seen?.push({
      text: describeCondition(entry),
      ...(list !== undefined && { path: printPath(list) }),
      group,
      parts,
      result: nameOf(result),
    });
    return result;
  };
}

/** Elements of one list of which it is noted what they gave. */
const MAX_NOTED = 50;

function ofElement(index: number, condition: Condition, frame: Frame): Truth {
  const { seen } = frame;
  const parts: ConditionSeen[] = [];
  frame.seen = parts;
  const result = condition(frame);
  frame.seen = seen;
  if (index < MAX_NOTED) seen?.push(...parts.map((part) => ({ ...part, element: index })));
  return result;
}

function nameOf(result: Truth): ConditionSeen["result"] {
  return result === TRUE ? "true" : result === FALSE ? "false" : "error";
}

/** What the clock says of a condition that reads it. */
function clockFor(entry: ConditionEntry, { context: { now } }: Frame): string | undefined {
  if (Number.isNaN(new Date(now).getTime())) return undefined;
  if ("during" in entry) return describeLocalTime(now, entry.during.zone);
  return "before" in entry || "after" in entry
    ? new Date(now).toISOString().slice(0, 10)
    : undefined;
}

/** Notes what the condition read and gave. */
function noteLeaf(
  entry: ConditionEntry,
  condition: Condition,
  variables: readonly string[],
): Condition {
  const path = "path" in entry ? entry.path : undefined;
  const other = "path2" in entry ? entry.path2 : undefined;
  const read = path === undefined ? undefined : compileRead(path, variables);
  const readOther = other === undefined ? undefined : compileRead(other, variables);
  return (frame) => {
    const result = condition(frame);
    const value = read?.(frame);
    const otherValue = readOther?.(frame);
    const clock = clockFor(entry, frame);
    frame.seen?.push({
      text: describeCondition(entry),
      ...(path !== undefined && { path: printPath(path) }),
      ...(value !== undefined && { value }),
      ...(other !== undefined && {
        other: { path: printPath(other), ...(otherValue !== undefined && { value: otherValue }) },
      }),
      ...(clock !== undefined && { clock }),
      result: nameOf(result),
    });
    return result;
  };
}
