import { afterAll, describe, expect, it } from "vitest";
import type { ApprovalRequest, StateStore } from "../../../runtime/state/store.ts";
import { charge, kinds, minute } from "./stores.ts";

const NOON = Date.parse("2026-11-22T12:00:00Z");

for (const kind of kinds()) {
  describe.skipIf(!kind.there)(`approvals in ${kind.name}`, () => {
    let now = NOON;
    const stores: StateStore[] = [];
    const open = async () => {
      now = NOON;
      const store = await kind.open(() => now);
      stores.push(store);
      return store;
    };
    const request = (id: string, more: Partial<ApprovalRequest> = {}): ApprovalRequest => ({
      ...{ id, grant: "ci", server: "payments", tool: "pay", digest: `digest of ${id}` },
      ...{ entries: ["/tools/pay/ask_if/0"], arguments: '{"amount":5}', approvers: ["leads"] },
      ...{ askedAt: now, expiresAt: now + 600_000 },
      ...more,
    });
    const yes = () => ({ approve: true, by: "alice", at: now });
    const no = () => ({ approve: false, by: "bob", reason: "Not today.", at: now });

    afterAll(async () => {
      for (const store of stores) await store.close();
      await kind.end();
    });

    it("an identical call joins the open question, another does not", async () => {
      const { approvals } = await open();
      const first = request("first", { digest: "same" });
      expect(await approvals.ask(first)).toEqual({
        ...{ ok: true, joined: false, approval: { ...first, state: "pending" } },
      });
      now += 1000;
      for (const [id, more, joined] of [
        ["second", { digest: "same" }, true],
        ["third", { digest: "same", grant: "other" }, false],
        ["fourth", { digest: "same", server: "other" }, false],
        ["fifth", { digest: "other" }, false],
        ["sixth", { digest: "same", entries: ["another"] }, false],
        ["seventh", { digest: "same", pin: "sha256:other" }, false],
      ] as const) {
        const answer = await approvals.ask(request(id, more));
        expect(answer).toMatchObject({ joined, approval: { id: joined ? "first" : id } });
      }
      expect((await approvals.list()).map(({ id }) => id)).toEqual([
        ...["third", "sixth", "seventh", "fourth", "fifth", "first"],
      ]);
      expect((await approvals.list({ grant: "other" })).map(({ id }) => id)).toEqual(["third"]);
    });

    it("the first decision wins, and a refusal stands for the rest of its time", async () => {
      const { approvals } = await open();
      await approvals.ask(request("a", { digest: "same" }));
      const refused = { state: "denied", decidedBy: "bob", reason: "Not today.", decidedAt: now };
      expect(await approvals.decide("a", no())).toMatchObject(refused);
      expect(await approvals.decide("a", yes())).toMatchObject(refused);
      now += 599_999;
      expect(await approvals.ask(request("b", { digest: "same" }))).toMatchObject({
        ...{ joined: true, approval: { id: "a", ...refused } },
      });
      now += 1;
      expect(await approvals.decide("a", yes())).toBeUndefined();
      expect(await approvals.decide("unknown", yes())).toBeUndefined();
      expect(await approvals.ask(request("b", { digest: "same" }))).toMatchObject({
        ...{ joined: false, approval: { id: "b", state: "pending" } },
      });
    });

    it("is spent exactly once, together with the limits or not at all", async () => {
      const store = await open();
      await store.approvals.ask(request("a"));
      const limit = charge("a", 1, minute);
      const reserve = async (id: string) =>
        store.reserve({ id, charges: [limit], spend: ["a"], now });
      const refused = { ok: false, index: -1, reason: "approval", used: 0 };
      expect(await reserve("early")).toEqual(refused);
      await store.approvals.decide("a", yes());

      await store.reserve({ id: "other", charges: [limit], now });
      expect(await reserve("full")).toMatchObject({ index: 0, reason: "full" });
      expect(await store.approvals.get("a")).toMatchObject({ state: "approved" });
      await store.refund("other", "all");

      const both = await Promise.all([reserve("one"), reserve("two")]);
      expect(both).toEqual([{ ok: true }, refused]);
      expect(await reserve("one")).toEqual({ ok: true });
      expect(await store.approvals.get("a")).toMatchObject({ state: "spent" });

      // Sums alone give no approval back; all does, and once.
      await store.refund("one", "all");
      expect(await store.approvals.get("a")).toMatchObject({ state: "approved" });
      expect(await reserve("three")).toEqual({ ok: true });
      await store.refund("three", "sums");
      expect(await store.approvals.get("a")).toMatchObject({ state: "spent" });
      expect(await store.approvals.ask(request("b", { digest: "digest of a" }))).toMatchObject({
        ...{ joined: false, approval: { id: "b" } },
      });
    });

    it("spends several together or none of them", async () => {
      const store = await open();
      await store.approvals.ask(request("a"));
      await store.approvals.ask(request("b"));
      await store.approvals.decide("a", yes());
      const limit = charge("together", 1, minute);
      const reserve = async (id: string) =>
        store.reserve({ id, charges: [limit], spend: ["a", "b"], now });
      const states = async () =>
        Promise.all(["a", "b"].map(async (id) => (await store.approvals.get(id))?.state));
      expect(await reserve("early")).toMatchObject({ reason: "approval" });
      expect(await states()).toEqual(["approved", "pending"]);
      await store.approvals.decide("b", yes());
      expect(await reserve("one")).toEqual({ ok: true });
      expect(await states()).toEqual(["spent", "spent"]);
      await store.refund("one", "all");
      expect(await states()).toEqual(["approved", "approved"]);
      expect(await reserve("two")).toEqual({ ok: true });
    });

    it("expires, and can be read for an hour", async () => {
      const store = await open();
      await store.approvals.ask(request("a"));
      await store.approvals.decide("a", yes());
      now += 600_000;
      expect(await store.approvals.get("a")).toMatchObject({ state: "expired" });
      expect(await store.reserve({ id: "x", charges: [], spend: ["a"], now })).toMatchObject({
        reason: "approval",
      });
      expect(await store.approvals.list()).toEqual([]);
      expect(await store.approvals.list({ all: true })).toHaveLength(1);
      now += 3_600_000;
      expect(await store.approvals.get("a")).toBeUndefined();
      expect(await store.approvals.list({ all: true })).toEqual([]);
    });

    it("at most 20 of a grant and 200 in all are pending, on all servers", async () => {
      const store = await open();
      for (let grant = 0; grant < 10; grant++) {
        for (let call = 0; call < 20; call++) {
          const one = request(`${grant} ${call}`, { grant: `grant ${grant}` });
          const answer = await store.forServer(`server ${call % 2}`).approvals.ask(one);
          expect(answer).toMatchObject({ ok: true, joined: false });
        }
        const more = request(`${grant} more`, { grant: `grant ${grant}` });
        expect(await store.approvals.ask(more)).toEqual({ ok: false, reason: "grant full" });
      }
      const other = request("other", { grant: "one more" });
      expect(await store.approvals.ask(other)).toEqual({ ok: false, reason: "all full" });
      expect(await store.approvals.list()).toHaveLength(200);

      await store.approvals.decide("3 7", no());
      expect(await store.approvals.ask(other)).toMatchObject({ ok: true });
      now += 600_000;
      expect(await store.approvals.ask(request("later"))).toMatchObject({ ok: true });
    });
  });
}
