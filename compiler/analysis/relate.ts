import type { Json } from "../../policy/index.ts";
import type { Branch } from "./branch.ts";
import type { Effort } from "./effort.ts";
import { measureAt, type Operand, type Predicate, type Relation, valueAt } from "./formula.ts";
import { relates } from "./satisfied.ts";
import { has, intersect, isEmpty, NOTHING, NUMBERS, only, type ValueSet } from "./values.ts";
import { findString } from "./witness.ts";

/** Operands that must be equal, as one. */
interface Class {
  readonly operands: Operand[];
  values: ValueSet;
  predicates: readonly Predicate[];
}

/**
 * Ways to give a value to each operand that is compared with another one, so that the comparisons hold; all of them,
 * up to what makes a difference. `perhaps`: there may be others.
 */
export function* relate(branch: Branch, effort: Effort): Iterable<Branch | "perhaps"> {
  const relations = branch.relations.filter((relation) => !branch.apart.has(relation));
  if (relations.length === 0) {
    yield branch;
    return;
  }
  const classes = classesOf(branch, relations);
  if (classes.some(({ values }) => isEmpty(values))) return;
  const byOperand = new Map(
    classes.flatMap((one) => one.operands.map(({ key }): [string, Class] => [key, one])),
  );
  const others = relations.filter(({ how }) => how !== "equal");
  const candidates = candidatesOf(classes, effort);
  // Whatever lists and objects others may be.
  if (classes.some((one) => candidates.get(one)?.length === 0)) return;
  const chosen = new Map<Class, Json>();
  const holdsSoFar = ({ how, left, right }: Relation): boolean => {
    const a = chosen.get(byOperand.get(left.key) as Class);
    const b = chosen.get(byOperand.get(right.key) as Class);
    return a === undefined || b === undefined || relates(how, a, b);
  };
  const choose = function* (index: number): Iterable<Branch | "perhaps"> {
    const next = classes[index];
    if (next === undefined) {
      yield settled(branch, chosen);
      return;
    }
    for (const value of candidates.get(next) ?? []) {
      if (!effort.spend(others.length + 1)) {
        yield "perhaps";
        return;
      }
      chosen.set(next, value);
      if (others.every(holdsSoFar)) yield* choose(index + 1);
      chosen.delete(next);
    }
  };
  yield* choose(0);
  // Lists and objects can be equal in ways that are not tried, which matters where no text would do as well.
  if (classes.some((one) => needsParts(branch, one, candidates.get(one) ?? [], classes.length))) {
    yield "perhaps";
  }
}

function needsParts(
  branch: Branch,
  { operands, values }: Class,
  candidates: readonly Json[],
  count: number,
): boolean {
  if (!values.lists && !values.objects) return false;
  if (candidates.filter((value) => typeof value === "string").length < count) return true;
  return operands.some(({ path }) =>
    [...branch.constraints.values()].some(
      ({ operand, values: inside }) =>
        operand.path.length > path.length &&
        !inside.missing &&
        path.every((step, index) => operand.path[index] === step),
    ),
  );
}

/** Whether operands that must be equal must also differ. */
export function contradicts({ relations }: Branch): boolean {
  const names = new Map<string, string>();
  const nameOf = (key: string): string => {
    const name = names.get(key);
    return name === undefined ? key : nameOf(name);
  };
  for (const { how, left, right } of relations) {
    const [a, b] = [nameOf(left.key), nameOf(right.key)];
    if (how === "equal" && a !== b) names.set(a, b);
  }
  return relations.some(
    ({ how, left, right }) =>
      (how === "unequal" || how === "less") && nameOf(left.key) === nameOf(right.key),
  );
}

function settled(branch: Branch, chosen: ReadonlyMap<Class, Json>): Branch {
  const copy = branch.copy();
  const pin = (operand: Operand, value: Json): void => {
    copy.constraints.set(operand.key, { ...copy.of(operand), values: only(value) });
  };
  for (const [{ operands }, value] of chosen) {
    for (const operand of operands) {
      pin(operand, value);
      // Whatever else the list or object has to hold, it is not made here.
      if (!Array.isArray(value)) continue;
      pin(measureAt("length", operand.path), value.length);
      for (const [index, item] of value.entries()) pin(valueAt([...operand.path, index]), item);
    }
  }
  return copy;
}

