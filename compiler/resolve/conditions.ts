import type {
  Comparison,
  Condition,
  Name,
  Operand,
  Path,
  Reference,
  RegexNode,
  Source,
  Span,
} from "../../language/index.ts";
import { tooDeep } from "../messages/lowering.ts";
import { notACondition, notAValue, shadowedName, unknownRoot } from "../messages/names.ts";
import type { Lets } from "./lets.ts";
import type { Reporter } from "./reporter.ts";
import { respan } from "./respan.ts";

/** A condition with its lets put in place. `resolved` is false when a name was not found, and reported. */
export interface ResolvedCondition {
  readonly condition: Condition;
  readonly resolved: boolean;
}

/** How many parts a condition may have, and how deep they may stand, with its lets in place. */
const MAX_PARTS = 10_000;
export const MAX_DEPTH = 64;

const ROOTS = ["args", "grant", "client"];

/** Puts lets in place in one condition of one file. */
export class ConditionResolver {
  readonly #lets: Lets;
  readonly #source: Source;
  readonly #reporter: Reporter;
  #resolved = true;
  #parts = 0;

  constructor(lets: Lets, source: Source, reporter: Reporter) {
    this.#lets = lets;
    this.#source = source;
    this.#reporter = reporter;
  }

  resolve(condition: Condition): ResolvedCondition {
    this.#resolved = true;
    this.#parts = measure(condition).parts;
    return { condition: this.#condition(condition, [], 1), resolved: this.#resolved };
  }

  /** The path of a limit: an argument. */
  argument(path: Path): boolean {
    if (path.root.value === "args") return this.#fits(path);
    this.#reporter.report(unknownRoot, { name: path.root.value }, this.#source, path.root.span);
    return false;
  }

  #condition(node: Condition, variables: readonly string[], depth: number): Condition {
    switch (node.kind) {
      case "or":
      case "and":
        return {
          ...node,
          operands: node.operands.map((operand) => this.#condition(operand, variables, depth + 1)),
        };
      case "not":
        return { ...node, operand: this.#condition(node.operand, variables, depth + 1) };
      case "reference":
        return this.#named(node, variables, depth);
      case "has":
        this.#path(node.path, variables);
        return node;
      case "any":
      case "every": {
        this.#path(node.path, variables);
        const { value } = node.variable;
        if (variables.includes(value) || this.#lets.has(value)) {
          this.#fail();
          this.#reporter.report(shadowedName, { name: value }, this.#source, node.variable.span);
        }
        const inside = [...variables, value];
        return { ...node, condition: this.#condition(node.condition, inside, depth + 1) };
      }
      case "comparison":
        return this.#comparison(node, variables);
      case "during":
      case "before":
      case "after":
        return node;
    }
  }

  #named(node: Reference, variables: readonly string[], depth: number): Condition {
    const { value: name } = node.name;
    if (variables.includes(name)) return this.#noCondition(node);
    const value = this.#lets.use(node.name, this.#source);
    if (value === undefined) {
      this.#fail();
      return node;
    }
    if (value.kind === "condition") {
      const size = measure(value.condition);
      this.#parts += size.parts;
      const large = this.#parts > MAX_PARTS;
      if (!large && depth + size.depth <= MAX_DEPTH + 1) return respan(value.condition, node.span);
      this.#fail();
      const parameters = { what: large ? "large" : "deep" } as const;
      this.#reporter.report(tooDeep, parameters, this.#source, node.span);
      return node;
    }
    return this.#noCondition(node);
  }

  #noCondition(node: Reference): Condition {
    this.#fail();
    this.#reporter.report(notACondition, { name: node.name.value }, this.#source, node.span);
    return node;
  }

  #comparison(node: Comparison, variables: readonly string[]): Condition {
    return {
      ...node,
      left: this.#operand(node.left, variables),
      right: node.right.kind === "regex" ? node.right : this.#operand(node.right, variables),
    };
  }

  #operand(node: Operand, variables: readonly string[]): Exclude<Operand, RegexNode> {
    switch (node.kind) {
      case "path-operand": {
        const lone = node.path.steps.length === 0 && node.else === undefined;
        if (!lone || [...ROOTS, ...variables].includes(node.path.root.value)) {
          this.#path(node.path, variables);
          return node;
        }
        return this.#value(node.path.root, variables, node.span);
      }
      case "length":
      case "host":
        this.#path(node.path, variables);
        return node;
      case "reference":
        return this.#value(node.name, variables, node.span);
      default:
        return node;
    }
  }

  /** A bare word as an operand: a variable around it, else a constant. */
  #value(name: Name, variables: readonly string[], span: Span): Operand {
    if (variables.includes(name.value)) {
      return { kind: "path-operand", span, path: { kind: "path", span, root: name, steps: [] } };
    }
    const value = this.#lets.use(name, this.#source);
    if (value?.kind === "literal") return respan(value.literal, span);
    this.#fail();
    if (value !== undefined) {
      this.#reporter.report(notAValue, { name: name.value }, this.#source, span);
    }
    return { kind: "reference", span, name };
  }

  #path(path: Path, variables: readonly string[]): void {
    const { value: name, span } = path.root;
    if (ROOTS.includes(name) || variables.includes(name)) {
      if (!this.#fits(path)) this.#fail();
      return;
    }
    this.#fail();
    this.#reporter.report(unknownRoot, { name }, this.#source, span);
  }

  /** No message is nested so deep that a longer path would lead anywhere. */
  #fits({ steps, span }: Path): boolean {
    if (steps.length <= MAX_DEPTH) return true;
    this.#reporter.report(tooDeep, { what: "long" }, this.#source, span);
    return false;
  }

  #fail(): void {
    this.#resolved = false;
  }
}

interface Size {
  readonly parts: number;
  readonly depth: number;
}

const sizes = new WeakMap<Condition, Size>();

function measure(node: Condition): Size {
  const known = sizes.get(node);
  if (known !== undefined) return known;
  const inner =
    node.kind === "and" || node.kind === "or"
      ? node.operands
      : node.kind === "not"
        ? [node.operand]
        : node.kind === "any" || node.kind === "every"
          ? [node.condition]
          : [];
  let parts = 1;
  let depth = 0;
  for (const part of inner.map(measure)) {
    parts += part.parts;
    depth = Math.max(depth, part.depth);
  }
  const size = { parts, depth: depth + 1 };
  sizes.set(node, size);
  return size;
}
