import { isWellFormed } from "./unicode.ts";

/** A fault of a document: where, as a JSON pointer, and a full sentence. */
export interface Problem {
  readonly pointer: string;
  readonly message: string;
}

/** Deeper documents are refused before anything recursive reads them. */
const MAX_DEPTH = 256;

/** Why a value is no JSON document that can be read safely: the first fault, or undefined. */
export function jsonProblem(value: unknown, at = "", depth = 1): Problem | undefined {
  if (value === null || typeof value === "boolean") return undefined;
  if (typeof value === "string") {
    return isWellFormed(value)
      ? undefined
      : { pointer: at, message: "This text is not well-formed Unicode." };
  }
  if (typeof value === "number") {
    return Number.isFinite(value)
      ? undefined
      : { pointer: at, message: `${value} is not a number that JSON can hold.` };
  }
  if (typeof value !== "object") {
    return { pointer: at, message: `A value of type ${typeof value} is not JSON.` };
  }
  if (depth > MAX_DEPTH) {
    return { pointer: at, message: `The document is nested deeper than ${MAX_DEPTH} levels.` };
  }
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) {
      const problem = jsonProblem(value[i], `${at}/${i}`, depth + 1);
      if (problem !== undefined) return problem;
    }
    return undefined;
  }
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) {
    return { pointer: at, message: "This object is not plain JSON." };
  }
  for (const [key, member] of Object.entries(value)) {
    if (!isWellFormed(key)) {
      return { pointer: at, message: "A key here is not well-formed Unicode." };
    }
    const below = `${at}/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`;
    const problem = jsonProblem(member, below, depth + 1);
    if (problem !== undefined) return problem;
  }
  return undefined;
}
