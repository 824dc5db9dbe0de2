import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { LimitEntry, Policy } from "../../../policy/index.ts";
import { ChargedCounters } from "../../../runtime/admin/charged.ts";
import { type InForce, limitRoutes } from "../../../runtime/admin/limits.ts";
import type { Limits } from "../../../runtime/admin/wire.ts";
import { compileEngine } from "../../../runtime/engine/decide.ts";
import { Rulebook } from "../../../runtime/proxy/rulebook.ts";
import { MemoryStore } from "../../../runtime/state/memory.ts";
import type { StateStore } from "../../../runtime/state/store.ts";
import { TestAdmin } from "./browser.ts";

const HOURLY: LimitEntry = { counter: "h", window: "hour", max: 5, scope: "grant" };
const SHARED: LimitEntry = { counter: "s", window: "day", max: 100, scope: "server" };
const KEYED: LimitEntry = { ...HOURLY, counter: "k", key: ["args.account"] };
const SUM: LimitEntry = { ...HOURLY, counter: "sum", max: 2.5, increment_from: "args.amount" };

const policy = (limits: readonly LimitEntry[]): Policy => ({
  version: "1",
  default: "allow",
  tools: { pay: { limits } },
});

let admin: TestAdmin;
let headers: Record<string, string>;
let store: MemoryStore;
let charged: ChargedCounters;
let grants: InForce[];
beforeEach(async () => {
  store = new MemoryStore(() => admin.time);
  charged = new ChargedCounters();
  grants = [];
  const routes = limitRoutes({
    store,
    charged,
    inForce: () => grants,
    now: () => admin.time,
  });
  admin = await new TestAdmin(routes).listen();
  headers = await admin.proof();
});
afterEach(() => admin.server.close());

function grant(name: string, limits: readonly LimitEntry[]): StateStore {
  const own = policy(limits);
  const rulebook = new Rulebook(own, compileEngine(own));
  grants.push({ grant: { id: `g_${name}`, name, labels: {} }, server: "shop", rulebook });
  return charged.watch(store, `g_${name}`, "shop");
}

let calls = 0;
function pay(name: string, own: StateStore, args: Record<string, number | string> = {}): void {
  const { grant: whose, server, rulebook } = grants.find(({ grant: one }) => one.name === name)!;
  const context = { grant: whose, server, now: admin.time };
  const { charges } = rulebook.engine.decide({ tool: "pay", args }, context);
  own.reserve({ id: `call ${calls++}`, charges, now: admin.time });
}

async function shown(): Promise<Limits> {
  admin.time += 1_000;
  return JSON.parse((await admin.ask("/api/limits", { headers })).body) as Limits;
}

describe("the limits", () => {
  it("stand at what calls have charged, each grant's by itself and a server's once", async () => {
    const [a, b] = [grant("a", [HOURLY, SHARED]), grant("b", [HOURLY, SHARED])];
    pay("a", a);
    pay("a", a);
    pay("b", b);
    const { bars, idle, more, now } = await shown();
    expect(bars.map(({ grant: whose, counter, used, max }) => [whose, counter, used, max])).toEqual(
      [
        ["a", "h", 2, 5],
        [undefined, "s", 3, 100],
        ["b", "h", 1, 5],
      ],
    );
    expect(bars[0]).toMatchObject({ tools: ["pay"], allows: "5 per hour", shadow: false });
    expect(bars[0]?.resetsAt).toBe(Date.parse("2026-11-28T11:00:00Z"));
    expect([idle, more, now]).toEqual([[], 0, admin.time]);
  });

  it("of sums are in the unit of what is added up", async () => {
    const a = grant("a", [SUM]);
    pay("a", a, { amount: 1.25 });
    expect((await shown()).bars[0]).toMatchObject({ used: 1.25, max: 2.5 });
  });

  it("that count by values are known once something was counted, the last ten of them", async () => {
    const a = grant("a", [KEYED]);
    expect(await shown()).toMatchObject({ bars: [], idle: [{ counter: "k", grant: "a" }] });
    for (let account = 0; account < 12; account++) pay("a", a, { account: `no ${account}` });
    pay("a", a, { account: "no 5" });
    const { bars, idle } = await shown();
    expect(idle).toEqual([]);
    expect(bars).toHaveLength(10);
    expect(bars[0]).toMatchObject({ values: ["no 5"], used: 2, max: 5 });
  });

  it("that tools share are shown once, with all of them", async () => {
    const own: Policy = {
      version: "1",
      default: "allow",
      tools: { pay: { limits: [HOURLY] }, refund: { limits: [HOURLY] } },
    };
    const rulebook = new Rulebook(own, compileEngine(own));
    grants.push({ grant: { id: "g", name: "a", labels: {} }, server: "shop", rulebook });
    expect((await shown()).bars).toMatchObject([{ tools: ["pay", "refund"] }]);
  });

  it("are looked up once for all pages within a second, and no more than 400 at once", async () => {
    for (let one = 0; one < 405; one++) grant(`g${one}`, [HOURLY]);
    const { bars, more } = await shown();
    expect([bars.length, more]).toEqual([400, 5]);
    grants.splice(0);
    const again = await admin.ask("/api/limits", { headers });
    expect((JSON.parse(again.body) as Limits).bars).toHaveLength(400);
    expect((await shown()).bars).toEqual([]);
  });
});

describe("what was charged", () => {
  it("is remembered of 200 counters of a grant, and the store does all else", () => {
    const own = charged.watch(store, "g", "shop");
    for (let one = 0; one < 250; one++) {
      const key = String(one).padStart(64, "0");
      const charge = {
        key,
        amount: 1,
        max: 5,
        window: { kind: "calendar", unit: "hour" },
        rule: "r",
        counter: "c",
        allows: "5 per hour",
      } as const;
      expect(own.reserve({ id: `r${one}`, charges: [charge] })).toEqual({ ok: true });
      own.refund(`r${one}`, "all");
      expect(store.peek([{ ...charge, amount: 5 }])).toEqual({ ok: true });
    }
    expect(charged.of("g", "shop")).toHaveLength(200);
    expect(charged.of("g", "other")).toEqual([]);
    expect(charged.of("g", "shop")[0]?.key).toBe("249".padStart(64, "0"));
    // The same grant on the same server, in another session.
    charged.watch(store, "g", "shop");
    expect(charged.of("g", "shop")).toHaveLength(200);
    expect(own.claim("r", 1, 1_000)).toBe(true);
    expect(store.claim("r", 1, 1_000)).toBe(false);
  });
});
