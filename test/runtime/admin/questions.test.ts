import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { AdminPeople } from "../../../runtime/admin/people.ts";
import { questionRoutes } from "../../../runtime/admin/questions.ts";
import type { Decide, Question, Questions, WholeQuestion } from "../../../runtime/admin/wire.ts";
import { MemoryStore } from "../../../runtime/state/memory.ts";
import type { ApprovalRequest } from "../../../runtime/state/store.ts";
import type { HttpAnswer } from "../proxy/http/proxy.ts";
import { TestAdmin } from "./browser.ts";

const MINUTE = 60_000;

let admin: TestAdmin;
let store: MemoryStore;
let headers: Record<string, string>;
let people: { -readonly [key in keyof AdminPeople]: AdminPeople[key] };
beforeEach(async () => {
  store = new MemoryStore(() => admin.time);
  people = {
    operator: { name: "me" },
    approver: () => undefined,
    whyNot: (_, { server }) => (server === "closed" ? "Not for you." : undefined),
    concerns: ({ server }) => server !== "elsewhere",
    nobody: undefined,
  };
  const routes = questionRoutes({ store: store.approvals, people, now: () => admin.time });
  admin = await new TestAdmin(routes, { people }).listen();
  headers = await admin.proof();
});
afterEach(() => admin.server.close());

function ask(id: string, more: Partial<ApprovalRequest> = {}): void {
  store.approvals.ask({
    id,
    grant: "g_1",
    grantName: "ci",
    server: "shop",
    tool: "pay",
    digest: `digest of ${id}`,
    entries: ["e"],
    arguments: '{"amount":1e3}',
    askedAt: admin.time,
    expiresAt: admin.time + 10 * MINUTE,
    ...more,
  });
}

const json = <T>({ body }: HttpAnswer): T => JSON.parse(body) as T;
const list = async (): Promise<Questions> => {
  admin.time += 1_000;
  return json<Questions>(await admin.ask("/api/questions", { headers }));
};
const decide = (body: Partial<Decide>): Promise<HttpAnswer> =>
  admin.post("/api/decide", body, headers);

describe("what waits", () => {
  it("is listed with the beginning of its arguments, the one that ends first in front", async () => {
    ask("AAAAA", { arguments: JSON.stringify({ text: "x".repeat(5_000) }) });
    ask("BBBBB", { expiresAt: admin.time + MINUTE });
    const { now, waiting, decided } = await list();
    expect(now).toBe(admin.time);
    expect(waiting.map(({ id }) => id)).toEqual(["BBBBB", "AAAAA"]);
    expect(waiting[1]?.preview).toHaveLength(400);
    expect(waiting[1]?.size).toBe(5_011);
    expect(waiting[1]).not.toHaveProperty("arguments");
    expect(waiting[0]).toMatchObject({ grant: "ci", tool: "pay", server: "shop" });
    expect(decided).toEqual([]);
  });

  it("is told apart from what was decided or has expired, the latest of those in front", async () => {
    for (const id of ["AAAAA", "BBBBB", "CCCCC"]) ask(id);
    ask("DDDDD", { expiresAt: admin.time + MINUTE });
    admin.time += 2 * MINUTE;
    store.approvals.decide("AAAAA", { approve: true, by: "ann", at: admin.time });
    admin.time += 1;
    store.approvals.decide("BBBBB", { approve: false, by: "bob", reason: "No.", at: admin.time });
    const { waiting, decided } = await list();
    expect(waiting.map(({ id }) => id)).toEqual(["CCCCC"]);
    expect(decided.map(({ id, state }) => [id, state])).toEqual([
      ["BBBBB", "denied"],
      ["AAAAA", "approved"],
      ["DDDDD", "expired"],
    ]);
    expect(decided[0]).toMatchObject({ decidedBy: "bob", reason: "No." });
  });

  it("leaves out what is another proxy's, and says of each why it may not be decided on", async () => {
    ask("AAAAA", { server: "elsewhere" });
    ask("BBBBB", { server: "closed" });
    const { waiting } = await list();
    expect(waiting.map(({ id, whyNot }) => [id, whyNot])).toEqual([["BBBBB", "Not for you."]]);
    expect((await admin.ask("/api/question?id=AAAAA", { headers })).status).toBe(404);
    people.nobody = "Nobody can.";
    expect((await list()).waiting[0]?.whyNot).toBe("Nobody can.");
  });

  it("is read from the store once for all pages that ask within a moment", async () => {
    ask("AAAAA");
    const first = await admin.ask("/api/questions", { headers });
    ask("BBBBB");
    const second = await admin.ask("/api/questions", { headers });
    expect(json<Questions>(second).waiting).toEqual(json<Questions>(first).waiting);
    expect((await list()).waiting).toHaveLength(2);
  });

  it("is given in full, its numbers as they were written", async () => {
    ask("AAAAA");
    const whole = json<WholeQuestion>(await admin.ask("/api/question?id=AAAAA", { headers }));
    expect(whole).toMatchObject({ arguments: '{"amount":1e3}', digest: "digest of AAAAA" });
    for (const query of ["", "?id=", "?id=ZZZZZ"]) {
      expect((await admin.ask(`/api/question${query}`, { headers })).status).toBe(404);
    }
  });
});

