import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { openStore } from "../../../runtime/state/open.ts";
import { charge, key, minute } from "./stores.ts";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

function heap(): number {
  collect();
  return process.memoryUsage().heapUsed / 1e6;
}

describe("the memory store", () => {
  it("does not grow with the calls it has seen", async () => {
    let now = Date.parse("2026-11-22T12:00:00Z");
    const store = await openStore("memory", { clock: () => now });
    const calls = async (from: number, to: number) => {
      for (let call = from; call < to; call++) {
        now += 1_000;
        await store.reserve({
          id: `call ${call}`,
          charges: [
            charge(`a${call}`, 5, minute, { family: key(`f${call % 7}`) }),
            charge(`b${call}`, 5, { kind: "sliding", ms: 60_000 }),
            charge(`c${call}`, 5, { kind: "concurrent", leaseMs: 30_000 }),
          ],
        });
        await store.claim(`call ${call}`, 1, 1000);
        if (call % 2 === 0) await store.release(`call ${call}`);
      }
    };
    await calls(0, 20_000);
    const before = heap();
    await calls(20_000, 100_000);
    // 80 000 calls with three counters each would be some 100 MB.
    expect(heap() - before).toBeLessThan(10);
    expect(await store.peek([charge("a1", 1, minute)])).toEqual({ ok: true });
  });
});
