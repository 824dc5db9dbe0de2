import {
  assertCharges,
  chargedBefore,
  fits,
  full,
  NOT_APPROVED,
  RESERVED,
  type Refusal,
  tooManyKeys,
} from "./charges.ts";
import { type Clock, MonotoneClock } from "./clock.ts";
import { MemoryApprovals } from "./memory/approvals.ts";
import { type Counter, Leases, newCounter } from "./memory/counters.ts";
import { Family } from "./memory/families.ts";
import { MemoryFreezes } from "./memory/freezes.ts";
import {
  type Charge,
  MAX_KEYS,
  RESERVATION_MS,
  type ReserveRequest,
  type ReserveResult,
  type StateStore,
} from "./store.ts";

interface Reservation {
  readonly at: number;
  readonly expires: number;
  readonly charges: readonly Charge[];
  readonly spend: string | undefined;
}

/** Writes between two rounds of collection. */
const ROUND = 1024;

/** State that lives and dies with this process. */
export class MemoryStore implements StateStore {
  readonly name = "memory";
  readonly approvals: MemoryApprovals;
  readonly freezes: MemoryFreezes;
  readonly #clock: MonotoneClock;
  readonly #counters = new Map<string, Counter>();
  readonly #families = new Map<string, Family>();
  /** In the order of expiry, which is that of insertion. */
  readonly #reservations = new Map<string, Reservation>();
  readonly #claims = new Map<string, number>();
  #writes = 0;
  #unswept = this.#counters.values();

  constructor(clock?: Clock) {
    this.#clock = new MonotoneClock(clock);
    this.approvals = new MemoryApprovals(this.#clock);
    this.freezes = new MemoryFreezes(this.#clock);
  }

  forServer(): this {
    return this;
  }

  reserve({ id, charges, spend, now }: ReserveRequest): ReserveResult {
    assertCharges(charges);
    const time = this.#clock.advance(now);
    if (this.#held(id, time)) return RESERVED;
    if (spend !== undefined && !this.approvals.spendable(spend, time)) return NOT_APPROVED;
    const refusal = this.#refusal(charges, time);
    if (refusal) return refusal;

    for (let index = 0; index < charges.length; index++) {
      this.#charge(charges[index] as Charge, time, id, index);
    }
    if (spend !== undefined) this.approvals.spend(spend);
    // The caller may use its list again; the charges in it never change.
    this.#reservations.set(id, {
      at: time,
      expires: time + RESERVATION_MS,
      charges: charges.slice(),
      spend,
    });
    this.#written(1, time);
    return RESERVED;
  }

  peek(charges: readonly Charge[], now?: number): ReserveResult {
    assertCharges(charges);
    return this.#refusal(charges, this.#clock.at(now)) ?? RESERVED;
  }

  refund(id: string, what: "all" | "sums"): void {
    const time = this.#clock.advance(undefined);
    const held = this.#held(id, time);
    if (!held) return;
    this.#reservations.delete(id);
    held.charges.forEach((charge, index) => {
      const counter = this.#counters.get(charge.key);
      if (!counter || charge.amount === 0) return;
      if (counter instanceof Leases) {
        counter.free(holder(id, index));
      } else if (what === "all" || charge.sum) {
        counter.used(time);
        counter.giveBack(held.at, charge.amount);
      }
      if (counter.ends <= time) this.#drop(counter);
    });
    if (what === "all" && held.spend !== undefined) this.approvals.unspend(held.spend);
  }

  release(id: string): void {
    const time = this.#clock.advance(undefined);
    const held = this.#held(id, time);
    if (!held) return;
    this.#reservations.delete(id);
    held.charges.forEach(({ key, window }, index) => {
      if (window.kind !== "concurrent") return;
      const counter = this.#counters.get(key);
      if (!(counter instanceof Leases)) return;
      counter.free(holder(id, index));
      if (counter.ends <= time) this.#drop(counter);
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
      const counter = this.#counters.get(charge.key);
      counter?.used(time);
      const running = counter instanceof Leases && counter.has(holder(id, index));
      if (running || !this.#refusal([charge], time)) this.#charge(charge, time, id, index);
    });
  }

  claim(reservation: string, round: number, ttlMs: number): boolean {
    const time = this.#clock.advance(undefined);
    const key = `${round} ${reservation}`;
    const taken = this.#claims.get(key);
    if (taken !== undefined && taken > time) return false;
    this.#claims.set(key, time + ttlMs);
    this.#written(1, time);
    return true;
  }

  ping(): void {
    // Memory is always there.
  }

  close(): void {
    this.#counters.clear();
    this.#families.clear();
    this.#reservations.clear();
    this.#claims.clear();
  }

  #held(id: string, now: number): Reservation | undefined {
    const reservation = this.#reservations.get(id);
    return reservation && reservation.expires > now ? reservation : undefined;
  }

  /** Why the charges cannot be made; the first that has no room decides. */
  #refusal(charges: readonly Charge[], now: number): Refusal | undefined {
    for (let index = 0; index < charges.length; index++) {
      const charge = charges[index] as Charge;
      const counter = this.#counters.get(charge.key);
      const used = counter === undefined ? 0 : counter.used(now);
      const before = index === 0 ? 0 : chargedBefore(charges, index);
      if (!fits(used + before, charge.amount, charge.max)) {
        const never = charge.max === 0 || before + charge.amount > charge.max;
        const excess = used - (charge.max - before - charge.amount);
        return full(index, used, never ? undefined : counter?.freesIn(now, excess));
      }
      if (charge.family !== undefined && !this.#keyFits(charges, index, now)) {
        return tooManyKeys(index);
      }
    }
    return undefined;
  }

