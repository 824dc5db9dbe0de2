import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Turns } from "../../../../runtime/proxy/http/turns.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

it("are taken one after another, in order, with a rest after each", async () => {
  let now = 0;
  const turns = new Turns(() => now);
  const done: string[] = [];
  const work = (): void => {
    now += 10;
  };
  const take = (name: string) => turns.take("grant", work).then(() => done.push(name));
  const all = ["a", "b", "c"].map(take);
  await vi.advanceTimersByTimeAsync(1);
  expect(done).toEqual(["a"]);
  await vi.advanceTimersByTimeAsync(37);
  expect(done).toEqual(["a"]);
  await vi.advanceTimersByTimeAsync(5);
  expect(done).toEqual(["a", "b"]);
  await vi.advanceTimersByTimeAsync(100);
  await Promise.all(all);
  expect(done).toEqual(["a", "b", "c"]);
});

it("go on after one that has failed", async () => {
  const turns = new Turns();
  const failed = turns
    .take("one", () => {
      throw new Error("no");
    })
    .catch((error: Error) => error.message);
  const next = turns.take("one", () => "next");
  await vi.advanceTimersByTimeAsync(100);
  expect(await failed).toBe("no");
  expect(await next).toBe("next");
});

it("go from grant to grant, however many one of them wants", async () => {
  const turns = new Turns(() => 0);
  const done: string[] = [];
  const take = (grant: string, name: string) =>
    turns.take(grant, () => {
      done.push(name);
    });
  const all = [1, 2, 3, 4].map((n) => take("many", `many ${n}`));
  all.push(take("few", "few 1"), take("few", "few 2"));
  await vi.advanceTimersByTimeAsync(100);
  await Promise.all(all);
  expect(done).toEqual(["many 1", "many 2", "few 1", "many 3", "few 2", "many 4"]);
});
