import { assertCharges, NOT_APPROVED, RESERVED, refusalOf } from "./charges.ts";
import type { Clock } from "./clock.ts";
import { SqliteApprovals } from "./sqlite/approvals.ts";
import { SqliteClock } from "./sqlite/clock.ts";
import { Connection, ROLL_BACK } from "./sqlite/connection.ts";
import { type Charged, isSum, SqliteCounters } from "./sqlite/counters.ts";
import { SqliteFreezes } from "./sqlite/freezes.ts";
import {
  type Charge,
  type MaybePromise,
  RESERVATION_MS,
  type ReserveRequest,
  type ReserveResult,
  type StateStore,
} from "./store.ts";

/** Rows made between two rounds of collection, and rows of each kind that a round deletes at most. */
const ROUND = 250;
const ROWS = 500;

interface Held {
  readonly spend: readonly string[];
  /** In the order of the request; null where nothing was charged. */
  readonly charges: readonly (Charged | null)[];
}

/** State in one file, shared by the processes of one machine. It survives kill -9. */
export class SqliteStore implements StateStore {
  readonly name = "sqlite";
  readonly approvals: SqliteApprovals;
  readonly freezes: SqliteFreezes;
  readonly #db: Connection;
  readonly #clock: SqliteClock;
  readonly #counters: SqliteCounters;
  readonly #select;
  readonly #insert;
  readonly #insertNew;
  readonly #update;
  readonly #delete;
  readonly #rowAfter;
  readonly #collect;
  readonly #claim;
  readonly #collectClaims;
  #rows = 0;
  /** Up to which reservation the current pass over all of them has looked. */
  #collected = "";

  static async open(path: string, clock?: Clock): Promise<SqliteStore> {
    return new SqliteStore(await Connection.open(path), clock);
  }

