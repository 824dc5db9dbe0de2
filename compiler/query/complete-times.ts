import type { Expected } from "../../language/index.ts";
import type { Program } from "../program.ts";
import { type Candidate, docOf } from "./candidates.ts";
import { HOURS, ZONE } from "./snippets.ts";

const DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const WORK_DAYS = "mon-fri";
const OFFICE_HOURS = "09:00-17:00";

/**
 * What goes on a `during`, `before` or `after` that stands at the end of what is typed; undefined where none does,
 * or where the word is the name of a let.
 */
export function timesAt(
  { before, categories, replace }: Expected,
  program: Program,
  text: string,
): readonly Candidate[] | undefined {
  const word = before.at(-1)?.image ?? "";
  // Elsewhere it is the name of a tool or an argument.
  const isRead = categories.some(({ rule }) => rule === "during" || rule === "date");
  if (!isRead || program.lets.has(word)) return undefined;
  switch (word) {
    case "before":
    case "after":
      return [];
    case "during": {
      const first = /^(\w{3})-/.exec(text.slice(replace.start, replace.end))?.[1] ?? "";
      if (DAYS.includes(first)) return DAYS.map((last) => day(`${first}-${last}`));
      return [day(WORK_DAYS, true), ...DAYS.map((name) => day(name)), hours(), inZone()];
    }
    default:
      return undefined;
  }
}

function day(text: string, preferred = false): Candidate {
  const doc = docOf(text.slice(0, 3));
  return {
    kind: "unit",
    label: text,
    text,
    ...doc,
    detail: `during ${text}`,
    ...(preferred ? { preferred: true as const } : {}),
  };
}

/** The hours of a `during` whose days are there, and its zone. */
export function hoursAndZone(mayHaveHours: boolean): readonly Candidate[] {
  return mayHaveHours ? [hours(), inZone()] : [inZone()];
}

/** The zones that this machine knows, UTC first. */
export function zones(): readonly Candidate[] {
  known ??= ["UTC", ...Intl.supportedValuesOf("timeZone")].map((zone) => ({
    kind: "zone",
    label: zone,
    text: JSON.stringify(zone),
  }));
  return known;
}

let known: readonly Candidate[] | undefined;

function hours(): Candidate {
  return {
    kind: "amount",
    label: OFFICE_HOURS,
    text: OFFICE_HOURS,
    snippet: HOURS,
    detail: "UTC, unless a zone is named",
  };
}

function inZone(): Candidate {
  return {
    kind: "keyword",
    label: "in",
    text: "in",
    snippet: ZONE,
    detail: 'in "<zone>"',
  };
}
