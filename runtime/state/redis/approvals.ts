import { isListed, joinKey, newestFirst } from "../approvals.ts";
import type {
  Approval,
  ApprovalDecision,
  ApprovalRequest,
  ApprovalStore,
  AskResult,
} from "../store.ts";
import { ASK, CLOSE, DECIDE, READ, REGISTER } from "./approval-scripts.ts";
import { Keys, SHARED } from "./keys.ts";
import type { Runner } from "./runner.ts";

type Record = [request: string, state: Approval["state"], decision: string, current: 0 | 1];

/**
 * Approvals lie in the hash slot of their server, so that a reservation can spend one. A register in a slot
 * of its own bounds how many are pending in all, and knows where each lies. What fails between the two
 * leaves an entry that counts as pending until it expires: too many, never too few.
 */
export class RedisApprovals implements ApprovalStore {
  readonly #redis: Runner;
  readonly #slot: string;
  readonly #keys: Keys;
  readonly #shared = new Keys(SHARED);

  /** `slot`: that of the server whose calls ask here. */
  constructor(redis: Runner, slot: string) {
    this.#redis = redis;
    this.#slot = slot;
    this.#keys = new Keys(slot);
  }

  async ask(request: ApprovalRequest): Promise<AskResult> {
    const known = await this.#ask(request, "");
    if (known.approval) return { ok: true, joined: true, approval: known.approval };

    const { id, grant, expiresAt } = request;
    const entry = [id, Math.ceil(expiresAt), this.#slot, grant];
    const registered = await this.#redis.run(REGISTER, this.#registerKeys, entry);
    if (registered !== "ok") {
      return { ok: false, reason: registered === "grant full" ? "grant full" : "all full" };
    }

    const { joined, approval } = await this.#ask(request, "make");
    if (approval === undefined) throw new RangeError("An approval must not expire in the past.");
    if (joined && approval.id !== id) await this.#close(id);
    return { ok: true, joined, approval };
  }

  async get(id: string): Promise<Approval | undefined> {
    const slot = await this.#slotOf(id);
    return slot === undefined ? undefined : this.#read(id, slot);
  }

  async list(
    filter: { readonly grant?: string; readonly all?: boolean } = {},
  ): Promise<readonly Approval[]> {
    const entries = Object.entries(await this.#redis.hgetall(this.#shared.register));
    const records = await Promise.all(
      entries.map(([id, entry]) => this.#read(id, slotIn(entry) as string)),
    );
    return records
      .flatMap((record) => record ?? [])
      .filter((record) => isListed(record, filter))
      .sort(newestFirst);
  }

  async decide(id: string, decision: ApprovalDecision): Promise<Approval | undefined> {
    const slot = await this.#slotOf(id);
    if (slot === undefined) return undefined;
    const keys = new Keys(slot);
    const { approve, at, by, reason } = decision;
    const fields = { decidedAt: at, decidedBy: by, ...(reason !== undefined && { reason }) };
    const record = await this.#redis.run(
      DECIDE,
      [keys.clock, keys.approval(id)],
      [approve ? "approved" : "denied", JSON.stringify(fields)],
    );
    if (record) await this.#close(id);
    return approvalOf(record);
  }

  get #registerKeys(): string[] {
    return [this.#shared.clock, this.#shared.register];
  }

  async #ask(
    request: ApprovalRequest,
    make: "make" | "",
  ): Promise<{ joined: boolean; approval: Approval | undefined }> {
    const keys = [
      this.#keys.clock,
      this.#keys.approval(request.id),
      this.#keys.call(joinKey(request)),
    ];
    const args = [JSON.stringify(request), Math.ceil(request.expiresAt), make];
    const [joined, record] = (await this.#redis.run(ASK, keys, args)) as [0 | 1, unknown];
    return { joined: joined === 1, approval: approvalOf(record) };
  }

  async #slotOf(id: string): Promise<string | undefined> {
    const entry = await this.#redis.hget(this.#shared.register, id);
    return entry === null ? undefined : slotIn(entry);
  }

  async #read(id: string, slot: string): Promise<Approval | undefined> {
    const keys = new Keys(slot);
    return approvalOf(await this.#redis.run(READ, [keys.clock, keys.approval(id)], []));
  }

  async #close(id: string): Promise<void> {
    await this.#redis.run(CLOSE, this.#registerKeys, [id]);
  }
}

/** An entry of the register is "<pending> <expires> <slot> <grant>". */
function slotIn(entry: string): string | undefined {
  return entry.split(" ", 3)[2];
}

function approvalOf(reply: unknown): Approval | undefined {
  if (!Array.isArray(reply)) return undefined;
  const [request, state, decision] = reply as Record;
  return { ...JSON.parse(request), state, ...JSON.parse(decision) };
}