  private constructor(db: Connection, clock?: Clock) {
    this.#db = db;
    this.#clock = new SqliteClock(db, clock);
    this.#counters = new SqliteCounters(db);
    this.approvals = new SqliteApprovals(db, this.#clock);
    this.freezes = new SqliteFreezes(db, this.#clock);
    this.#select = db.prepare("SELECT expires, spend, charges FROM reservations WHERE id = ?");
    this.#insert = db.prepare("INSERT OR REPLACE INTO reservations VALUES (?, ?, ?, ?)");
    this.#insertNew = db.prepare(
      "INSERT INTO reservations VALUES (?, ?, NULL, ?) ON CONFLICT DO NOTHING",
    );
    this.#update = db.prepare("UPDATE reservations SET expires = ?, charges = ? WHERE id = ?");
    this.#delete = db.prepare("DELETE FROM reservations WHERE id = ?");
    this.#rowAfter = db.prepare(
      "SELECT id FROM reservations WHERE id > ? ORDER BY id LIMIT 1 OFFSET ?",
    );
    this.#collect = db.prepare(
      "DELETE FROM reservations WHERE id > ? AND (?2 IS NULL OR id <= ?2) AND expires <= ?3",
    );
    this.#claim = db.prepare(
      "INSERT INTO claims VALUES (?1, ?2) ON CONFLICT DO UPDATE SET expires = ?2 WHERE expires <= ?3",
    );
    this.#collectClaims = db.prepare(
      "DELETE FROM claims WHERE id IN (SELECT id FROM claims WHERE expires <= ? LIMIT ?)",
    );
  }

  forServer(): this {
    return this;
  }

  reserve(request: ReserveRequest): MaybePromise<ReserveResult> {
    assertCharges(request.charges);
    const result = this.#reserveKnown(request);
    if (!(result instanceof Promise)) return result ?? this.#reserveAny(request);
    return result.then((known) => known ?? this.#reserveAny(request));
  }

  /** The quick way, for calls that charge nothing new; undefined when it is not the way for this one. */
  #reserveKnown({
    id,
    charges,
    spend,
    now,
  }: ReserveRequest): MaybePromise<ReserveResult | undefined> {
    if (spend !== undefined || !this.#counters.areKnown(charges)) return undefined;
    const result = this.#write(now, (time) => {
      const charged = this.#counters.chargeKnown(charges, time);
      if (charged === undefined) return ROLL_BACK;
      const { changes } = this.#insertNew.run(id, time + RESERVATION_MS, JSON.stringify(charged));
      if (Number(changes) === 0) return ROLL_BACK;
      this.#written(1, time);
      return RESERVED;
    });
    const known = (answer: ReserveResult | typeof ROLL_BACK) =>
      answer === ROLL_BACK ? undefined : answer;
    return result instanceof Promise ? result.then(known) : known(result);
  }

  #reserveAny({ id, charges, spend = [], now }: ReserveRequest): MaybePromise<ReserveResult> {
    return this.#write(now, (time) => {
      if (this.#held(id, time)) return RESERVED;
      if (!spend.every((one) => this.approvals.isSpendable(one, time))) return NOT_APPROVED;
      const refusal = refusalOf(charges, this.#counters, time);
      if (refusal) return refusal;

      const charged = charges.map((charge, index) =>
        this.#counters.charge(charge, time, id, index),
      );
      for (const one of spend) this.approvals.spend(one);
      const spent = spend.length === 0 ? null : JSON.stringify(spend);
      this.#insert.run(id, time + RESERVATION_MS, spent, JSON.stringify(charged));
      this.#written(1 + charges.length, time);
      return RESERVED;
    });
  }

  peek(charges: readonly Charge[], now?: number): MaybePromise<ReserveResult> {
    assertCharges(charges);
    return this.#db.read(() => {
      this.#counters.begin();
      return refusalOf(charges, this.#counters, this.#clock.at(now)) ?? RESERVED;
    });
  }

  refund(id: string, what: "all" | "sums"): MaybePromise<void> {
    return this.#write(undefined, (time) => {
      const held = this.#held(id, time);
      if (!held) return;
      this.#delete.run(id);
      held.charges.forEach((charged, index) => {
        if (charged === null) return;
        if (charged[4]) this.#counters.freeSlot(charged, time, id, index);
        else if (what === "all" || isSum(charged)) this.#counters.giveBack(charged, time);
      });
      if (what === "all") for (const one of held.spend) this.approvals.giveBack(one);
    });
  }

  release(id: string): MaybePromise<void> {
    return this.#write(undefined, (time) => {
      const held = this.#held(id, time);
      if (!held) return;
      this.#delete.run(id);
      held.charges.forEach((charged, index) => {
        if (charged?.[4]) this.#counters.freeSlot(charged, time, id, index);
      });
    });
  }

  renew(id: string): MaybePromise<void> {
    return this.#write(undefined, (time) => {
      const held = this.#held(id, time);
      if (!held) return;
      const charges = held.charges.map((charged, index) => {
        const slot = charged?.[4];
        if (!charged || !slot) return charged;
        const running = this.#counters.holdsSlot(charged, time, id, index);
        if (running) this.#counters.freeSlot(charged, time, id, index);
        else if (refusalOf([slot], this.#counters, time)) return charged;
        return this.#counters.charge(slot, time, id, index) ?? charged;
      });
      this.#update.run(time + RESERVATION_MS, JSON.stringify(charges), id);
    });
  }

  claim(reservation: string, round: number, ttlMs: number): MaybePromise<boolean> {
    return this.#write(undefined, (time) => {
      const { changes } = this.#claim.run(`${round} ${reservation}`, time + ttlMs, time);
      this.#written(1, time);
      return Number(changes) > 0;
    });
  }

  ping(): MaybePromise<void> {
    return this.#db.read(() => {
      this.#clock.at(undefined);
    });
  }

  close(): void {
    this.#db.close();
  }

  #write<T>(now: number | undefined, work: (time: number) => T): MaybePromise<T> {
    return this.#db.write(() => {
      this.#counters.begin();
      return work(this.#clock.advance(now));
    });
  }

  #held(id: string, now: number): Held | undefined {
    const row = this.#select.get(id) as
      | { expires: number; spend: string | null; charges: string }
      | undefined;
    if (row === undefined || row.expires <= now) return undefined;
    const spend: string[] = row.spend === null ? [] : JSON.parse(row.spend);
    return { spend, charges: JSON.parse(row.charges) };
  }

  /** Collects what has ended, a part at a time and at least as fast as it is made. */
  #written(rows: number, now: number): void {
    this.#rows += rows;
    if (this.#rows < ROUND) return;
    this.#rows = 0;
    this.#counters.sweep(ROWS, now);
    this.#collectClaims.run(now, ROWS);
    const last = this.#rowAfter.get(this.#collected, ROWS - 1) as { id: string } | undefined;
    this.#collect.run(this.#collected, last?.id ?? null, now);
    this.#collected = last?.id ?? "";
  }
}
