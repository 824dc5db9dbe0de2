import type {
  Comparison,
  Literal,
  RegexNode,
  ReportExtras,
  Span,
} from "../../../language/index.ts";
import { underProblem } from "../../../policy/index.ts";
import {
  alwaysTrue,
  badRegex,
  constantComparison,
  listNeeded,
  neverTrue,
  notAPlace,
  nullCompared,
  operatorUndefined,
  outsideEnum,
  typesDiffer,
} from "../../messages/types.ts";
import { hintFor } from "../../resolve/spelling.ts";
import { describe } from "../../tools/describe.ts";
import { itemOf } from "../../tools/lookup.ts";
import type { Type } from "../../tools/types.ts";
import type { Environment } from "./environment.ts";
import { enumerationOf, jsonOf, type Kind, kindOf, kindsOf, literalType } from "./literals.ts";
import { type TypedOperand, typeOfOperand } from "./operands.ts";
import type { Problems } from "./problems.ts";
import { verdictOf } from "./ranges.ts";
import { regexProblem } from "./regexes.ts";

const ORDER = new Set(["<", "<=", ">", ">="]);
const TEXT = new Set(["starts with", "ends with", "matches", "like", "under"]);
/** Suggestions are sought for so many literals of one comparison; each compares a word with every known value. */
const MOST_HINTS = 10;
const FLIPPED = { "==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<=" } as const;

/** Types one comparison in one tool. */
export function checkComparison(
  node: Comparison,
  environment: Environment,
  problems: Problems,
): void {
  new ComparisonTyper(node, environment, problems).check();
}

class ComparisonTyper {
  readonly #node: Comparison;
  readonly #environment: Environment;
  readonly #problems: Problems;
  #outside = 0;

  constructor(node: Comparison, environment: Environment, problems: Problems) {
    this.#node = node;
    this.#environment = environment;
    this.#problems = problems;
  }

