import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  ApprovalEvents,
  type ApprovalRequest,
  FreezeEvents,
  Freezes,
  openStore,
  type StateStore,
  StateUnavailable,
} from "../../../runtime/index.ts";

// What becomes of questions and freezes, as a trail of this process keeps it while others decide through the store.

type Kept = Readonly<Record<string, unknown>>;

let store: StateStore;
let kept: Kept[];
const trail = {
  happened: (type: string, members: Kept): void => {
    kept.push({ type, ...members });
  },
};
const states = (): unknown[] => kept.map(({ state }) => state);

beforeEach(async () => {
  vi.useFakeTimers({ now: Date.parse("2026-11-23T09:00:00Z") });
  store = await openStore("memory", { clock: Date.now });
  kept = [];
});
afterEach(() => {
  vi.useRealTimers();
});

const question = (id: string, differs: Partial<ApprovalRequest> = {}): ApprovalRequest => ({
  id,
  grant: "g_1",
  grantName: "ci",
  server: "shop",
  tool: "pay",
  digest: id.repeat(13).slice(0, 64),
  entries: ["/tools/pay/ask_if/0"],
  arguments: '{"card":"4242"}',
  askedAt: Date.now(),
  expiresAt: Date.now() + 600_000,
  ...differs,
});
const ask = async (request: ApprovalRequest) => {
  const asked = await store.approvals.ask(request);
  if (!asked.ok) throw new Error(asked.reason);
  return asked.approval;
};
const decide = (id: string, approve: boolean, reason?: string) =>
  store.approvals.decide(id, {
    approve,
    by: "ann",
    at: Date.now(),
    ...(reason === undefined ? {} : { reason }),
  });
const spend = (id: string, reservation: string) =>
  store.reserve({ id: reservation, charges: [], spend: [id], now: Date.now() });

describe("a question", () => {
  const following = (): ApprovalEvents =>
    new ApprovalEvents({
      store: store.approvals,
      trail,
      concerns: (server) => server === "shop",
      notice: () => {},
    });

  it("is kept when it is asked, decided, used, and given back, each once", async () => {
    const events = following();
    events.seen(await ask(question("AAAAA")));
    await events.look();
    expect(states()).toEqual(["asked"]);
    await decide("AAAAA", true, "Fine.");
    await events.look();
    await events.look();
    expect(states()).toEqual(["asked", "approved"]);
    expect(kept[1]).toMatchObject({
      type: "approval",
      id: "AAAAA",
      by: "ann",
      reason: "Fine.",
      grant: { id: "g_1", name: "ci" },
      server: "shop",
      tool: "pay",
      decided_at: "2026-11-23T09:00:00.000Z",
    });
    await spend("AAAAA", "r1");
    await events.look();
    await store.refund("r1", "all");
    await events.look();
    await spend("AAAAA", "r2");
    await events.look();
    expect(states()).toEqual(["asked", "approved", "spent", "given back", "spent"]);
    expect(JSON.stringify(kept)).not.toContain("4242");
  });

  it("that was decided and used between two looks has both on record, in their order", async () => {
    const events = following();
    const asked = await ask(question("AAAAA"));
    events.seen(asked);
    await decide("AAAAA", true);
    await spend("AAAAA", "r1");
    await events.look();
    expect(states()).toEqual(["asked", "approved", "spent"]);
  });

  it("that is denied or that nobody answers is kept so", async () => {
    const events = following();
    events.seen(await ask(question("AAAAA")));
    events.seen(await ask(question("BBBBB")));
    await decide("AAAAA", false, "No https://me:pw@host/x?key=1.");
    await events.look();
    vi.advanceTimersByTime(600_001);
    await events.look();
    await events.look();
    expect(kept.map(({ id, state }) => `${id} ${state}`)).toEqual([
      "AAAAA asked",
      "BBBBB asked",
      "AAAAA denied",
      "BBBBB expired",
    ]);
    expect(kept[2]?.reason).toBe("No https://host/x?…");
    expect(kept[3]?.by).toBeUndefined();
  });

  it("that was decided while no process ran is found at the next start, and marked", async () => {
    const first = following();
    first.seen(await ask(question("AAAAA")));
    first.end();
    await decide("AAAAA", true);
    const second = following();
    await second.begin();
    expect(kept.slice(1)).toMatchObject([
      { state: "asked", at_start: true },
      { state: "approved", at_start: true, by: "ann" },
    ]);
    await spend("AAAAA", "r1");
    await vi.advanceTimersByTimeAsync(1_000);
    expect(kept.at(-1)).toMatchObject({ state: "spent" });
    expect(kept.at(-1)).not.toHaveProperty("at_start");
    second.end();
  });

  it("about a server that is not served here is left to whoever serves it", async () => {
    const events = following();
    await ask(question("AAAAA", { server: "other" }));
    await events.begin();
    expect(kept).toEqual([]);
    events.end();
  });

  it("is followed further once the store answers again", async () => {
    const down = new Error("down");
    let fails = true;
    const notices: string[] = [];
    const events = new ApprovalEvents({
      store: {
        get: (id) => {
          if (fails) throw down;
          return store.approvals.get(id);
        },
        list: () => Promise.reject(new StateUnavailable("The state cannot be reached.")),
      },
      trail,
      concerns: () => true,
      notice: (text) => notices.push(text),
    });
    await events.begin();
    expect(notices).toEqual([expect.stringContaining("The state cannot be reached.")]);
    events.seen(await ask(question("AAAAA")));
    await decide("AAAAA", true);
    await events.look();
    expect(states()).toEqual(["asked"]);
    fails = false;
    await events.look();
    expect(states()).toEqual(["asked", "approved"]);
    events.end();
  });
});

