/** What is counted in place of being written one by one. */
export interface Summary<Cause> {
  readonly cause: Cause;
  readonly count: number;
  /** Of the first of them, as many as are kept. */
  readonly ids: readonly string[];
  /** Milliseconds since 1970, UTC. */
  readonly from: number;
  readonly to: number;
}

/** Of one cause in a minute, so many are let through. */
export const FLOOD = 60;
export const MINUTE_MS = 60_000;
const MAX_IDS = 200;
/** Causes that are told apart at once. */
const MAX_CAUSES = 4_096;

interface Window<Cause> {
  readonly cause: Cause;
  readonly start: number;
  passed: number;
  held: { count: number; readonly ids: string[]; readonly from: number; to: number } | undefined;
}

/** Lets the first records of a cause through, and counts the rest of the minute. */
export class Flood<Cause> {
  readonly #windows = new Map<string, Window<Cause>>();

  /**
   * False when it is counted.
   *
   * @param key The same text for the same cause.
   */
  admits(key: string, cause: Cause, id: string, now: number): boolean {
    let window = this.#windows.get(key);
    if (window === undefined) {
      // Whoever finds more causes than that gets each of their records written.
      if (this.#windows.size >= MAX_CAUSES) return true;
      window = { cause, start: now, passed: 0, held: undefined };
      this.#windows.set(key, window);
    }
    if (window.held === undefined && window.passed < FLOOD) {
      window.passed++;
      return true;
    }
    window.held ??= { count: 0, ids: [], from: now, to: now };
    window.held.count++;
    window.held.to = now;
    if (window.held.ids.length < MAX_IDS) window.held.ids.push(id);
    return false;
  }

  /** Takes out what the minutes that are over have counted; with `all`, the others too. */
  due(now: number, all = false): Summary<Cause>[] {
    const due: Summary<Cause>[] = [];
    for (const [key, { cause, start, held }] of this.#windows) {
      // A clock that was set back ends the minute too.
      if (!all && now >= start && now - start < MINUTE_MS) continue;
      this.#windows.delete(key);
      if (held !== undefined) due.push({ cause, ...held });
    }
    return due;
  }
}
