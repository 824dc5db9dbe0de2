/** Larger bodies keep whoever else waits from being served for a while (bytes). */
export const HEAVY = 128 * 1024;

/** For each millisecond of work on a large body, others have so many before it goes on. */
const REST = 4;

/**
 * Large bodies take turns, work in steps with a rest after each, and grants take turns with theirs: one that keeps
 * sending them must not make all others wait for it.
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

  /**
   * Does the work when it is the grant's turn; undefined when the one who asked for it has gone before it was done. It
   * awaits `pause` between its steps, which gives way to others for a while; they are also served before what comes of
   * it is gone on with.
   */
  async take<T>(
    grant: string,
    work: (pause: () => Promise<void>) => Promise<T>,
    gone: AbortSignal,
  ): Promise<T | undefined> {
    if (gone.aborted) return undefined;
    if (this.#taken && !(await this.#wait(grant, gone))) return undefined;
    this.#taken = true;
    let began = this.#clock();
    const pause = async (): Promise<void> => {
      await new Promise((resolve) => setTimeout(resolve, (this.#clock() - began) * REST));
      began = this.#clock();
      gone.throwIfAborted();
    };
    try {
      const result = await work(pause);
      await new Promise((resolve) => setImmediate(resolve));
      return result;
    } catch (error) {
      if (gone.aborted) return undefined;
      throw error;
    } finally {
      setTimeout(() => this.#next(), (this.#clock() - began) * REST);
    }
  }

  /** Whether it is the grant's turn now; false when the one who waited has gone. What waits holds a whole body. */
  #wait(grant: string, gone: AbortSignal): Promise<boolean> {
    return new Promise((resolve) => {
      const leave = (): void => {
        const waiting = this.#waiting.get(grant)?.filter((waiter) => waiter !== go) ?? [];
        if (waiting.length > 0) this.#waiting.set(grant, waiting);
        else this.#waiting.delete(grant);
        resolve(false);
      };
      const go = (): void => {
        gone.removeEventListener("abort", leave);
        resolve(true);
      };
      gone.addEventListener("abort", leave, { once: true });
      this.#waiting.set(grant, [...(this.#waiting.get(grant) ?? []), go]);
    });
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
