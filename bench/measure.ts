/** Something to be measured: does its work `count` times. */
export interface Contender {
  readonly name: string;
  readonly run: (count: number) => unknown;
}

/** How long one piece of work takes. */
export interface Timing {
  readonly name: string;
  /** Nanoseconds, the best of all rounds: other work on the machine only ever slows it down. */
  readonly ns: number;
}

/**
 * Measures contenders in turns, so that a busy machine is busy for all.
 *
 * @param ms how long one turn takes about
 */
export function race(
  contenders: readonly Contender[],
  { rounds = 7, ms = 100 }: { readonly rounds?: number; readonly ms?: number } = {},
): Timing[] {
  const turns = contenders.map((contender) => ({
    contender,
    count: countFor(contender, ms),
    ns: Number.POSITIVE_INFINITY,
  }));
  for (let round = 0; round < rounds; round++) {
    for (const turn of turns) {
      turn.ns = Math.min(turn.ns, time(turn.contender, turn.count) / turn.count);
    }
  }
  return turns.map(({ contender: { name }, ns }) => ({ name, ns }));
}

/** Warms up on the way. */
function countFor(contender: Contender, ms: number): number {
  for (let count = 1; ; count *= 2) {
    const ns = time(contender, count);
    if (ns > (ms / 2) * 1e6) return Math.max(1, Math.round((count * ms * 1e6) / ns));
  }
}

function time({ run }: Contender, count: number): number {
  const started = performance.now();
  run(count);
  return (performance.now() - started) * 1e6;
}

/** Columns, the first to the left and the others to the right. */
export function printTable(rows: readonly (readonly string[])[]): void {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? "").length)),
  );
  for (const row of rows) {
    const cells = row.map((cell, column) =>
      column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
    );
    console.log(cells.join("  "));
  }
}

/** A time for people: `58 ns`, `1.6 µs`, `2.1 ms`. */
export function showTime(ns: number): string {
  if (ns < 1e3) return `${ns.toFixed(0)} ns`;
  if (ns < 1e6) return `${(ns / 1e3).toFixed(1)} µs`;
  return `${(ns / 1e6).toFixed(1)} ms`;
}

/** A ratio for people: `0.52×`, `4.1×`, `310×`. */
export function showRatio(ratio: number): string {
  return `${ratio < 1 ? ratio.toFixed(2) : ratio < 10 ? ratio.toFixed(1) : ratio.toFixed(0)}×`;
}

/** The value below which this part of all lies; 0 without any. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
}
