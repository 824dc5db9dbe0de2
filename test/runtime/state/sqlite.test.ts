import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { openStore } from "../../../runtime/state/open.ts";
import { type Database, loadDriver } from "../../../runtime/state/sqlite/driver.ts";
import { networkFileSystem } from "../../../runtime/state/sqlite/file.ts";
import { StateRefused, StateUnavailable } from "../../../runtime/state/store.ts";
import { charge, key, minute } from "./stores.ts";

describe("a SQLite state file", () => {
  const root = mkdtempSync(join(tmpdir(), "mcpp-sqlite-"));
  let count = 0;
  let path: string;

  beforeEach(() => {
    path = join(root, `${count++}.db`);
  });

  afterAll(() => rmSync(root, { recursive: true, force: true }));

  async function database(): Promise<Database> {
    const { DatabaseSync } = await loadDriver();
    return new DatabaseSync(path);
  }

  const mode = (file: string) => (statSync(file).mode & 0o777).toString(8);

  it("is made for its owner alone, its folder too", async () => {
    const folder = join(root, "made", "for", "it");
    const store = await openStore(`sqlite:${join(folder, "state.db")}`);
    await store.reserve({ id: "a", charges: [charge("a", 1, minute)] });
    expect(mode(folder)).toBe("700");
    expect(readdirSync(folder).map((name) => mode(join(folder, name)))).toEqual([
      "600",
      "600",
      "600",
    ]);
    store.close();
  });

  it("counts for itself what was not counted when a write failed", async () => {
    const store = await openStore(`sqlite:${path}`);
    const db = await database();
    const limit = { a: charge("a", 5, minute), b: charge("b", 5, minute) };
    const now = Date.now();
    const reserve = (id: string, counter: "a" | "b") =>
      store.reserve({ id, charges: [limit[counter]], now });
    db.exec("CREATE TRIGGER no BEFORE INSERT ON reservations BEGIN SELECT RAISE(ABORT, 'no'); END");
    await expect(async () => reserve("0", "a")).rejects.toThrow(StateUnavailable);
    db.exec("DROP TRIGGER no");
    db.close();
    expect(await reserve("1", "b")).toEqual({ ok: true });
    let passed = 0;
    for (let id = 2; id < 20; id++) if ((await reserve(String(id), "a")).ok) passed++;
    expect(passed).toBe(5);
    expect((await store.peek([{ ...limit.b, amount: 4 }], now)).ok).toBe(true);
    store.close();
  });

  it("keeps everything over a restart", async () => {
    const limit = charge("a", 1, minute);
    const now = Date.now();
    const before = await openStore(`sqlite:${path}`);
    await before.reserve({ id: "a", charges: [limit], now });
    await before.freezes.freeze({ id: "f", until: now + 60_000, because: "x", by: "me" });
    await before.claim("a", 1, 60_000);
    before.close();

    const after = await openStore(`sqlite:${path}`);
    expect(await after.reserve({ id: "b", charges: [limit], now })).toMatchObject({ ok: false });
    expect(await after.freezes.list()).toHaveLength(1);
    expect(await after.claim("a", 1, 60_000)).toBe(false);
    await after.refund("a", "all");
    expect(await after.reserve({ id: "b", charges: [limit], now })).toEqual({ ok: true });
    after.close();
  });

  it("is shared by stores, and so is the newest time", async () => {
    const noon = Date.parse("2026-11-22T12:00:00Z");
    const ahead = await openStore(`sqlite:${path}`, { clock: () => noon + 60_000 });
    const behind = await openStore(`sqlite:${path}`, { clock: () => noon });
    const limit = charge("a", 1, minute);
    expect(await ahead.reserve({ id: "a", charges: [limit] })).toEqual({ ok: true });
    expect(await behind.reserve({ id: "b", charges: [limit] })).toMatchObject({
      ...{ ok: false, used: 1, retryAfterMs: 60_000 },
    });
    ahead.close();
    behind.close();
  });

  it("of a newer schema is refused and left alone", async () => {
    (await openStore(`sqlite:${path}`)).close();
    const db = await database();
    db.exec("PRAGMA user_version = 2");
    db.close();
    await expect(openStore(`sqlite:${path}`)).rejects.toThrow(StateRefused);
    await expect(openStore(`sqlite:${path}`)).rejects.toThrow(
      `The state file \`${path}\` was written by a newer version of mcpp (its schema is 2, this one knows 1). Update mcpp, or use another file.`,
    );
  });

  it("of another program is refused and left alone", async () => {
    const db = await database();
    db.exec("CREATE TABLE other (a)");
    db.close();
    chmodSync(path, 0o600);
    const size = statSync(path).size;
    await expect(openStore(`sqlite:${path}`)).rejects.toThrow(
      `\`${path}\` is a database of another program, not a state file.`,
    );
    expect(statSync(path).size).toBe(size);

    rmSync(path);
    writeFileSync(path, "not a database at all".repeat(100), { mode: 0o600 });
    await expect(openStore(`sqlite:${path}`)).rejects.toThrow(`\`${path}\` is not a state file.`);
  });

  it.skipIf(process.platform === "win32")("that others can read is refused", async () => {
    writeFileSync(path, "");
    chmodSync(path, 0o640);
    await expect(openStore(`sqlite:${path}`)).rejects.toThrow(
      `The state file \`${path}\` can be read or written by other users (mode 640). Run \`chmod 600\` on it.`,
    );
  });

  it("that is no file, or cannot be made, is refused", async () => {
    mkdirSync(path);
    await expect(openStore(`sqlite:${path}`)).rejects.toThrow(
      `The state \`${path}\` is not a file.`,
    );
    writeFileSync(`${path}.txt`, "");
    await expect(openStore(`sqlite:${path}.txt/state.db`)).rejects.toThrow(StateRefused);
    expect(existsSync(`${path}.txt/state.db`)).toBe(false);
  });

  it.each([
    [0x6969, "NFS"],
    [0xff534d42, "CIFS"],
    [-11317950, "CIFS"],
    [0x65735546, "FUSE"],
    [0x01021997, "9P"],
    [0xef53, undefined],
    [0x01021994, undefined],
  ])("on a file system of type %d: %s", (type, name) => {
    expect(networkFileSystem(type)).toBe(name);
  });

  it("that another process holds locked denies within a second or so, without blocking", async () => {
    const store = await openStore(`sqlite:${path}`);
    const other = await database();
    other.exec("BEGIN IMMEDIATE");
    let ticks = 0;
    const timer = setInterval(() => {
      ticks += 1;
    }, 10);
    const limit = charge("a", 1, minute);
    await expect(store.reserve({ id: "a", charges: [limit] })).rejects.toThrow(StateUnavailable);
    clearInterval(timer);
    expect(ticks).toBeGreaterThan(5);
    // Reading goes on meanwhile.
    expect(await store.peek([limit])).toEqual({ ok: true });

    const waiting = store.reserve({ id: "a", charges: [limit] });
    other.exec("COMMIT");
    expect(await waiting).toEqual({ ok: true });
    other.close();
    store.close();
  });

  it("that is closed denies", async () => {
    const store = await openStore(`sqlite:${path}`);
    store.close();
    expect(() => store.reserve({ id: "a", charges: [] })).toThrow(StateUnavailable);
  });

  it("does not grow without bound", async () => {
    let now = Date.parse("2026-11-22T12:00:00Z");
    const store = await openStore(`sqlite:${path}`, { clock: () => now });
    for (let call = 0; call < 6_000; call++) {
      now += 10_000;
      const charges = [
        charge(`a${call}`, 5, minute, { family: key(`f${call}`) }),
        charge(`b${call}`, 5, { kind: "sliding", ms: 60_000 }),
        charge(`c${call}`, 5, { kind: "concurrent", leaseMs: 30_000 }),
      ];
      await store.reserve({ id: `${(call * 7919) % 6_007}`, charges, now });
      await store.claim(`${call}`, 1, 1000);
    }
    const db = await database();
    const rows = (table: string) =>
      (db.prepare(`SELECT count(*) AS n FROM ${table}`).get() as { n: number }).n;
    // At one call in ten seconds an hour has 360 reservations, and no window is longer than a minute.
    expect(rows("counters")).toBeLessThan(1_500);
    expect(rows("log")).toBeLessThan(1_000);
    expect(rows("claims")).toBeLessThan(500);
    expect(rows("reservations")).toBeLessThan(2_000);
    db.close();
    store.close();
  });
});
