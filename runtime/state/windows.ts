import type { CalendarUnit } from "../../policy/index.ts";

const DAY = 86_400_000;
const WEEK = 7 * DAY;
/** 1970-01-01 was a Thursday; ISO weeks (ISO 8601) begin on Monday, three days before. */
const MONDAY = 3 * DAY;

const FIXED = { second: 1000, minute: 60_000, hour: 3_600_000, day: DAY } as const;

/**
 * The start of the UTC calendar window that holds `time`; weeks are ISO weeks. Times are whole milliseconds
 * since 1970. The start belongs to the window, its end is the start of the next.
 */
export function windowStart(unit: CalendarUnit, time: number): number {
  if (unit === "month") return monthStart(time, 0);
  if (unit === "week") return time - ((time + MONDAY) % WEEK);
  return time - (time % FIXED[unit]);
}

/** The end of the UTC calendar window that holds `time`: the first millisecond of the next. */
export function windowEnd(unit: CalendarUnit, time: number): number {
  if (unit === "month") return monthStart(time, 1);
  if (unit === "week") return windowStart(unit, time) + WEEK;
  return windowStart(unit, time) + FIXED[unit];
}

function monthStart(time: number, later: number): number {
  const date = new Date(time);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + later);
}
