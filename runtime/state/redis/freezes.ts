import { firstToEnd } from "../freezes.ts";
import type { Freeze, FreezeScope, FreezeStore } from "../store.ts";
import { FREEZE, FREEZES_IN_FORCE, UNFREEZE } from "./freeze-scripts.ts";
import { Keys, SHARED } from "./keys.ts";
import type { Runner } from "./runner.ts";

export class RedisFreezes implements FreezeStore {
  readonly #redis: Runner;
  readonly #freezes: string;
  readonly #keys: readonly string[];

  constructor(redis: Runner) {
    this.#redis = redis;
    const keys = new Keys(SHARED);
    this.#freezes = keys.freezes;
    this.#keys = [keys.clock, keys.freezes];
  }

  async freeze(freeze: Freeze): Promise<void> {
    const { id, until } = freeze;
    const args = [id, Math.ceil(until), scopeOf(freeze), JSON.stringify(freeze)];
    await this.#redis.run(FREEZE, this.#keys, args);
  }

  async unfreeze(scope: FreezeScope, by: string): Promise<number> {
    return (await this.#redis.run(UNFREEZE, this.#keys, [scopeOf(scope), by])) as number;
  }

  async liftedBy(id: string): Promise<string | undefined> {
    const entry = (await this.#redis.hget(this.#freezes, id)) ?? "";
    const end = entry.indexOf("\n");
    return end < 0 ? undefined : entry.slice(end + 1);
  }

  async list(): Promise<readonly Freeze[]> {
    const freezes = (await this.#redis.run(FREEZES_IN_FORCE, this.#keys, [])) as string[];
    return freezes.map((text) => JSON.parse(text) as Freeze).sort(firstToEnd);
  }
}

/** A scope as one hexadecimal word, equal for equal scopes. */
function scopeOf({ server, grant, tool }: FreezeScope): string {
  const parts = [server ?? null, grant ?? null, tool ?? null];
  return Buffer.from(JSON.stringify(parts)).toString("hex");
}
