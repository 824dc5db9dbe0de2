/** How many children may run, and how fast they may be started. */
export interface PlaceCaps {
  /** Children of one grant. */
  readonly children: number;
  /** Children of all grants together. */
  readonly inAll: number;
  /** Least time between two starts for one grant (milliseconds). */
  readonly startMs: number;
  /** Starts that may wait for their turn. */
  readonly waiting: number;
}

export const PLACE_CAPS: PlaceCaps = { children: 8, inAll: 64, startMs: 1_000, waiting: 4 };

/** No child is started now; the message is a sentence. */
export class NoPlace extends Error {
  override readonly name = "NoPlace";
}

interface Taken {
  /** Children that run, start or end. */
  count: number;
  /** When the next one may start: milliseconds of the monotonic clock. */
  next: number;
}

/** The places for children, counted over all servers. */
export class ChildPlaces {
  readonly #caps: PlaceCaps;
  readonly #taken = new Map<string, Taken>();
  #inAll = 0;

  constructor(caps: PlaceCaps = PLACE_CAPS) {
    this.#caps = caps;
  }

  /**
   * Takes a place for a grant once it is its turn, and gives what frees it again. Rejects with `NoPlace`; so it does
   * when nobody waits for it any more by then.
   */
  async take(grant: string, wanted: () => boolean): Promise<() => void> {
    const { children, inAll, startMs, waiting } = this.#caps;
    const taken = this.#taken.get(grant) ?? { count: 0, next: 0 };
    const now = performance.now();
    const pause = taken.next - now;
    if (taken.count >= children || pause > startMs * waiting) {
      throw new NoPlace("Too many servers run or start for this grant; try again later.");
    }
    if (this.#inAll >= inAll) {
      throw new NoPlace("Too many servers run or start here; try again later.");
    }
    this.#taken.set(grant, taken);
    taken.count++;
    this.#inAll++;
    taken.next = Math.max(taken.next, now) + startMs;
    let held = true;
    const free = (): void => {
      if (!held) return;
      held = false;
      taken.count--;
      this.#inAll--;
    };
    if (pause > 0) await wait(pause);
    if (wanted()) return free;
    free();
    throw new NoPlace("Nobody waits for the server any more.");
  }
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
