import { DAY_MS, type During, minutesOfDay, startOfDay } from "../../policy/index.ts";
import { type Condition, FALSE, type Frame, fail, TRUE, type Truth } from "./frame.ts";

const DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;

/**
 * True within the span of a day, on the days named. A span that passes midnight belongs to the day on
 * which it begins: `fri 22:00-06:00` ends on Saturday morning.
 */
export function compileDuring(during: During, negate: boolean): Condition {
  const from = minutesOfDay(during.from ?? "00:00") ?? 0;
  const to = minutesOfDay(during.to ?? "24:00") ?? 1440;
  const days = DAYS.map((day) => during.days === undefined || during.days.includes(day));
  const localTime = clockOf(during.zone ?? "UTC");
  return byClock(negate, (now) => {
    const { day, minute } = localTime(now);
    const yesterday = (day + 6) % 7;
    if (from < to) return days[day] === true && minute >= from && minute < to;
    return (days[day] === true && minute >= from) || (days[yesterday] === true && minute < to);
  });
}

/** Before the start of the day, UTC. */
export function compileBefore(date: string, negate: boolean): Condition {
  const start = startOfDay(date) ?? Number.NEGATIVE_INFINITY;
  return byClock(negate, (now) => now < start);
}

/** After the end of the day, UTC. */
export function compileAfter(date: string, negate: boolean): Condition {
  const end = (startOfDay(date) ?? Number.POSITIVE_INFINITY) + DAY_MS;
  return byClock(negate, (now) => now >= end);
}

/** The weekday and minute in a zone, for people: `sat 10:05 in Europe/Berlin`. */
export function describeLocalTime(now: number, zone = "UTC"): string {
  const { day, minute } = clockOf(zone)(now);
  const part = (value: number): string => String(value).padStart(2, "0");
  return `${DAYS[day]} ${part(Math.floor(minute / 60))}:${part(minute % 60)} in ${zone}`;
}

function byClock(negate: boolean, holds: (now: number) => boolean): Condition {
  return (frame: Frame): Truth => {
    const { now, clockReliable } = frame.context;
    if (clockReliable === false || !Number.isFinite(now)) {
      return fail(frame, "the time", "cannot be told reliably now");
    }
    return holds(now) !== negate ? TRUE : FALSE;
  };
}

interface LocalTime {
  /** 0 is Monday. */
  readonly day: number;
  /** Since midnight. */
  readonly minute: number;
}

/** The weekday and minute in a zone. Formatting is slow, so that one minute is formatted once. */
function clockOf(zone: string): (now: number) => LocalTime {
  if (zone === "UTC") return (now) => partsOf(Math.floor(now / 60_000));
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone: zone,
    calendar: "gregory",
    numberingSystem: "latn",
    hourCycle: "h23",
    weekday: "short",
    hour: "2-digit",
    minute: "2-digit",
  });
  let second = Number.NaN;
  let last: LocalTime = { day: 0, minute: 0 };
  return (now) => {
    // By second, since zones before 1972 could be off by seconds.
    const current = Math.floor(now / 1000);
    if (current === second) return last;
    const parts: Record<string, string> = {};
    for (const { type, value } of format.formatToParts(current * 1000)) parts[type] = value;
    last = {
      day: DAYS.indexOf((parts.weekday ?? "").toLowerCase() as (typeof DAYS)[number]),
      minute: Number(parts.hour) * 60 + Number(parts.minute),
    };
    second = current;
    return last;
  };
}

function partsOf(minutes: number): LocalTime {
  const days = Math.floor(minutes / 1440);
  // 1970-01-01 was a Thursday.
  return { day: (((days + 3) % 7) + 7) % 7, minute: minutes - days * 1440 };
}
