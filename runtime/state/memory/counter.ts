import type { CalendarUnit } from "../../../policy/index.ts";
import type { Charge } from "../store.ts";
import { windowEnd } from "../windows.ts";
import type { Family } from "./families.ts";

/** What one counter has counted. `holder` names the reservation and charge where amounts are told apart. */
export interface Counter {
  readonly key: string;
  readonly family: Family | undefined;
  /** What the window that holds `now` has used. */
  used(now: number): number;
  /** When the last that it counts is over; in the past or 0 when it counts nothing. */
  readonly ends: number;
  add(now: number, amount: number, holder: string): void;
  /** Gives back what was charged at `at`, if the window charged still exists. */
  giveBack(at: number, amount: number): void;
  /** Milliseconds until at least `excess` is free; undefined when unknown. */
  freesIn(now: number, excess: number): number | undefined;
}

export function newCounter({ key, window }: Charge, family: Family | undefined): Counter {
  switch (window.kind) {
    case "calendar":
      return new CalendarCounter(key, family, window.unit);
    case "sliding":
      return new SlidingLog(key, family, window.ms);
    case "concurrent":
      return new Leases(key, family, window.leaseMs);
  }
}

class CalendarCounter implements Counter {
  readonly key: string;
  readonly family: Family | undefined;
  readonly #unit: CalendarUnit;
  #used = 0;
  ends = 0;

  constructor(key: string, family: Family | undefined, unit: CalendarUnit) {
    this.key = key;
    this.family = family;
    this.#unit = unit;
  }

  used(now: number): number {
    return now < this.ends ? this.#used : 0;
  }

  add(now: number, amount: number): void {
    this.#used = this.used(now) + amount;
    if (now >= this.ends) this.ends = windowEnd(this.#unit, now);
  }

  giveBack(at: number, amount: number): void {
    if (windowEnd(this.#unit, at) === this.ends) this.#used = Math.max(0, this.#used - amount);
  }

  freesIn(now: number): number {
    return this.ends - now;
  }
}

/** Every time with what was charged then, oldest first: exact, at the price of its length. */
class SlidingLog implements Counter {
  readonly key: string;
  readonly family: Family | undefined;
  readonly #ms: number;
  readonly #times: number[] = [];
  readonly #amounts: number[] = [];
  #head = 0;
  #used = 0;

  constructor(key: string, family: Family | undefined, ms: number) {
    this.key = key;
    this.family = family;
    this.#ms = ms;
  }

  get ends(): number {
    return this.#head < this.#times.length ? (this.#times.at(-1) as number) + this.#ms : 0;
  }

  used(now: number): number {
    while (
      this.#head < this.#times.length &&
      (this.#times[this.#head] as number) <= now - this.#ms
    ) {
      this.#used -= this.#amounts[this.#head] as number;
      this.#head += 1;
    }
    if (this.#head > 64 && this.#head * 2 > this.#times.length) {
      this.#times.splice(0, this.#head);
      this.#amounts.splice(0, this.#head);
      this.#head = 0;
    }
    return this.#used;
  }

  add(now: number, amount: number): void {
    const last = this.#times.length - 1;
    if (last >= this.#head && this.#times[last] === now) {
      this.#amounts[last] = (this.#amounts[last] as number) + amount;
    } else {
      this.#times.push(now);
      this.#amounts.push(amount);
    }
    this.#used += amount;
  }

  giveBack(at: number, amount: number): void {
    const index = this.#times.lastIndexOf(at);
    if (index < this.#head) return;
    const rest = (this.#amounts[index] as number) - amount;
    this.#used -= amount;
    if (rest > 0) {
      this.#amounts[index] = rest;
    } else {
      this.#times.splice(index, 1);
      this.#amounts.splice(index, 1);
    }
  }

  freesIn(now: number, excess: number): number | undefined {
    let freed = 0;
    for (let index = this.#head; index < this.#times.length; index++) {
      freed += this.#amounts[index] as number;
      if (freed >= excess) return (this.#times[index] as number) + this.#ms - now;
    }
    return undefined;
  }
}

/** Slots of running calls, each with the time at which it falls free unless it is renewed. */
export class Leases implements Counter {
  readonly key: string;
  readonly family: Family | undefined;
  readonly #ms: number;
  readonly #held = new Map<string, { readonly amount: number; readonly until: number }>();
  #used = 0;
  /** No lease ends before this. */
  #nextEnd = 0;

  constructor(key: string, family: Family | undefined, leaseMs: number) {
    this.key = key;
    this.family = family;
    this.#ms = leaseMs;
  }

  get ends(): number {
    let last = 0;
    for (const { until } of this.#held.values()) last = Math.max(last, until);
    return last;
  }

  used(now: number): number {
    if (now >= this.#nextEnd) {
      this.#nextEnd = Number.POSITIVE_INFINITY;
      for (const [holder, { amount, until }] of this.#held) {
        if (until <= now) {
          this.#held.delete(holder);
          this.#used -= amount;
        } else {
          this.#nextEnd = Math.min(this.#nextEnd, until);
        }
      }
    }
    return this.#used;
  }

  add(now: number, amount: number, holder: string): void {
    const until = now + this.#ms;
    this.#used += amount - (this.#held.get(holder)?.amount ?? 0);
    this.#held.set(holder, { amount, until });
    this.#nextEnd = Math.min(this.#nextEnd, until);
  }

  has(holder: string): boolean {
    return this.#held.has(holder);
  }

  free(holder: string): void {
    this.#used -= this.#held.get(holder)?.amount ?? 0;
    this.#held.delete(holder);
  }

  giveBack(): void {
    // Its slots are freed by holder.
  }

  freesIn(): undefined {
    return undefined;
  }
}
