import { type ChangedList, listsChanged } from "./list-changed.ts";
import type { Rulebook } from "./rulebook.ts";

/** The rulebook of one grant on one server; a reload replaces it between two decisions. */
export class RulesInForce {
  #rulebook: Rulebook;
  readonly #listeners = new Set<(lists: readonly ChangedList[]) => void>();

  constructor(rulebook: Rulebook) {
    this.#rulebook = rulebook;
  }

  get rulebook(): Rulebook {
    return this.#rulebook;
  }

  replace(rulebook: Rulebook): void {
    const lists = listsChanged(this.#rulebook, rulebook);
    this.#rulebook = rulebook;
    if (lists.length === 0) return;
    for (const listener of this.#listeners) listener(lists);
  }

  /** Calls `listener` when lists may be others than before. */
  onListsChanged(listener: (lists: readonly ChangedList[]) => void): void {
    this.#listeners.add(listener);
  }
}
