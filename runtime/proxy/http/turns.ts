/** Larger bodies keep whoever else waits from being served for a while (bytes). */
export const HEAVY = 128 * 1024;

/** For each millisecond of work on a large body, others have so many before the next one. */
const REST = 4;

/**
 * Large bodies take turns, with a rest after each: one grant that keeps sending them must not make all others wait
 * for it.
 */
export class Turns {
  readonly #clock: () => number;
  #last: Promise<void> = Promise.resolve();

  /** `clock`: monotonic, in milliseconds. */
  constructor(clock: () => number = () => performance.now()) {
    this.#clock = clock;
  }

  /** Does the work when it is its turn; others are served before what comes of it is gone on with. */
  async take<T>(work: () => T): Promise<T> {
    const before = this.#last;
    let done = (): void => {};
    this.#last = new Promise((resolve) => {
      done = resolve;
    });
    await before;
    const began = this.#clock();
    try {
      const result = work();
      await new Promise((resolve) => setImmediate(resolve));
      return result;
    } finally {
      setTimeout(done, (this.#clock() - began) * REST);
    }
  }
}