  /** Whether the key is live already or its family has room for one more. */
  #keyFits(charges: readonly Charge[], index: number, now: number): boolean {
    const { key, amount, family } = charges[index] as Charge;
    if (amount === 0 || this.#isLive(key, now)) return true;
    const born = new Set<string>();
    for (const other of charges.slice(0, index)) {
      if (other.family === family && other.amount > 0 && !this.#isLive(other.key, now)) {
        born.add(other.key);
      }
    }
    if (born.has(key)) return true;
    const live = this.#families.get(family as string);
    if (!live || live.members.size + born.size < MAX_KEYS) return true;
    for (const counter of live.ended(now)) this.#drop(counter);
    return live.members.size + born.size < MAX_KEYS;
  }

  #isLive(key: string, now: number): boolean {
    const counter = this.#counters.get(key);
    if (!counter) return false;
    counter.used(now);
    return counter.ends > now;
  }

  #charge(charge: Charge, now: number, id: string, index: number): void {
    if (charge.amount === 0) return;
    let counter = this.#counters.get(charge.key);
    if (counter === undefined) {
      counter = newCounter(charge, this.#family(charge.family));
      this.#counters.set(charge.key, counter);
      this.#writes += 1;
    }
    counter.add(now, charge.amount, counter instanceof Leases ? holder(id, index) : "");
    counter.family?.charged(counter);
  }

  #family(name: string | undefined): Family | undefined {
    if (name === undefined) return undefined;
    let family = this.#families.get(name);
    if (!family) {
      family = new Family(name);
      this.#families.set(name, family);
    }
    return family;
  }

  #drop(counter: Counter): void {
    this.#counters.delete(counter.key);
    const { family } = counter;
    family?.members.delete(counter);
    if (family?.members.size === 0) this.#families.delete(family.name);
  }

  /** Collects what has ended, a part at a time and at least as fast as it is made. */
  #written(count: number, now: number): void {
    this.#writes += count;
    if (this.#writes < ROUND) return;
    let steps = 2 * this.#writes;
    this.#writes = 0;
    for (const [id, { expires }] of this.#reservations) {
      if (expires > now) break;
      this.#reservations.delete(id);
    }
    for (const [key, until] of this.#claims) {
      if (until > now) break;
      this.#claims.delete(key);
    }
    for (; steps > 0; steps--) {
      const next = this.#unswept.next();
      if (next.done) {
        this.#unswept = this.#counters.values();
        break;
      }
      next.value.used(now);
      if (next.value.ends <= now) this.#drop(next.value);
    }
  }
}

/** Names one slot: a reservation may hold several of one counter. */
function holder(id: string, index: number): string {
  return `${index} ${id}`;
}
