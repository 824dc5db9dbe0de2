import { type Charge, MAX_KEYS, type ReserveResult } from "./store.ts";

export type Refusal = Extract<ReserveResult, { ok: false }>;

export const RESERVED: ReserveResult = Object.freeze({ ok: true });

export const NOT_APPROVED: Refusal = Object.freeze({
  ok: false,
  index: -1,
  reason: "approval",
  used: 0,
});

function tooManyKeys(index: number): Refusal {
  return { ok: false, index, reason: "keys", used: 0 };
}

function full(index: number, used: number, retryAfterMs: number | undefined): Refusal {
  return retryAfterMs === undefined
    ? { ok: false, index, reason: "full", used }
    : { ok: false, index, reason: "full", used, retryAfterMs };
}

/** A negative or inexact amount would give budget away, so it never reaches a counter. */
export function assertCharges(charges: readonly Charge[]): void {
  for (const { amount, max } of charges) {
    if (!(Number.isSafeInteger(amount) && amount >= 0)) {
      throw new RangeError(`A charge must be a safe integer of 0 or more, not ${amount}.`);
    }
    if (!(Number.isSafeInteger(max) && max >= 0)) {
      throw new RangeError(`The max of a charge must be a safe integer of 0 or more, not ${max}.`);
    }
  }
}

/**
 * Whether `amount` more fits under `max`. Both sides stay within ±(2^53-1), where numbers are exact; adding
 * `used` and `amount` would not.
 */
function fits(used: number, amount: number, max: number): boolean {
  return max > 0 && amount <= max - used;
}

/** What a store must know to judge charges. */
export interface Counters {
  /** What the window that holds `now` has used. */
  used(charge: Charge, now: number): number;
  /** Milliseconds until at least `excess` is free again; undefined when unknown. */
  freesIn(charge: Charge, excess: number, now: number): number | undefined;
  /** Whether the key counts anything at `now`. */
  isLive(key: string, now: number): boolean;
  /** Whether the family has fewer than `keys` live keys. */
  hasFewerThan(keys: number, family: string, now: number): boolean;
}

/** Why the charges cannot be made at `now`: the first of them that has no room. Writes nothing. */
export function refusalOf(
  charges: readonly Charge[],
  counters: Counters,
  now: number,
): Refusal | undefined {
  for (let index = 0; index < charges.length; index++) {
    const charge = charges[index] as Charge;
    const { amount, max } = charge;
    const used = counters.used(charge, now);
    const before = index === 0 ? 0 : chargedBefore(charges, index);
    if (!fits(used + before, amount, max)) {
      const never = max === 0 || before + amount > max;
      const excess = used - (max - before - amount);
      return full(index, used, never ? undefined : counters.freesIn(charge, excess, now));
    }
    if (charge.family !== undefined && !keyFits(charges, index, counters, now)) {
      return tooManyKeys(index);
    }
  }
  return undefined;
}

/** What earlier charges of the same request add to the counter of charge `index`. */
function chargedBefore(charges: readonly Charge[], index: number): number {
  const { key } = charges[index] as Charge;
  let sum = 0;
  for (let other = 0; other < index; other++) {
    const charge = charges[other] as Charge;
    if (charge.key === key) sum += charge.amount;
  }
  return sum;
}

/** Whether the key of charge `index` is live already, or its family has room for one more. */
function keyFits(
  charges: readonly Charge[],
  index: number,
  counters: Counters,
  now: number,
): boolean {
  const { key, amount, family } = charges[index] as Charge;
  if (amount === 0 || counters.isLive(key, now)) return true;
  const born = new Set<string>();
  for (const other of charges.slice(0, index)) {
    if (other.family === family && other.amount > 0 && !counters.isLive(other.key, now)) {
      born.add(other.key);
    }
  }
  return born.has(key) || counters.hasFewerThan(MAX_KEYS - born.size, family as string, now);
}

/** Names one slot of a counter: a reservation may hold several of one. */
export function slotOf(reservation: string, index: number): string {
  return `${index} ${reservation}`;
}
