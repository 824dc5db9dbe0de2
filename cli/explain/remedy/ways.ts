import {
  type CompareEntry,
  type ConditionEntry,
  type Json,
  type PathJson,
  type PathSteps,
  parsePath,
  startOfDay,
  toPathJson,
} from "../../../policy/index.ts";
import { observeCondition } from "../../../runtime/index.ts";
import { type Edit, type Situation, valueAt } from "./edit.ts";
import { type Candidate, candidatesFor, valuesOf } from "./values.ts";

/** Changes that together may make a condition come out as it should. */
export type Way = readonly Edit[];

export interface Surroundings {
  readonly situation: Situation;
  /** The tool that is called. */
  readonly tool: string;
  /** The schema of the arguments below these steps, where it is known. */
  readonly schemaAt: (path: PathSteps) => Json | undefined;
  /** The values that a label may have, where they are known. */
  readonly labelValues: (name: string) => readonly string[] | undefined;
}

/** Ways that are kept of one condition. */
const MAX_WAYS = 24;
/** Elements of a list that are tried to be changed. */
const MAX_ELEMENTS = 3;
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** How far ahead a time is looked for: every weekday comes up, whatever a zone does. */
const AHEAD_MS = 8 * DAY_MS;

/** Ways in which a condition would be true, or false; to be tried. */
export function waysTo(
  wanted: boolean,
  condition: ConditionEntry,
  around: Surroundings,
): readonly Way[] {
  if ("any" in condition) {
    return wanted ? oneOf(true, condition.any, around) : each(false, condition.any, around);
  }
  if ("all" in condition) {
    return wanted ? each(true, condition.all, around) : oneOf(false, condition.all, around);
  }
  if ("as" in condition) return waysOfList(wanted, condition, around);
  if ("path" in condition) return waysOfComparison(wanted, condition, around);
  return waysOfTime(wanted, condition, around);
}

/** Ways in which all conditions of an entry hold, or not all of them. */
export function waysToAll(
  wanted: boolean,
  conditions: readonly ConditionEntry[],
  around: Surroundings,
): readonly Way[] {
  return wanted ? each(true, conditions, around) : oneOf(false, conditions, around);
}

function oneOf(
  wanted: boolean,
  conditions: readonly ConditionEntry[],
  around: Surroundings,
): readonly Way[] {
  return conditions.flatMap((one) => waysTo(wanted, one, around)).slice(0, MAX_WAYS);
}

/** Every combination of ways of those that are not as they should be. */
function each(
  wanted: boolean,
  conditions: readonly ConditionEntry[],
  around: Surroundings,
): readonly Way[] {
  let ways: readonly Way[] = [[]];
  for (const condition of conditions) {
    if (is(wanted, condition, around)) continue;
    const own = waysTo(wanted, condition, around);
    ways = ways.flatMap((way) => own.map((more) => [...way, ...more])).slice(0, MAX_WAYS);
  }
  return ways.filter((way) => way.length > 0);
}

function is(
  wanted: boolean,
  condition: ConditionEntry,
  { situation, tool }: Surroundings,
): boolean {
  const { args, grant, labels, now } = situation;
  const seen = observeCondition(condition)(
    { tool, args },
    { grant: { id: grant, name: grant, labels }, server: "", now },
  );
  return (wanted ? seen.true : seen.false) > 0;
}

// Comparisons ------------------------------------------------------------------------------------------

function waysOfComparison(
  wanted: boolean,
  entry: CompareEntry,
  around: Surroundings,
): readonly Way[] {
  const [root, ...path] = parsePath(entry.path);
  if (root === "args") return waysOfArgument(wanted, entry, path, around);
  if (root === "grant") return waysOfGrant(wanted, entry, String(path[0]), around);
  // What a client says of itself proves nothing.
  return [];
}

