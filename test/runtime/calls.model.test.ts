import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { compile } from "../../compiler/index.ts";
import { Source } from "../../language/index.ts";
import { compileEngine } from "../../runtime/engine/decide.ts";
import type { Engine } from "../../runtime/engine/types.ts";
import { openStore } from "../../runtime/state/open.ts";
import { RedisStore } from "../../runtime/state/redis.ts";
import { LEASE_MS, type StateStore } from "../../runtime/state/store.ts";
import { hasRedis, RedisServer } from "./state/redis-server.ts";
import { PATIENT } from "./state/stores.ts";

// Calls, from the text of a policy to the store and back: random sequences of calls, refunds, ends, clock moves,
// reloads of the policy and restarts, against a reference that keeps every call ever made and counts them anew for
// each decision.

interface Numbers {
  readonly rate: number;
  readonly sum: number;
  readonly shared: number;
  readonly burst: number;
  readonly slots: number;
  readonly keyed: number;
  readonly all: number;
  readonly listed: boolean;
}

/** The policies that are reloaded: the same counters with other bounds, and one tool that comes and goes. */
const POLICIES: readonly Numbers[] = [
  { rate: 3, sum: 15, shared: 4, burst: 2, slots: 2, keyed: 2, all: 6, listed: true },
  { rate: 2, sum: 8, shared: 3, burst: 1, slots: 1, keyed: 1, all: 4, listed: true },
  { rate: 9, sum: 40, shared: 9, burst: 5, slots: 3, keyed: 4, all: 20, listed: false },
];

function textOf(numbers: Numbers): string {
  return `
    server shop
    allow pay if args.n <= 10
    allow read
    ${numbers.listed ? "allow list" : "deny list"}
    limit pay ${numbers.rate}/minute per grant
    limit pay sum(args.n) to ${numbers.sum}/day per grant
    limit pay ${numbers.keyed}/hour per grant, args.to as payee
    limit read ${numbers.burst}/10 seconds sliding per session
    limit read ${numbers.shared}/hour per grant as lookups
    ${numbers.listed ? `limit list ${numbers.shared}/hour per grant as lookups` : ""}
    ${numbers.listed ? `limit list ${numbers.slots} concurrent per grant` : ""}
    limit all ${numbers.all}/minute per server
  `;
}

function engineOf(numbers: Numbers): Engine {
  const { policy, diagnostics } = compile(new Source("shop.mcpp", textOf(numbers)), {
    read: () => undefined,
  });
  if (policy === undefined) throw new Error(diagnostics.map(({ message }) => message).join("\n"));
  return compileEngine(policy);
}

// The reference --------------------------------------------------------------------------------------

interface Call {
  readonly tool: "pay" | "read" | "list";
  readonly grant: string;
  readonly session: string;
  readonly n: number;
  readonly to: string;
}

interface Made extends Call {
  readonly id: string;
  readonly at: number;
  /** Runs, and holds its slots. */
  open: boolean;
  /** What still counts. */
  counts: boolean;
  sums: boolean;
}

class Reference {
  clock = Date.parse("2026-11-29T23:58:30Z");
  newest = 0;
  readonly made: Made[] = [];
  numbers = POLICIES[0] as Numbers;

  /** Time never goes back behind what the store has seen. */
  now(): number {
    this.newest = Math.max(this.newest, this.clock);
    return this.newest;
  }

