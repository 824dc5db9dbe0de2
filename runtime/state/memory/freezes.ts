import type { MonotoneClock } from "../clock.ts";
import { firstToEnd, isSameScope } from "../freezes.ts";
import type { Freeze, FreezeScope, FreezeStore } from "../store.ts";

export class MemoryFreezes implements FreezeStore {
  readonly #clock: MonotoneClock;
  readonly #freezes = new Map<string, Freeze>();

  constructor(clock: MonotoneClock) {
    this.#clock = clock;
  }

  freeze(freeze: Freeze): void {
    this.#collect();
    if (!this.#freezes.has(freeze.id)) this.#freezes.set(freeze.id, freeze);
  }

  unfreeze(scope: FreezeScope): number {
    this.#collect();
    let lifted = 0;
    for (const freeze of this.#freezes.values()) {
      if (isSameScope(freeze, scope) && this.#freezes.delete(freeze.id)) lifted += 1;
    }
    return lifted;
  }

  list(now?: number): readonly Freeze[] {
    const time = this.#clock.at(now);
    return [...this.#freezes.values()].filter(({ until }) => until > time).sort(firstToEnd);
  }

  #collect(): void {
    const now = this.#clock.advance(undefined);
    for (const { id, until } of this.#freezes.values()) {
      if (until <= now) this.#freezes.delete(id);
    }
  }
}
