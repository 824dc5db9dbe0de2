import { firstToEnd, isSameScope, KEPT_MS } from "../freezes.ts";
import type { Freeze, FreezeScope, FreezeStore, MaybePromise } from "../store.ts";
import type { SqliteClock } from "./clock.ts";
import type { Connection } from "./connection.ts";

interface Kept extends Freeze {
  readonly liftedBy?: string;
}

export class SqliteFreezes implements FreezeStore {
  readonly #db: Connection;
  readonly #clock: SqliteClock;
  readonly #insert;
  readonly #select;
  readonly #lift;
  readonly #one;
  readonly #collect;

  constructor(db: Connection, clock: SqliteClock) {
    this.#db = db;
    this.#clock = clock;
    this.#insert = db.prepare(`
      INSERT INTO freezes VALUES (?1, ?2, ?3)
      ON CONFLICT DO UPDATE SET until = ?2, record = ?3 WHERE until <= ?4`);
    this.#select = db.prepare("SELECT record FROM freezes WHERE until > ?");
    this.#lift = db.prepare("UPDATE freezes SET until = ?, record = ? WHERE id = ?");
    this.#one = db.prepare("SELECT record FROM freezes WHERE id = ?");
    this.#collect = db.prepare("DELETE FROM freezes WHERE until <= ?");
  }

  freeze(freeze: Freeze): MaybePromise<void> {
    return this.#db.write(() => {
      const now = this.#clock.advance(undefined);
      this.#collect.run(now - KEPT_MS);
      this.#insert.run(freeze.id, freeze.until, JSON.stringify(freeze), now);
    });
  }

  unfreeze(scope: FreezeScope, by: string): MaybePromise<number> {
    return this.#db.write(() => {
      const now = this.#clock.advance(undefined);
      const lifted = this.#inForce(now).filter((freeze) => isSameScope(freeze, scope));
      for (const freeze of lifted) {
        // It ends now, and stays for a while for the sake of who lifted it.
        const record: Kept = { ...freeze, liftedBy: by };
        this.#lift.run(now, JSON.stringify(record), freeze.id);
      }
      return lifted.length;
    });
  }

  liftedBy(id: string): MaybePromise<string | undefined> {
    return this.#db.read(() => {
      const row = this.#one.get(id) as { record: string } | undefined;
      return row === undefined ? undefined : (JSON.parse(row.record) as Kept).liftedBy;
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
