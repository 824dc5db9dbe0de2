import type picocolors from "picocolors";
import { visible } from "../../language/index.ts";
import type { Json } from "../../policy/index.ts";
import type { ConditionSeen } from "../../runtime/index.ts";
import { shorten } from "../statement.ts";

export type Colours = ReturnType<typeof picocolors.createColors>;

/** Elements of one list that are shown. */
const MAX_ELEMENTS = 3;

/** Conditions with what they read, those that are made of others above their parts; one line each. */
export function conditionLines(
  conditions: readonly ConditionSeen[],
  colours: Colours,
  indent = "      ",
): readonly string[] {
  return conditions.flatMap((condition) => [
    `${indent}${word(condition.result, colours)} ${visible(titleOf(condition))}${seen(condition, colours)}`,
    ...partLines(condition, colours, `${indent}      `),
  ]);
}

function word(result: ConditionSeen["result"], colours: Colours): string {
  const paint = { true: colours.green, false: colours.red, error: colours.red }[result];
  return `${paint(result)}${" ".repeat(5 - result.length)}`;
}

function titleOf({ text, group, parts = [] }: ConditionSeen): string {
  if (group === "or") return "one of these:";
  if (group === "and") return "all of these:";
  if (group === undefined || parts.length === 0) return shorten(text);
  return shorten(text.replace(/\s*\(.*$/s, ":"));
}

function partLines(
  { group, parts = [], result }: ConditionSeen,
  colours: Colours,
  indent: string,
): readonly string[] {
  if (group !== "any" && group !== "every") return conditionLines(parts, colours, indent);
  // Elements that agree with the result are why it is so.
  const telling = parts.filter((part) => part.result === result);
  const shown = telling.slice(0, MAX_ELEMENTS);
  const lines = shown.flatMap((part) => conditionLines([part], colours, indent));
  const left = telling.length - shown.length;
  return left === 0 ? lines : [...lines, `${indent}${colours.dim(`and ${left} more`)}`];
}

function seen(
  { path, value, other, clock, element, group }: ConditionSeen,
  colours: Colours,
): string {
  const reads = [
    ...(element === undefined ? [] : [`element ${element}`]),
    ...(clock === undefined ? [] : [`it is ${clock}`]),
    ...(path === undefined || group !== undefined ? [] : [`${path} is ${print(value)}`]),
    ...(other === undefined ? [] : [`${other.path} is ${print(other.value)}`]),
  ];
  return reads.length === 0 ? "" : colours.dim(`  ${visible(reads.join(", "))}`);
}

function print(value: Json | undefined): string {
  return value === undefined ? "missing" : shorten(JSON.stringify(value));
}