  /** The limits without room for a call; `denied` when no limit is asked. */
  full(call: Call): "denied" | readonly string[] {
    const { numbers, made } = this;
    if (call.tool === "pay" && call.n > 10) return "denied";
    if (call.tool === "list" && !numbers.listed) return "denied";
    const now = this.now();
    const count = (these: (each: Made) => boolean): number =>
      made.filter((each) => each.counts && these(each)).length;
    const same = (letters: number) => (each: Made) =>
      new Date(each.at).toISOString().slice(0, letters) ===
      new Date(now).toISOString().slice(0, letters);
    const [inDay, inHour, inMinute] = [same(10), same(13), same(16)];
    const mine = (each: Made): boolean => each.grant === call.grant;
    const full: string[] = [];
    const check = (name: string, used: number, max: number): void => {
      if (used > max) full.push(name);
    };
    if (call.tool === "pay") {
      const pays = (each: Made): boolean => each.tool === "pay" && mine(each);
      const spent = made
        .filter((each) => each.sums && pays(each) && inDay(each))
        .reduce((sum, each) => sum + each.n, 0);
      check("pay_rate", count((each) => pays(each) && inMinute(each)) + 1, numbers.rate);
      check("pay_n_sum_per_day", spent + call.n, numbers.sum);
      const toSame = count((each) => pays(each) && inHour(each) && each.to === call.to);
      check("payee", toSame + 1, numbers.keyed);
    }
    if (call.tool === "read") {
      // A session belongs to its grant.
      const burst = count(
        (each) =>
          each.tool === "read" &&
          mine(each) &&
          each.session === call.session &&
          each.at > now - 10_000,
      );
      check("read_per_second_per_session_sliding_10", burst + 1, numbers.burst);
    }
    if (call.tool === "read" || call.tool === "list") {
      const lookups = count((each) => each.tool !== "pay" && mine(each) && inHour(each));
      check("lookups", lookups + 1, numbers.shared);
    }
    if (call.tool === "list") {
      const running = made.filter(
        (each) => each.open && each.tool === "list" && mine(each) && each.at > now - LEASE_MS,
      );
      check("list_concurrent", running.length + 1, numbers.slots);
    }
    check("all_rate_per_server", count(inMinute) + 1, numbers.all);
    return full;
  }
}

// The real thing -------------------------------------------------------------------------------------

interface Real {
  store: StateStore;
  engine: Engine;
  restart(): Promise<void>;
}

let ids = 0;

class Ask implements fc.AsyncCommand<Reference, Real> {
  readonly #call: Call;

  constructor(call: Call) {
    this.#call = call;
  }

  check = (): boolean => true;

