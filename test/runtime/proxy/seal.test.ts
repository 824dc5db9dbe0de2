import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { NoKey, rootKeys, Seals } from "../../../runtime/index.ts";

const BOUND = { server: "shop", grant: "local" };
const key = (): Buffer => randomBytes(32);

describe("what is sealed", () => {
  const root = key();
  const seals = new Seals([root]);
  const sealed = seals.seal("session", BOUND, { id: "up" });

  it("opens for the same purpose, server and grant, under the same key", () => {
    expect(new Seals([root]).open("session", BOUND, sealed)).toEqual({ id: "up" });
    expect(seals.open("task", BOUND, sealed)).toBeUndefined();
    expect(seals.open("session", { ...BOUND, server: "other" }, sealed)).toBeUndefined();
    expect(seals.open("session", { ...BOUND, grant: "other" }, sealed)).toBeUndefined();
    expect(new Seals([key()]).open("session", BOUND, sealed)).toBeUndefined();
    expect(new Seals().open("session", BOUND, sealed)).toBeUndefined();
  });

  it("opens under a key that is not the first any more, and is sealed by the first", () => {
    const next = key();
    const rotated = new Seals([next, root]);
    expect(rotated.open("session", BOUND, sealed)).toEqual({ id: "up" });
    const newer = rotated.seal("session", BOUND, 1);
    expect(new Seals([next]).open("session", BOUND, newer)).toBe(1);
    expect(seals.open("session", BOUND, newer)).toBeUndefined();
  });
});

describe("root keys", () => {
  it("are read in hex and base64, each of a list", () => {
    const keys = [key(), key(), randomBytes(48)];
    const [hex, base64, base64url] = keys as [Buffer, Buffer, Buffer];
    const text = `${hex.toString("hex")}, ${base64.toString("base64")},${base64url.toString("base64url")}`;
    expect(rootKeys(text).map((one) => Buffer.from(one))).toEqual(keys);
  });

  it.each([
    ["", "it is empty"],
    [" ", "it is empty"],
    ["correct horse battery staple", "it is neither hex nor base64"],
    [randomBytes(31).toString("base64"), "it has 31 bytes; at least 32 are needed"],
    [randomBytes(31).toString("hex"), "it has 31 bytes; at least 32 are needed"],
    ["a".repeat(64), "it is not random: it repeats a few bytes"],
    ["0123456789abcdef".repeat(8), "it is not random: it repeats a few bytes"],
    [`${key().toString("hex")},`, "key 2 of 2 is empty"],
    [`x,${key().toString("hex")}`, "key 1 of 2 has 0 bytes; at least 32 are needed"],
  ])("are refused when they cannot be: %s", (text, message) => {
    expect(() => rootKeys(text)).toThrow(new NoKey(message));
  });
});
