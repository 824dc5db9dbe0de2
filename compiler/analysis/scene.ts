import type { Json } from "../../policy/index.ts";
import type { Branch, Constraint } from "./branch.ts";
import type { Effort } from "./effort.ts";
import { DAY, measureAt, type Steps, valueAt } from "./formula.ts";
import { findMoment } from "./moments.ts";
import { relate } from "./relate.ts";
import { readPath, type Scene } from "./satisfied.ts";
import { has, type ValueSet } from "./values.ts";
import { findNumber, findString } from "./witness.ts";

/** A call as a branch of the search demands it; `no` is a proof that there is none. */
export type Built =
  | { readonly kind: "yes"; readonly scene: Scene }
  | { readonly kind: "no" }
  | Perhaps;

interface Perhaps {
  readonly kind: "perhaps";
  readonly why: "effort" | "opaque";
}

/** A value, undefined where it is missing. */
type Made =
  | { readonly kind: "yes"; readonly value: Json | undefined }
  | { readonly kind: "no" }
  | Perhaps;

const NO = { kind: "no" } as const;

/** Puts a value wherever the branch demands something. */
export function buildScene(branch: Branch, effort: Effort): Built {
  const moment = momentOf(branch);
  if (moment.kind === "no") return NO;
  if (moment.kind === "perhaps") return { kind: "perhaps", why: "opaque" };
  let undecided: Perhaps | undefined;
  for (const settled of relate(branch, effort)) {
    if (settled === "perhaps") {
      undecided ??= { kind: "perhaps", why: "opaque" };
      continue;
    }
    const built = new Builder(settled, effort).build();
    if (built.kind === "yes") return { kind: "yes", scene: { ...built.scene, ...moment.time } };
    if (built.kind === "perhaps") undecided ??= built;
  }
  return undecided ?? NO;
}

function momentOf(
  branch: Branch,
):
  | { readonly kind: "yes"; readonly time: { readonly now?: number } }
  | { readonly kind: "no" }
  | { readonly kind: "perhaps" } {
  const weeks = new Map<string, ValueSet>();
  for (const { operand, values } of branch.constraints.values()) {
    if (operand.of === "week") weeks.set(String(operand.path[0]), values);
  }
  const asksDay = branch.constraints.has(DAY.key);
  if (weeks.size === 0 && !asksDay) return { kind: "yes", time: {} };
  const found = findMoment(branch.of(DAY).values, weeks);
  return found.kind === "yes" ? { kind: "yes", time: { now: found.now } } : found;
}

/** What is demanded at a path and below it. */
interface Node {
  readonly path: Steps;
  value?: Constraint;
  length?: Constraint;
  host?: Constraint;
  readonly children: Map<string | number, Node>;
}

class Builder {
  readonly #branch: Branch;
  readonly #effort: Effort;

  constructor(branch: Branch, effort: Effort) {
    this.#branch = branch;
    this.#effort = effort;
  }

  build(): Built {
    const roots = new Map<string | number, Node>();
    for (const constraint of this.#branch.constraints.values()) {
      const { operand } = constraint;
      if (operand.of !== "value" && operand.of !== "length" && operand.of !== "host") continue;
      nodeAt(roots, operand.path)[operand.of] = constraint;
    }
    if (!roots.has("args")) nodeAt(roots, ["args"]);
    const scene: { [root: string]: Json | undefined } = {};
    let undecided: Perhaps | undefined;
    for (const [root, node] of roots) {
      const made = this.#make(node);
      if (made.kind === "no") return NO;
      if (made.kind === "perhaps") undecided = made;
      else scene[root] = made.value;
    }
    return undecided ?? { kind: "yes", scene: this.#completed(scene) };
  }

  #completed(scene: { readonly [root: string]: Json | undefined }): Scene {
    const { domains, constraints } = this.#branch;
    const bare = { ...scene, args: scene.args ?? {} };
    const args = domains.complete?.(["args"], scene.args) ?? bare.args;
    const completed = { ...scene, args };
    // What had to stay out is not put in, though the schema asks for it.
    const differs = [...constraints.values()].some(
      ({ operand: { of, path } }) =>
        of === "value" &&
        path[0] === "args" &&
        (readPath(path, bare) === null) !== (readPath(path, completed) === null),
    );
    return differs ? bare : completed;
  }

