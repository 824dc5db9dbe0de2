/** Micro-units in one unit of a sum. */
export const MICRO = 1_000_000;

/**
 * A number in micro-units, converted by its decimal text so that it is exact (1.005 × 10⁶ in floating point
 * is not). A string is why there is no such amount, as the end of a sentence that begins with the value.
 */
export function toMicro(value: number): number | string {
  if (!Number.isFinite(value)) return "must be a finite number";
  if (value < 0) return "must not be negative";
  const match = /^([0-9]+)(?:\.([0-9]+))?(?:e([+-][0-9]+))?$/.exec(String(value));
  if (match === null) return "must be a finite number";
  const [, whole = "", fraction = "", exponent = "0"] = match;
  const digits = whole + fraction;
  // The value is `digits` × 10^shift micro-units.
  const shift = Number(exponent) - fraction.length + 6;
  if (shift < 0) {
    if (/[1-9]/.test(digits.slice(shift))) return "must have at most six decimal places";
    return bounded(digits.slice(0, shift) || "0");
  }
  if (digits === "0") return 0;
  return shift > 22 ? TOO_LARGE : bounded(digits + "0".repeat(shift));
}

/** 2^53 - 1 micro-units. */
const TOO_LARGE = "must be at most 9007199254.740991";

function bounded(digits: string): number | string {
  const micro = BigInt(digits);
  return micro > BigInt(Number.MAX_SAFE_INTEGER) ? TOO_LARGE : Number(micro);
}