  async run(reference: Reference, { store, engine }: Real): Promise<void> {
    const { tool, grant, session, n, to } = this.#call;
    const expected = reference.full(this.#call);
    const decision = engine.decide(
      { tool, args: { n, to } },
      {
        grant: { id: grant, name: grant, labels: {} },
        session,
        server: "shop",
        now: reference.clock,
      },
    );
    if (expected === "denied") {
      expect(decision.outcome).toBe("deny");
      return;
    }
    expect(decision.outcome).toBe("allow");
    const id = `call-${ids++}`;
    const request = { id, charges: decision.charges, now: reference.clock };
    const peeked = await store.peek(decision.charges, reference.clock);
    const result = await store.reserve(request);
    expect(peeked.ok).toBe(result.ok);
    if (result.ok) {
      expect(expected).toEqual([]);
      const at = reference.now();
      reference.made.push({ ...this.#call, id, at, open: true, counts: true, sums: true });
    } else {
      expect(expected).toContain(decision.charges[result.index]?.counter);
    }
  }

  toString = (): string => JSON.stringify(this.#call);
}

/** Something done to one of the calls that still run; `pick` says which. */
class Settle implements fc.AsyncCommand<Reference, Real> {
  readonly #pick: number;
  readonly #how: "end" | "all" | "sums";

  constructor(pick: number, how: "end" | "all" | "sums") {
    this.#pick = pick;
    this.#how = how;
  }

  #running(reference: Reference): Made[] {
    // A reservation is kept for an hour; a lease that ran out may have been taken by another call.
    const now = Math.max(reference.newest, reference.clock);
    return reference.made.filter((each) => each.open && each.at > now - LEASE_MS);
  }

  check = (reference: Readonly<Reference>): boolean =>
    this.#running(reference as Reference).length > 0;

  async run(reference: Reference, { store }: Real): Promise<void> {
    const running = this.#running(reference);
    const made = running[this.#pick % running.length] as Made;
    made.open = false;
    // The store has seen this moment.
    reference.now();
    if (this.#how === "end") {
      await store.release(made.id);
      return;
    }
    made.sums = false;
    if (this.#how === "all") made.counts = false;
    await store.refund(made.id, this.#how);
    // Again changes nothing.
    await store.refund(made.id, this.#how);
  }

  toString = (): string => `${this.#how} ${this.#pick}`;
}

class Do implements fc.AsyncCommand<Reference, Real> {
  readonly #name: string;
  readonly #what: (reference: Reference, real: Real) => unknown;

  constructor(name: string, what: (reference: Reference, real: Real) => unknown) {
    this.#name = name;
    this.#what = what;
  }

  check = (): boolean => true;

  async run(reference: Reference, real: Real): Promise<void> {
    await this.#what(reference, real);
  }

  toString = (): string => this.#name;
}

const ENGINES = POLICIES.map(engineOf);

const commands = [
  fc
    .record({
      tool: fc.constantFrom("pay" as const, "read" as const, "list" as const),
      grant: fc.constantFrom("g1", "g2"),
      session: fc.constantFrom("s1", "s2"),
      n: fc.constantFrom(0, 0.1, 0.25, 1, 5, 10, 11),
      to: fc.constantFrom("a", "b"),
    })
    .map((call) => new Ask(call)),
  fc
    .tuple(fc.nat(20), fc.constantFrom("end" as const, "all" as const, "sums" as const))
    .map(([pick, how]) => new Settle(pick, how)),
  fc
    .constantFrom(1, 999, 5_000, 10_000, 29_999, 30_000, 61_000, 3_600_000, 86_400_000, -1, -90_000)
    .map(
      (ms) =>
        new Do(`clock ${ms}`, (reference) => {
          reference.clock += ms;
        }),
    ),
  fc.nat(POLICIES.length - 1).map(
    (index) =>
      new Do(`policy ${index}`, (reference, real) => {
        reference.numbers = POLICIES[index] as Numbers;
        real.engine = ENGINES[index] as Engine;
      }),
  ),
  fc.constant(new Do("restart", (_, real) => real.restart())),
];

async function agree(open: (reference: Reference) => Promise<Real>, runs: number): Promise<void> {
  await fc.assert(
    fc.asyncProperty(fc.commands(commands, { maxCommands: 80, size: "max" }), async (steps) => {
      const reference = new Reference();
      const real = await open(reference);
      try {
        await fc.asyncModelRun(() => ({ model: reference, real }), steps);
      } finally {
        await real.store.close();
      }
    }),
    { numRuns: runs },
  );
}

describe("every decision is the reference's", () => {
  const folder = mkdtempSync(join(tmpdir(), "mcpp-calls-"));
  const engine = ENGINES[0] as Engine;
  let files = 0;
  let redis: RedisServer | undefined;

  beforeAll(async () => {
    if (hasRedis) redis = await RedisServer.start();
  });
  afterAll(async () => {
    await redis?.end();
    rmSync(folder, { recursive: true, force: true });
  });

  it("in memory", async () => {
    await agree(
      async (reference) => ({
        store: await openStore("memory", { clock: () => reference.clock }),
        engine,
        restart: async () => undefined,
      }),
      400,
    );
  });

  it("in SQLite, with restarts", async () => {
    await agree(async (reference) => {
      const spec = `sqlite:${join(folder, `${files++}.db`)}`;
      const open = () => openStore(spec, { clock: () => reference.clock });
      const real: Real = {
        store: await open(),
        engine,
        restart: async () => {
          await real.store.close();
          real.store = await open();
        },
      };
      return real;
    }, 100);
  });

  it.skipIf(!hasRedis)("in Redis, with restarts", async () => {
    await agree(async (reference) => {
      await redis?.command("FLUSHALL");
      const open = async () =>
        (
          await RedisStore.open(redis?.address as string, {
            clock: () => reference.now(),
            ...PATIENT,
          })
        ).forServer("shop");
      const real: Real = {
        store: await open(),
        engine,
        restart: async () => {
          await real.store.close();
          real.store = await open();
        },
      };
      return real;
    }, 100);
  });
});
