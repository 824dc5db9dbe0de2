import type { CompareEntry, ConditionEntry, DuringEntry } from "../../policy/index.ts";
import { patternText } from "./patterns.ts";
import { CannotSay, literalText, pathText } from "./text.ts";

/** How tightly the place around a condition binds: `or`, `and`, `not`. */
type Level = 0 | 1 | 2;

/** Conditions that must all hold, as one condition of the language. @throws CannotSay */
export function conditionsText(conditions: readonly ConditionEntry[], level: Level = 0): string {
  const [only, second] = conditions;
  if (only === undefined) throw new CannotSay("A condition that always holds cannot be written.");
  if (second === undefined) return conditionText(only, level);
  const text = conditions.map((condition) => conditionText(condition, 2)).join(" and ");
  return level > 1 ? `(${text})` : text;
}

/** A condition of a policy as the language writes it. @throws CannotSay */
export function conditionText(condition: ConditionEntry, level: Level = 0): string {
  if ("all" in condition) return conditionsText(condition.all, level);
  if ("any" in condition) {
    const [only, second] = condition.any;
    if (only === undefined) throw new CannotSay("A condition that never holds cannot be written.");
    if (second === undefined) return conditionText(only, level);
    const text = condition.any.map((part) => conditionText(part, 1)).join(" or ");
    return level > 0 ? `(${text})` : text;
  }
  if ("some" in condition) {
    return `any ${condition.as} in ${pathText(condition.some)} (${conditionText(condition.where)})`;
  }
  if ("every" in condition) {
    return `every ${condition.as} in ${pathText(condition.every)} (${conditionText(condition.where)})`;
  }
  const not = condition.negate ? "not " : "";
  if ("before" in condition) return `${not}before ${condition.before}`;
  if ("after" in condition) return `${not}after ${condition.after}`;
  if ("during" in condition) return `${not}${duringText(condition)}`;
  return `${not}${comparisonText(condition)}`;
}

function duringText({ during: { days, from, to, zone } }: DuringEntry): string {
  const parts = ["during"];
  if (days !== undefined) parts.push(daysText(days));
  else if (from === undefined && to === undefined) parts.push("mon-sun");
  if (from !== undefined || to !== undefined) parts.push(`${from ?? "00:00"}-${to ?? "24:00"}`);
  if (zone !== undefined) parts.push(`in ${JSON.stringify(zone)}`);
  return parts.join(" ");
}

const WEEK = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/** Days that follow one another as a range. */
function daysText(days: readonly string[]): string {
  const parts: string[] = [];
  for (let i = 0; i < WEEK.length; i++) {
    if (!days.includes(WEEK[i] as string)) continue;
    const first = i;
    while (i + 1 < WEEK.length && days.includes(WEEK[i + 1] as string)) i++;
    if (i - first > 1) parts.push(`${WEEK[first]}-${WEEK[i]}`);
    else for (let day = first; day <= i; day++) parts.push(WEEK[day] as string);
  }
  return parts.join(", ");
}

const OPERATORS = {
  eq: "==",
  neq: "!=",
  lt: "<",
  lte: "<=",
  gt: ">",
  gte: ">=",
  in: "in",
  not_in: "not in",
  contains: "contains",
  under: "under",
} as const;

function comparisonText(entry: CompareEntry): string {
  const { op, of, value } = entry;
  if (op === "exists") {
    const has = `has ${pathText(entry.path)}`;
    return value === true ? has : `not ${has}`;
  }
  if (of !== undefined && entry.else !== undefined) {
    throw new CannotSay(`A default for \`${of}(…)\` cannot be written.`);
  }
  const fallback = entry.else === undefined ? "" : ` else ${literalText(entry.else)}`;
  const left =
    of === undefined ? `${pathText(entry.path)}${fallback}` : `${of}(${pathText(entry.path)})`;
  if (op === "regex") return `${left} ${patternText(value as string)}`;
  const right = entry.path2 === undefined ? literalText(value ?? null) : pathText(entry.path2);
  return `${left} ${OPERATORS[op]} ${right}`;
}
