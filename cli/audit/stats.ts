import type { TrailRecord } from "../../runtime/index.ts";
import { pairs, shown } from "./describe.ts";
import { grantOf, outcomeOf } from "./filter.ts";

export interface Stats {
  readonly records: number;
  readonly from?: string;
  readonly to?: string;
  readonly outcomes: Readonly<Record<string, number>>;
  /** By tool, grant and rule, the most frequent first; of rules, what they forbade. */
  readonly tools: Readonly<Record<string, number>>;
  readonly grants: Readonly<Record<string, number>>;
  readonly rules: Readonly<Record<string, number>>;
  readonly turned_away: Readonly<Record<string, number>>;
  /** Microseconds that decisions took. */
  readonly latency_us?: { readonly p50: number; readonly p99: number; readonly max: number };
}

/** Names that are told apart; the rest is one, whatever a trail holds. */
const MAX_NAMES = 10_000;
const SHOWN = 10;
const DECIDED: ReadonlySet<string> = new Set(["decision", "summary"]);

/** Counts records; what a summary stands for is counted too. */
export function statsOf(records: Iterable<TrailRecord>): Stats {
  const [outcomes, tools, grants, rules, away] = Array.from({ length: 5 }, () => new Counts());
  const times: number[] = [];
  let count = 0;
  let from: string | undefined;
  let to: string | undefined;
  for (const record of records) {
    count++;
    from ??= record.time;
    to = record.time;
    const { causes, tool, rule, count: held, latency_us: took } = record;
    if (record.type === "turned_away" && typeof causes === "object" && causes !== null) {
      for (const [cause, number] of Object.entries(causes)) away?.add(cause, Number(number));
    }
    const outcome = outcomeOf(record);
    // Events have outcomes of their own, such as a reload's.
    if (outcome === undefined || !DECIDED.has(record.type)) continue;
    const decided = record.type === "summary" ? Number(held) : 1;
    outcomes?.add(outcome, decided);
    if (tool !== undefined) tools?.add(String(tool), decided);
    if (grantOf(record).name !== undefined) grants?.add(String(grantOf(record).name), decided);
    if (rule !== undefined) rules?.add(String(rule), decided);
    if (typeof took === "number") times.push(took);
  }
  times.sort((a, b) => a - b);
  const part = (of: number): number =>
    times[Math.min(times.length - 1, Math.floor(times.length * of))] ?? 0;
  return {
    records: count,
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
    outcomes: outcomes?.sorted() ?? {},
    tools: tools?.sorted() ?? {},
    grants: grants?.sorted() ?? {},
    rules: rules?.sorted() ?? {},
    turned_away: away?.sorted() ?? {},
    ...(times.length === 0
      ? {}
      : { latency_us: { p50: part(0.5), p99: part(0.99), max: times.at(-1) ?? 0 } }),
  };
}

class Counts {
  readonly #counts = new Map<string, number>();

  add(name: string, count: number): void {
    const known = this.#counts.has(name) || this.#counts.size < MAX_NAMES ? name : "(others)";
    this.#counts.set(known, (this.#counts.get(known) ?? 0) + count);
  }

  sorted(): Record<string, number> {
    const sorted = [...this.#counts].sort(([, a], [, b]) => b - a);
    // Names come from clients, and one may be `__proto__`.
    return Object.assign(Object.create(null), Object.fromEntries(sorted));
  }
}

export function statsPretty(stats: Stats): string {
  const { records, from, to, outcomes, latency_us: took } = stats;
  const lines = [
    `${records} records${from === undefined ? "" : ` from ${shown(from)} to ${shown(to)}`}`,
    `outcomes   ${pairs(outcomes)}`,
    ...(took === undefined
      ? []
      : [`decisions  p50 ${took.p50} µs, p99 ${took.p99} µs, at most ${took.max} µs`]),
  ];
  for (const what of ["tools", "grants", "rules", "turned_away"] as const) {
    const rows = Object.entries(stats[what]);
    if (rows.length === 0) continue;
    lines.push("", what.replace("_", " "));
    for (const [name, count] of rows.slice(0, SHOWN)) {
      lines.push(`${String(count).padStart(10)}  ${shown(name)}`);
    }
    if (rows.length > SHOWN) lines.push(`${"".padStart(10)}  and ${rows.length - SHOWN} more`);
  }
  return `${lines.join("\n")}\n`;
}
