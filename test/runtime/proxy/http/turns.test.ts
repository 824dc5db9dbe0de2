import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Turns } from "../../../../runtime/proxy/http/turns.ts";

const STAYS = new AbortController().signal;

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
  const work = async (): Promise<void> => {
    now += 10;
  };
  const take = (name: string) => turns.take("grant", work, STAYS).then(() => done.push(name));
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
    .take("one", () => Promise.reject(new Error("no")), STAYS)
    .catch((error: Error) => error.message);
  const next = turns.take("one", async () => "next", STAYS);
  await vi.advanceTimersByTimeAsync(100);
  expect(await failed).toBe("no");
  expect(await next).toBe("next");
});

it("go from grant to grant, however many one of them wants", async () => {
  const turns = new Turns(() => 0);
  const done: string[] = [];
  const take = (grant: string, name: string) =>
    turns.take(grant, async () => done.push(name), STAYS);
  const all = [1, 2, 3, 4].map((n) => take("many", `many ${n}`));
  all.push(take("few", "few 1"), take("few", "few 2"));
  await vi.advanceTimersByTimeAsync(100);
  await Promise.all(all);
  expect(done).toEqual(["many 1", "many 2", "few 1", "many 3", "few 2", "many 4"]);
});

it("rest between the steps of one, by how long the step took", async () => {
  let now = 0;
  const turns = new Turns(() => now);
  const done: string[] = [];
  const all = turns.take(
    "grant",
    async (pause) => {
      for (const step of ["first", "second", "third"]) {
        done.push(step);
        now += 5;
        await pause();
      }
    },
    STAYS,
  );
  await vi.advanceTimersByTimeAsync(19);
  expect(done).toEqual(["first"]);
  await vi.advanceTimersByTimeAsync(1);
  expect(done).toEqual(["first", "second"]);
  await vi.advanceTimersByTimeAsync(20);
  expect(done).toEqual(["first", "second", "third"]);
  // The last step is followed by a rest of its own.
  await vi.advanceTimersByTimeAsync(21);
  await all;
});

it("are given up by who has gone, while it waits and between its steps", async () => {
  const turns = new Turns(() => 0);
  const [working, waiting] = [new AbortController(), new AbortController()];
  let steps = 0;
  const first = turns.take(
    "grant",
    async (pause) => {
      for (;;) {
        steps++;
        await pause();
      }
    },
    working.signal,
  );
  const second = turns.take("grant", async () => "second", waiting.signal);
  const third = turns.take("grant", async () => "third", STAYS);
  await vi.advanceTimersByTimeAsync(3);
  waiting.abort();
  expect(await second).toBeUndefined();
  working.abort();
  await vi.advanceTimersByTimeAsync(3);
  const done = steps;
  expect(await first).toBeUndefined();
  expect(await third).toBe("third");
  await vi.advanceTimersByTimeAsync(100);
  expect(steps).toBe(done);
});
