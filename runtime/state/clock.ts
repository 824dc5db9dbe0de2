/** Reads the time: whole milliseconds since 1970, UTC. */
export type Clock = () => number;

/**
 * A clock that never goes back behind the newest time it has seen, so that a wrong or turned-back system
 * clock cannot reopen a window.
 */
export class MonotoneClock {
  readonly #read: Clock;
  #newest = 0;

  constructor(read: Clock = Date.now) {
    this.#read = read;
  }

  /** The time to judge by, without remembering it. Anything that is no later time (NaN too) is the newest. */
  at(now: number | undefined): number {
    const time = Math.floor(now ?? this.#read());
    // Not Math.max: it would answer NaN with NaN.
    if (time > this.#newest) return time;
    return this.#newest;
  }

  /** The time to judge by; later answers are never earlier. */
  advance(now: number | undefined): number {
    this.#newest = this.at(now);
    return this.#newest;
  }
}
