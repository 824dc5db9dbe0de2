import type {
  ListNode,
  Literal,
  Measure,
  Operand,
  Path,
  PathOperand,
  Span,
} from "../../../language/index.ts";
import { mixedList, notMeasurable, wrongElse } from "../../messages/types.ts";
import { codePoints, membersOf, union } from "../../tools/algebra.ts";
import { describe } from "../../tools/describe.ts";
import type { Type } from "../../tools/types.ts";
import type { Environment } from "./environment.ts";
import { jsonOf, kindOf, kindsOf, literalType } from "./literals.ts";
import { pathText, resolvePath } from "./paths.ts";
import type { Problems } from "./problems.ts";

/** One side of a comparison. */
export interface TypedOperand {
  /** As it is written, in backticks. */
  readonly text: string;
  readonly type: Type;
  readonly mayBeMissing: boolean;
  readonly span: Span;
  readonly literal?: Literal;
  readonly host?: true;
}

/** The type of an operand; `undefined` when it has none, which is then reported. */
export function typeOfOperand(
  operand: Operand,
  part: Span,
  environment: Environment,
  problems: Problems,
): TypedOperand | undefined {
  switch (operand.kind) {
    case "reference":
      return undefined;
    case "path-operand":
      return typeOfPath(operand, part, environment, problems);
    case "length":
    case "host":
      return typeOfMeasure(operand, part, environment, problems);
    default:
      return typeOfLiteral(operand, problems);
  }
}

function typeOfPath(
  { path, else: fallback, span }: PathOperand,
  part: Span,
  environment: Environment,
  problems: Problems,
): TypedOperand | undefined {
  const found = resolvePath(path, part, environment, problems);
  if (found === undefined) return undefined;
  const { type: pathType, mayBeMissing } = found;
  if (fallback === undefined) return named(path, span, pathType, mayBeMissing);
  const kinds = kindsOf(found.type);
  if (kinds !== undefined && !kinds.has(kindOf(jsonOf(fallback)))) {
    const type = describe(found.type);
    const value = JSON.stringify(jsonOf(fallback));
    problems.add(wrongElse, { operand: backticked(path), type, value }, fallback.span, part);
    return undefined;
  }
  return named(path, span, union([pathType, literalType(fallback)]), false);
}

/** Most operands are right, and their words never asked for. */
function named(path: Path, span: Span, type: Type, mayBeMissing: boolean): TypedOperand {
  return {
    type,
    mayBeMissing,
    span,
    get text() {
      return backticked(path);
    },
  };
}

function backticked(path: Path): string {
  return `\`${pathText(path)}\``;
}

function typeOfMeasure(
  { kind, path, span }: Measure,
  part: Span,
  environment: Environment,
  problems: Problems,
): TypedOperand | undefined {
  const found = resolvePath(path, part, environment, problems);
  if (found === undefined) return undefined;
  const kinds = kindsOf(found.type);
  const measurable = kind === "length" ? ["string", "list"] : ["string"];
  if (kinds !== undefined && !measurable.some((wanted) => kinds.has(wanted as never))) {
    const parameters = {
      measure: kind,
      operand: backticked(path),
      type: describe(found.type),
    };
    problems.add(notMeasurable, parameters, path.span, part);
    return undefined;
  }
  const text = `\`${kind}(${pathText(path)})\``;
  const { mayBeMissing } = found;
  if (kinds === undefined) return { text, span, mayBeMissing, type: found.type };
  return kind === "length"
    ? { text, span, mayBeMissing, type: lengthOf(found.type) }
    : { text, span, mayBeMissing, type: { kind: "string" }, host: true };
}

function lengthOf(type: Type): Type {
  let low = Number.POSITIVE_INFINITY;
  let high = 0;
  for (const member of membersOf(type)) {
    const [least, most] = lengthsOf(member) ?? [low, high];
    low = Math.min(low, least);
    high = Math.max(high, most);
  }
  return {
    kind: "number",
    integer: true,
    minimum: Number.isFinite(low) ? low : 0,
    ...(Number.isFinite(high) ? { maximum: high } : {}),
  };
}

function lengthsOf(type: Type): readonly [number, number] | undefined {
  if (type.kind === "string") return [type.minLength ?? 0, type.maxLength ?? Infinity];
  if (type.kind === "list") return [type.minItems ?? 0, type.maxItems ?? Infinity];
  if (type.kind !== "literal") return undefined;
  const { value } = type;
  if (typeof value === "string") return [codePoints(value), codePoints(value)];
  return Array.isArray(value) ? [value.length, value.length] : undefined;
}

/** A literal is typed once, not once a tool. */
const literals = new WeakMap<Literal, TypedOperand>();

function typeOfLiteral(literal: Literal, problems: Problems): TypedOperand | undefined {
  if (literal.kind === "list" && isMixed(literal, problems)) return undefined;
  const known = literals.get(literal);
  if (known !== undefined) return known;
  const typed: TypedOperand = {
    text: `\`${short(JSON.stringify(jsonOf(literal)))}\``,
    type: literalType(literal),
    mayBeMissing: false,
    span: literal.span,
    literal,
  };
  literals.set(literal, typed);
  return typed;
}

function short(text: string): string {
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

/** Reports a list of elements of several types; `null` among them is told apart. */
function isMixed(list: ListNode, problems: Problems): boolean {
  const items = list.items.filter((item) => item.kind !== "null");
  const [first] = items;
  const other = items.find((item) => item.kind !== first?.kind);
  if (first === undefined || other === undefined) return false;
  const words = (item: Literal) => short(JSON.stringify(jsonOf(item)));
  problems.add(mixedList, { first: words(first), other: words(other) }, other.span, list.span);
  return true;
}