  #make(node: Node): Made {
    const { values } = node.value ?? this.#branch.of(valueAt(node.path));
    let undecided: Perhaps | undefined;
    for (const option of optionsOf(node)) {
      if (!this.#effort.spend(1)) return { kind: "perhaps", why: "effort" };
      const made = this.#makeAs(option, node, values);
      if (made.kind === "yes") return made;
      if (made.kind === "perhaps") undecided ??= made;
    }
    return undecided ?? NO;
  }

  #makeAs(option: Option, node: Node, values: ValueSet): Made {
    switch (option) {
      case "missing":
        return values.missing && this.#maybeMissing(node) ? { kind: "yes", value: undefined } : NO;
      case "boolean": {
        if ((!values.yes && !values.no) || !this.#isBare(node)) return NO;
        return { kind: "yes", value: values.yes };
      }
      case "number": {
        if (!this.#isBare(node)) return NO;
        return findNumber(values, node.value?.predicates ?? []);
      }
      case "string":
        return this.#string(node, values);
      case "object":
        return values.objects ? this.#object(node) : NO;
      case "list":
        return values.lists ? this.#list(node) : NO;
    }
  }

  #string(node: Node, values: ValueSet): Made {
    if (![...node.children.values()].every((child) => this.#maybeMissing(child))) return NO;
    const { domains } = this.#branch;
    const length = this.#branch.of(measureAt("length", node.path)).values;
    const bounded = node.length !== undefined || domains.lengths?.(node.path) !== undefined;
    return findString(
      {
        strings: values.strings,
        predicates: [...(node.value?.predicates ?? []), ...(domains.texts?.(node.path) ?? [])],
        ...(bounded && { lengths: length }),
        ...(node.host !== undefined && { host: node.host }),
      },
      this.#effort,
    );
  }

  #object(node: Node): Made {
    if (!this.#isUnmeasured(node)) return NO;
    const object: { [key: string]: Json } = {};
    let undecided: Perhaps | undefined;
    for (const [step, child] of node.children) {
      const made: Made =
        typeof step === "number"
          ? this.#maybeMissing(child)
            ? { kind: "yes", value: undefined }
            : NO
          : this.#make(child);
      if (made.kind === "no") return NO;
      if (made.kind === "perhaps") undecided = made;
      else if (made.value !== undefined) define(object, String(step), made.value);
    }
    if (undecided !== undefined) return undecided;
    return this.#withPredicates(node, object);
  }

  /** An object may have to equal another one, or not to. */
  #withPredicates(node: Node, object: Json): Made {
    const predicates = node.value?.predicates ?? [];
    const fits = (value: Json): boolean =>
      predicates.every(({ test, positive }) => test(value) === positive);
    if (fits(object)) return { kind: "yes", value: object };
    const bare = [...node.children.values()].length === 0;
    const candidates = predicates.flatMap(({ candidates = [] }) => candidates);
    const found = bare ? [...candidates, { other: true }].find(fits) : undefined;
    if (found !== undefined) return { kind: "yes", value: found };
    return { kind: "perhaps", why: "opaque" };
  }

  #list(node: Node): Made {
    if (node.host !== undefined && !node.host.values.missing) return NO;
    for (const [step, child] of node.children) {
      if (typeof step === "string" && !this.#maybeMissing(child)) return NO;
    }
    const lengths = this.#branch.of(measureAt("length", node.path)).values;
    const indexes = [...node.children.keys()].filter((step) => typeof step === "number");
    const spoken = Math.max(
      0,
      this.#branch.countOf(valueAt(node.path)),
      ...indexes.map((index) => index + 1),
    );
    let undecided: Perhaps | undefined;
    for (const length of lengthsToTry(lengths, spoken)) {
      if (!this.#effort.spend(1 + length)) return { kind: "perhaps", why: "effort" };
      const made = this.#listOf(node, length);
      if (made.kind === "yes") return made;
      if (made.kind === "perhaps") undecided ??= made;
    }
    const longest = lengths.numbers.at(-1)?.high ?? 0;
    if (undecided === undefined && longest > MAX_LIST && !reaches(lengths, MAX_LIST)) {
      return { kind: "perhaps", why: "effort" };
    }
    return undecided ?? NO;
  }

  #listOf(node: Node, length: number): Made {
    const list: Json[] = [];
    let undecided: Perhaps | undefined;
    for (const [step, child] of node.children) {
      if (typeof step === "number" && step >= length && !this.#maybeMissing(child)) return NO;
    }
    for (let index = 0; index < length; index++) {
      const child = node.children.get(index);
      const made: Made = child === undefined ? this.#element(node.path, index) : this.#make(child);
      if (made.kind === "no") return NO;
      if (made.kind === "perhaps") undecided = made;
      else list.push(made.value ?? null);
    }
    return undecided ?? { kind: "yes", value: list };
  }

  /** An element of which nothing is demanded but to be there. */
  #element(list: Steps, index: number): Made {
    const path = [...list, index];
    const value = this.#branch.domains.complete?.(path, undefined);
    if (value !== undefined) return { kind: "yes", value };
    return this.#make({ path, children: new Map() });
  }

  /** Whether nothing at the path or below has to be there. */
  #maybeMissing(node: Node): boolean {
    const values = node.value?.values ?? this.#branch.of(valueAt(node.path)).values;
    return (
      values.missing &&
      this.#isUnmeasured(node) &&
      [...node.children.values()].every((child) => this.#maybeMissing(child))
    );
  }

  #isUnmeasured({ length, host }: Node): boolean {
    return length?.values.missing !== false && host?.values.missing !== false;
  }

