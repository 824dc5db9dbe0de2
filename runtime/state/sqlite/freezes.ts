import { firstToEnd, isSameScope } from "../freezes.ts";
import type { Freeze, FreezeScope, FreezeStore, MaybePromise } from "../store.ts";
import type { SqliteClock } from "./clock.ts";
import type { Connection } from "./connection.ts";

export class SqliteFreezes implements FreezeStore {
  readonly #db: Connection;
  readonly #clock: SqliteClock;
  readonly #insert;
  readonly #select;
  readonly #delete;
  readonly #collect;

  constructor(db: Connection, clock: SqliteClock) {
    this.#db = db;
    this.#clock = clock;
    this.#insert = db.prepare("INSERT INTO freezes VALUES (?, ?, ?) ON CONFLICT DO NOTHING");
    this.#select = db.prepare("SELECT record FROM freezes WHERE until > ?");
    this.#delete = db.prepare("DELETE FROM freezes WHERE id = ?");
    this.#collect = db.prepare("DELETE FROM freezes WHERE until <= ?");
  }

  freeze(freeze: Freeze): MaybePromise<void> {
    return this.#db.write(() => {
      this.#collect.run(this.#clock.advance(undefined));
      this.#insert.run(freeze.id, freeze.until, JSON.stringify(freeze));
    });
  }

  unfreeze(scope: FreezeScope): MaybePromise<number> {
    return this.#db.write(() => {
      const now = this.#clock.advance(undefined);
      const lifted = this.#inForce(now).filter((freeze) => isSameScope(freeze, scope));
      for (const { id } of lifted) this.#delete.run(id);
      return lifted.length;
    });
  }

  list(now?: number): MaybePromise<readonly Freeze[]> {
    return this.#db.read(() => this.#inForce(this.#clock.at(now)).sort(firstToEnd));
  }

  #inForce(now: number): Freeze[] {
    return this.#select
      .all(now)
      .map((row) => JSON.parse((row as { record: string }).record) as Freeze);
  }
}
