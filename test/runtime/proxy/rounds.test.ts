import { expect, it } from "vitest";
import { Rounds, Seals } from "../../../runtime/index.ts";
import { MemoryStore } from "../../../runtime/state/memory.ts";

const MINUTE = 60_000;

it("a state that was used is used for a replica whose clock is behind, too", () => {
  let now = Date.parse("2026-11-23T09:00:00Z");
  const store = new MemoryStore(() => now);
  const seals = new Seals();
  const replica = (behind: number) =>
    new Rounds(seals, { server: "shop", grant: "local" }, store, () => now - behind);
  const [one, two] = [replica(0), replica(5 * MINUTE)];
  const params = { name: "get" };
  const state = one.seal("tools/call", params, { call: "c", number: 0 });
  const round = one.open("tools/call", params, state);
  expect(round !== undefined && one.claim(round)).toBe(true);
  now += 12 * MINUTE;
  expect(one.open("tools/call", params, state)).toBeUndefined();
  const again = two.open("tools/call", params, state);
  expect(again !== undefined && two.claim(again)).toBe(false);
});
