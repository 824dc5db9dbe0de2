import type { Clock } from "../clock.ts";
import type { RedisConnection } from "./connection.ts";
import type { Script } from "./script.ts";

/** Runs scripts by the clock of Redis; by another one in tests only. */
export class Runner {
  readonly connection: RedisConnection;
  readonly #clock: Clock | undefined;

  constructor(connection: RedisConnection, clock: Clock | undefined) {
    this.connection = connection;
    this.#clock = clock;
  }

  /** `keys` begins with that of a clock; the time is put before `args`. */
  run(
    script: Script,
    keys: readonly string[],
    args: readonly (string | number)[],
  ): Promise<unknown> {
    return this.connection.run(script, keys, [this.#clock?.() ?? "", ...args]);
  }

  hget(key: string, field: string): Promise<string | null> {
    return this.connection.hget(key, field);
  }

  hgetall(key: string): Promise<Record<string, string>> {
    return this.connection.hgetall(key);
  }
}