  /** Whether it can be a value that has no length, no host and no parts. */
  #isBare(node: Node): boolean {
    return (
      this.#isUnmeasured(node) &&
      [...node.children.values()].every((child) => this.#maybeMissing(child))
    );
  }
}

type Option = "missing" | "boolean" | "number" | "string" | "object" | "list";

/** What reads well first. What has parts is likely to be needed for them. */
function optionsOf(node: Node): readonly Option[] {
  const steps = [...node.children.keys()];
  const parts: Option[] = steps.some((step) => typeof step === "number")
    ? ["list", "object"]
    : ["object", "list"];
  if (steps.length > 0) return [...parts, "missing", "string", "number", "boolean"];
  if (node.path.length === 1) return ["object", "missing"];
  return ["string", "number", "boolean", "missing", "list", "object"];
}

function nodeAt(roots: Map<string | number, Node>, path: Steps): Node {
  let children = roots;
  let node: Node | undefined;
  for (const [index, step] of path.entries()) {
    node = children.get(step);
    if (node === undefined) {
      node = { path: path.slice(0, index + 1), children: new Map() };
      children.set(step, node);
    }
    children = node.children;
  }
  return node as Node;
}

/** A key such as `__proto__` is a key like any other. */
function define(object: { [key: string]: Json }, key: string, value: Json): void {
  Object.defineProperty(object, key, {
    value,
    enumerable: true,
    configurable: true,
    writable: true,
  });
}

/** Lists are not made longer than that. */
const MAX_LIST = 200;

/** Short ones first; beyond the elements that are spoken of, all lengths are alike. */
function* lengthsToTry(lengths: ValueSet, spoken: number): Iterable<number> {
  let beyond = false;
  for (let length = 0; length <= MAX_LIST; length++) {
    if (!has(lengths, length)) continue;
    yield length;
    if (length > spoken) beyond = true;
    if (beyond) return;
  }
}

function reaches(lengths: ValueSet, most: number): boolean {
  return lengths.numbers.some(({ low }) => low <= most);
}
