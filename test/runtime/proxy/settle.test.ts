import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Json } from "../../../policy/index.ts";
import { type OpenRequest, OpenRequests } from "../../../runtime/proxy/requests.ts";
import { Settlement } from "../../../runtime/proxy/settle.ts";
import { MemoryStore } from "../../../runtime/state/memory.ts";
import { type Charge, LEASE_MS, type StateStore } from "../../../runtime/state/store.ts";

const NOW = Date.parse("2026-11-23T09:00:00Z");
const COUNT: Charge = {
  key: "count",
  amount: 1,
  max: 100,
  window: { kind: "calendar", unit: "day" },
};
const SUM: Charge = { ...COUNT, key: "sum", amount: 500, max: 10_000, sum: true };
const SLOT: Charge = {
  key: "slot",
  amount: 1,
  max: 3,
  window: { kind: "concurrent", leaseMs: LEASE_MS },
};

let store: MemoryStore;
let open: OpenRequests;
let settlement: Settlement;
const notice = vi.fn();

beforeEach(() => {
  vi.useFakeTimers({ now: NOW });
  store = new MemoryStore(Date.now);
  open = new OpenRequests();
  settlement = new Settlement(store, open, notice);
  notice.mockReset();
});
afterEach(() => {
  settlement.close();
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

/** A call that was charged and forwarded. */
function forwarded(id: number, charges: readonly Charge[] = [COUNT, SUM, SLOT]): OpenRequest {
  expect(store.reserve({ id: `r${id}`, charges })).toEqual({ ok: true });
  const request: OpenRequest = {
    id,
    method: "tools/call",
    forwarded: true,
    cancelled: false,
    reservation: `r${id}`,
    leased: charges.includes(SLOT),
  };
  open.add(request);
  settlement.hold();
  return request;
}

function used(charge: Charge): number {
  const result = store.peek([{ ...charge, amount: charge.max + 1 }]);
  return result.ok ? Number.NaN : result.used;
}

/** Calls counted, sum and slots in use. */
function counted(): [calls: number, sum: number, slots: number] {
  return [used(COUNT), used(SUM), used(SLOT)];
}

describe("what an answer settles", () => {
  it.each([-32700, -32600, -32601, -32020, -32021, -32022, -32042])(
    "%d: the handler did not run, so the sum is given back and the call stays counted",
    (code) => {
      settlement.answered(forwarded(1), { error: { code, message: "no" } });
      expect(counted()).toEqual([1, 0, 0]);
    },
  );

  it.each<[string, Json | undefined]>([
    ["no error", undefined],
    ["-32603", { code: -32603, message: "It broke." }],
    ["-32602", { code: -32602, message: "Unknown tool: pay" }],
    ["-32000", { code: -32000, message: "x" }],
    ["-32002", { code: -32002, message: "x" }],
    ["an application's code", { code: 403, message: "x" }],
    ["the code as text", { code: "-32601", message: "x" }],
    ["an error without a code", { message: "x" }],
    ["an error that is null", null],
    ["an error that is text", "-32601"],
    ["an error that is a list", [-32601]],
  ])("%s: it may have run, so all stays but the slot", (_, error) => {
    settlement.answered(forwarded(1), error === undefined ? { result: {} } : { error });
    expect(counted()).toEqual([1, 500, 0]);
  });

  it("a cancelled call keeps its sum whatever the answer is", () => {
    const request = forwarded(1);
    open.cancel(request);
    expect(counted()).toEqual([1, 500, 1]);
    settlement.answered(request, { error: { code: -32601, message: "no" } });
    expect(counted()).toEqual([1, 500, 0]);
  });

  it("nothing was written: all is given back, once", () => {
    forwarded(1);
    forwarded(2);
    settlement.unsent({}, "r1");
    settlement.unsent({}, "r1");
    expect(counted()).toEqual([1, 500, 1]);
  });

  it("the connection is lost: all stays but the slot", () => {
    settlement.lost(forwarded(1));
    expect(counted()).toEqual([1, 500, 0]);
  });

  it("refused before any handler: the sum is given back, once", () => {
    const request = forwarded(1);
    forwarded(2);
    settlement.refused(request);
    settlement.refused(request);
    settlement.answered(request, { error: { code: -32600, message: "x" } });
    expect(counted()).toEqual([2, 500, 1]);
  });

  it("what charged nothing settles nothing", () => {
    const free: OpenRequest = { id: 9, method: "ping", forwarded: true, cancelled: false };
    forwarded(1);
    settlement.answered(free, { error: { code: -32601, message: "x" } });
    settlement.lost(free);
    settlement.refused(free);
    settlement.unsent({}, undefined);
    expect(counted()).toEqual([1, 500, 1]);
  });
});

describe("a call that is finished", () => {
  it("is forgotten by a store that keeps reservations in memory", () => {
    settlement.answered(forwarded(1, [COUNT]), undefined);
    store.refund("r1", "all");
    expect(used(COUNT)).toBe(1);
  });

  it("costs no write where it holds no slot and would expire by itself", () => {
    const release = vi.fn();
    const writing = { release } as unknown as StateStore;
    const other = new Settlement(writing, open, notice);
    other.answered(forwarded(1, [COUNT, SUM]), undefined);
    other.lost(forwarded(2, [COUNT]));
    expect(release).not.toHaveBeenCalled();
    other.answered(forwarded(3), undefined);
    expect(release).toHaveBeenCalledExactlyOnceWith("r3");
  });
});

describe("slots of running calls", () => {
  it("are renewed as long as the call runs, and given free with its answer", () => {
    const request = forwarded(1);
    vi.advanceTimersByTime(20 * LEASE_MS);
    expect(used(SLOT)).toBe(1);
    settlement.answered(request, undefined);
    open.remove(request);
    expect(used(SLOT)).toBe(0);
  });

  it("of a cancelled call are renewed too: it may still run", () => {
    const request = forwarded(1);
    open.cancel(request);
    vi.advanceTimersByTime(5 * LEASE_MS);
    expect(used(SLOT)).toBe(1);
  });

  it("run out when nobody renews them", () => {
    forwarded(1);
    settlement.close();
    vi.advanceTimersByTime(LEASE_MS - 1);
    expect(used(SLOT)).toBe(1);
    vi.advanceTimersByTime(1);
    expect(used(SLOT)).toBe(0);
  });

  it("are renewed by one timer, which rests when no call holds any", () => {
    const requests = [forwarded(1), forwarded(2)];
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(LEASE_MS);
    expect(vi.getTimerCount()).toBe(1);
    for (const request of requests) {
      settlement.answered(request, undefined);
      open.remove(request);
    }
    vi.advanceTimersByTime(LEASE_MS);
    expect(vi.getTimerCount()).toBe(0);
    forwarded(3);
    vi.advanceTimersByTime(3 * LEASE_MS);
    expect(used(SLOT)).toBe(1);
  });

  it("calls without slots are not renewed", () => {
    const renew = vi.spyOn(store, "renew");
    forwarded(1, [COUNT]);
    vi.advanceTimersByTime(LEASE_MS);
    expect(renew).not.toHaveBeenCalled();
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("a store that fails", () => {
  it.each<[string, () => void | Promise<void>]>([
    [
      "at once",
      () => {
        throw new Error("The disk is full.");
      },
    ],
    ["later", () => Promise.reject(new Error("The disk is full."))],
  ])("%s: is noticed, and nothing is thrown", async (_, fails) => {
    const failing = { release: fails, refund: fails, renew: fails } as unknown as StateStore;
    const other = new Settlement(failing, open, notice);
    const request = forwarded(1);
    other.answered(request, undefined);
    other.refused(request);
    other.lost(request);
    other.unsent({}, "r1");
    other.hold();
    await vi.advanceTimersByTimeAsync(LEASE_MS / 3);
    other.close();
    expect(notice.mock.calls.map(([text]) => text)).toEqual(
      Array(5).fill("A counter could not be settled: The disk is full."),
    );
  });
});
