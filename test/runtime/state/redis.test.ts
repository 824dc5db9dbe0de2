import { afterEach, describe, expect, it } from "vitest";
import { openStore } from "../../../runtime/state/open.ts";
import { RedisStore } from "../../../runtime/state/redis.ts";
import { StateRefused, type StateStore, StateUnavailable } from "../../../runtime/state/store.ts";
import { hasRedis, RedisServer } from "./redis-server.ts";
import { charge, key, minute, PATIENT } from "./stores.ts";

describe.skipIf(!hasRedis)("Redis", () => {
  const servers: RedisServer[] = [];
  const stores: StateStore[] = [];
  const start = async (...options: string[]) => {
    const server = await RedisServer.start(...options);
    servers.push(server);
    return server;
  };
  const open = async (address: string) => {
    const store = await openStore(address);
    stores.push(store);
    return store;
  };

  afterEach(async () => {
    for (const store of stores.splice(0)) await store.close();
    for (const server of servers.splice(0)) await server.end();
  });

  it("stopped in mid-run denies within a second, and recovers by itself", async () => {
    const server = await start();
    const store = await open(server.address);
    const limit = charge("a", 1_000_000, minute);
    let calls = 0;
    const reserve = async () => store.reserve({ id: `call ${calls++}`, charges: [limit] });
    expect(await reserve()).toEqual({ ok: true });

    const running = Array.from({ length: 20 }, () => reserve().catch((error: unknown) => error));
    await server.stop();
    for (const result of await Promise.all(running)) {
      if (!(result instanceof StateUnavailable)) expect(result).toEqual({ ok: true });
    }
    const started = performance.now();
    await expect(reserve()).rejects.toThrow(StateUnavailable);
    await expect(store.ping()).rejects.toThrow(StateUnavailable);
    expect(performance.now() - started).toBeLessThan(1000);

    await server.start();
    await expect
      .poll(() => reserve().catch(() => undefined), { timeout: 10_000 })
      .toEqual({ ok: true });
    await store.ping();
  });

  it("that hangs denies within a second, and recovers by itself", async () => {
    const server = await start();
    const store = await open(server.address);
    const limit = charge("a", 5, minute);
    await store.reserve({ id: "before", charges: [limit] });
    server.signal("SIGSTOP");
    const started = performance.now();
    await expect(store.reserve({ id: "hung", charges: [limit] })).rejects.toThrow(
      /cannot be used now: Command timed out/,
    );
    expect(performance.now() - started).toBeLessThan(1000);
    server.signal("SIGCONT");
    await expect
      .poll(
        async () => {
          try {
            return await store.reserve({ id: "after", charges: [limit] });
          } catch {
            return undefined;
          }
        },
        { timeout: 10_000 },
      )
      .toEqual({ ok: true });
  });

  it("with another maxmemory-policy than noeviction is refused, at once and later", async () => {
    const server = await start("--maxmemory-policy", "allkeys-lru");
    await expect(openStore(server.address)).rejects.toThrow(StateRefused);
    await expect(openStore(server.address)).rejects.toThrow(
      `The Redis at 127.0.0.1:${server.port} has the maxmemory-policy \`allkeys-lru\`, which may drop counters when memory is full. Set it to \`noeviction\`.`,
    );
    await server.command("CONFIG", "SET", "maxmemory-policy", "noeviction");
    const store = await open(server.address);
    expect(await store.reserve({ id: "a", charges: [] })).toEqual({ ok: true });
    await server.command("CONFIG", "SET", "maxmemory-policy", "volatile-ttl");
    await expect(store.ping()).rejects.toThrow(/volatile-ttl/);
    await expect(store.reserve({ id: "b", charges: [] })).rejects.toThrow(StateUnavailable);
    await server.command("CONFIG", "SET", "maxmemory-policy", "noeviction");
    expect(await store.reserve({ id: "b", charges: [] })).toEqual({ ok: true });
  });

  it("with a password is used, and no error shows it", async () => {
    const server = await start("--requirepass", "s3cr&t/word");
    const at = `127.0.0.1:${server.port}`;
    const store = await open(`redis://:s3cr%26t%2Fword@${at}`);
    expect(await store.reserve({ id: "a", charges: [] })).toEqual({ ok: true });
    const errors = [];
    for (const wrong of [`redis://:wr0ng@${at}`, `redis://me:wr0ng@${at}`, `redis://${at}`]) {
      errors.push(await openStore(wrong).catch((error: unknown) => error));
    }
    await server.stop();
    errors.push(await openStore(`redis://me:wr0ng@${at}`).catch((error: unknown) => error));
    for (const error of errors) {
      expect(error).toBeInstanceOf(StateUnavailable);
      expect(JSON.stringify([error, `${error}`, (error as Error).stack])).not.toMatch(/wr0ng|s3cr/);
    }
  });

  it("without its scripts, as after a restart, is given them again", async () => {
    const server = await start();
    const store = await open(server.address);
    await store.reserve({ id: "a", charges: [charge("a", 2, minute)] });
    await server.command("SCRIPT", "FLUSH");
    expect(await store.reserve({ id: "b", charges: [charge("a", 2, minute)] })).toEqual({
      ok: true,
    });
  });

  it("as a cluster keeps what belongs to one server in one hash slot", async () => {
    const server = await start("--cluster-enabled", "yes", "--cluster-announce-ip", "127.0.0.1");
    await server.command("CLUSTER", "ADDSLOTSRANGE", "0", "16383");
    await expect
      .poll(() => server.command("CLUSTER", "INFO"), { timeout: 10_000 })
      .toContain("cluster_state:ok");
    const root = await open(server.address);
    const store = root.forServer("payments {one}");
    const charges = [
      charge("a", 5, minute, { family: key("f") }),
      charge("b", 5, { kind: "sliding", ms: 1000 }),
      charge("c", 5, { kind: "concurrent", leaseMs: 30_000 }),
    ];
    const now = Date.now();
    await store.approvals.ask({
      ...{ id: "p", grant: "g", server: "payments", tool: "pay", digest: "d", entries: [] },
      ...{ arguments: "{}", askedAt: now, expiresAt: now + 60_000 },
    });
    await store.approvals.decide("p", { approve: true, by: "me", at: now });
    expect(await store.reserve({ id: "a", charges, spend: ["p"] })).toEqual({ ok: true });
    expect(await store.peek(charges)).toEqual({ ok: true });
    await store.renew("a");
    await store.refund("a", "all");
    expect(await store.claim("a", 1, 1000)).toBe(true);
    expect(await root.approvals.list({ all: true })).toMatchObject([
      { id: "p", state: "approved" },
    ]);
  });

  it("keeps counters until an hour after their window, and nothing for ever", async () => {
    const server = await start();
    const store = await open(server.address);
    const now = Date.now();
    await store.reserve({
      id: "a",
      charges: [
        charge("a", 5, minute, { family: key("f") }),
        charge("b", 5, { kind: "sliding", ms: 60_000 }),
        charge("c", 5, { kind: "concurrent", leaseMs: 30_000 }),
      ],
    });
    await store.claim("a", 1, 1000);
    await store.freezes.freeze({ id: "f", until: now + 60_000, because: "x", by: "me" });
    await store.approvals.ask({
      ...{ id: "p", grant: "g", server: "payments", tool: "pay", digest: "d", entries: [] },
      ...{ arguments: "{}", askedAt: now, expiresAt: now + 60_000 },
    });
    const keys = (await server.command("KEYS", "*")) as string[];
    expect(keys.length).toBeGreaterThan(10);
    for (const name of keys) {
      const left = (await server.command("PTTL", name)) as number;
      if (name.endsWith(":clock")) expect(left).toBeGreaterThan(31 * 86_400_000);
      else if (name.includes(":reservation:")) expect(left).toBeLessThanOrEqual(2 * 3_600_000);
      else expect(left).toBeLessThanOrEqual(3_600_000 + 60_000);
      expect(left).toBeGreaterThan(3_500_000);
    }
  });

  it("whose clock is turned back reopens no window", async () => {
    const server = await start();
    let now = Date.parse("2026-11-22T12:00:00Z");
    const store = await RedisStore.open(server.address, { clock: () => now, ...PATIENT });
    stores.push(store);
    const limit = charge("a", 1, minute);
    await store.reserve({ id: "a", charges: [limit] });
    now -= 60_000;
    expect(await store.reserve({ id: "b", charges: [limit] })).toMatchObject({
      ...{ ok: false, retryAfterMs: 60_000 },
    });
  });
});