function classesOf(branch: Branch, relations: readonly Relation[]): readonly Class[] {
  const classes = new Map<string, Class>();
  const classOf = (operand: Operand): Class => {
    let found = classes.get(operand.key);
    if (found === undefined) {
      const { values, predicates } = branch.of(operand);
      const texts = operand.of === "value" ? (branch.domains.texts?.(operand.path) ?? []) : [];
      found = {
        operands: [operand],
        values: { ...values, missing: false },
        predicates: [...predicates, ...texts],
      };
      classes.set(operand.key, found);
    }
    return found;
  };
  for (const { how, left, right } of relations) {
    const [a, b] = [classOf(left), classOf(right)];
    if (how !== "equal" || a === b) continue;
    a.operands.push(...b.operands);
    a.values = intersect(a.values, b.values);
    a.predicates = [...a.predicates, ...b.predicates];
    for (const { key } of b.operands) classes.set(key, a);
  }
  return [...new Set(classes.values())];
}

/**
 * Values that make every difference: comparisons tell numbers apart only by their order among one another and the
 * bounds of their sets, and all else by equality.
 */
function candidatesOf(
  classes: readonly Class[],
  effort: Effort,
): ReadonlyMap<Class, readonly Json[]> {
  const numbers = numbersToTry(classes);
  const named = new Set(
    classes.flatMap(({ values }) => (values.strings.except ? [] : [...values.strings.values])),
  );
  return new Map(
    classes.map((one) => {
      const { values } = one;
      const found: Json[] = [...textsOf(one, named, classes.length, effort)];
      for (const number of numbers) if (has(values, number)) found.push(number);
      if (values.yes) found.push(true);
      if (values.no) found.push(false);
      if (values.lists) found.push([], ["example"], ["example", "example"]);
      if (values.objects) found.push({});
      return [one, found];
    }),
  );
}

function textsOf(
  { values, predicates }: Class,
  named: ReadonlySet<string>,
  count: number,
  effort: Effort,
): readonly string[] {
  const { strings } = values;
  const found: string[] = [];
  const find = (set: ValueSet["strings"]): string | undefined => {
    const text = findString({ strings: set, predicates: languagesOf(predicates) }, effort);
    return text.kind === "yes" ? String(text.value) : undefined;
  };
  for (const text of strings.except ? named : strings.values) {
    if (!has({ ...NOTHING, strings }, text)) continue;
    if (find({ except: false, values: new Set([text]) }) !== undefined) found.push(text);
  }
  if (!strings.except) return found;
  const except = new Set([...strings.values, ...named]);
  for (let fresh = 0; fresh < count; fresh++) {
    const text = find({ except: true, values: except });
    if (text === undefined) break;
    found.push(text);
    except.add(text);
  }
  return found;
}

/** A property of numbers or objects is none of texts. */
function languagesOf(predicates: readonly Predicate[]): readonly Predicate[] {
  return predicates.filter(({ test }) => test("") !== undefined);
}

function numbersToTry(classes: readonly Class[]): readonly number[] {
  const sets = classes.map(({ values }) => intersect(values, NUMBERS));
  const ends = [
    ...new Set(sets.flatMap(({ numbers }) => numbers.flatMap(({ low, high }) => [low, high]))),
  ]
    .filter(Number.isFinite)
    .sort((a, b) => a - b);
  const count = classes.length;
  const first = ends[0];
  if (first === undefined) return Array.from({ length: count }, (_, i) => i + 1);
  const found = new Set<number>();
  for (let i = 1; i <= count; i++) found.add(first - i);
  for (const [index, end] of ends.entries()) {
    found.add(end);
    const next = ends[index + 1];
    const whole = Math.floor(end) + 1;
    for (let i = 0; i < count; i++) {
      if (next === undefined || whole + i < next) found.add(whole + i);
      if (next !== undefined) found.add(end + ((next - end) * (i + 1)) / (count + 1));
    }
  }
  return [...found].sort((a, b) => a - b);
}
