import type {
  Condition,
  Literal as LiteralNode,
  Operand as OperandNode,
  Path,
} from "../../language/index.ts";
import type { Json } from "../../policy/index.ts";

export function keysOf(path: Path): readonly (string | number)[] {
  return [path.root.value, ...path.steps.map((step) => step.value)];
}

/** The value of an operand that is a literal. */
export function constant(operand: OperandNode): { readonly json: Json } | undefined {
  switch (operand.kind) {
    case "string":
    case "number":
    case "boolean":
    case "null":
    case "list":
      return { json: jsonOf(operand) };
    default:
      return undefined;
  }
}

export function jsonOf(node: LiteralNode): Json {
  if (node.kind === "list") return node.items.map(jsonOf);
  return node.kind === "null" ? null : node.value;
}

/** Days from 1970-01-01 to a date such as `2026-12-31`. */
export function dayNumber(date: string): number {
  return Math.floor(Date.parse(`${date}T00:00:00Z`) / 86_400_000);
}

/** The same text for conditions that differ in nothing but their place and their spelling of numbers. */
export function conditionKey(condition: Condition): string {
  let key = conditionKeys.get(condition);
  if (key === undefined) {
    key = keyText(condition);
    conditionKeys.set(condition, key);
  }
  return key;
}

/** Several checks compare the same conditions. */
const conditionKeys = new WeakMap<Condition, string>();

const WITHOUT_MEANING = new Set(["span", "operatorSpan", "quoted"]);

/** Printable ASCII without what JSON escapes. */
const PLAIN = /^[ !#-[\]-~]*$/;

function keyText(value: unknown): string {
  if (typeof value === "string") return PLAIN.test(value) ? `"${value}"` : JSON.stringify(value);
  if (typeof value !== "object" || value === null) return String(value);
  if (Array.isArray(value)) {
    let text = "[";
    for (const item of value) text += `${keyText(item)},`;
    return `${text}]`;
  }
  if ("kind" in value && value.kind === "number" && "value" in value) return String(value.value);
  let text = "{";
  const node = value as Readonly<Record<string, unknown>>;
  for (const key of Object.keys(node)) {
    // Where `ignoring case` stands does not matter, that it stands does.
    if (key === "ignoringCase") text += "ignoringCase,";
    else if (!WITHOUT_MEANING.has(key)) text += `${key}:${keyText(node[key])},`;
  }
  return `${text}}`;
}