describe("a decision", () => {
  const right = { id: "AAAAA", digest: "digest of AAAAA", approve: true, reason: " Fine. " };

  it("is made under the name of who asks, at the proxy's time", async () => {
    ask("AAAAA");
    const answer = await decide(right);
    expect(answer.status).toBe(200);
    expect(json<Question>(answer)).toMatchObject({ state: "approved", decidedBy: "me" });
    expect(store.approvals.get("AAAAA")).toMatchObject({
      state: "approved",
      decidedBy: "me",
      decidedAt: admin.time,
      reason: "Fine.",
    });
    expect((await list()).waiting).toEqual([]);
  });

  it("without a reason has none", async () => {
    ask("AAAAA");
    await decide({ ...right, approve: false, reason: "  " });
    expect(store.approvals.get("AAAAA")).toMatchObject({ state: "denied" });
    expect(store.approvals.get("AAAAA")).not.toHaveProperty("reason");
  });

  it("comes second to another one, and is told so", async () => {
    ask("AAAAA");
    store.approvals.decide("AAAAA", { approve: false, by: "bob", reason: "No.", at: admin.time });
    const answer = await decide(right);
    expect(answer.status).toBe(409);
    expect(JSON.parse(answer.body)).toMatchObject({
      error: "AAAAA was denied already by bob. The first decision stands; yours changes nothing.",
      question: { state: "denied", decidedBy: "bob", reason: "No." },
    });
  });

  it.each([
    ["of another call", { digest: "digest of BBBBB" }, 409],
    ["of none", { id: "ZZZZZ" }, 404],
    ["that is neither yes nor no", { approve: "yes" as never }, 400],
    ["without a call", { digest: undefined as never }, 400],
    ["with a reason that is no text", { reason: 1 as never }, 400],
    ["with a reason that is a book", { reason: "x".repeat(2_001) }, 400],
  ])("%s is refused", async (_, change, status) => {
    ask("AAAAA");
    expect((await decide({ ...right, ...change })).status).toBe(status);
    expect(store.approvals.get("AAAAA")?.state).toBe("pending");
  });

  it("is refused of those who may not, and where nobody may", async () => {
    ask("AAAAA", { server: "closed" });
    const answer = await decide(right);
    expect([answer.status, JSON.parse(answer.body)]).toEqual([403, { error: "Not for you." }]);
    ask("BBBBB");
    people.nobody = "Nobody can.";
    const other = { ...right, id: "BBBBB", digest: "digest of BBBBB" };
    expect((await decide(other)).status).toBe(403);
    people.nobody = undefined;
    people.operator = undefined;
    expect((await decide(other)).status).toBe(403);
    expect(store.approvals.get("BBBBB")?.state).toBe("pending");
  });

  it("is too late when the time is over", async () => {
    ask("AAAAA");
    admin.time += 10 * MINUTE;
    expect((await decide(right)).status).toBe(410);
    expect(store.approvals.get("AAAAA")?.state).toBe("expired");
  });
});
