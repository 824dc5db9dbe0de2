import { startOfDay } from "../policy/index.ts";

const FORM =
  /^([0-9]{4}-[0-9]{2}-[0-9]{2})T[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,3})?)?(?:Z|[+-][0-9]{2}:[0-9]{2})$/;

/**
 * A time with its offset from UTC (RFC 3339; seconds may be left out), in milliseconds since 1970; undefined when it is
 * none.
 */
export function instantOf(text: string): number | undefined {
  const day = FORM.exec(text)?.[1];
  const time = Date.parse(text);
  return day === undefined || startOfDay(day) === undefined || Number.isNaN(time)
    ? undefined
    : time;
}

/** As a person reads it: no milliseconds where there are none. */
export function isoTime(time: number): string {
  return new Date(time).toISOString().replace(/\.000Z$/, "Z");
}