  check(): void {
    const { left: leftNode, right: rightNode, span } = this.#node;
    const left = typeOfOperand(leftNode, span, this.#environment, this.#problems);
    if (rightNode.kind === "regex") {
      const problem = regexProblem(rightNode);
      if (problem !== undefined) {
        this.#problems.add(badRegex, { problem }, rightNode.span, rightNode.span);
      } else if (left !== undefined) this.#withRegex(left, rightNode);
      return;
    }
    const right = typeOfOperand(rightNode, span, this.#environment, this.#problems);
    if (left === undefined || right === undefined) return;
    if (left.literal !== undefined && right.literal !== undefined) {
      // `true` and `false` as conditions come out of a `let`, where both sides have its place.
      if (left.span !== span) this.#problems.add(constantComparison, {}, span, span);
      return;
    }
    if (this.#withNull(left, right)) return;
    this.#unchecked(left);
    this.#unchecked(right);
    this.#operator(left, right);
  }

  /** Notes an operand whose type is not known. */
  #unchecked({ type, text, span }: TypedOperand): void {
    if (!this.#environment.tool.known || type.kind !== "unknown") return;
    this.#problems.unchecked(text.slice(1, -1), type.why, span);
  }

  #withRegex(left: TypedOperand, regex: RegexNode): void {
    this.#unchecked(left);
    if (left.literal !== undefined) {
      this.#problems.add(constantComparison, {}, this.#node.span, this.#node.span);
      return;
    }
    if (!this.#wants(left, ["string"], "strings")) return;
    this.#verdict(left, { regex });
  }

  /** `null` is for `==` and `!=`, which then need no type. True when it stood there. */
  #withNull(left: TypedOperand, right: TypedOperand): boolean {
    const { operator } = this.#node;
    const whole = [left, right].find((side) => side.literal?.kind === "null");
    if (whole !== undefined) {
      if (operator !== "==" && operator !== "!=") {
        this.#problems.add(nullCompared, { operator }, whole.span, this.#node.span);
      }
      return true;
    }
    for (const { literal } of [left, right]) {
      if (literal?.kind !== "list") continue;
      const item = literal.items.find(({ kind }) => kind === "null");
      if (item === undefined) continue;
      this.#problems.add(nullCompared, { operator }, item.span, this.#node.span);
      return true;
    }
    return false;
  }

  #operator(left: TypedOperand, right: TypedOperand): void {
    const { operator, ignoringCase } = this.#node;
    if (ignoringCase !== undefined) {
      if (ORDER.has(operator)) {
        this.#undefinedFor("ignoring case", left, "strings");
        return;
      }
      const kinds = kindsOf(left.type);
      if (kinds !== undefined && !kinds.has("string") && !kinds.has("list")) {
        this.#undefinedFor("ignoring case", left, "strings");
        return;
      }
    }
    if (ORDER.has(operator)) this.#order(left, right);
    else if (TEXT.has(operator)) this.#text(left, right);
    else if (operator === "contains") this.#contains(left, right);
    else if (operator === "in" || operator === "not in") this.#membership(left, right);
    else this.#equality(left, right);
  }

  #order(left: TypedOperand, right: TypedOperand): void {
    if (!this.#wants(left, ["number"], "numbers")) return;
    if (!this.#wants(right, ["number"], "numbers")) return;
    this.#compared(left, right);
  }

  #text(left: TypedOperand, right: TypedOperand): void {
    if (!this.#wants(left, ["string"], "strings")) return;
    const places = this.#node.operator === "under" && right.literal?.kind === "list";
    if (!places && !this.#wants(right, ["string"], "strings")) return;
    if (this.#node.operator === "under") {
      const { literal } = right;
      const bases = literal?.kind === "list" ? literal.items : literal ? [literal] : [];
      for (const base of bases) this.#place(base);
      return;
    }
    this.#compared(left, right);
  }

  #place(base: Literal): void {
    const value = jsonOf(base);
    if (typeof value !== "string") {
      const parameters = {
        operator: "under",
        operand: `\`${JSON.stringify(value)}\``,
        type: base.kind,
        wants: "strings",
      };
      this.#problems.add(operatorUndefined, parameters, base.span, base.span);
      return;
    }
    const problem = underProblem(value);
    if (problem !== undefined) {
      this.#problems.add(notAPlace, { value, problem }, base.span, base.span);
    }
  }

  #contains(left: TypedOperand, right: TypedOperand): void {
    if (!this.#wants(left, ["string", "list"], "strings and lists")) return;
    const kinds = kindsOf(left.type);
    const sought = kindsOf(right.type);
    if (kinds === undefined || sought === undefined) return;
    const item = itemOf(left.type);
    const held = item === undefined ? new Set<Kind>() : kindsOf(item);
    const inText = kinds.has("string") && sought.has("string");
    const inList = held === undefined || [...sought].some((kind) => held.has(kind));
    const element = { ...left, text: `An element of ${left.text}`, type: item ?? left.type };
    if (!inText && !inList) {
      this.#differ(kinds.has("list") ? element : left, right, element.type);
      return;
    }
    if (!kinds.has("list")) this.#compared(left, right);
    else if (!kinds.has("string") && item !== undefined && right.literal !== undefined) {
      this.#enumerated(element, right.literal);
    }
  }

  #membership(left: TypedOperand, right: TypedOperand): void {
    const { operator, span } = this.#node;
    const lists = kindsOf(right.type);
    if (lists !== undefined && !lists.has("list")) {
      const { literal } = right;
      const text = literal && this.#environment.source.slice(right.span);
      const fixes =
        text === undefined || !isWritten(text)
          ? {}
          : {
              fixes: [
                { title: `Write \`[${text}]\``, edits: [{ span: right.span, text: `[${text}]` }] },
              ],
            };
      this.#problems.add(listNeeded, { operator }, right.span, span, fixes);
      return;
    }
    if (right.literal?.kind !== "list") {
      const item = itemOf(right.type);
      if (item !== undefined) this.#alike(left, { ...right, type: item });
      return;
    }
    if (right.literal.items.length === 0) {
      const entry = operator === "in" ? neverTrue : alwaysTrue;
      const because = "cannot be in an empty list";
      if (operator === "in" || !left.mayBeMissing) {
        this.#problems.add(entry, { operand: left.text, because }, span, span);
      }
      return;
    }
    let sound = true;
    for (const item of right.literal.items) {
      const text = `\`${JSON.stringify(jsonOf(item))}\``;
      const one = { ...right, literal: item, text, span: item.span };
      const fits = this.#alike(left, { ...one, type: literalType(item) }, item.span);
      sound = fits && this.#enumerated(left, item) && sound;
    }
    if (sound) this.#compared(left, right);
  }

  #equality(left: TypedOperand, right: TypedOperand): void {
    if (!this.#alike(left, right)) return;
    if (right.literal !== undefined && !this.#enumerated(left, right.literal)) return;
    if (left.literal !== undefined && !this.#enumerated(right, left.literal)) return;
    this.#compared(left, right);
  }

  /** Reports two operands that have no type in common. */
  #alike(left: TypedOperand, right: TypedOperand, part: Span = this.#node.span): boolean {
    const [a, b] = [kindsOf(left.type), kindsOf(right.type)];
    if (a === undefined || b === undefined || [...a].some((kind) => b.has(kind))) return true;
    this.#differ(left, right, left.type, part);
    return false;
  }

  #differ(left: TypedOperand, right: TypedOperand, type: Type, part = this.#node.span): void {
    // The operand that was read comes first in the sentence.
    const [read, other] = left.literal === undefined ? [left, right] : [right, left];
    const readType = read === left ? type : read.type;
    const parameters = {
      left: read.text,
      leftType: describe(readType),
      right: other.text,
      rightType: other.literal === undefined ? describe(other.type) : kindOf(jsonOf(other.literal)),
    };
    const span = part === this.#node.span ? part : other.span;
    this.#problems.add(typesDiffer, parameters, span, part, this.#converted(read.type, other));
  }

  /** The literal as the other type writes it: `5` for `"5"`, and the reverse. */
  #converted(type: Type, { literal }: TypedOperand): ReportExtras {
    const kinds = kindsOf(type);
    if (literal === undefined || !isWritten(this.#environment.source.slice(literal.span)))
      return {};
    const value = jsonOf(literal);
    const text = String(value);
    const fits =
      typeof value === "string"
        ? (kinds?.has("number") && /^-?(?:0|[1-9]\d{0,14})(?:\.\d{1,6})?$/.test(text)) ||
          (kinds?.has("boolean") && /^(?:true|false)$/.test(text))
        : kinds?.has("string");
    if (!fits) return {};
    const written = typeof value === "string" ? text : JSON.stringify(text);
    return {
      fixes: [{ title: `Write \`${written}\``, edits: [{ span: literal.span, text: written }] }],
    };
  }

  /** Reports a literal that is none of the values an enumeration has of its kind. */
  #enumerated(operand: TypedOperand, literal: Literal): boolean {
    const value = jsonOf(literal);
    const enumeration = enumerationOf(operand.type, kindOf(value));
    if (enumeration === undefined) return true;
    if (enumeration.has(value, this.#node.ignoringCase !== undefined)) return true;
    const { values, texts: known } = enumeration;
    // One value is a constant, told as a comparison that is always or never true.
    if (values.length === 1 && typeof value !== "string") return true;
    const parameters = { operand: operand.text, value: JSON.stringify(value), known };
    const written = this.#environment.source.slice(literal.span);
    const hint =
      this.#outside++ < MOST_HINTS ? hintFor(JSON.stringify(value), known, literal.span) : {};
    const { fixes: _fixes, ...words } = hint;
    const extras = isWritten(written) ? hint : words;
    this.#problems.add(outsideEnum, parameters, literal.span, literal.span, extras);
    return false;
  }

  /** Reports a comparison with a constant that bounds or enumerations decide. */
  #compared(left: TypedOperand, right: TypedOperand): void {
    if (right.literal !== undefined) {
      this.#verdict(left, { value: jsonOf(right.literal) });
    } else if (left.literal !== undefined) {
      this.#verdict(right, { value: jsonOf(left.literal) }, true);
    }
  }

  #verdict(
    operand: TypedOperand,
    constant: Parameters<typeof verdictOf>[2],
    flipped = false,
  ): void {
    const { operator, ignoringCase, span } = this.#node;
    const asked = flipped ? FLIPPED[operator as keyof typeof FLIPPED] : operator;
    if (asked === undefined) return;
    const verdict =
      (operand.host === true ? hostVerdict(asked, constant) : undefined) ??
      verdictOf(operand.type, asked, constant, ignoringCase !== undefined);
    if (verdict === undefined) return;
    const parameters = { operand: operand.text, because: verdict.because };
    if (verdict.holds === "never") {
      this.#problems.add(neverTrue, parameters, span, span, { unanimous: true });
    } else if (!operand.mayBeMissing) {
      this.#problems.add(alwaysTrue, parameters, span, span, { unanimous: true });
    }
  }

  /** Reports an operand that cannot be of the kinds that the operator is for. */
  #wants(operand: TypedOperand, wanted: readonly Kind[], words: string): boolean {
    const kinds = kindsOf(operand.type);
    if (kinds === undefined || wanted.some((kind) => kinds.has(kind))) return true;
    this.#undefinedFor(this.#node.operator, operand, words);
    return false;
  }

