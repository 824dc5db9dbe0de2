import { type ConditionEntry, printPath } from "../../policy/index.ts";
import { compileComparison } from "./compare.ts";
import { describeCondition } from "./describe.ts";
import { allOf, anyOf, type Condition, ERROR, FALSE, fail, TRUE, type Truth } from "./frame.ts";
import { compileRead } from "./read.ts";
import { compileAfter, compileBefore, compileDuring } from "./time.ts";

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
  if ("any" in entry) return anyOf(entry.any.map((one) => compileCondition(one, scope)));
  if ("all" in entry) return allOf(entry.all.map((one) => compileCondition(one, scope)));
  if ("some" in entry) return compileQuantifier(entry.some, entry.as, entry.where, TRUE, scope);
  if ("every" in entry) return compileQuantifier(entry.every, entry.as, entry.where, FALSE, scope);
  const leaf = compileLeaf(entry, scope.variables);
  return scope.explain ? noting(entry, leaf, scope.variables) : leaf;
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
    for (const element of value) {
      if (--frame.budget < 0) return fail(frame, path, "has too many elements to be checked");
      frame.variables[slot] = element;
      const one = condition(frame);
      if (final === TRUE ? one > result : one < result) result = one;
      if (result === final) break;
    }
    if (result !== ERROR) frame.fault = before;
    return result;
  };
}

/** Notes what the condition read and gave. */
function noting(
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
    frame.seen?.push({
      text: describeCondition(entry),
      ...(path !== undefined && { path: printPath(path) }),
      ...(value !== undefined && { value }),
      ...(other !== undefined && {
        other: { path: printPath(other), ...(otherValue !== undefined && { value: otherValue }) },
      }),
      result: result === TRUE ? "true" : result === FALSE ? "false" : "error",
    });
    return result;
  };
}
