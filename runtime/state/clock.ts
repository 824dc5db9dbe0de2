/** Reads the time: whole milliseconds since 1970, UTC. */
export type Clock = () => number;

/** The later of two times; what is no time at all (NaN) is not later. */
export function later(now: number, newest: number): number {
  const time = Math.floor(now);
  if (time > newest) return time;
  return newest;
}

/**
 * A clock that never goes back behind the newest time it has seen, so that a wrong or turned-back system
 * clock cannot reopen a window.
 */
export class MonotoneClock {
  readonly #clock: Clock;
  #newest = 0;

  constructor(clock: Clock = Date.now) {
    this.#clock = clock;
  }

  /** The time to judge by, without remembering it. */
  at(now: number | undefined): number {
    return later(now ?? this.#clock(), this.#newest);
  }

  /** The time to judge by; later answers are never earlier. */
  advance(now: number | undefined): number {
    this.#newest = this.at(now);
    return this.#newest;
  }
}
