import type {
  Comparison,
  Condition,
  Dated,
  During,
  Has,
  Path,
  Quantified,
  Reference,
} from "../../language/index.ts";
import type { BoundRule } from "../program.ts";

/** A condition that has no conditions inside, or a quantifier. */
export type LeafNode = Comparison | Has | Quantified | Reference | During | Dated;

export interface Leaf {
  readonly node: LeafNode;
  /** True under an odd number of `not`s. */
  readonly negated: boolean;
  /** Whether it stands in the rule's own `if` or `unless`, or in a `when` around it. */
  readonly part: "own" | "when";
  /** The quantifiers around it, outermost first. */
  readonly within: readonly Quantified[];
}

/** The comparisons of everything that a rule's guard says, in the order in which they stand. */
export function leavesOf(rule: BoundRule): readonly Leaf[] {
  const { when, own } = rule.guard;
  return [
    ...when.flatMap((condition) => leaves(condition, "when")),
    ...(own === undefined ? [] : leaves(own.condition, "own")),
  ];
}

export function leaves(
  condition: Condition,
  part: Leaf["part"],
  negated = false,
  within: readonly Quantified[] = [],
): readonly Leaf[] {
  switch (condition.kind) {
    case "and":
    case "or":
      return condition.operands.flatMap((operand) => leaves(operand, part, negated, within));
    case "not":
      return leaves(condition.operand, part, !negated, within);
    case "any":
    case "every":
      return [
        { node: condition, negated, part, within },
        ...leaves(condition.condition, part, negated, [...within, condition]),
      ];
    default:
      return [{ node: condition, negated, part, within }];
  }
}

/**
 * Whether the leaf, when it is true, helps a call through (`grants`) or holds it up (`restrains`).
 * `!=` and `not in` count as the negation of `==` and `in`.
 */
export function effectOf(rule: BoundRule, leaf: Leaf): "grants" | "restrains" {
  const opposite =
    leaf.node.kind === "comparison" &&
    (leaf.node.operator === "!=" || leaf.node.operator === "not in");
  const unless = leaf.part === "own" && rule.guard.own?.kind === "unless";
  const grants = (rule.kind === "allow") !== unless;
  return grants !== (leaf.negated !== opposite) ? "grants" : "restrains";
}

/** The paths that a leaf reads, each with its `else`. A quantifier reads its list. */
export function readsOf(
  leaf: LeafNode,
): readonly { readonly path: Path; readonly hasElse: boolean }[] {
  switch (leaf.kind) {
    case "has":
    case "any":
    case "every":
      return [{ path: leaf.path, hasElse: false }];
    case "comparison":
      return [leaf.left, leaf.right].flatMap((operand) => {
        if (operand.kind === "path-operand") {
          return [{ path: operand.path, hasElse: operand.else !== undefined }];
        }
        if (operand.kind === "length" || operand.kind === "host") {
          return [{ path: operand.path, hasElse: false }];
        }
        return [];
      });
    default:
      return [];
  }
}
