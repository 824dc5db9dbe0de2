import type { MonotoneClock } from "../clock.ts";
import { firstToEnd, isSameScope, KEPT_MS } from "../freezes.ts";
import type { Freeze, FreezeScope, FreezeStore } from "../store.ts";

export class MemoryFreezes implements FreezeStore {
  readonly #clock: MonotoneClock;
  readonly #freezes = new Map<string, Freeze>();
  readonly #lifted = new Map<string, { readonly by: string; readonly at: number }>();

  constructor(clock: MonotoneClock) {
    this.#clock = clock;
  }

  freeze(freeze: Freeze): void {
    this.#collect();
    const { id } = freeze;
    if (!this.#freezes.has(id)) this.#freezes.set(id, freeze);
    this.#lifted.delete(id);
  }

  unfreeze(scope: FreezeScope, by: string): number {
    const at = this.#collect();
    const lifted = [...this.#freezes.values()].filter((freeze) => isSameScope(freeze, scope));
    for (const { id } of lifted) {
      this.#freezes.delete(id);
      this.#lifted.set(id, { by, at });
    }
    return lifted.length;
  }

  liftedBy(id: string): string | undefined {
    return this.#lifted.get(id)?.by;
  }

  list(now?: number): readonly Freeze[] {
    const time = this.#clock.at(now);
    return [...this.#freezes.values()].filter(({ until }) => until > time).sort(firstToEnd);
  }

  /** The time it is. */
  #collect(): number {
    const now = this.#clock.advance(undefined);
    for (const { id, until } of this.#freezes.values()) {
      if (until <= now) this.#freezes.delete(id);
    }
    for (const [id, { at }] of this.#lifted) {
      if (at + KEPT_MS <= now) this.#lifted.delete(id);
    }
    return now;
  }
}
