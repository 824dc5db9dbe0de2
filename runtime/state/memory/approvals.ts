import {
  approvalAt,
  decidedApproval,
  isJoinable,
  isListed,
  isPending,
  joinKey,
  newestFirst,
} from "../approvals.ts";
import type { MonotoneClock } from "../clock.ts";
import {
  APPROVAL_KEPT_MS,
  type Approval,
  type ApprovalDecision,
  type ApprovalRequest,
  type ApprovalStore,
  type AskResult,
  MAX_PENDING,
  MAX_PENDING_OF_GRANT,
} from "../store.ts";

export class MemoryApprovals implements ApprovalStore {
  readonly #clock: MonotoneClock;
  readonly #records = new Map<string, Approval>();
  /** From grant, server and digest to the id of the last approval made for them. */
  readonly #last = new Map<string, string>();

  constructor(clock: MonotoneClock) {
    this.#clock = clock;
  }

  ask(request: ApprovalRequest): AskResult {
    const now = this.#clock.advance(request.askedAt);
    this.#collect(now);
    const same = this.#read(request.id, now) ?? this.#joinable(request, now);
    if (same) return { ok: true, joined: true, approval: same };

    const pending = [...this.#records.values()].filter((record) => isPending(record, now));
    if (pending.filter(({ grant }) => grant === request.grant).length >= MAX_PENDING_OF_GRANT) {
      return { ok: false, reason: "grant full" };
    }
    if (pending.length >= MAX_PENDING) return { ok: false, reason: "all full" };

    const approval: Approval = { ...request, state: "pending" };
    this.#records.set(approval.id, approval);
    this.#last.set(joinKey(approval), approval.id);
    return { ok: true, joined: false, approval: approvalAt(approval, now) };
  }

  get(id: string): Approval | undefined {
    return this.#read(id, this.#clock.at(undefined));
  }

  list(filter: { readonly grant?: string; readonly all?: boolean } = {}): readonly Approval[] {
    const now = this.#clock.at(undefined);
    return [...this.#records.keys()]
      .flatMap((id) => this.#read(id, now) ?? [])
      .filter((record) => isListed(record, filter))
      .sort(newestFirst);
  }

  decide(id: string, decision: ApprovalDecision): Approval | undefined {
    const now = this.#clock.advance(decision.at);
    const record = this.#records.get(id);
    if (!record || record.expiresAt <= now) return undefined;
    if (record.state !== "pending") return record;
    const decided = decidedApproval(record, decision);
    this.#records.set(id, decided);
    return decided;
  }

  isSpendable(id: string, now: number): boolean {
    const record = this.#records.get(id);
    return record?.state === "approved" && record.expiresAt > now;
  }

  spend(id: string): void {
    this.#turn(id, "approved", "spent");
  }

  giveBack(id: string): void {
    this.#turn(id, "spent", "approved");
  }

  #turn(id: string, from: Approval["state"], to: Approval["state"]): void {
    const record = this.#records.get(id);
    if (record?.state === from) this.#records.set(id, { ...record, state: to });
  }

  #read(id: string, now: number): Approval | undefined {
    const record = this.#records.get(id);
    if (!record || record.expiresAt + APPROVAL_KEPT_MS <= now) return undefined;
    return approvalAt(record, now);
  }

  #joinable(request: ApprovalRequest, now: number): Approval | undefined {
    const id = this.#last.get(joinKey(request));
    const record = id === undefined ? undefined : this.#records.get(id);
    return record && isJoinable(record, now) ? record : undefined;
  }

  #collect(now: number): void {
    for (const [id, record] of this.#records) {
      if (record.expiresAt + APPROVAL_KEPT_MS > now) continue;
      this.#records.delete(id);
      if (this.#last.get(joinKey(record)) === id) this.#last.delete(joinKey(record));
    }
  }
}
