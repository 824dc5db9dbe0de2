import { describe, expect, it } from "vitest";
import {
  Catalogue,
  FETCH_MS,
  MAX_AGE_MS,
  MISS_AGE_MS,
  type ToolsPage,
} from "../../../runtime/proxy/catalogue.ts";

function setUp(pages: (cursor: string | undefined) => ToolsPage) {
  const state = { now: 0, fetches: 0, granted: [] as number[] };
  const catalogue = new Catalogue(
    async (cursor, ms) => {
      state.fetches++;
      state.granted.push(ms);
      return pages(cursor);
    },
    () => state.now,
  );
  return { state, catalogue };
}

const tool = (name: string, extra: object = {}) => ({ name, ...extra });

describe("the catalogue", () => {
  it("reads all pages, once for all who wait", async () => {
    const { catalogue, state } = setUp((cursor) =>
      cursor === undefined ? { tools: [tool("a")], nextCursor: "2" } : { tools: [tool("b")] },
    );
    const [one, two] = await Promise.all([catalogue.current(), catalogue.current()]);
    expect([...(one?.tools.keys() ?? [])]).toEqual(["a", "b"]);
    expect(two).toBe(one);
    expect(state.fetches).toBe(2);
    expect(state.granted).toEqual([FETCH_MS, FETCH_MS]);
  });

  it("asks again when the list is old, invalidated, or lacks a name", async () => {
    const { catalogue, state } = setUp(() => ({ tools: [tool("a")] }));
    await catalogue.current();
    await catalogue.current();
    expect(state.fetches).toBe(1);
    state.now = MAX_AGE_MS + 1;
    expect(catalogue.known).toBeUndefined();
    await catalogue.current();
    expect(state.fetches).toBe(2);
    catalogue.invalidate();
    await catalogue.current();
    expect(state.fetches).toBe(3);
    await catalogue.currentWith("b");
    expect(state.fetches).toBe(3);
    state.now += MISS_AGE_MS;
    const found = await catalogue.currentWith("b");
    expect(state.fetches).toBe(4);
    expect(found?.tools.has("b")).toBe(false);
  });

  it("has nothing when a page fails, or the pages never end", async () => {
    const failing = setUp(() => {
      throw new Error("no");
    });
    expect(await failing.catalogue.current()).toBeUndefined();
    const endless = setUp(() => ({ tools: [], nextCursor: "again" }));
    expect(await endless.catalogue.current()).toBeUndefined();
    expect(endless.state.fetches).toBe(2);
  });

  it("does not keep a list that was asked for before the list changed", async () => {
    const { catalogue } = setUp(() => ({ tools: [] }));
    const { changes } = catalogue;
    catalogue.invalidate();
    catalogue.observe([tool("old")], changes);
    expect(catalogue.known).toBeUndefined();
    catalogue.observe([tool("new")], catalogue.changes);
    expect([...(catalogue.known?.tools.keys() ?? [])]).toEqual(["new"]);
  });

  it("asks again when the list changes while it is read, and not for ever", async () => {
    const once = setUp(() => ({ tools: [tool("new")] }));
    const reading = once.catalogue.current();
    once.catalogue.invalidate();
    expect([...((await reading)?.tools.keys() ?? [])]).toEqual(["new"]);
    expect(once.state.fetches).toBe(2);
    expect(once.catalogue.known).toBeDefined();

    const { catalogue, state } = setUp(() => {
      catalogue.invalidate();
      return { tools: [tool("a")] };
    });
    expect((await catalogue.current())?.tools.has("a")).toBe(true);
    expect(state.fetches).toBe(3);
    expect(catalogue.known).toBeUndefined();
  });

  it("has nothing when a server lists more tools than anybody can use", async () => {
    const page = Array.from({ length: 40_000 }, (_, index) => tool(`t${index}`));
    const { catalogue, state } = setUp((cursor = "0") => ({
      tools: page,
      nextCursor: String(Number(cursor) + 1),
    }));
    expect(await catalogue.current()).toBeUndefined();
    expect(state.fetches).toBe(3);
  });

  it("calls a name ambiguous that is listed twice with different definitions", async () => {
    const { catalogue } = setUp(() => ({
      tools: [
        tool("same", { a: 1, b: 2 }),
        tool("same", { b: 2, a: 1 }),
        tool("twice", { a: 1 }),
        tool("twice", { a: 2 }),
        7,
      ],
    }));
    const snapshot = await catalogue.current();
    expect(snapshot?.tools.get("same")?.state).toBe("listed");
    expect(snapshot?.tools.get("twice")?.state).toBe("ambiguous");
    expect(snapshot?.tools.size).toBe(2);
  });
});
