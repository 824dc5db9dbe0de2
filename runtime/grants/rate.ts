/** Messages a second that one grant may send; at once it may send twice as many. */
export const RATE = 200;

/** A token bucket: on average `rate` a second, at most `burst` at once. */
export class RateLimit {
  readonly #rate: number;
  readonly #burst: number;
  readonly #clock: () => number;
  #level: number;
  #at: number;

  /** `clock`: monotonic, in milliseconds. */
  constructor(rate = RATE, burst = 2 * rate, clock: () => number = () => performance.now()) {
    this.#rate = rate;
    this.#burst = burst;
    this.#clock = clock;
    this.#level = burst;
    this.#at = clock();
  }

  /** Takes one; false when there is none. */
  take(): boolean {
    const now = this.#clock();
    this.#level = Math.min(this.#burst, this.#level + ((now - this.#at) * this.#rate) / 1_000);
    this.#at = now;
    if (this.#level < 1) return false;
    this.#level--;
    return true;
  }
}
