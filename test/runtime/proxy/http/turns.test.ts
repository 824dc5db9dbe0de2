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
  const take = (name: string) => turns.take(work).then(() => done.push(name));
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
    .take(() => {
      throw new Error("no");
    })
    .catch((error: Error) => error.message);
  const next = turns.take(() => "next");
  await vi.advanceTimersByTimeAsync(100);
  expect(await failed).toBe("no");
  expect(await next).toBe("next");
});
