import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openStore } from "../../../runtime/state/open.ts";
import { RedisStore } from "../../../runtime/state/redis.ts";
import type { Charge, ChargeWindow, StateStore } from "../../../runtime/state/store.ts";
import { Model } from "./model.ts";
import { hasRedis, RedisServer } from "./redis-server.ts";
import { PATIENT } from "./stores.ts";

// Random sequences of everything a store can be asked, against the reference model: every answer is the same.

/** A store that can be left and opened again, as when its process restarts. */
interface Real {
  store: StateStore;
  restart(): Promise<void>;
}

/** One thing to ask of a store, and of the model. */
class Step implements fc.AsyncCommand<Model, Real> {
  readonly #name: string;
  readonly #model: (model: Model) => unknown;
  readonly #real: (store: StateStore, model: Model) => unknown;
  readonly #possible: (model: Model) => boolean;

  constructor(
    name: string,
    model: (model: Model) => unknown,
    real: (store: StateStore, model: Model) => unknown,
    possible: (model: Model) => boolean = () => true,
  ) {
    this.#name = name;
    this.#model = model;
    this.#real = real;
    this.#possible = possible;
  }

  check(model: Model): boolean {
    return this.#possible(model);
  }

  async run(model: Model, real: Real): Promise<void> {
    const expected = this.#model(model);
    const actual = await this.#real(real.store, model);
    expect({ [this.#name]: actual }).toEqual({ [this.#name]: expected });
  }

  toString(): string {
    return this.#name;
  }
}

class Restart implements fc.AsyncCommand<Model, Real> {
  check(): boolean {
    return true;
  }

  async run(_: Model, real: Real): Promise<void> {
    await real.restart();
  }

  toString(): string {
    return "restart";
  }
}

const START = Date.parse("2026-01-30T23:59:58.500Z");
const HUGE = Number.MAX_SAFE_INTEGER;

/** Few counters, so that calls meet in them; the more often listed, the more often charged. */
const counters: readonly Pick<Charge, "key" | "family" | "window" | "sum">[] = (
  [
    [4, { kind: "calendar", unit: "minute" }, "sum"],
    [4, { kind: "sliding", ms: 1000 }, ""],
    [4, { kind: "concurrent", leaseMs: 30_000 }, ""],
    [2, { kind: "calendar", unit: "second" }, "family"],
    [2, { kind: "sliding", ms: 90_000 }, "sum family"],
    [1, { kind: "calendar", unit: "hour" }, ""],
    [1, { kind: "calendar", unit: "day" }, ""],
    [1, { kind: "calendar", unit: "week" }, ""],
    [1, { kind: "calendar", unit: "month" }, "sum family"],
    [1, { kind: "concurrent", leaseMs: 5_000 }, "family"],
  ] satisfies [number, ChargeWindow, string][]
).flatMap(([weight, window, what], index) =>
  Array(weight).fill({
    key: `${index}`.padStart(64, "0"),
    window,
    ...(what.includes("family") && { family: `${index}`.padStart(64, "f") }),
    ...(what.includes("sum") && { sum: true }),
  }),
);

const charge: fc.Arbitrary<Charge> = fc
  .record({
    counter: fc.constantFrom(...counters),
    amount: fc.oneof(
      { weight: 12, arbitrary: fc.constant(1) },
      fc.constantFrom(0, 2, 2, 3, HUGE - 1, HUGE),
    ),
    max: fc.oneof(
      { weight: 12, arbitrary: fc.integer({ min: 1, max: 3 }) },
      fc.constantFrom(0, HUGE, HUGE),
    ),
  })
  .map(({ counter, amount, max }) => ({ ...counter, amount, max }));

const charges = fc.array(charge, { minLength: 0, maxLength: 3, size: "max" });
const id = fc.constantFrom("a", "b", "c", "d");
const approvalId = fc.constantFrom("p", "q", "r");
const grant = fc.constantFrom("g", "h");
const scope = fc.record({ server: grant, grant, tool: grant }, { requiredKeys: [] });

const steps: fc.Arbitrary<fc.AsyncCommand<Model, Real>>[] = [
  fc
    .record({ id, charges, spend: fc.option(approvalId, { nil: undefined, freq: 2 }) })
    .map(({ id, charges, spend }) => {
      const request = { id, charges, ...(spend !== undefined && { spend: [spend] }) };
      return new Step(
        `reserve ${JSON.stringify(request)}`,
        (model) => model.reserve(request),
        (store, model) => store.reserve({ ...request, now: model.clock }),
      );
    }),
  charges.map(
    (charges) =>
      new Step(
        `peek ${JSON.stringify(charges)}`,
        (model) => model.peek(charges),
        (store, model) => store.peek(charges, model.clock),
      ),
  ),
  fc.tuple(id, fc.constantFrom("all" as const, "sums" as const)).map(
    ([id, what]) =>
      new Step(
        `refund ${id} ${what}`,
        (model) => model.refund(id, what),
        (store) => store.refund(id, what),
      ),
  ),
  id.map(
    (id) =>
      new Step(
        `release ${id}`,
        (model) => model.release(id),
        (store) => store.release(id),
      ),
  ),
  id.map(
    (id) =>
      new Step(
        `renew ${id}`,
        (model) => model.renew(id),
        (store) => store.renew(id),
      ),
  ),
  fc.tuple(id, fc.nat(1), fc.constantFrom(1000, 600_000)).map(
    ([id, round, ttl]) =>
      new Step(
        `claim ${id} ${round} for ${ttl}`,
        (model) => model.claim(id, round, ttl),
        (store) => store.claim(id, round, ttl),
      ),
  ),
  fc
    .record({
      id: approvalId,
      grant,
      digest: fc.constantFrom("x", "y"),
      within: fc.constantFrom(0, 1, 2, 2),
    })
    .map(({ id, grant, digest, within }) => {
      const request = (model: Model) => ({
        ...{ id, grant, digest, server: "server", tool: "pay", entries: ["/tools/pay/ask_if/0"] },
        ...{ arguments: "{}", askedAt: model.clock },
        expiresAt: model.now() + (1 + within * 300_000),
      });
      let asked: ReturnType<typeof request>;
      return new Step(
        `ask ${id} ${grant} ${digest} ${within}`,
        (model) => {
          asked = request(model);
          return model.ask(asked);
        },
        (store) => store.approvals.ask(asked),
        (model) => !model.isGone(id),
      );
    }),
  fc
    .record({
      id: approvalId,
      approve: fc.constantFrom(true, true, false),
      reason: fc.option(fc.constant("no"), { nil: undefined }),
    })
    .map(({ id, approve, reason }) => {
      const said = { approve, by: "someone", ...(reason !== undefined && { reason }) };
      return new Step(
        `decide ${id} ${JSON.stringify(said)}`,
        (model) => model.decide(id, { ...said, at: model.clock }),
        (store, model) => store.approvals.decide(id, { ...said, at: model.clock }),
      );
    }),
  approvalId.map(
    (id) =>
      new Step(
        `get ${id}`,
        (model) => model.get(id),
        (store) => store.approvals.get(id),
      ),
  ),
  fc.record({ grant, all: fc.boolean() }, { requiredKeys: [] }).map(
    (filter) =>
      new Step(
        `list ${JSON.stringify(filter)}`,
        (model) => model.list(filter),
        (store) => store.approvals.list(filter),
      ),
  ),
  fc.record({ id, scope, ms: fc.constantFrom(0, 1000, 3_600_000) }).map(({ id, scope, ms }) => {
    const because = { because: "an incident", by: "oncall" };
    return new Step(
      `freeze ${id} ${JSON.stringify(scope)} for ${ms}`,
      (model) => model.freeze({ id, ...scope, ...because, until: model.clock + ms }),
      (store, model) => store.freezes.freeze({ id, ...scope, ...because, until: model.clock + ms }),
    );
  }),
  fc.record({ scope, by: fc.constantFrom("ann", "Zoë of on-call") }).map(
    ({ scope, by }) =>
      new Step(
        `unfreeze ${JSON.stringify(scope)} by ${by}`,
        (model) => model.unfreeze(scope, by),
        (store) => store.freezes.unfreeze(scope, by),
      ),
  ),
  id.map(
    (id) =>
      new Step(
        `lifted by: ${id}`,
        (model) => model.liftedBy(id),
        (store, model) => (model.isKnown(id) ? store.freezes.liftedBy(id) : undefined),
      ),
  ),
  fc.constant(
    new Step(
      "freezes",
      (model) => model.freezes(),
      (store, model) => store.freezes.list(model.clock),
    ),
  ),
  fc.constant(new Restart()),
  fc
    .oneof(
      {
        weight: 6,
        arbitrary: fc.constantFrom(1, 499, 500, 999, 1000, 5000, 29_999, 30_000, 60_000),
      },
      fc.constantFrom(3_600_000, 86_400_000),
      fc.constantFrom(2_678_400_000, 604_800_000, -1, -1000, -3_600_000),
      fc.nat(100_000),
    )
    .map(
      (ms) =>
        new Step(
          `wait ${ms}`,
          (model) => {
            model.clock += ms;
          },
          () => undefined,
        ),
    ),
];
/** Charging, and giving back, is what matters most. */
const weighted = [
  ...steps,
  ...Array(6).fill(steps[0]),
  ...steps.slice(2, 8),
  ...Array(4).fill(steps.at(-1)),
];

async function agree(open: (model: Model) => Promise<Real>, numRuns: number): Promise<void> {
  await fc.assert(
    fc.asyncProperty(fc.commands(weighted, { maxCommands: 100, size: "max" }), async (commands) => {
      const model = new Model();
      model.clock = START;
      const real = await open(model);
      try {
        await fc.asyncModelRun(() => ({ model, real }), commands);
      } finally {
        await real.store.close();
      }
    }),
    { numRuns },
  );
}

const RUNS = Number(process.env.MODEL_RUNS ?? 150);

describe("every answer is that of the reference model", () => {
  const dir = mkdtempSync(join(tmpdir(), "mcpp-model-"));
  let redis: RedisServer | undefined;
  let files = 0;

  beforeAll(async () => {
    if (hasRedis) redis = await RedisServer.start();
  });

  afterAll(async () => {
    await redis?.end();
    rmSync(dir, { recursive: true, force: true });
  });

  it("in memory", async () => {
    await agree(
      async (model) => ({
        store: await openStore("memory", { clock: () => model.clock }),
        restart: async () => undefined,
      }),
      4 * RUNS,
    );
  });

  it("in SQLite, restarts included", async () => {
    await agree(async (model) => {
      const spec = `sqlite:${join(dir, `${files++}.db`)}`;
      const open = () => openStore(spec, { clock: () => model.clock });
      const real = {
        store: await open(),
        restart: async () => {
          await real.store.close();
          real.store = await open();
        },
      };
      return real;
    }, RUNS);
  });

  it.skipIf(!hasRedis)("in Redis", async () => {
    await agree(async (model) => {
      await redis?.command("FLUSHALL");
      // Every hash slot has a clock of its own; see redis.test.ts for one that is turned back.
      const open = async () =>
        (
          await RedisStore.open(redis?.address as string, {
            clock: () => model.now(),
            ...PATIENT,
          })
        ).forServer("server");
      const real = {
        store: await open(),
        restart: async () => {
          real.store.close();
          real.store = await open();
        },
      };
      return real;
    }, RUNS);
  });
});
