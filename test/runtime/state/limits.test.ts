import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import type { StateStore } from "../../../runtime/state/store.ts";
import { charge, key, kinds, minute } from "./stores.ts";

const NOON = Date.parse("2026-11-22T12:00:00Z");
const RUNS = 20;

for (const kind of kinds()) {
  describe.skipIf(!kind.there)(`limits in ${kind.name}`, () => {
    let now = NOON;
    const stores: StateStore[] = [];
    const open = async (at = NOON) => {
      now = at;
      const store = await kind.open(() => now);
      stores.push(store);
      return store;
    };
    let calls = 0;
    const reserve = async (store: StateStore, ...charges: ReturnType<typeof charge>[]) =>
      store.reserve({ id: `call ${calls++}`, charges, now });

    afterAll(async () => {
      for (const store of stores) await store.close();
      await kind.end();
    });

    it("a calendar limit frees at the start of the next window, and not before", async () => {
      const store = await open(NOON + 59_000);
      const limit = charge("a", 2, minute);
      expect(await reserve(store, limit)).toEqual({ ok: true });
      now = NOON + 59_999;
      expect(await reserve(store, limit)).toEqual({ ok: true });
      expect(await reserve(store, limit)).toEqual({
        ...{ ok: false, index: 0, reason: "full", used: 2, retryAfterMs: 1 },
      });
      now = NOON + 60_000;
      expect(await reserve(store, limit)).toEqual({ ok: true });
      expect(await reserve(store, limit)).toEqual({ ok: true });
      expect(await reserve(store, limit)).toMatchObject({ ok: false, retryAfterMs: 60_000 });
    });

    it("a sliding limit never admits more than max in any window of its length", async () => {
      const call = fc.record({ wait: fc.nat(400), amount: fc.integer({ min: 0, max: 3 }) });
      const sequence = fc.array(call, { minLength: 20, maxLength: 60 });
      await fc.assert(
        fc.asyncProperty(sequence, fc.integer({ min: 1, max: 5 }), async (sequence, max) => {
          const store = await open();
          const admitted: { at: number; amount: number }[] = [];
          for (const { wait, amount } of sequence) {
            now += wait;
            const limit = charge("s", max, { kind: "sliding", ms: 1000 }, { amount });
            const result = await reserve(store, limit);
            const before = sum(admitted.filter(({ at }) => at > now - 1000));
            expect(result.ok).toBe(before + amount <= max);
            if (result.ok) admitted.push({ at: now, amount });
            else if (amount <= max) {
              // Exactly then it fits, and not a millisecond earlier.
              const { retryAfterMs = 0 } = result;
              const then = now + retryAfterMs;
              const left = (time: number) => sum(admitted.filter(({ at }) => at > time - 1000));
              expect(left(then) + amount).toBeLessThanOrEqual(max);
              expect(left(then - 1) + amount).toBeGreaterThan(max);
            }
          }
          for (const { at } of admitted) {
            const within = admitted.filter((other) => other.at >= at && other.at < at + 1000);
            expect(sum(within)).toBeLessThanOrEqual(max);
          }
        }),
        { numRuns: RUNS },
      );
    });

    it("a call whose last counter is full leaves the others untouched", async () => {
      const store = await open();
      const full = charge("full", 1, minute);
      await reserve(store, full);
      const first = charge("first", 5, minute);
      const second = charge("second", 5, { kind: "sliding", ms: 60_000 });
      const third = charge("third", 5, { kind: "concurrent", leaseMs: 30_000 });
      for (let call = 0; call < 10; call++) {
        expect(await reserve(store, first, second, third, full)).toMatchObject({
          ...{ ok: false, index: 3, reason: "full", used: 1 },
        });
      }
      for (const limit of [first, second, third]) {
        expect(await store.peek([{ ...limit, amount: 5 }], now)).toEqual({ ok: true });
      }
    });

    it("an amount beyond max never fits, and a max of 0 refuses even 0", async () => {
      const store = await open();
      for (const limit of [
        charge("never", 5, minute, { amount: 6 }),
        charge("never sliding", 5, { kind: "sliding", ms: 1000 }, { amount: 6 }),
        charge("zero", 0, minute, { amount: 0 }),
        charge("zero sliding", 0, { kind: "sliding", ms: 1000 }),
      ]) {
        expect(await reserve(store, limit)).toEqual({
          ...{ ok: false, index: 0, reason: "full", used: 0 },
        });
      }
    });

    it("sums stay exact up to 2^53-1", async () => {
      const store = await open();
      const max = Number.MAX_SAFE_INTEGER;
      for (const window of [minute, { kind: "sliding", ms: 60_000 } as const]) {
        const limit = (amount: number) => charge(window.kind, max, window, { amount, sum: true });
        expect(await reserve(store, limit(max - 2))).toEqual({ ok: true });
        expect(await reserve(store, limit(3))).toMatchObject({ ok: false, used: max - 2 });
        expect(await reserve(store, limit(max))).toMatchObject({ ok: false, used: max - 2 });
        expect(await reserve(store, limit(1))).toEqual({ ok: true });
        expect(await reserve(store, limit(2))).toMatchObject({ ok: false, used: max - 1 });
        expect(await reserve(store, limit(1))).toEqual({ ok: true });
        expect(await reserve(store, limit(1))).toMatchObject({ ok: false, used: max });
      }
    });

    it("charges of one key in one call add up", async () => {
      const store = await open();
      for (const window of [
        minute,
        { kind: "sliding", ms: 60_000 } as const,
        { kind: "concurrent", leaseMs: 30_000 } as const,
      ]) {
        const limit = charge(window.kind, 3, window);
        expect(await reserve(store, limit, limit)).toEqual({ ok: true });
        expect(await reserve(store, limit, limit)).toMatchObject({ ok: false, index: 1, used: 2 });
        expect(await reserve(store, limit)).toEqual({ ok: true });
      }
    });

    it.each([-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])(
      "an amount or max of %d is a mistake, not a charge",
      async (amount) => {
        const store = await open();
        const attempt = async (limit: ReturnType<typeof charge>) => reserve(store, limit);
        await expect(attempt(charge("a", 5, minute, { amount }))).rejects.toThrow(RangeError);
        await expect(attempt(charge("a", amount, minute))).rejects.toThrow(RangeError);
      },
    );

    it("a clock that is turned back reopens no window", async () => {
      const store = await open();
      const limit = charge("a", 1, minute);
      await reserve(store, limit);
      now = NOON + 60_000;
      await reserve(store, limit);
      now = NOON;
      expect(await reserve(store, limit)).toMatchObject({ ok: false, retryAfterMs: 60_000 });
      now = NOON - 86_400_000;
      expect(await reserve(store, limit)).toMatchObject({ ok: false, retryAfterMs: 60_000 });
    });

    it("a lease that is not renewed falls free, a renewed one does not", async () => {
      const store = await open();
      const limit = charge("c", 2, { kind: "concurrent", leaseMs: 30_000 });
      await store.reserve({ id: "kept", charges: [limit], now });
      await store.reserve({ id: "lost", charges: [limit], now });
      now += 20_000;
      await store.renew("kept");
      expect(await reserve(store, limit)).toEqual({
        ...{ ok: false, index: 0, reason: "full", used: 2 },
      });
      now += 10_000;
      expect(await store.reserve({ id: "next", charges: [limit], now })).toEqual({ ok: true });
      await store.renew("lost");
      expect(await reserve(store, limit)).toMatchObject({ ok: false, used: 2 });
      await store.release("next");
      await store.renew("lost");
      expect(await reserve(store, limit)).toMatchObject({ ok: false, used: 2 });
      await store.release("kept");
      await store.release("kept");
      expect(await reserve(store, limit)).toEqual({ ok: true });
    });

    it("a limit has at most 10 000 live key values", async () => {
      const store = await open();
      const family = key("family");
      const keyed = (name: string) => charge(name, 5, minute, { family });
      for (let first = 0; first < 9_999; first += 99) {
        const charges = Array.from({ length: 99 }, (_, index) => keyed(`key ${first + index}`));
        expect(await reserve(store, ...charges)).toEqual({ ok: true });
      }
      // Two new keys do not fit in one call, one does.
      expect(await reserve(store, keyed("x"), keyed("x"), keyed("y"))).toEqual({
        ...{ ok: false, index: 2, reason: "keys", used: 0 },
      });
      expect(await reserve(store, keyed("x"), keyed("x"))).toEqual({ ok: true });
      expect(await reserve(store, keyed("y"))).toMatchObject({ reason: "keys" });
      expect(await reserve(store, keyed("key 5"))).toEqual({ ok: true });
      expect(await reserve(store, { ...keyed("y"), family: key("other") })).toEqual({ ok: true });
      now += 60_000;
      expect(await reserve(store, keyed("z"))).toEqual({ ok: true });
    });

    it("a key of a released slot or a refunded entry is no longer live", async () => {
      const store = await open();
      const lease = { kind: "concurrent", leaseMs: 30_000 } as const;
      const sliding = { kind: "sliding", ms: 3_600_000 } as const;
      for (const [window, finish] of [
        [lease, (id: string) => store.release(id)],
        [sliding, (id: string) => store.refund(id, "all")],
      ] as const) {
        const family = key(`family ${window.kind}`);
        const keyed = (name: string) => charge(`${window.kind} ${name}`, 5, window, { family });
        for (let first = 0; first < 9_999; first += 99) {
          const names = Array.from({ length: 99 }, (_, index) => `${first + index}`);
          expect(await reserve(store, ...names.map(keyed))).toEqual({ ok: true });
        }
        await store.reserve({ id: `${window.kind} last`, charges: [keyed("last")], now });
        expect(await reserve(store, keyed("x"))).toMatchObject({ reason: "keys" });
        await finish(`${window.kind} last`);
        expect(await reserve(store, keyed("x"))).toEqual({ ok: true });
      }
    });
  });
}

function sum(entries: readonly { readonly amount: number }[]): number {
  return entries.reduce((total, { amount }) => total + amount, 0);
}
