import { DAY_MS, type During, minutesOfDay } from "../../policy/index.ts";
import { between, has, NOTHING, unionOf, type ValueSet } from "./values.ts";

const DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;
const DAY_MINUTES = 1_440;
export const WEEK_MINUTES = 7 * DAY_MINUTES;
const MINUTE_MS = 60_000;

/** Every minute of a week. */
export const WHOLE_WEEK: ValueSet = { ...between(0, false, WEEK_MINUTES, true), whole: true };

/** The minutes of the week, in its zone, in which a time span lies (engine: `during`). */
export function minutesOfWeek({ days, from = "00:00", to = "24:00" }: During): ValueSet {
  const start = minutesOfDay(from) ?? 0;
  const end = minutesOfDay(to) ?? DAY_MINUTES;
  const length = start < end ? end - start : end + DAY_MINUTES - start;
  const spans = DAYS.flatMap((day, index) => {
    if (days !== undefined && !days.includes(day)) return [];
    const low = index * DAY_MINUTES + start;
    const high = low + length;
    // Sunday's night is Monday's morning.
    return high <= WEEK_MINUTES
      ? [span(low, high)]
      : [span(low, WEEK_MINUTES), span(0, high - WEEK_MINUTES)];
  });
  return spans.length === 0 ? NOTHING : unionOf(spans);
}

function span(low: number, high: number): ValueSet {
  return { ...between(low, false, high, true), whole: true };
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** The minute of the week of a time, in milliseconds since 1970, in a zone. */
export function minuteOfWeek(now: number, zone: string): number {
  if (zone === "UTC") {
    const minutes = Math.floor(now / MINUTE_MS);
    // 1970-01-01 was a Thursday.
    return (((minutes + 3 * DAY_MINUTES) % WEEK_MINUTES) + WEEK_MINUTES) % WEEK_MINUTES;
  }
  let format = formats.get(zone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat("en-US", {
      timeZone: zone,
      calendar: "gregory",
      numberingSystem: "latn",
      hourCycle: "h23",
      weekday: "short",
      hour: "2-digit",
      minute: "2-digit",
    });
    formats.set(zone, format);
  }
  const parts: Record<string, string> = {};
  for (const { type, value } of format.formatToParts(now)) parts[type] = value;
  const day = DAYS.indexOf((parts.weekday ?? "").toLowerCase() as (typeof DAYS)[number]);
  return day * DAY_MINUTES + Number(parts.hour) * 60 + Number(parts.minute);
}

export type FoundMoment =
  | { readonly kind: "yes"; readonly now: number }
  | { readonly kind: "no" }
  | { readonly kind: "perhaps" };

/** Monday, 2026-01-05: where nothing says otherwise, examples are of its week, or of one in summer. */
const USUAL_DAYS = [20_458, 20_458 + 7 * 26];
/** So many days are looked through one by one. */
const MAX_DAYS = 400;

/** A time of one of the days, at which each zone's clock is within its minutes of the week. */
export function findMoment(days: ValueSet, weeks: ReadonlyMap<string, ValueSet>): FoundMoment {
  for (const { days: group, isWhole } of daysToTry(days)) {
    for (const day of group) {
      if (!has(days, day)) continue;
      for (const now of timesOf(day, weeks)) {
        if ([...weeks].every(([zone, minutes]) => has(minutes, minuteOfWeek(now, zone)))) {
          return { kind: "yes", now };
        }
      }
    }
    if (isWhole) return { kind: "no" };
  }
  return { kind: "perhaps" };
}

/** Groups of days; one that is whole holds every day that there is. */
function* daysToTry(
  days: ValueSet,
): Iterable<{ readonly days: readonly number[]; readonly isWhole: boolean }> {
  const all: number[] = [];
  let isWhole = true;
  for (const { low, high } of days.numbers) {
    if (high - low > MAX_DAYS || all.length > MAX_DAYS) isWhole = false;
    else for (let day = Math.ceil(low); day <= high; day++) all.push(day);
  }
  if (isWhole) {
    yield { days: all, isWhole: true };
    return;
  }
  const near = (day: number): number[] => Array.from({ length: 9 }, (_, i) => day + i);
  const starts = USUAL_DAYS.flatMap(near);
  for (const { low, high } of days.numbers) {
    if (Number.isFinite(low)) starts.push(...near(Math.floor(low)), ...near(Math.floor(low) + 182));
    if (Number.isFinite(high))
      starts.push(...near(Math.ceil(high) - 8), ...near(Math.ceil(high) - 190));
  }
  yield { days: starts, isWhole: false };
}

/**
 * The times of a day at which something may begin: wherever all zones are within their minutes, they have been since
 * the day began or since one of these.
 */
function timesOf(day: number, weeks: ReadonlyMap<string, ValueSet>): readonly number[] {
  const start = day * DAY_MS;
  // A time that reads well, where it will do.
  const times = [start + 10 * 60 * MINUTE_MS, start];
  for (const [zone, minutes] of weeks) {
    // Clocks are put forward and back at full quarters of an hour, and by those.
    for (let quarter = 0; quarter < 96; quarter += zone === "UTC" ? 96 : 1) {
      const from = start + quarter * 15 * MINUTE_MS;
      const clock = minuteOfWeek(from, zone);
      if (zone !== "UTC") times.push(from);
      for (const { low } of minutes.numbers) {
        const wait = (Math.ceil(low) - clock + WEEK_MINUTES) % WEEK_MINUTES;
        if (wait < (zone === "UTC" ? DAY_MINUTES : 15)) times.push(from + wait * MINUTE_MS);
      }
    }
  }
  return times;
}
