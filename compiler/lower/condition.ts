import type {
  Comparison,
  ComparisonOperator,
  Condition,
  During,
  Literal,
  Message,
  Operand,
  Path,
  RegexNode,
  Span,
} from "../../language/index.ts";
import type { During as DuringJson, Json, Operator, PathJson } from "../../policy/index.ts";
import { toPathJson } from "../../policy/index.ts";
import { notComparable } from "../messages/lowering.ts";
import { all, any, FALSE, type Formula, leaf, negate } from "./formula.ts";
import {
  choicePattern,
  escapePattern,
  globPattern,
  prefixPattern,
  searchPattern,
  suffixPattern,
  wholePattern,
} from "./patterns.ts";

/** Says what cannot be lowered, at a place in the file of the condition. */
export type ReportAt = <P>(entry: Message<P>, parameters: P, span: Span) => void;

/**
 * A condition in the terms of the policy format. What cannot be said is reported, and counts as false.
 *
 * @param variables those of the quantifiers around it
 */
export function lowerCondition(
  condition: Condition,
  report: ReportAt,
  variables: readonly string[] = [],
): Formula {
  const names = new Map(variables.map((name) => [name, name]));
  return new ConditionLowering(report).lower(condition, names);
}

/** The variables in scope, with the names that they have in the policy. */
type Variables = ReadonlyMap<string, string>;

/** A side of a comparison that is read from the call. */
interface Read {
  readonly path: PathJson;
  readonly of?: "length" | "host";
  readonly else?: Json;
}

/** The operators that say the same with their sides exchanged. */
export const MIRRORED: Partial<Record<ComparisonOperator, ComparisonOperator>> = {
  "==": "==",
  "!=": "!=",
  "<": ">",
  "<=": ">=",
  ">": "<",
  ">=": "<=",
};

const PLAIN: Partial<Record<ComparisonOperator, Operator>> = {
  "==": "eq",
  "!=": "neq",
  "<": "lt",
  "<=": "lte",
  ">": "gt",
  ">=": "gte",
  in: "in",
  "not in": "not_in",
  contains: "contains",
  under: "under",
};

class ConditionLowering {
  readonly #report: ReportAt;

  constructor(report: ReportAt) {
    this.#report = report;
  }

  lower(node: Condition, variables: Variables): Formula {
    switch (node.kind) {
      case "or":
        return any(node.operands.map((operand) => this.lower(operand, variables)));
      case "and":
        return all(node.operands.map((operand) => this.lower(operand, variables)));
      case "not":
        return negate(this.lower(node.operand, variables));
      case "has":
        return leaf({ path: pathJson(node.path, variables), op: "exists", value: true });
      case "any":
      case "every": {
        const name = freshName(node.variable.value, variables);
        return {
          kind: node.kind === "any" ? "some" : "every",
          path: pathJson(node.path, variables),
          as: name,
          where: this.lower(node.condition, new Map(variables).set(node.variable.value, name)),
        };
      }
      case "comparison":
        return this.#comparison(node, variables);
      case "during":
        return this.#during(node);
      case "before":
        return leaf({ before: node.date.text });
      case "after":
        return leaf({ after: node.date.text });
      case "reference":
        // Resolving leaves one behind only where it reported it.
        return FALSE;
    }
  }