function waysOfArgument(
  wanted: boolean,
  entry: CompareEntry,
  path: PathSteps,
  around: Surroundings,
): readonly Way[] {
  const { situation, schemaAt } = around;
  const current = valueAt(situation.args, path);
  const { known, sample } = valuesOf(schemaAt(path));
  const gone: readonly Way[] = current === undefined ? [] : [[{ kind: "no argument", path }]];
  const there: readonly Way[] =
    current !== undefined
      ? []
      : [[{ kind: "argument", path, value: sample, wanted: "given", ...options(known) }]];
  if (entry.op === "exists") return (entry.value === true) === wanted ? there : gone;
  const operand = operandOf(entry, situation);
  if (operand === null) {
    if (entry.op !== "eq" && entry.op !== "neq") return [];
    return (entry.op === "eq") === wanted ? gone : there;
  }
  const holds = wanted !== (entry.negate === true);
  const candidates =
    operand === undefined ? [] : candidatesFor(entry, operand, holds, { current, known });
  const ways = candidates.map((candidate): Way => [{ kind: "argument", path, ...candidate }]);
  // A comparison with nothing is false, whichever it is.
  return wanted || entry.else !== undefined ? ways : [...ways, ...gone];
}

function options(known: readonly Json[] | undefined): { readonly options?: readonly Json[] } {
  return known === undefined ? {} : { options: known };
}

/** The literal that is compared with, or the value at the other path; undefined when that is missing. */
function operandOf({ path2, value }: CompareEntry, { args, labels }: Situation): Json | undefined {
  if (path2 === undefined) return value;
  const [root, ...steps] = parsePath(path2);
  if (root === "args") return valueAt(args, steps);
  return root === "grant" ? labels[String(steps[0])] : undefined;
}

function waysOfGrant(
  wanted: boolean,
  entry: CompareEntry,
  name: string,
  { situation, labelValues }: Surroundings,
): readonly Way[] {
  if (name === "id") return [];
  const current = name === "name" ? situation.grant : situation.labels[name];
  const known = labelValues(name);
  const set = (value: string, values: readonly Json[] = [value]): Way =>
    name === "name"
      ? [{ kind: "grant", name: value }]
      : [{ kind: "label", name, value, options: values }];
  const gone: readonly Way[] =
    name === "name" || current === undefined ? [] : [[{ kind: "no label", name }]];
  const isNull = entry.value === null && entry.path2 === undefined;
  if (entry.op === "exists" || isNull) {
    const presence = entry.op === "exists" ? entry.value === true : entry.op === "neq";
    if (presence !== wanted) return gone;
    return current === undefined ? [set(known?.[0] ?? "x", known)] : [];
  }
  const operand = operandOf(entry, situation);
  if (operand === undefined) return wanted ? [] : gone;
  const room = { current, known };
  const ways = candidatesFor(entry, operand, wanted !== (entry.negate === true), room).flatMap(
    ({ value, options: values }: Candidate): Way[] =>
      typeof value === "string" && (known === undefined || known.includes(value))
        ? [set(value, values)]
        : [],
  );
  return wanted || entry.else !== undefined ? ways : [...ways, ...gone];
}

// Lists ------------------------------------------------------------------------------------------------

type ListEntry = Extract<ConditionEntry, { as: string }>;

