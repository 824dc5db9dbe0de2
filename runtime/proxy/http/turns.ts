/** Larger bodies keep whoever else waits from being served for a while (bytes). */
export const HEAVY = 128 * 1024;

/** For each millisecond of work on a large body, others have so many before the next one. */
const REST = 4;

/**
 * Large bodies take turns, with a rest after each, and grants take turns with theirs: one that keeps sending them must
 * not make all others wait for it.
 */
export class Turns {
  readonly #clock: () => number;
  /** What waits, by grant; whose turn was last stands last. */
  readonly #waiting = new Map<string, (() => void)[]>();
  #taken = false;

  /** `clock`: monotonic, in milliseconds. */
  constructor(clock: () => number = () => performance.now()) {
    this.#clock = clock;
  }

  /** Does the work when it is the grant's turn; others are served before what comes of it is gone on with. */
  async take<T>(grant: string, work: () => T): Promise<T> {
    if (this.#taken) await new Promise<void>((go) => this.#wait(grant, go));
    this.#taken = true;
    const began = this.#clock();
    try {
      const result = work();
      await new Promise((resolve) => setImmediate(resolve));
      return result;
    } finally {
      setTimeout(() => this.#next(), (this.#clock() - began) * REST);
    }
  }

  #wait(grant: string, go: () => void): void {
    const waiting = this.#waiting.get(grant);
    if (waiting === undefined) this.#waiting.set(grant, [go]);
    else waiting.push(go);
  }

  #next(): void {
    const [first] = this.#waiting;
    if (first === undefined) {
      this.#taken = false;
      return;
    }
    const [grant, waiting] = first;
    this.#waiting.delete(grant);
    const go = waiting.shift();
    if (waiting.length > 0) this.#waiting.set(grant, waiting);
    go?.();
  }
}
