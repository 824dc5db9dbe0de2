import { type Counters, slotOf } from "../charges.ts";
import { type Charge, MAX_KEYS } from "../store.ts";
import { windowEnd } from "../windows.ts";
import type { Connection } from "./connection.ts";

interface Row {
  n: number;
  ends: number;
  used: number;
  /** Of a log: the part of `used` that has left its window and is still to be taken off. */
  left?: number;
}

/** What a reservation remembers of one charge: the counter, and the window or moment charged. */
export type Charged = readonly [
  n: number,
  amount: number,
  /** The end of the calendar window; or when the entry leaves the log. */
  ends: number,
  kind: 0 | typeof SUM | typeof SLIDING | typeof SLIDING_SUM,
  /** Of a concurrency slot: what it takes to renew it. */
  slot?: Charge,
];

/** Numbers of counters that are remembered; some 100 bytes each. */
const NUMBERS = 50_000;

const SUM = 1;
const SLIDING = 2;
const SLIDING_SUM = 3;

export function isSum([, , , kind]: Charged): boolean {
  return kind === SUM || kind === SLIDING_SUM;
}

/**
 * Counters as rows. The methods run inside a transaction of the connection; `begin` starts each. Sums are
 * made here and not in SQL, where a double beyond 2^53 would go unnoticed.
 */
export class SqliteCounters implements Counters {
  readonly #rows = new Map<string, Row | undefined>();
  /** Of families, counted once in a transaction. */
  readonly #liveKeys = new Map<string, number>();
  /** Of calendar counters. A number never comes to mean another counter, but its row may be gone. */
  readonly #numbers = new Map<string, number>();
  readonly #select;
  readonly #insert;
  readonly #setUsed;
  readonly #setAll;
  readonly #delete;
  readonly #giveBack;
  readonly #addIfRoom;
  readonly #live;
  readonly #left;
  readonly #staying;
  readonly #entry;
  readonly #enter;
  readonly #setEntry;
  readonly #deleteEntry;
  readonly #deleteLeft;
  readonly #lastEntry;
  readonly #slot;
  readonly #sweepLog;
  readonly #sweep;

