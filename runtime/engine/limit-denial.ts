import type { ReserveResult } from "../state/store.ts";
import type { LimitCharge, LimitDenial } from "./types.ts";

/** Why a reservation did not succeed: the store's answer, or that it gave none. */
export type NotReserved = Extract<ReserveResult, { ok: false }> | "state unavailable";

/** The denial of a call for which a counter has no room, or cannot be had. */
export function denyLimit(charge: LimitCharge, result: NotReserved): LimitDenial {
  const source = charge.source === undefined ? {} : { source: charge.source };
  if (result === "state unavailable") {
    return {
      outcome: "deny",
      rule: "(state unavailable)",
      message:
        "The limits of this call cannot be checked right now, so it is refused; retry later.",
      ...source,
    };
  }
  if (result.reason === "keys") {
    return {
      outcome: "deny",
      rule: "(too many keys)",
      message: `Too many different values are being counted for the limit \`${charge.counter}\`; retry later with a value used before.`,
      ...source,
    };
  }
  const never = charge.amount > charge.max;
  const retry =
    never || result.retryAfterMs === undefined
      ? {}
      : { retryAfterMs: Math.ceil(result.retryAfterMs) };
  const what = [
    charge.message,
    `The limit is ${charge.allows}.`,
    advice(charge, retry.retryAfterMs),
  ];
  return {
    outcome: "deny",
    rule: charge.rule,
    message: what.filter((part) => part !== undefined && part !== "").join(" "),
    ...source,
    ...retry,
  };
}

function advice(charge: LimitCharge, retryAfterMs: number | undefined): string {
  if (charge.amount > charge.max) return "This call alone is beyond it.";
  if (retryAfterMs !== undefined) return `Retry in ${describeSpan(retryAfterMs)}.`;
  return charge.window.kind === "concurrent"
    ? "Retry when another call has ended."
    : "Retry later.";
}

/** A span for people, rounded up so that a retry is never too early: `42 s`, `3 min`, `2 h`, `5 days`. */
export function describeSpan(ms: number): string {
  const seconds = Math.max(1, Math.ceil(ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.ceil(seconds / 60);
  if (minutes < 120) return `${minutes} min`;
  const hours = Math.ceil(minutes / 60);
  if (hours < 48) return `${hours} h`;
  return `${Math.ceil(hours / 24)} days`;
}
