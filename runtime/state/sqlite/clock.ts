import { type Clock, later } from "../clock.ts";
import type { Connection } from "./connection.ts";

/** A clock that all processes of a state file share: none goes back behind what another has seen. */
export class SqliteClock {
  readonly #clock: Clock;
  readonly #select;
  readonly #advance;
  /** The newest time that this process knows of; others may know of a newer one. */
  #known = 0;

  constructor(db: Connection, clock: Clock = Date.now) {
    this.#clock = clock;
    this.#select = db.prepare("SELECT newest FROM clock");
    this.#advance = db.prepare("UPDATE clock SET newest = ?1 WHERE newest < ?1");
  }

  /** The time to judge by. Inside a transaction. */
  at(now: number | undefined): number {
    return later(now ?? this.#clock(), this.#newest());
  }

  /** The time to judge by, remembered. Inside a writing transaction. */
  advance(now: number | undefined): number {
    const time = later(now ?? this.#clock(), this.#known);
    // One statement for almost all: the time has gone on, and nobody else's has gone further.
    if (time > this.#known && Number(this.#advance.run(time).changes) > 0) {
      this.#known = time;
      return time;
    }
    const newest = this.#newest();
    // What was known may have been rolled back.
    if (time > newest) this.#advance.run(time);
    this.#known = later(time, newest);
    return this.#known;
  }

  #newest(): number {
    return (this.#select.get() as { newest: number }).newest;
  }
}