  constructor(db: Connection) {
    // A counter that was never made leaves its number to the next one.
    db.undone = () => this.#numbers.clear();
    this.#select = db.prepare("SELECT n, ends, used FROM counters WHERE key = ?");
    this.#insert = db.prepare("INSERT INTO counters (key, ends, used, family) VALUES (?, ?, ?, ?)");
    this.#setUsed = db.prepare("UPDATE counters SET used = ? WHERE n = ?");
    this.#setAll = db.prepare("UPDATE counters SET used = ?, ends = ? WHERE n = ?");
    this.#delete = db.prepare("DELETE FROM counters WHERE n = ?");
    this.#giveBack = db.prepare(
      "UPDATE counters SET used = max(0, used - ?) WHERE n = ? AND ends = ?",
    );
    this.#addIfRoom = db.prepare(
      "UPDATE counters SET used = used + ?1 WHERE n = ?2 AND ends = ?3 AND used <= ?4",
    );
    this.#live = db.prepare(
      "SELECT count(*) AS live FROM (SELECT 1 FROM counters WHERE family = ? AND ends > ? LIMIT ?)",
    );
    this.#left = db.prepare(
      "SELECT coalesce(sum(amount), 0) AS amount FROM log WHERE counter = ? AND leaves <= ?",
    );
    this.#staying = db.prepare(
      "SELECT leaves, amount FROM log WHERE counter = ? AND leaves > ? ORDER BY leaves",
    );
    this.#entry = db.prepare(
      "SELECT amount FROM log WHERE counter = ? AND leaves = ? AND slot = ''",
    );
    this.#enter = db.prepare(
      "INSERT INTO log VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET amount = amount + excluded.amount",
    );
    this.#setEntry = db.prepare(
      "UPDATE log SET amount = ? WHERE counter = ? AND leaves = ? AND slot = ''",
    );
    this.#deleteEntry = db.prepare("DELETE FROM log WHERE counter = ? AND leaves = ? AND slot = ?");
    this.#deleteLeft = db.prepare("DELETE FROM log WHERE counter = ? AND leaves <= ?");
    this.#lastEntry = db.prepare(
      "SELECT c.used, max(l.leaves) AS leaves FROM counters c LEFT JOIN log l ON l.counter = c.n WHERE c.n = ?",
    );
    this.#slot = db.prepare(
      "SELECT leaves, amount FROM log WHERE counter = ? AND slot = ? AND leaves > ?",
    );
    this.#sweepLog = db.prepare(
      "DELETE FROM log WHERE (counter, leaves, slot) IN (SELECT counter, leaves, slot FROM counters JOIN log ON counter = n WHERE ends <= ? LIMIT ?)",
    );
    this.#sweep = db.prepare(
      "DELETE FROM counters WHERE n IN (SELECT n FROM counters WHERE ends <= ? AND NOT EXISTS (SELECT 1 FROM log WHERE counter = n) LIMIT ?)",
    );
  }

  /** To be called first in every transaction: what was read before may have changed since. */
  begin(): void {
    this.#rows.clear();
    this.#liveKeys.clear();
  }

  used({ key, window }: Charge, now: number): number {
    const row = this.#row(key);
    if (row === undefined) return 0;
    if (window.kind === "calendar") return row.ends > now ? row.used : 0;
    row.left ??= (this.#left.get(row.n, now) as { amount: number }).amount;
    return row.used - row.left;
  }

  freesIn({ key, window }: Charge, excess: number, now: number): number | undefined {
    const row = this.#row(key);
    if (row === undefined || window.kind === "concurrent") return undefined;
    if (window.kind === "calendar") return row.ends > now ? row.ends - now : undefined;
    let freed = 0;
    for (const entry of this.#staying.iterate(row.n, now)) {
      const { leaves, amount } = entry as { leaves: number; amount: number };
      freed += amount;
      if (freed >= excess) return leaves - now;
    }
    return undefined;
  }

  isLive(key: string, now: number): boolean {
    return (this.#row(key)?.ends ?? 0) > now;
  }

  hasFewerThan(keys: number, family: string, now: number): boolean {
    let live = this.#liveKeys.get(family);
    if (live === undefined) {
      ({ live } = this.#live.get(family, now, MAX_KEYS) as { live: number });
      this.#liveKeys.set(family, live);
    }
    return live < keys;
  }

  /** Whether `chargeKnown` is worth a try. */
  areKnown(charges: readonly Charge[]): boolean {
    return charges.every(({ key, amount }) => amount > 0 && this.#numbers.has(key));
  }

  /**
   * Charges calendar counters that were charged before and have room, in one statement each: how almost all
   * calls go. Undefined when one is full or gone; the transaction must then be rolled back.
   */
  chargeKnown(charges: readonly Charge[], now: number): Charged[] | undefined {
    const charged: Charged[] = [];
    for (const { key, amount, max, window, sum } of charges) {
      const n = this.#numbers.get(key);
      if (n === undefined || window.kind !== "calendar") return undefined;
      const ends = windowEnd(window.unit, now);
      if (Number(this.#addIfRoom.run(amount, n, ends, max - amount).changes) === 0)
        return undefined;
      charged.push([n, amount, ends, sum ? SUM : 0]);
    }
    return charged;
  }

  /** What the reservation has to remember; undefined where nothing was charged. */
  charge(charge: Charge, now: number, reservation: string, index: number): Charged | undefined {
    const { key, amount, window } = charge;
    if (amount === 0) return undefined;
    const used = this.used(charge, now) + amount;
    if (window.kind === "calendar") {
      const ends = windowEnd(window.unit, now);
      const n = this.#write(charge, used, ends);
      if (this.#numbers.size >= NUMBERS) this.#numbers.clear();
      this.#numbers.set(key, n);
      return [n, amount, ends, charge.sum ? SUM : 0];
    }

    const row = this.#row(key);
    if (row?.left) this.#deleteLeft.run(row.n, now);
    const leaves = now + (window.kind === "sliding" ? window.ms : window.leaseMs);
    const n = this.#write(charge, used, Math.max(leaves, row?.ends ?? 0));
    if (window.kind === "sliding") {
      this.#enter.run(n, leaves, "", amount);
      return [n, amount, leaves, charge.sum ? SLIDING_SUM : SLIDING];
    }
    this.#enter.run(n, leaves, slotOf(reservation, index), amount);
    const { family, max } = charge;
    return [n, amount, leaves, 0, { key, amount, max, window, ...(family && { family }) }];
  }

  /** Gives back a charge, if the window charged still exists. */
  giveBack([n, amount, ends, kind]: Charged, now: number): void {
    if (kind === 0 || kind === SUM) {
      this.#giveBack.run(amount, n, ends);
      return;
    }
    const entry = this.#entry.get(n, ends) as { amount: number } | undefined;
    if (entry === undefined || ends <= now) return;
    if (entry.amount > amount) this.#setEntry.run(entry.amount - amount, n, ends);
    else this.#deleteEntry.run(n, ends, "");
    this.#settle(n, amount, now);
  }

  holdsSlot([n]: Charged, now: number, reservation: string, index: number): boolean {
    return this.#slot.get(n, slotOf(reservation, index), now) !== undefined;
  }

  freeSlot([n]: Charged, now: number, reservation: string, index: number): void {
    const slot = slotOf(reservation, index);
    const held = this.#slot.get(n, slot, now) as { leaves: number; amount: number } | undefined;
    if (held === undefined) return;
    this.#deleteEntry.run(n, held.leaves, slot);
    this.#settle(n, held.amount, now);
  }

  /** Deletes at most `rows` of each kind that have ended. */
  sweep(rows: number, now: number): void {
    this.#sweepLog.run(now, rows);
    this.#sweep.run(now, rows);
  }

  /** After an entry was taken out of a log. */
  #settle(n: number, amount: number, now: number): void {
    this.begin();
    const { used, leaves } = this.#lastEntry.get(n) as { used: number; leaves: number | null };
    if (leaves !== null && leaves > now) {
      this.#setAll.run(used - amount, leaves, n);
      return;
    }
    this.#deleteLeft.run(n, now);
    this.#delete.run(n);
  }

  #row(key: string): Row | undefined {
    if (!this.#rows.has(key)) this.#rows.set(key, this.#select.get(key) as Row | undefined);
    return this.#rows.get(key);
  }

  #write({ key, family }: Charge, used: number, ends: number): number {
    this.#liveKeys.clear();
    const row = this.#row(key);
    if (row === undefined) {
      const { lastInsertRowid } = this.#insert.run(key, ends, used, family ?? null);
      const n = Number(lastInsertRowid);
      this.#rows.set(key, { n, ends, used });
      return n;
    }
    if (row.ends === ends) this.#setUsed.run(used, row.n);
    else this.#setAll.run(used, ends, row.n);
    this.#rows.set(key, { n: row.n, ends, used });
    return row.n;
  }
}
