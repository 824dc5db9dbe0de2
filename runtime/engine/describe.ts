import {
  type CompareEntry,
  type ConditionEntry,
  type During,
  type Json,
  type Operator,
  printPath,
} from "../../policy/index.ts";

/** Conditions of an entry as a policy's text would say them, for messages. */
export function describeConditions(entries: readonly ConditionEntry[]): string {
  return shorten(entries.map((entry) => describe(entry, entries.length > 1)).join(" and "));
}

/** One condition as a policy's text would say it. */
export function describeCondition(entry: ConditionEntry): string {
  return shorten(describe(entry, false));
}

const LONGEST = 400;

function shorten(text: string): string {
  const characters = [...text];
  return characters.length <= LONGEST ? text : `${characters.slice(0, LONGEST).join("")}…`;
}

function describe(entry: ConditionEntry, nested: boolean): string {
  if ("any" in entry) return group(entry.any, " or ", nested);
  if ("all" in entry) return group(entry.all, " and ", nested);
  if ("some" in entry) {
    return `any ${entry.as} in ${printPath(entry.some)} (${describe(entry.where, false)})`;
  }
  if ("every" in entry) {
    return `every ${entry.as} in ${printPath(entry.every)} (${describe(entry.where, false)})`;
  }
  const not = "negate" in entry && entry.negate ? "not " : "";
  if ("during" in entry) return `${not}${describeDuring(entry.during)}`;
  if ("before" in entry) return `${not}before ${entry.before}`;
  if ("after" in entry) return `${not}after ${entry.after}`;
  return not === "" ? compare(entry) : `not (${compare(entry)})`;
}

function group(entries: readonly ConditionEntry[], word: string, nested: boolean): string {
  if (entries.length === 0) return word === " or " ? "never" : "always";
  const text = entries.map((entry) => describe(entry, true)).join(word);
  return nested && entries.length > 1 ? `(${text})` : text;
}

const WORDS: Readonly<Record<Operator, string>> = {
  eq: "==",
  neq: "!=",
  lt: "<",
  lte: "<=",
  gt: ">",
  gte: ">=",
  in: "in",
  not_in: "not in",
  exists: "has",
  regex: "contains",
  contains: "contains",
  under: "under",
};

function compare(entry: CompareEntry): string {
  const path = printPath(entry.path);
  if (entry.op === "exists") return entry.value === true ? `has ${path}` : `not has ${path}`;
  const measured = entry.of === undefined ? path : `${entry.of}(${path})`;
  const left = entry.else === undefined ? measured : `${measured} else ${print(entry.else)}`;
  if (entry.path2 !== undefined) return `${left} ${WORDS[entry.op]} ${printPath(entry.path2)}`;
  if (entry.op === "regex") return `${left} ${describeRegex(String(entry.value))}`;
  return `${left} ${WORDS[entry.op]} ${print(entry.value ?? null)}`;
}

/** A pattern that is anchored as a whole was written with `matches`. */
function describeRegex(pattern: string): string {
  const slashed = (text: string): string => `/${text.replaceAll("/", "\\/")}/`;
  const whole = /^\^\(\?s:(.*)\)\$$/s.exec(pattern);
  return whole === null ? `contains ${slashed(pattern)}` : `matches ${slashed(whole[1] as string)}`;
}

function describeDuring(during: During): string {
  const parts = ["during"];
  if (during.days !== undefined) parts.push(during.days.join(", "));
  if (during.from !== undefined || during.to !== undefined) {
    parts.push(`${during.from ?? "00:00"}-${during.to ?? "24:00"}`);
  }
  if (during.zone !== undefined) parts.push(`in ${JSON.stringify(during.zone)}`);
  return parts.join(" ");
}

function print(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(print).join(", ")}]`;
  return JSON.stringify(value);
}
