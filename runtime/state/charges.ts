import type { Charge, ReserveResult } from "./store.ts";

export type Refusal = Extract<ReserveResult, { ok: false }>;

export const RESERVED: ReserveResult = Object.freeze({ ok: true });

export const NOT_APPROVED: Refusal = Object.freeze({
  ok: false,
  index: -1,
  reason: "approval",
  used: 0,
});

export function tooManyKeys(index: number): Refusal {
  return { ok: false, index, reason: "keys", used: 0 };
}

export function full(index: number, used: number, retryAfterMs: number | undefined): Refusal {
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
export function fits(used: number, amount: number, max: number): boolean {
  return max > 0 && amount <= max - used;
}

/** What earlier charges of the same request add to the counter of charge `index`. */
export function chargedBefore(charges: readonly Charge[], index: number): number {
  const { key } = charges[index] as Charge;
  let sum = 0;
  for (let other = 0; other < index; other++) {
    const charge = charges[other] as Charge;
    if (charge.key === key) sum += charge.amount;
  }
  return sum;
}
