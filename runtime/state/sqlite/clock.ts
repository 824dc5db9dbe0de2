import { type Clock, later } from "../clock.ts";
import type { Connection } from "./connection.ts";

/** A clock that all processes of a state file share: none goes back behind what another has seen. */
export class SqliteClock {
  readonly #clock: Clock;
  readonly #select;
  readonly #update;

  constructor(db: Connection, clock: Clock = Date.now) {
    this.#clock = clock;
    this.#select = db.prepare("SELECT newest FROM clock");
    this.#update = db.prepare("UPDATE clock SET newest = ?");
  }

  /** The time to judge by. Inside a transaction. */
  at(now: number | undefined): number {
    return later(now ?? this.#clock(), this.#newest());
  }

  /** The time to judge by, remembered. Inside a writing transaction. */
  advance(now: number | undefined): number {
    const newest = this.#newest();
    const time = later(now ?? this.#clock(), newest);
    if (time > newest) this.#update.run(time);
    return time;
  }

  #newest(): number {
    return (this.#select.get() as { newest: number }).newest;
  }
}
