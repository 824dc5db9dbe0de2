import { DAY_MS, hostOf, type Json } from "../../policy/index.ts";
import { jsonEqual } from "../tools/algebra.ts";
import type { Formula, Literal, Operand, Relation, Steps } from "./formula.ts";
import { minuteOfWeek } from "./moments.ts";
import { has } from "./values.ts";

/** What a formula is about: the roots of its paths (`args`, `grant`, `client`), and the time. */
export interface Scene {
  readonly [root: string]: Json | undefined;
  /** Milliseconds since 1970, UTC. */
  readonly now?: number;
}

/** Whether a call satisfies a formula; undefined where a fact would have to be known. */
export function satisfied(formula: Formula, scene: Scene): boolean | undefined {
  switch (formula.kind) {
    case "true":
      return true;
    case "false":
      return false;
    case "all":
      return every(formula.operands.map((operand) => satisfied(operand, scene)));
    case "any":
      return some(formula.operands.map((operand) => satisfied(operand, scene)));
    case "literal":
      return ofLiteral(formula, scene);
    case "relation":
      return ofRelation(formula, scene);
    case "some":
    case "each": {
      const list = readPath(formula.list.path, scene);
      if (!Array.isArray(list)) return false;
      const results = list.map((_, index) =>
        satisfied(formula.body([...formula.list.path, index]), scene),
      );
      return formula.kind === "some" ? some(results) : every(results);
    }
  }
}

function every(results: readonly (boolean | undefined)[]): boolean | undefined {
  if (results.includes(false)) return false;
  return results.includes(undefined) ? undefined : true;
}

function some(results: readonly (boolean | undefined)[]): boolean | undefined {
  if (results.includes(true)) return true;
  return results.includes(undefined) ? undefined : false;
}

function ofLiteral({ operand, values, predicate }: Literal, scene: Scene): boolean | undefined {
  if (operand.of === "fact") return undefined;
  const value = read(operand, scene);
  if (!has(values, value)) return false;
  if (predicate === undefined) return true;
  const holds = predicate.test(value);
  return holds === undefined ? undefined : holds === predicate.positive;
}

function ofRelation({ how, left, right }: Relation, scene: Scene): boolean | undefined {
  return relates(how, read(left, scene), read(right, scene));
}

export function relates(how: Relation["how"], a: Json, b: Json): boolean {
  if (a === null || b === null) return false;
  if (how === "equal" || how === "unequal") return jsonEqual(a, b) === (how === "equal");
  if (typeof a !== "number" || typeof b !== "number") return false;
  return how === "less" ? a < b : a <= b;
}

/** `null` for what is missing. */
function read({ of, path }: Operand, scene: Scene): Json {
  const { now = 0 } = scene;
  if (of === "day") return Math.floor(now / DAY_MS);
  if (of === "week") return minuteOfWeek(now, String(path[0]));
  const value = readPath(path, scene);
  if (of === "length") {
    if (typeof value === "string") return [...value].length;
    return Array.isArray(value) ? value.length : null;
  }
  if (of === "host") {
    const host = typeof value === "string" ? hostOf(value) : "";
    return typeof host === "string" ? null : host.host;
  }
  return value;
}

/** `null` for what is missing. */
export function readPath([root = "", ...steps]: Steps, scene: Scene): Json {
  let value: Json = (scene[root] as Json | undefined) ?? null;
  for (const step of steps) {
    if (typeof value !== "object" || value === null) return null;
    if (Array.isArray(value) !== (typeof step === "number")) return null;
    if (!Object.hasOwn(value, step)) return null;
    value = (value as { readonly [key: string | number]: Json })[step] ?? null;
  }
  return value;
}
