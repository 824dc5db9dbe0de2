import { assertCharges, NOT_APPROVED, RESERVED, refusalOf } from "./charges.ts";
import { type Clock, MonotoneClock } from "./clock.ts";
import { MemoryApprovals } from "./memory/approvals.ts";
import { MemoryCounters } from "./memory/counters.ts";
import { MemoryFreezes } from "./memory/freezes.ts";
import {
  type Charge,
  RESERVATION_MS,
  type ReserveRequest,
  type ReserveResult,
  type StateStore,
} from "./store.ts";

interface Reservation {
  readonly at: number;
  readonly expires: number;
  readonly charges: readonly Charge[];
  readonly spend: readonly string[];
}

/** Writes between two rounds of collection. */
const ROUND = 1024;

/** State that lives and dies with this process. */
export class MemoryStore implements StateStore {
  readonly name = "memory";
  readonly releaseAll = true;
  readonly approvals: MemoryApprovals;
  readonly freezes: MemoryFreezes;
  readonly #clock: MonotoneClock;
  readonly #counters = new MemoryCounters();
  /** In the order of expiry, which is that of insertion. */
  readonly #reservations = new Map<string, Reservation>();
  readonly #claims = new Map<string, number>();
  #writes = 0;

  constructor(clock?: Clock) {
    this.#clock = new MonotoneClock(clock);
    this.approvals = new MemoryApprovals(this.#clock);
    this.freezes = new MemoryFreezes(this.#clock);
  }

  forServer(): this {
    return this;
  }

  reserve({ id, charges, spend = [], now }: ReserveRequest): ReserveResult {
    assertCharges(charges);
    const time = this.#clock.advance(now);
    if (this.#held(id, time)) return RESERVED;
    if (!spend.every((one) => this.approvals.isSpendable(one, time))) return NOT_APPROVED;
    const refusal = refusalOf(charges, this.#counters, time);
    if (refusal) return refusal;

    let made = 1;
    for (let index = 0; index < charges.length; index++) {
      if (this.#counters.charge(charges[index] as Charge, time, id, index)) made += 1;
    }
    for (const one of spend) this.approvals.spend(one);
    // A copy: the caller may use its list again. The charges in it never change.
    const held = { at: time, expires: time + RESERVATION_MS, charges: charges.slice(), spend };
    this.#reservations.set(id, held);
    this.#written(made, time);
    return RESERVED;
  }

  peek(charges: readonly Charge[], now?: number): ReserveResult {
    assertCharges(charges);
    return refusalOf(charges, this.#counters, this.#clock.at(now)) ?? RESERVED;
  }

  refund(id: string, what: "all" | "sums"): void {
    const time = this.#clock.advance(undefined);
    const held = this.#held(id, time);
    if (!held) return;
    this.#reservations.delete(id);
    held.charges.forEach((charge, index) => {
      if (charge.window.kind === "concurrent") {
        this.#counters.freeSlot(charge, time, id, index);
      } else if (what === "all" || charge.sum) {
        this.#counters.giveBack(charge, held.at, time);
      }
    });
    if (what === "all") for (const one of held.spend) this.approvals.giveBack(one);
  }

  release(id: string): void {
    const time = this.#clock.advance(undefined);
    const held = this.#held(id, time);
    if (!held) return;
    this.#reservations.delete(id);
    held.charges.forEach((charge, index) => {
      if (charge.window.kind === "concurrent") this.#counters.freeSlot(charge, time, id, index);
    });
  }

  renew(id: string): void {
    const time = this.#clock.advance(undefined);
    const held = this.#held(id, time);
    if (!held) return;
    this.#reservations.delete(id);
    this.#reservations.set(id, { ...held, expires: time + RESERVATION_MS });
    held.charges.forEach((charge, index) => {
      if (charge.window.kind !== "concurrent") return;
      if (
        this.#counters.holdsSlot(charge, time, id, index) ||
        !refusalOf([charge], this.#counters, time)
      ) {
        this.#counters.charge(charge, time, id, index);
      }
    });
  }

  claim(reservation: string, round: number, ttlMs: number): boolean {
    const time = this.#clock.advance(undefined);
    const key = `${round} ${reservation}`;
    const taken = this.#claims.get(key);
    if (taken !== undefined && taken > time) return false;
    this.#claims.delete(key);
    this.#claims.set(key, time + ttlMs);
    this.#written(1, time);
    return true;
  }

  ping(): void {
    // Memory is always there.
  }

  close(): void {
    // Nothing outlives the object.
  }

  #held(id: string, now: number): Reservation | undefined {
    const reservation = this.#reservations.get(id);
    return reservation && reservation.expires > now ? reservation : undefined;
  }

  /** Collects what has ended, a part at a time and at least as fast as it is made. */
  #written(count: number, now: number): void {
    this.#writes += count;
    if (this.#writes < ROUND) return;
    this.#counters.sweep(2 * this.#writes, now);
    this.#writes = 0;
    for (const [id, { expires }] of this.#reservations) {
      if (expires > now) break;
      this.#reservations.delete(id);
    }
    for (const [key, until] of this.#claims) {
      if (until > now) break;
      this.#claims.delete(key);
    }
  }
}
