import type { ConditionEntry, Json, LimitEntry, PathJson, Policy } from "../../policy/index.ts";
import { confusableKey, type FoldedNames, foldedNames } from "./fold.ts";
import type { NumberTexts } from "./scan.ts";

/**
 * Which arguments a policy reads, and what must therefore be unmistakable in them: no key beside a named one
 * that a lenient receiver takes for it, and no number that receivers read differently.
 */

/** A place in the arguments that the policy names. */
interface Place {
  /** The value itself is read, and so is all that it holds. */
  read: boolean;
  readonly keys: Map<string, Place>;
  /** Elements of a list, whichever index is named. */
  each: Place | undefined;
  names: FoldedNames | undefined;
}

/** The arguments of one tool that the policy reads. */
export type Reads = Readonly<Pick<Place, "read">> & { readonly place: Place };

export function readsOf(policy: Policy, tool: string): Reads {
  const root = newPlace();
  const entry =
    policy.tools !== undefined && Object.hasOwn(policy.tools, tool)
      ? policy.tools[tool]
      : undefined;
  const scope: Scope = new Map([["args", root]]);
  for (const rule of [
    ...(entry?.require ?? []),
    ...(entry?.deny_if ?? []),
    ...(entry?.ask_if ?? []),
  ]) {
    for (const condition of rule.conditions) readCondition(condition, scope);
  }
  for (const limit of [...(entry?.limits ?? []), ...(policy.all_tools?.limits ?? [])]) {
    readLimit(limit, scope);
  }
  // A schema may constrain any number in the arguments.
  if (policy.validate !== undefined && entry?.input_schema !== undefined) root.read = true;
  return { read: root.read, place: root };
}

type Scope = ReadonlyMap<string, Place>;

function newPlace(): Place {
  return { read: false, keys: new Map(), each: undefined, names: undefined };
}

function readLimit(limit: LimitEntry, scope: Scope): void {
  if (limit.increment_from !== undefined) markRead(limit.increment_from, scope);
  for (const path of limit.key ?? []) markRead(path, scope);
  for (const condition of limit.when ?? []) readCondition(condition, scope);
}

function readCondition(condition: ConditionEntry, scope: Scope): void {
  if ("any" in condition) for (const part of condition.any) readCondition(part, scope);
  else if ("all" in condition) for (const part of condition.all) readCondition(part, scope);
  else if ("some" in condition) readElements(condition.some, condition.as, condition.where, scope);
  else if ("every" in condition)
    readElements(condition.every, condition.as, condition.where, scope);
  else if ("path" in condition) {
    markRead(condition.path, scope);
    if (condition.path2 !== undefined) markRead(condition.path2, scope);
  }
}

function readElements(path: PathJson, as: string, where: ConditionEntry, scope: Scope): void {
  const list = placeAt(path, scope);
  const inner = new Map(scope);
  inner.delete(as);
  if (list !== undefined) {
    list.each ??= newPlace();
    inner.set(as, list.each);
  }
  readCondition(where, inner);
}

function markRead(path: PathJson, scope: Scope): void {
  const place = placeAt(path, scope);
  if (place !== undefined) place.read = true;
}

/** Undefined for paths that do not lead into the arguments. */
function placeAt(path: PathJson, scope: Scope): Place | undefined {
  const [first, ...steps] = typeof path === "string" ? path.split(".") : path;
  let place = scope.get(String(first));
  for (const step of steps) {
    if (place === undefined) return undefined;
    if (typeof step === "number") {
      place.each ??= newPlace();
      place = place.each;
    } else {
      let next: Place | undefined = place.keys.get(step);
      if (next === undefined) {
        next = newPlace();
        place.keys.set(step, next);
        place.names = undefined;
      }
      place = next;
    }
  }
  return place;
}

/** What is ambiguous in the arguments, as a clause for a person; undefined when nothing is. */
export function ambiguity(args: Json, numbers: NumberTexts, reads: Reads): string | undefined {
  return inspect(args, numbers, reads.place, false);
}

function inspect(
  value: Json,
  numbers: NumberTexts,
  place: Place | undefined,
  inherited: boolean,
): string | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const read = inherited || place?.read === true;
  if (!read && place !== undefined && place.keys.size === 0 && place.each === undefined) {
    return undefined;
  }
  if (place !== undefined && place.keys.size > 0 && !Array.isArray(value)) {
    place.names ??= foldedNames(place.keys.keys());
    const found = confusableKey(value, place.names);
    if (found !== undefined) {
      return `the key ${JSON.stringify(found.key)} could be taken for \`${found.name}\`, which the policy reads`;
    }
  }
  const texts = numbers.get(value);
  const list = Array.isArray(value);
  for (const [key, held] of Object.entries(value) as [string, Json][]) {
    const next = list ? place?.each : place?.keys.get(key);
    if (typeof held === "number") {
      if ((read || next?.read === true) && inexact(held, texts?.get(key))) {
        return `the number ${texts?.get(key) ?? held} at ${JSON.stringify(key)} has more digits than every receiver keeps, and the policy reads it`;
      }
    } else if (next !== undefined || read) {
      const problem = inspect(held, numbers, next, read);
      if (problem !== undefined) return problem;
    }
  }
  return undefined;
}

/** Integers beyond 2^53 - 1, and numbers written with more than 17 digits. */
function inexact(value: number, text: string | undefined): boolean {
  if (Number.isInteger(value) && !Number.isSafeInteger(value)) return true;
  if (text === undefined) return false;
  const mantissa = text.replace(/[eE].*$/, "").replace(/[-.]/g, "");
  return mantissa.replace(/^0+/, "").length > 17;
}
