import type { ApprovalStore, MaybePromise } from "../state/store.ts";

/** How long a decision may take to be heard of (milliseconds). */
const POLL_MS = 200;

/** What ended the wait: something is to be judged anew, the time is over, or nobody waits any more. */
export type Heard = "changed" | "late" | "gone";

export interface Wait {
  /** How long at most (milliseconds). */
  readonly ms: number;
  /** Aborts when nobody waits any more. */
  readonly signal: AbortSignal;
  /** Whether what the question is about has changed, besides the decision on it. */
  readonly stale: () => MaybePromise<boolean>;
}

interface Waiter {
  readonly id: string;
  readonly stale: Wait["stale"];
  readonly hear: (heard: Heard) => void;
}

/** Hears of decisions by asking the store while something is held, once for all that wait. */
export class DecisionWatch {
  readonly #store: Pick<ApprovalStore, "get">;
  readonly #waiting = new Set<Waiter>();
  #timer: NodeJS.Timeout | undefined;
  #looking = false;

  constructor(store: Pick<ApprovalStore, "get">) {
    this.#store = store;
  }

  /** How many wait. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Resolves when the approval of this id is no longer pending, or the wait has ended otherwise. */
  wait(id: string, { ms, signal, stale }: Wait): Promise<Heard> {
    if (signal.aborted) return Promise.resolve("gone");
    return new Promise((resolve) => {
      const gone = (): void => waiter.hear("gone");
      const late = setTimeout(() => waiter.hear("late"), ms);
      const waiter: Waiter = {
        id,
        stale,
        hear: (heard) => {
          if (!this.#waiting.delete(waiter)) return;
          clearTimeout(late);
          signal.removeEventListener("abort", gone);
          if (this.#waiting.size === 0) clearTimeout(this.#timer);
          resolve(heard);
        },
      };
      this.#waiting.add(waiter);
      signal.addEventListener("abort", gone);
      if (this.#waiting.size === 1 && !this.#looking) this.#lookLater();
    });
  }

  #lookLater(): void {
    this.#timer = setTimeout(() => void this.#look(), POLL_MS);
  }

  async #look(): Promise<void> {
    this.#looking = true;
    const decided = new Map<string, Promise<boolean>>();
    await Promise.all(
      [...this.#waiting].map(async ({ id, stale, hear }) => {
        const known = decided.get(id) ?? this.#isDecided(id);
        decided.set(id, known);
        // What cannot be told now is told later, or the time is over.
        const changed = (await known) || (await Promise.resolve(stale()).catch(() => false));
        if (changed) hear("changed");
      }),
    ).catch(() => {});
    this.#looking = false;
    if (this.#waiting.size > 0) this.#lookLater();
  }

  async #isDecided(id: string): Promise<boolean> {
    try {
      return (await this.#store.get(id))?.state !== "pending";
    } catch {
      return false;
    }
  }
}