  #undefinedFor(operator: string, operand: TypedOperand, wants: string): void {
    const type =
      operand.literal === undefined ? describe(operand.type) : kindOf(jsonOf(operand.literal));
    const parameters = { operator, operand: operand.text, type, wants };
    this.#problems.add(operatorUndefined, parameters, operand.span, this.#node.span);
  }
}

/** Whether a text of the source is a literal, not the name of a `let` that stands for one. */
function isWritten(text: string): boolean {
  return /^(?:"|-?\d|true$|false$)/.test(text);
}

/** A host is lower case and has neither scheme, port nor path. */
function hostVerdict(
  operator: string,
  constant: Parameters<typeof verdictOf>[2],
): { readonly holds: "always" | "never"; readonly because: string } | undefined {
  if (!("value" in constant) || !/^(?:==|!=|in|not in)$/.test(operator)) return undefined;
  const values = Array.isArray(constant.value) ? constant.value : [constant.value];
  const isHost = (text: unknown) =>
    typeof text === "string" && (/^[a-z0-9._-]+$/.test(text) || /^\[[0-9a-f:.]+\]$/.test(text));
  if (values.length === 0 || values.some(isHost)) return undefined;
  const because = "is a host in lower case, without scheme, port and path";
  return { holds: operator === "==" || operator === "in" ? "never" : "always", because };
}
