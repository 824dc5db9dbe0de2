const UNITS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const;
/** What a timer of Node can wait (milliseconds). */
const MAX_TIMER = 2 ** 31 - 1;

/** How long a call is held: a duration, or 0 for not at all (milliseconds). */
export function holdMs(text: string): number | undefined {
  return /^0+(ms|s|m|h)?$/.test(text) ? 0 : durationMs(text);
}

/** The milliseconds of a duration such as `500ms`, `30s`, `10m` or `2h`; undefined when it is none, or too long to wait. */
export function durationMs(text: string): number | undefined {
  const match = /^([0-9]{1,9})(ms|s|m|h)$/.exec(text);
  const ms = Number(match?.[1]) * UNITS[(match?.[2] ?? "ms") as keyof typeof UNITS];
  return match === null || ms < 1 || ms > MAX_TIMER ? undefined : ms;
}
