import { assertCharges, RESERVED } from "./charges.ts";
import type { Clock } from "./clock.ts";
import { parseAddress } from "./redis/address.ts";
import { RedisApprovals } from "./redis/approvals.ts";
import { RedisConnection } from "./redis/connection.ts";
import { CLAIM, FINISH, PEEK, RENEW, RESERVE, RESERVE_CALENDAR } from "./redis/counter-scripts.ts";
import { RedisFreezes } from "./redis/freezes.ts";
import { Keys, slotOfServer } from "./redis/keys.ts";
import { Runner } from "./redis/runner.ts";
import type { Charge, ReserveRequest, ReserveResult, StateStore } from "./store.ts";

type Reply =
  | [1]
  | [0, index: number, reason: "full" | "keys" | "approval", used: string, frees: number];

export interface RedisStoreOptions {
  /** In place of the clock of Redis, for tests. */
  readonly clock?: Clock;
  /** How long one command may take (500 ms). */
  readonly commandMs?: number;
}

/** State in Redis or Valkey, shared by many machines. It judges by the clock of Redis. */
export class RedisStore implements StateStore {
  readonly name = "redis";
  readonly approvals: RedisApprovals;
  readonly freezes: RedisFreezes;
  readonly #redis: Runner;
  readonly #keys: Keys;

  static async open(address: string, options: RedisStoreOptions = {}): Promise<RedisStore> {
    const { clock, commandMs } = options;
    const connection = await RedisConnection.open(parseAddress(address), commandMs);
    return new RedisStore(new Runner(connection, clock), "");
  }

  private constructor(redis: Runner, server: string) {
    const slot = slotOfServer(server);
    this.#redis = redis;
    this.#keys = new Keys(slot);
    this.approvals = new RedisApprovals(redis, slot);
    this.freezes = new RedisFreezes(redis);
  }

  forServer(server: string): RedisStore {
    return new RedisStore(this.#redis, server);
  }

  async reserve({ id, charges, spend = [] }: ReserveRequest): Promise<ReserveResult> {
    assertCharges(charges);
    const reservation = this.#keys.reservation(id);
    if (spend.length === 0 && charges.every(isPlain)) {
      return this.#reserveCalendar(reservation, charges);
    }
    const approvals = spend.map((one) => this.#keys.approval(one));
    const keys = [this.#keys.clock, reservation, ...approvals];
    const body = this.#charges(charges, keys);
    const reply = await this.#redis.run(RESERVE, keys, [body, id, approvals.length]);
    return resultOf(reply as Reply);
  }

  async #reserveCalendar(reservation: string, charges: readonly Charge[]): Promise<ReserveResult> {
    const keys = [this.#keys.clock, reservation];
    const args: (string | number)[] = [this.#charges(charges, keys)];
    for (const { window, amount, max } of charges) {
      if (window.kind === "calendar") args.push(window.unit, amount, max);
    }
    return resultOf((await this.#redis.run(RESERVE_CALENDAR, keys, args)) as Reply);
  }

  async peek(charges: readonly Charge[]): Promise<ReserveResult> {
    assertCharges(charges);
    const keys = [this.#keys.clock];
    const body = this.#charges(charges, keys);
    return resultOf((await this.#redis.run(PEEK, keys, [body])) as Reply);
  }

  refund(id: string, what: "all" | "sums"): Promise<void> {
    return this.#finish(id, what);
  }

  release(id: string): Promise<void> {
    return this.#finish(id, "release");
  }

  async renew(id: string): Promise<void> {
    await this.#redis.run(RENEW, [this.#keys.clock, this.#keys.reservation(id)], [id]);
  }

  async claim(reservation: string, round: number, ttlMs: number): Promise<boolean> {
    const keys = [this.#keys.clock, this.#keys.claim(reservation, round)];
    return (await this.#redis.run(CLAIM, keys, [ttlMs])) === 1;
  }

  ping(): Promise<void> {
    return this.#redis.connection.ping();
  }

  close(): void {
    this.#redis.connection.close();
  }

  async #finish(id: string, what: "all" | "sums" | "release"): Promise<void> {
    await this.#redis.run(FINISH, [this.#keys.clock, this.#keys.reservation(id)], [id, what]);
  }

  /** The charges as the scripts read them; their keys are appended to `keys`. */
  #charges(charges: readonly Charge[], keys: string[]): string {
    const body = charges.map(({ key, family, amount, max, window, sum }) => {
      keys.push(this.#keys.counter(key));
      if (window.kind !== "calendar") keys.push(this.#keys.log(key));
      if (family !== undefined) keys.push(this.#keys.family(family));
      const kind = window.kind === "calendar" ? window.unit : window.kind;
      const ms =
        window.kind === "sliding" ? window.ms : window.kind === "concurrent" ? window.leaseMs : 0;
      return [kind, amount, max, ms, sum ? 1 : 0, family === undefined ? 0 : 1];
    });
    return JSON.stringify(body);
  }
}

function isPlain({ window, family }: Charge): boolean {
  return window.kind === "calendar" && family === undefined;
}

function resultOf(reply: Reply): ReserveResult {
  if (reply[0] === 1) return RESERVED;
  const [, index, reason, used, frees] = reply;
  return {
    ok: false,
    index,
    reason,
    used: Number(used),
    ...(frees >= 0 && { retryAfterMs: frees }),
  };
}
