import type { Json } from "../../policy/index.ts";
import type { JsonObject } from "./admit.ts";
import { confusableKey, type FoldedNames, foldedNames } from "./fold.ts";
import type { NumberTexts } from "./scan.ts";

/**
 * What must be unmistakable in the arguments of a call, because the policy reads it: no key beside a named one
 * that a lenient receiver takes for it, and no number that receivers read differently.
 */

/** A place in the arguments that the policy names, or that leads to one. */
export interface Place {
  /** The value itself is read. */
  read: boolean;
  readonly keys: Map<string, Place>;
  /** Elements of a list, whichever is named. */
  each: Place | undefined;
  names: FoldedNames | undefined;
}

/** The arguments of one tool that the policy reads. */
export interface Reads {
  readonly root: Place;
  /** A schema is checked, which may constrain any number in the arguments. */
  readonly everyNumber: boolean;
}

type Steps = readonly (string | number)[];

/**
 * `paths`: steps below `args`; `*` and numbers are elements of lists. `named`: what is not read, but must not be taken
 * for anything else either.
 */
export function readsOf(
  paths: readonly Steps[],
  everyNumber: boolean,
  named: readonly Steps[] = [],
): Reads {
  const root = newPlace();
  const placeOf = (path: Steps): Place => path.reduce(below, root);
  for (const path of paths) placeOf(path).read = true;
  for (const path of named) placeOf(path);
  return { root, everyNumber };
}

function newPlace(): Place {
  return { read: false, keys: new Map(), each: undefined, names: undefined };
}

function below(place: Place, step: string | number): Place {
  // A key may be `*` too; then both are meant.
  if (typeof step === "number" || step === "*") place.each ??= newPlace();
  if (typeof step === "number") return place.each as Place;
  const found = place.keys.get(step);
  if (found !== undefined) return found;
  const made = step === "*" ? (place.each as Place) : newPlace();
  place.keys.set(step, made);
  return made;
}

/** What is ambiguous in the arguments, as a clause for a person; undefined when nothing is. */
export function ambiguity(args: Json, numbers: NumberTexts, reads: Reads): string | undefined {
  const { root, everyNumber } = reads;
  if (!everyNumber && !root.read && root.keys.size === 0) return undefined;
  return inspect(args, numbers, root, everyNumber);
}

function inspect(
  value: Json,
  numbers: NumberTexts,
  place: Place | undefined,
  everyNumber: boolean,
): string | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const list = Array.isArray(value);
  if (place !== undefined && place.keys.size > 0 && !list) {
    place.names ??= foldedNames(place.keys.keys());
    const found = confusableKey(Object.keys(value), place.names);
    if (found !== undefined) {
      return `the key ${JSON.stringify(found.key)} could be taken for \`${found.name}\`, which the policy reads`;
    }
  }
  const texts = numbers.get(value);
  for (const key of Object.keys(value)) {
    const held = (value as JsonObject)[key] as Json;
    const next = list ? place?.each : place?.keys.get(key);
    if (typeof held === "number") {
      if (!everyNumber && place?.read !== true && next?.read !== true) continue;
      const text = texts?.get(key);
      if (inexact(held, text)) {
        return `the number ${text ?? held} has more digits than every receiver keeps, and the policy reads it`;
      }
    } else if (typeof held === "object" && (next !== undefined || everyNumber)) {
      const problem = inspect(held, numbers, next, everyNumber);
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
