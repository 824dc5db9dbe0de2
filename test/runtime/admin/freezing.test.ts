import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { freezeRoutes } from "../../../runtime/admin/freezing.ts";
import type { AdminPeople } from "../../../runtime/admin/people.ts";
import { MemoryStore } from "../../../runtime/state/memory.ts";
import { TestAdmin } from "./browser.ts";

let admin: TestAdmin;
let headers: Record<string, string>;
let store: MemoryStore;
let people: { -readonly [key in keyof AdminPeople]: AdminPeople[key] };
beforeEach(async () => {
  store = new MemoryStore(() => admin.time);
  people = {
    operator: { name: "me" },
    approver: () => undefined,
    whyNot: () => undefined,
    concerns: () => true,
    nobody: undefined,
  };
  const routes = freezeRoutes({
    store: store.freezes,
    known: () => ({ servers: ["shop"], grants: [{ id: "g_1", name: "ci" }] }),
    now: () => admin.time,
  });
  admin = await new TestAdmin(routes, { people }).listen();
  headers = await admin.proof();
});
afterEach(() => admin.server.close());

const HOUR = { minutes: 60, because: " An incident. " };
const freeze = async (body: object): Promise<number> =>
  (await admin.post("/api/freeze", body, headers)).status;
const unfreeze = async (body: object): Promise<number> =>
  (await admin.post("/api/unfreeze", body, headers)).status;
const listed = async (): Promise<unknown> =>
  JSON.parse((await admin.ask("/api/freezes", { headers })).body);

describe("a freeze", () => {
  it("stops what is named, by ids that a new name cannot take over, and is lifted", async () => {
    const scope = { server: "shop", grant: "ci", tool: "pay" };
    expect(await freeze({ ...scope, ...HOUR })).toBe(200);
    const until = admin.time + 3_600_000;
    expect(store.freezes.list()).toMatchObject([
      { server: "shop", grant: "g_1", tool: "pay", until, because: "An incident.", by: "me" },
    ]);
    expect(await listed()).toMatchObject({
      now: admin.time,
      freezes: [{ grant: "g_1", grantName: "ci", tool: "pay" }],
    });
    const frozen = store.freezes.list();
    expect(await unfreeze({ tool: "pay" })).toBe(409);
    expect(await unfreeze({ ...scope, grant: "g_1" })).toBe(200);
    expect(await unfreeze({ ...scope, grant: "g_1" })).toBe(409);
    const [entry] = frozen;
    expect(store.freezes.liftedBy(entry?.id ?? "")).toBe("me");
    expect(store.freezes.list()).toEqual([]);
  });

  it("of everything names nothing", async () => {
    expect(await freeze(HOUR)).toBe(200);
    const [found] = store.freezes.list();
    expect(Object.keys(found ?? {}).sort()).toEqual(["because", "by", "id", "until"]);
    expect(await unfreeze({})).toBe(200);
  });

  it("of a grant or server that is gone can be lifted", async () => {
    const gone = { id: "x", grant: "g_old", server: "old", by: "me", because: "x" };
    store.freezes.freeze({ ...gone, until: admin.time + 1_000 });
    expect(await unfreeze({ grant: "g_old", server: "old" })).toBe(200);
  });

  it.each([
    [{}],
    [{ minutes: 0 }],
    [{ minutes: 1.5 }],
    [{ minutes: "60" }],
    [{ minutes: 40_000 }],
    [{ because: "" }],
    [{ because: 1 }],
    [{ because: "x".repeat(2_001) }],
    [{ server: "shops" }],
    [{ grant: "nobody" }],
    [{ grant: null }],
    [{ tool: "" }],
    [{ tool: 1 }],
  ])("with %j is refused", async (change) => {
    const body = Object.keys(change).length === 0 ? {} : { ...HOUR, ...change };
    expect(await freeze(body)).toBe(400);
    expect(store.freezes.list()).toEqual([]);
  });

  it("is neither made nor lifted by those who may only look", async () => {
    store.freezes.freeze({ id: "x", until: admin.time + 1_000, because: "x", by: "me" });
    people.operator = undefined;
    expect(await freeze(HOUR)).toBe(403);
    expect(await unfreeze({})).toBe(403);
    expect(await listed()).toMatchObject({ freezes: [{ because: "x" }] });
    expect(store.freezes.list()).toHaveLength(1);
    expect(await unfreeze({ tool: 1 })).toBe(403);
    people.operator = { name: "me" };
    expect(await unfreeze({ tool: 1 })).toBe(400);
  });
});
