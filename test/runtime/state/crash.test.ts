import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openStore } from "../../../runtime/state/open.ts";
import { charge } from "./stores.ts";
import { bundleWorker, Worker } from "./workers.ts";

const ROUNDS = 25;
const AT_ONCE = 4;

describe("processes killed at random points", () => {
  const dir = mkdtempSync(join(tmpdir(), "mcpp-crash-"));
  let worker: Awaited<ReturnType<typeof bundleWorker>>;

  beforeAll(async () => {
    worker = await bundleWorker();
  });

  afterAll(() => {
    worker.remove();
    rmSync(dir, { recursive: true, force: true });
  });

  it("100 kills lose no acknowledged reservation and admit no more than max", async () => {
    const spec = `sqlite:${join(dir, "state.db")}`;
    const month = charge("month", 1_000_000, { kind: "calendar", unit: "month" });
    const log = charge("log", 1_000_000, { kind: "sliding", ms: 86_400_000 });
    const acknowledged: string[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const workers = Array.from(
        { length: AT_ONCE },
        () => new Worker(worker.file, spec, 1_000_000, [month, log]),
      );
      await Promise.all(workers.map(({ ready }) => ready));
      for (const one of workers) one.go();
      for (const one of workers) setTimeout(() => one.kill(), 5 + Math.random() * 60);
      await Promise.all(workers.map(({ ended }) => ended));
      acknowledged.push(...workers.flatMap((one) => one.acknowledged));
    }

    const store = await openStore(spec);
    const used = async (limit: typeof month) => {
      const result = await store.peek([{ ...limit, amount: 0, max: 1 }]);
      return result.ok ? 0 : result.used;
    };
    const counted = await used(month);
    expect(await used(log)).toBe(counted);
    // Each killed process may have been told nothing of its last reservation.
    expect(counted).toBeGreaterThanOrEqual(acknowledged.length);
    expect(counted).toBeLessThanOrEqual(acknowledged.length + ROUNDS * AT_ONCE);
    expect(acknowledged.length).toBeGreaterThan(ROUNDS * AT_ONCE);

    // Every acknowledged reservation is there: its id charges nothing again.
    for (const id of acknowledged) {
      expect(await store.reserve({ id, charges: [month, log] })).toEqual({ ok: true });
    }
    expect(await used(month)).toBe(counted);

    // At the limit it stays at the limit: the rest fits, and nothing more.
    const rest = { ...month, max: counted + 3 };
    const results = [];
    for (let call = 0; call < 5; call++) {
      results.push((await store.reserve({ id: `after ${call}`, charges: [rest] })).ok);
    }
    expect(results).toEqual([true, true, true, false, false]);
    await store.close();
  }, 180_000);

  it("windows of processes that are killed never admit more than max", async () => {
    const spec = `sqlite:${join(dir, "limited.db")}`;
    const second = charge("second", 50, { kind: "calendar", unit: "second" });
    const sliding = charge("sliding", 100, { kind: "sliding", ms: 3_600_000 });
    const acknowledged = new Set<string>();
    for (let round = 0; round < 3; round++) {
      const workers = Array.from(
        { length: AT_ONCE },
        () => new Worker(worker.file, spec, 1_000_000, [second, sliding]),
      );
      await Promise.all(workers.map(({ ready }) => ready));
      for (const one of workers) one.go();
      for (const one of workers) setTimeout(() => one.kill(), 5 + Math.random() * 40);
      await Promise.all(workers.map(({ ended }) => ended));
      for (const id of workers.flatMap((one) => one.acknowledged)) acknowledged.add(id);
    }
    expect(acknowledged.size).toBeLessThanOrEqual(100);
    expect(acknowledged.size).toBeGreaterThan(0);
  }, 60_000);
});
