import type { Json, PathJson } from "../../policy/index.ts";
import { parsePath } from "../../policy/index.ts";

/** Something that the language cannot say; its message is a sentence. */
export class CannotSay extends Error {
  override readonly name = "CannotSay";
}

/** A path as the language writes it. After a dot any word may stand. */
export function pathText(path: PathJson): string {
  const [root = "", ...rest] = parsePath(path);
  return `${root}${rest.map(stepText).join("")}`;
}

function stepText(step: string | number): string {
  if (typeof step === "number") return `[${step}]`;
  return /^[A-Za-z_][A-Za-z0-9_-]*$/.test(step) ? `.${step}` : `[${JSON.stringify(step)}]`;
}

/** A literal as the language writes it. @throws CannotSay of objects */
export function literalText(value: Json): string {
  if (Array.isArray(value)) {
    if (new Set(value.map(typeName)).size > 1) {
      throw new CannotSay("A list of values of different types cannot be written.");
    }
    return `[${value.map(literalText).join(", ")}]`;
  }
  if (typeof value === "number") return numberText(value);
  if (typeof value === "object" && value !== null) {
    throw new CannotSay("A comparison with a whole object cannot be written.");
  }
  return JSON.stringify(value);
}

function typeName(value: Json): string {
  return Array.isArray(value) ? "list" : typeof value;
}

/** A number without an exponent. @throws CannotSay of one with more digits than the language takes */
export function numberText(value: number): string {
  const exact = Number.isInteger(value)
    ? Number.isSafeInteger(value)
    : Number(value.toPrecision(15)) === value;
  if (!exact) {
    throw new CannotSay(`The number ${value} has more digits than can be written.`);
  }
  const shown = String(value === 0 ? 0 : value);
  const match = /^(-?)(\d+)(?:\.(\d+))?e([+-]\d+)$/.exec(shown);
  if (match === null) return shown;
  const [, sign = "", whole = "", fraction = "", exponent = "0"] = match;
  const shift = Number(exponent);
  return shift > 0
    ? `${sign}${whole}${fraction.padEnd(shift, "0")}`
    : `${sign}0.${"0".repeat(-shift - 1)}${whole}${fraction}`;
}