function waysOfList(wanted: boolean, entry: ListEntry, around: Surroundings): readonly Way[] {
  const some = "some" in entry;
  const [root, ...path] = parsePath("some" in entry ? entry.some : entry.every);
  if (root !== "args") return [];
  const list = valueAt(around.situation.args, path);
  const elements = Array.isArray(list) ? (list as readonly Json[]) : [];
  const ofElement = (index: number): ConditionEntry =>
    withElement(entry.where, entry.as, [root, ...path, index]);
  if (some === wanted) {
    // One element will do.
    const one = elements
      .slice(0, MAX_ELEMENTS)
      .flatMap((_, index) => waysTo(wanted, ofElement(index), around));
    if (elements.length > 0) return one.slice(0, MAX_WAYS);
    const made = firstElement(wanted, entry, around);
    return made === undefined
      ? []
      : [
          [
            {
              kind: "argument",
              path,
              value: [made],
              wanted: `with an element such as ${JSON.stringify(made)}`,
            },
          ],
        ];
  }
  // All have to be so: those that are not are changed, or left out.
  const wrong = elements.flatMap((_, index) =>
    is(wanted, ofElement(index), around) ? [] : [index],
  );
  const changed = wrong.length > MAX_ELEMENTS ? [] : each(wanted, wrong.map(ofElement), around);
  const value = elements.filter((_, index) => !wrong.includes(index));
  const left = wrong.map((index) => JSON.stringify(elements[index])).slice(0, MAX_ELEMENTS);
  const more = wrong.length > left.length ? `, … (${wrong.length})` : "";
  const without = wrong.length > 0 ? `without ${left.join(", ")}${more}` : "given, as a list";
  return [...changed, [{ kind: "argument", path, value, wanted: without }]];
}

/** An element of a list that has none, which would do. */
function firstElement(
  wanted: boolean,
  { where, as }: ListEntry,
  around: Surroundings,
): Json | undefined {
  const situation = { ...around.situation, args: { [as]: "" } };
  const inner = { ...around, situation, schemaAt: () => undefined };
  const [way] = waysTo(wanted, withElement(where, as, ["args", as]), inner);
  const [edit] = way ?? [];
  return way?.length === 1 && edit?.kind === "argument" && edit.path.length === 1
    ? edit.value
    : undefined;
}

/** The condition on one element, where that is. */
function withElement(condition: ConditionEntry, variable: string, at: PathSteps): ConditionEntry {
  const moved = (path: PathJson): PathJson => {
    const [root, ...rest] = parsePath(path);
    return root === variable ? toPathJson([...at, ...rest]) : path;
  };
  if ("any" in condition)
    return { any: condition.any.map((one) => withElement(one, variable, at)) };
  if ("all" in condition)
    return { all: condition.all.map((one) => withElement(one, variable, at)) };
  if ("as" in condition) {
    const where =
      condition.as === variable ? condition.where : withElement(condition.where, variable, at);
    return "some" in condition
      ? { ...condition, some: moved(condition.some), where }
      : { ...condition, every: moved(condition.every), where };
  }
  if (!("path" in condition)) return condition;
  return {
    ...condition,
    path: moved(condition.path),
    ...(condition.path2 !== undefined && { path2: moved(condition.path2) }),
  };
}

// The clock --------------------------------------------------------------------------------------------

type TimeEntry = Exclude<
  ConditionEntry,
  { any: unknown } | { all: unknown } | { as: unknown } | CompareEntry
>;

function waysOfTime(wanted: boolean, condition: TimeEntry, around: Surroundings): readonly Way[] {
  const { situation, tool } = around;
  const { args, grant, labels } = situation;
  const observe = observeCondition(condition);
  const context = { grant: { id: grant, name: grant, labels }, server: "" };
  const later = (now: number): boolean => {
    if (!(now > situation.now)) return false;
    const seen = observe({ tool, args }, { ...context, now });
    return (wanted ? seen.true : seen.false) > 0;
  };
  for (const now of timesAfter(situation.now, condition)) {
    if (later(now)) return [[{ kind: "time", now }]];
  }
  return [];
}

/** When what a clock says may change: at days that are named, or at any minute. */
function* timesAfter(now: number, condition: TimeEntry): Generator<number> {
  if ("before" in condition) yield startOfDay(condition.before) ?? Number.NaN;
  else if ("after" in condition) yield (startOfDay(condition.after) ?? Number.NaN) + DAY_MS;
  else {
    const from = Math.floor(now / MINUTE_MS + 1) * MINUTE_MS;
    for (let time = from; time <= from + AHEAD_MS; time += MINUTE_MS) yield time;
  }
}
