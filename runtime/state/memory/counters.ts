import { type Counters, slotOf } from "../charges.ts";
import type { Charge } from "../store.ts";
import { type Counter, Leases, newCounter } from "./counter.ts";
import { Family } from "./families.ts";

/** All counters by key, and the families that bound their number. */
export class MemoryCounters implements Counters {
  readonly #counters = new Map<string, Counter>();
  readonly #families = new Map<string, Family>();
  #unswept = this.#counters.values();

  used({ key }: Charge, now: number): number {
    const counter = this.#counters.get(key);
    return counter === undefined ? 0 : counter.used(now);
  }

  freesIn({ key }: Charge, excess: number, now: number): number | undefined {
    return this.#counters.get(key)?.freesIn(now, excess);
  }

  isLive(key: string, now: number): boolean {
    return (this.#counters.get(key)?.ends ?? 0) > now;
  }

  hasFewerThan(keys: number, name: string, now: number): boolean {
    const family = this.#families.get(name);
    if (family === undefined || family.members.size < keys) return true;
    for (const counter of family.ended(now)) this.#drop(counter);
    return family.members.size < keys;
  }

  /** True if the charge made a counter. */
  charge(charge: Charge, now: number, reservation: string, index: number): boolean {
    if (charge.amount === 0) return false;
    let counter = this.#counters.get(charge.key);
    const isNew = counter === undefined;
    if (counter === undefined) {
      counter = newCounter(charge, this.#family(charge.family));
      this.#counters.set(charge.key, counter);
    }
    counter.add(now, charge.amount, counter instanceof Leases ? slotOf(reservation, index) : "");
    counter.family?.charged(counter);
    return isNew;
  }

  /** Gives back what was charged at `at`, if the window charged still exists. */
  giveBack({ key, amount }: Charge, at: number, now: number): void {
    const counter = this.#counters.get(key);
    if (counter === undefined || amount === 0) return;
    counter.used(now);
    counter.giveBack(at, amount);
    if (counter.ends <= now) this.#drop(counter);
  }

  holdsSlot({ key }: Charge, now: number, reservation: string, index: number): boolean {
    const counter = this.#counters.get(key);
    if (!(counter instanceof Leases)) return false;
    counter.used(now);
    return counter.has(slotOf(reservation, index));
  }

  freeSlot({ key }: Charge, now: number, reservation: string, index: number): void {
    const counter = this.#counters.get(key);
    if (!(counter instanceof Leases)) return;
    counter.free(slotOf(reservation, index));
    if (counter.ends <= now) this.#drop(counter);
  }

  /** Looks at the next `steps` counters and drops those that have ended. */
  sweep(steps: number, now: number): void {
    for (let step = 0; step < steps; step++) {
      const next = this.#unswept.next();
      if (next.done) {
        this.#unswept = this.#counters.values();
        return;
      }
      if (next.value.ends <= now) this.#drop(next.value);
    }
  }

  #family(name: string | undefined): Family | undefined {
    if (name === undefined) return undefined;
    let family = this.#families.get(name);
    if (family === undefined) {
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
}
