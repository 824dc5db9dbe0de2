import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { type Policy, validatePolicy } from "../policy/index.ts";
import { type Context, compileEngine, openStore, type StateStore } from "../runtime/index.ts";
import { printTable } from "./measure.ts";
import { memoryOfSessions } from "./sessions.ts";

/** Every kind of limit, with keys of which many come and go. */
const POLICY: unknown = {
  version: "1",
  extensions: [
    "limits.concurrent",
    "limits.message",
    "limits.scopes",
    "limits.sum",
    "limits.windows",
  ],
  default: "deny",
  all_tools: {
    limits: [{ counter: "all_rate", window: "minute", max: 1_000_000, scope: "server" }],
  },
  tools: {
    pay: {
      require: [{ conditions: [{ path: "args.amount", op: "lte", value: 1_000 }] }],
      limits: [
        { counter: "pay_rate", window: "minute", max: 100_000, scope: "session" },
        {
          counter: "pay_sum",
          window: "day",
          increment_from: "args.amount",
          max: 1_000_000_000,
          scope: "grant",
          key: ["args.customer"],
        },
        {
          counter: "pay_sliding",
          window: "second",
          algorithm: "sliding",
          max: 5_000,
          scope: "grant",
        },
        { counter: "pay_slots", concurrent: true, max: 16, scope: "grant" },
      ],
    },
  },
};

const CALLS = 1_000_000;
/** Fewer, as each is a transaction. */
const SQLITE_CALLS = 100_000;
const STEPS = 10;
/** Milliseconds between two calls on the clock of the run. */
const PACE = 5;
/** Less than the live key values that a limit may have. */
const CUSTOMERS = 5_000;
const SESSIONS = 1_000;
/** A Monday. */
const START = Date.parse("2026-11-23T00:00:00Z");

function policy(): Policy {
  const validated = validatePolicy(POLICY);
  if ("policy" in validated) return validated.policy;
  throw new Error(validated.problems[0]?.message);
}

interface Clock {
  now: number;
}

/** Calls that are decided, charged and settled as the proxy does it. */
async function play(store: StateStore, clock: Clock, from: number, calls: number): Promise<void> {
  const engine = compileEngine(policy());
  for (let call = from; call < from + calls; call++) {
    clock.now = START + call * PACE;
    const context: Context = {
      grant: { id: "local", name: "local", labels: {} },
      server: "bench",
      session: `session ${Math.floor(call / 50) % SESSIONS} ${Math.floor(call / 200_000)}`,
      now: clock.now,
    };
    const args = { amount: call % 100, customer: `c${call % CUSTOMERS}` };
    const { outcome, charges } = engine.decide({ tool: "pay", args }, context);
    if (outcome !== "allow") throw new Error(`Call ${call} is not allowed.`);
    const id = randomUUID();
    const reserved = store.reserve({ id, charges, now: clock.now });
    const { ok } = reserved instanceof Promise ? await reserved : reserved;
    if (!ok) throw new Error(`Call ${call} was refused by a limit.`);
    const released = store.release(id);
    if (released instanceof Promise) await released;
  }
}

/** Bytes that are in use after a full collection. */
function heapUsed(): number {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
  return process.memoryUsage().heapUsed;
}

const MIB = 2 ** 20;
const mib = (bytes: number): string => `${(bytes / MIB).toFixed(1)} MiB`;

export async function run(): Promise<void> {
  const clock: Clock = { now: START };
  const memory = await openStore("memory", { clock: () => clock.now });
  const rows: string[][] = [["memory store, calls", "heap", "resident", "target"]];
  for (let step = 0; step <= STEPS; step++) {
    const calls = (CALLS / STEPS) * step;
    if (step > 0) await play(memory, clock, calls - CALLS / STEPS, CALLS / STEPS);
    rows.push([
      calls.toLocaleString("en"),
      mib(heapUsed()),
      mib(process.memoryUsage().rss),
      step === STEPS ? "flat" : "",
    ]);
  }
  await memory.close();
  printTable(rows);
  console.log();
  printTable(await sqliteRows());
  console.log();
  printTable(await memoryOfSessions());
}

async function sqliteRows(): Promise<string[][]> {
  const folder = mkdtempSync(join(tmpdir(), "mcpp-bench-"));
  const file = join(folder, "state.db");
  const size = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  const clock: Clock = { now: START };
  const store = await openStore(`sqlite:${file}`, { clock: () => clock.now });
  const rows: string[][] = [["SQLite store, calls", "file", "write-ahead log", "target"]];
  try {
    for (let step = 1; step <= STEPS; step++) {
      const calls = (SQLITE_CALLS / STEPS) * step;
      await play(store, clock, calls - SQLITE_CALLS / STEPS, SQLITE_CALLS / STEPS);
      rows.push([
        calls.toLocaleString("en"),
        mib(size(file)),
        mib(size(`${file}-wal`)),
        step === STEPS ? "bounded" : "",
      ]);
    }
    return rows;
  } finally {
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