  #comparison(node: Comparison, variables: Variables): Formula {
    const { left, right, operator } = node;
    if (left.kind === "reference" || right.kind === "reference") return FALSE;
    const l = readOf(left, variables);
    const r = right.kind === "regex" ? undefined : readOf(right, variables);
    if (l !== undefined && right.kind === "regex") return this.#regex(node, l, right);
    if (right.kind === "regex")
      return this.#refuse(node, "A pattern is compared with a value of the call.");
    if (l !== undefined && r !== undefined)
      return this.#twoReads(node, l, r, this.#else(left), this.#else(right));
    if (l !== undefined) {
      const value = this.#literal(right as Literal);
      return this.#constantSide(node, { ...l, ...this.#else(left) }, operator, value);
    }
    if (r !== undefined) {
      const value = this.#literal(left as Literal);
      return this.#mirrored(node, { ...r, ...this.#else(right) }, value, variables);
    }
    return this.#refuse(node, "Neither side of this comparison is read from the call.");
  }

  /** A constant on the left. */
  #mirrored(node: Comparison, read: Read, value: Json, variables: Variables): Formula {
    const { operator } = node;
    const mirrored = MIRRORED[operator];
    if (mirrored !== undefined) return this.#constantSide(node, read, mirrored, value);
    if ((operator === "in" || operator === "not in") && node.ignoringCase === undefined) {
      if (read.of !== undefined || read.else !== undefined) {
        return this.#refuse(node, "What stands after `in` is a list.");
      }
      // `contains` would also accept a string that holds the text: this accepts only an element of a list.
      const name = freshName("item", variables);
      const found: Formula = {
        kind: "some",
        path: read.path,
        as: name,
        where: leaf({ path: name, op: "eq", value }),
      };
      return operator === "in" ? found : negate(found);
    }
    if (operator === "contains" && Array.isArray(value)) {
      return this.#constantSide(node, read, "in", value);
    }
    return this.#refuse(node, `\`${operator}\` takes the value of the call on its left.`);
  }

  #constantSide(node: Comparison, read: Read, operator: ComparisonOperator, value: Json): Formula {
    const ignoreCase = node.ignoringCase !== undefined;
    const regex = (pattern: string): Formula => leaf({ ...read, op: "regex", value: pattern });
    if (typeof value === "string") {
      switch (operator) {
        case "starts with":
          return regex(prefixPattern(value, ignoreCase));
        case "ends with":
          return regex(suffixPattern(value, ignoreCase));
        case "like":
          return regex(globPattern(value, ignoreCase));
        case "contains":
          if (ignoreCase) return regex(searchPattern(escapePattern(value), true));
          break;
        case "==":
          if (ignoreCase) return regex(choicePattern([value], true));
          break;
        case "!=":
          if (ignoreCase) return negate(regex(choicePattern([value], true)));
          break;
      }
    }
    if (ignoreCase) {
      const texts = Array.isArray(value) && value.every((item) => typeof item === "string");
      if (!texts || (operator !== "in" && operator !== "not in")) {
        return this.#refuse(node, "`ignoring case` is for comparisons of text.");
      }
      if (value.length > 0) {
        const choice = regex(choicePattern(value as readonly string[], true));
        return operator === "in" ? choice : negate(choice);
      }
    }
    const op = PLAIN[operator];
    if (op === undefined) {
      return this.#refuse(node, `\`${operator}\` compares with a text.`);
    }
    if ((op === "in" || op === "not_in") && !Array.isArray(value)) {
      return this.#refuse(node, "What stands after `in` is a list.");
    }
    if (["lt", "lte", "gt", "gte"].includes(op) && typeof value !== "number") {
      return this.#refuse(node, `\`${operator}\` compares numbers.`);
    }
    if (op === "under" && read.of !== undefined) {
      return this.#refuse(node, "`under` compares a whole path or URL.");
    }
    return leaf({ ...read, op, value });
  }

  #regex(node: Comparison, left: Read, right: RegexNode): Formula {
    const read = { ...left, ...this.#else(node.left) };
    const ignoreCase = right.ignoreCase || node.ignoringCase !== undefined;
    if (node.operator === "matches") {
      return leaf({ ...read, op: "regex", value: wholePattern(right.pattern, ignoreCase) });
    }
    if (node.operator === "contains") {
      return leaf({ ...read, op: "regex", value: searchPattern(right.pattern, ignoreCase) });
    }
    return this.#refuse(node, "A pattern stands after `matches` or `contains`.");
  }

  /** Both sides are read from the call. */
  #twoReads(
    node: Comparison,
    left: Read,
    right: Read,
    leftElse: { readonly else?: Json },
    rightElse: { readonly else?: Json },
  ): Formula {
    const op = PLAIN[node.operator];
    if (op === undefined) {
      return this.#refuse(node, `\`${node.operator}\` compares with a constant.`);
    }
    if (node.ignoringCase !== undefined) {
      return this.#refuse(node, "`ignoring case` compares with a constant.");
    }
    // Order has no meaning where an operator can be mirrored: the side with a measure, else the lesser path,
    // comes first.
    const mirrored = MIRRORED[node.operator];
    const swap =
      mirrored !== undefined &&
      (right.of !== undefined || (left.of === undefined && text(right) < text(left)));
    const [first, second] = swap ? [right, left] : [left, right];
    const [firstElse, secondElse] = swap ? [rightElse, leftElse] : [leftElse, rightElse];
    if (second.of !== undefined || (op === "under" && first.of !== undefined)) {
      return this.#refuse(
        node,
        `\`${second.of ?? first.of}(…)\` cannot stand on this side of the comparison.`,
      );
    }
    const operator = swap ? (PLAIN[mirrored] as Operator) : op;
    const compared = leaf({ ...first, ...firstElse, op: operator, path2: second.path });
    if (secondElse.else === undefined) return compared;
    const present = leaf({ path: second.path, op: "exists", value: true });
    const surrogate = this.#constantSide(
      node,
      { ...first, ...firstElse },
      swap ? (mirrored as ComparisonOperator) : node.operator,
      secondElse.else,
    );
    return any([all([present, compared]), all([negate(present), surrogate])]);
  }

  #else(node: Operand | RegexNode): { readonly else?: Json } {
    const value = node.kind === "path-operand" ? node.else : undefined;
    return value === undefined ? {} : { else: this.#literal(value) };
  }

  #literal(node: Literal): Json {
    switch (node.kind) {
      case "null":
        return null;
      case "list":
        return node.items.map((item) => this.#literal(item));
      case "number":
        return node.value === 0 ? 0 : node.value;
      default:
        return node.value;
    }
  }

  #during(node: During): Formula {
    const zone = node.zone?.value;
    const days = node.days === undefined ? [] : daysOf(node.days);
    const during: DuringJson = {
      ...(days.length === 0 ? {} : { days }),
      ...(node.from === undefined ? {} : { from: clock(node.from.minutes) }),
      ...(node.to === undefined ? {} : { to: clock(node.to.minutes) }),
      ...(zone === undefined ? {} : { zone }),
    };
    return leaf({ during });
  }

  #refuse(node: Comparison, problem: string): Formula {
    this.#report(notComparable, { problem }, node.span);
    return FALSE;
  }
}

