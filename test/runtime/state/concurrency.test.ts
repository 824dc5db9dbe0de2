import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openStore } from "../../../runtime/state/open.ts";
import type { Charge } from "../../../runtime/state/store.ts";
import { hasRedis, RedisServer } from "./redis-server.ts";
import { charge } from "./stores.ts";
import { bundleWorker, Worker } from "./workers.ts";

const PROCESSES = 8;
const CALLS = 2_000;

// Long windows, so that none ends meanwhile.
const month = { kind: "calendar", unit: "month" } as const;
const sliding = { kind: "sliding", ms: 3_600_000 } as const;

describe("eight processes with 2000 reservations each", () => {
  const dir = mkdtempSync(join(tmpdir(), "mcpp-concurrency-"));
  let worker: Awaited<ReturnType<typeof bundleWorker>>;
  let redis: RedisServer | undefined;

  beforeAll(async () => {
    worker = await bundleWorker();
    if (hasRedis) redis = await RedisServer.start();
  });

  afterAll(async () => {
    await redis?.end();
    worker.remove();
    rmSync(dir, { recursive: true, force: true });
  });

  async function run(spec: string, charges: readonly Charge[]): Promise<Worker[]> {
    const workers = Array.from(
      { length: PROCESSES },
      () => new Worker(worker.file, spec, CALLS, charges),
    );
    await Promise.all(workers.map(({ ready }) => ready));
    for (const one of workers) one.go();
    expect(await Promise.all(workers.map(({ ended }) => ended))).toEqual(workers.map(() => 0));
    return workers;
  }

  async function check(spec: string): Promise<void> {
    const wide = charge("wide", 1_000_000, month);
    const narrow = charge("narrow", 9_000, month);
    const log = charge("log", 1_000_000, sliding);
    const workers = await run(spec, [wide, log, narrow]);
    expect(sum(workers.map(({ acknowledged }) => acknowledged.length))).toBe(9_000);
    expect(sum(workers.map(({ refused }) => refused.get(2) ?? 0))).toBe(PROCESSES * CALLS - 9_000);
    expect(new Set(workers.flatMap(({ acknowledged }) => acknowledged)).size).toBe(9_000);

    const store = await openStore(spec);
    // Refused calls left every counter untouched: each holds the admitted ones exactly.
    for (const limit of [wide, log, narrow]) {
      expect(await store.peek([{ ...limit, max: 9_001 }])).toEqual({ ok: true });
      expect(await store.peek([{ ...limit, max: 9_000 }])).toMatchObject({
        ok: false,
        used: 9_000,
      });
    }
    await store.close();
  }

  it("on one SQLite file admit exactly max", async () => {
    await check(`sqlite:${join(dir, "state.db")}`);
  }, 120_000);

  it.skipIf(!hasRedis)(
    "on one Redis admit exactly max",
    async () => {
      await check(redis?.address as string);
    },
    120_000,
  );
});

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
