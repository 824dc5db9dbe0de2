import { spawn, spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { openStore } from "../runtime/state/open.ts";
import { loadDriver } from "../runtime/state/sqlite/driver.ts";
import type { Charge, StateStore } from "../runtime/state/store.ts";

/** How fast something is, in operations per second. */
interface Speed {
  readonly name: string;
  readonly perSecond: number;
  /** The bare operation that it cannot beat, measured in the same run. */
  readonly floor?: Speed;
}

const KEYS = Array.from({ length: 300 }, (_, index) => `${index}`.padStart(64, "0"));

/**
 * The best of ten rounds, after one to warm up: other work on the machine only ever slows it down. A round is so many
 * `turns` of calls; what comes `after` each is not measured.
 */
async function best(
  name: string,
  calls: number,
  run: (calls: number) => unknown,
  after?: (calls: number) => unknown,
  turns = 1,
): Promise<Speed> {
  let perSecond = 0;
  for (let round = 0; round < 11; round++) {
    let ms = 0;
    for (let turn = 0; turn < turns; turn++) {
      const started = performance.now();
      await run(calls);
      ms += performance.now() - started;
      await after?.(calls);
    }
    if (round > 0) perSecond = Math.max(perSecond, (turns * calls * 1000) / ms);
  }
  return { name, perSecond };
}

/** Reservations that are held at once in memory, where each is released when its call is answered. */
const HELD = 1_000;

/** Made beforehand, as are the ids: what a call is made of is not the store's work. */
const CHARGES = new Map(
  [1, 3].map((counters) => [
    counters,
    KEYS.map((_, call) =>
      Array.from({ length: counters }, (_, index) => chargeOf(call + index * 100)),
    ),
  ]),
);
const IDS = Array.from({ length: 50_000 }, () => randomUUID());

function chargeOf(key: number): Charge {
  const window = { kind: "calendar", unit: "minute" } as const;
  return { key: KEYS[key % KEYS.length] as string, amount: 1, max: 1_000_000_000, window };
}

function charges(call: number, counters: number): readonly Charge[] {
  return CHARGES.get(counters)?.[call % KEYS.length] as readonly Charge[];
}

/** Reservations one after the other. */
async function reserve(store: StateStore, counters: number, calls: number): Promise<void> {
  for (let call = 0; call < calls; call++) {
    const id = IDS[call] as string;
    const result = store.reserve({ id, charges: charges(call, counters) });
    if (result instanceof Promise) await result;
  }
}

async function release(store: StateStore, calls: number): Promise<void> {
  for (let call = 0; call < calls; call++) await store.release(IDS[call] as string);
}

async function inFlight(
  width: number,
  calls: number,
  one: (call: number) => Promise<unknown>,
): Promise<void> {
  let next = 0;
  const lane = async () => {
    while (next < calls) await one(next++);
  };
  await Promise.all(Array.from({ length: width }, lane));
}

async function memory(): Promise<Speed[]> {
  const map = new Map<string, number>();
  const floor = await best("Map increment", 500_000, (calls) => {
    for (let call = 0; call < calls; call++) {
      const key = KEYS[call % KEYS.length] as string;
      map.set(key, (map.get(key) ?? 0) + 1);
    }
  });
  const speeds = [floor];
  for (const counters of [1, 3]) {
    const store = await openStore("memory");
    const speed = await best(
      `memory, ${counters} counters`,
      HELD,
      (calls) => reserve(store, counters, calls),
      (calls) => release(store, calls),
      50_000 / HELD,
    );
    speeds.push({ ...speed, floor });
  }
  return speeds;
}

async function sqlite(dir: string): Promise<Speed[]> {
  const { DatabaseSync } = await loadDriver();
  const db = new DatabaseSync(join(dir, "floor.db"));
  db.exec("PRAGMA page_size = 2048; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL");
  db.exec("CREATE TABLE floor (key TEXT PRIMARY KEY, used INTEGER)");
  const upsert = db.prepare(
    "INSERT INTO floor VALUES (?, 1) ON CONFLICT DO UPDATE SET used = used + 1",
  );
  const floor = await best("SQLite upsert", 5_000, (calls) => {
    for (let call = 0; call < calls; call++) upsert.run(KEYS[call % KEYS.length] as string);
  });
  const [begin, commit] = [db.prepare("BEGIN IMMEDIATE"), db.prepare("COMMIT")];
  const floor3 = await best("SQLite transaction of 3 upserts", 3_000, (calls) => {
    for (let call = 0; call < calls; call++) {
      begin.run();
      for (const { key } of charges(call, 3)) upsert.run(key);
      commit.run();
    }
  });
  db.close();
  const speeds = [floor, floor3];
  for (const counters of [1, 3]) {
    const store = await openStore(`sqlite:${join(dir, `${counters}.db`)}`);
    const speed = await best(
      `SQLite, ${counters} counters`,
      3_000,
      (calls) => reserve(store, counters, calls),
      (calls) => release(store, calls),
    );
    speeds.push({ ...speed, floor: counters === 1 ? floor : floor3 });
    await store.close();
  }
  return speeds;
}

async function redis(dir: string): Promise<Speed[]> {
  if (spawnSync("redis-server", ["--version"]).status !== 0) return [];
  const port = await freePort();
  const options = ["--port", `${port}`, "--bind", "127.0.0.1", "--save", "", "--dir", dir];
  const server = spawn("redis-server", options, { stdio: "ignore" });
  const client = new Redis(port, { retryStrategy: () => 20, maxRetriesPerRequest: null });
  client.on("error", () => undefined);
  await client.ping();
  const store = await openStore(`redis://127.0.0.1:${port}`);
  const speeds: Speed[] = [];
  for (const [width, calls] of [
    [1, 1_000],
    [64, 8_000],
  ] as const) {
    const floor = await best(`Redis PING, ${width} in flight`, calls, (calls) =>
      inFlight(width, calls, () => client.ping()),
    );
    speeds.push(floor);
    for (const counters of [1, 3]) {
      const run = randomUUID();
      const name = `Redis, ${counters} counters, ${width} in flight`;
      let id = 0;
      const speed = await best(name, calls, (calls) =>
        inFlight(width, calls, async (call) =>
          store.reserve({ id: `${id++} ${run}`, charges: charges(call, counters) }),
        ),
      );
      speeds.push({ ...speed, floor });
    }
  }
  await store.close();
  client.disconnect();
  server.kill();
  return speeds;
}

/** Reservations per second in every store, each beside its floor. */
async function measureState(): Promise<Speed[]> {
  const dir = mkdtempSync(join(tmpdir(), "mcpp-bench-"));
  try {
    return [...(await memory()), ...(await sqlite(dir)), ...(await redis(dir))];
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Prints the reservations per second of every store as ratios to their floors. */
export async function run(): Promise<void> {
  for (const { name, perSecond, floor } of await measureState()) {
    const speed = `${name.padEnd(34)}${Math.round(perSecond).toLocaleString("en").padStart(11)}/s`;
    const ratio = floor && `${(perSecond / floor.perSecond).toFixed(2)} × ${floor.name}`;
    console.log(ratio === undefined ? speed : `${speed}   ${ratio}`);
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