function readOf(node: Operand, variables: Variables): Read | undefined {
  switch (node.kind) {
    case "path-operand":
      return { path: pathJson(node.path, variables) };
    case "length":
    case "host":
      return { path: pathJson(node.path, variables), of: node.kind };
    default:
      return undefined;
  }
}

/** Nested variables of a policy have different names, where a `let` may bring in one that is there already. */
function freshName(wanted: string, variables: Variables): string {
  const taken = new Set(variables.values());
  let name = wanted;
  for (let i = 2; taken.has(name); i++) name = `${wanted}_${i}`;
  return name;
}

const text = (read: Read): string => JSON.stringify(read.path);

/** An argument, a label or a part of a list's element as a policy names it. */
export function pathJson(path: Path, variables: Variables = new Map()): PathJson {
  const root = variables.get(path.root.value) ?? path.root.value;
  return toPathJson([root, ...path.steps.map(({ value }) => value)]);
}

const WEEK = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;

function daysOf(ranges: NonNullable<During["days"]>): readonly (typeof WEEK)[number][] {
  const days = new Set<string>();
  for (const { first, last } of ranges) {
    const from = WEEK.indexOf(first);
    const to = WEEK.indexOf(last);
    for (let i = from; ; i = (i + 1) % 7) {
      days.add(WEEK[i] as string);
      if (i === to) break;
    }
  }
  return WEEK.filter((day) => days.has(day));
}

function clock(minutes: number): string {
  const two = (value: number): string => String(value).padStart(2, "0");
  return `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}
