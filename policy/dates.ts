/** Milliseconds of a UTC day. */
export const DAY_MS = 86_400_000;

/** The start of a day such as `2026-12-31` in UTC, in milliseconds since 1970; undefined if there is none. */
export function startOfDay(date: string): number | undefined {
  if (!/^[0-9]{4}-[0-9]{2}-[0-9]{2}$/.test(date)) return undefined;
  const time = Date.parse(`${date}T00:00:00Z`);
  if (Number.isNaN(time) || new Date(time).toISOString().slice(0, 10) !== date) return undefined;
  return time;
}

/** Minutes since midnight of `08:00`; `24:00` is 1440. Undefined if there is no such time. */
export function minutesOfDay(time: string): number | undefined {
  const match = /^([0-9]{2}):([0-9]{2})$/.exec(time);
  if (match === null) return undefined;
  const hours = Number(match[1]);
  const minutes = Number(match[2]);
  const total = hours * 60 + minutes;
  return minutes > 59 || total > 1440 ? undefined : total;
}

/** Whether a name is an IANA time zone. UTC offsets such as `+02:00` are none. */
export function isZone(zone: string): boolean {
  if (!/^[A-Za-z][A-Za-z0-9_+/-]*$/.test(zone)) return false;
  try {
    new Intl.DateTimeFormat("en-US", { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}