describe("a freeze", () => {
  const freeze = (id: string, more: object = {}) =>
    store.freezes.freeze({
      id,
      until: Date.now() + 60_000,
      because: "Incident 4711",
      by: "ann",
      ...more,
    });

  it("is kept when it is seen, when it is lifted, and not when it ends", async () => {
    const freezes = new Freezes(store.freezes);
    const concerns = (server: string): boolean => server === "shop";
    await freeze("f1", { tool: "pay" });
    await freeze("f0", { server: "other" });
    const events = new FreezeEvents({ freezes, trail, concerns, now: Date.now });
    await events.begin();
    expect(kept).toEqual([
      {
        type: "freeze",
        id: "f1",
        scope: { tool: "pay" },
        because: "Incident 4711",
        by: "ann",
        until: "2026-11-23T09:01:00.000Z",
        at_start: true,
      },
    ]);
    await freeze("f2", { server: "shop", until: Date.now() + 3_000 });
    await vi.advanceTimersByTimeAsync(1_000);
    expect(kept[1]).toMatchObject({ type: "freeze", id: "f2", scope: { server: "shop" } });
    expect(kept[1]).not.toHaveProperty("at_start");
    await store.freezes.unfreeze({ tool: "pay" }, "zoe");
    await vi.advanceTimersByTimeAsync(5_000);
    expect(kept.slice(2)).toMatchObject([
      { type: "unfreeze", id: "f1", by: "ann", lifted_by: "zoe" },
    ]);
    events.end();
  });

  it("is kept before the denial of a call that it stops", async () => {
    const freezes = new Freezes(store.freezes);
    const events = new FreezeEvents({ freezes, trail, concerns: () => true, now: Date.now });
    await freeze("f1");
    const found = await freezes.find(
      { server: "shop", grant: { id: "g", name: "ci" }, tool: "pay" },
      Date.now(),
    );
    expect(found?.id).toBe("f1");
    expect(kept).toMatchObject([{ type: "freeze", id: "f1" }]);
    events.end();
  });
});
