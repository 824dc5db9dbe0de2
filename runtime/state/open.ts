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
  if (spec.startsWith("sqlite:")) {
    const path = spec.slice("sqlite:".length);
    if (path === "" || path === ":memory:") {
      throw new StateRefused("`sqlite:` needs the path of a file, such as `sqlite:./state.db`.");
    }
    const { SqliteStore } = await import("./sqlite.ts");
    return SqliteStore.open(path, options.clock);
  }
  if (/^rediss?:\/\//.test(spec)) {
    const { RedisStore } = await import("./redis.ts");
    return RedisStore.open(spec);
  }
  // Not repeated: it may be an address with a password in it.
  throw new StateRefused(`This is not a state store. ${FORMS}`);
}
