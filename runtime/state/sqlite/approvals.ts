import {
  approvalAt,
  decidedApproval,
  isJoinable,
  isListed,
  isPending,
  joinKey,
  newestFirst,
} from "../approvals.ts";
import {
  APPROVAL_KEPT_MS,
  type Approval,
  type ApprovalDecision,
  type ApprovalRequest,
  type ApprovalStore,
  type AskResult,
  MAX_PENDING,
  MAX_PENDING_OF_GRANT,
  type MaybePromise,
} from "../store.ts";
import type { SqliteClock } from "./clock.ts";
import type { Connection } from "./connection.ts";

export class SqliteApprovals implements ApprovalStore {
  readonly #db: Connection;
  readonly #clock: SqliteClock;
  readonly #select;
  readonly #last;
  readonly #kept;
  readonly #pending;
  readonly #insert;
  readonly #update;
  readonly #collect;

  constructor(db: Connection, clock: SqliteClock) {
    this.#db = db;
    this.#clock = clock;
    this.#select = db.prepare("SELECT record FROM approvals WHERE id = ?");
    this.#last = db.prepare("SELECT record FROM approvals WHERE call = ? ORDER BY n DESC LIMIT 1");
    this.#kept = db.prepare("SELECT record FROM approvals WHERE expires > ?");
    this.#pending = db.prepare(
      "SELECT record FROM approvals WHERE state = 'pending' AND expires > ?",
    );
    this.#insert = db.prepare(
      "INSERT INTO approvals (id, call, state, expires, record) VALUES (?, ?, ?, ?, ?)",
    );
    this.#update = db.prepare("UPDATE approvals SET state = ?, record = ? WHERE id = ?");
    this.#collect = db.prepare(
      "DELETE FROM approvals WHERE n IN (SELECT n FROM approvals WHERE expires <= ? LIMIT ?)",
    );
  }

  ask(request: ApprovalRequest): MaybePromise<AskResult> {
    return this.#db.write((): AskResult => {
      const now = this.#clock.advance(request.askedAt);
      this.#collect.run(now - APPROVAL_KEPT_MS, 500);
      const last = parse(this.#last.get(joinKey(request)));
      const same =
        this.#read(request.id, now) ?? (last && isJoinable(last, now) ? last : undefined);
      if (same) return { ok: true, joined: true, approval: same };

      const pending = this.#pending.all(now).flatMap((row) => parse(row) ?? []);
      if (pending.filter(({ grant }) => grant === request.grant).length >= MAX_PENDING_OF_GRANT) {
        return { ok: false, reason: "grant full" };
      }
      if (pending.length >= MAX_PENDING) return { ok: false, reason: "all full" };

      const approval: Approval = { ...request, state: "pending" };
      const { id, state, expiresAt } = approval;
      this.#insert.run(id, joinKey(approval), state, expiresAt, JSON.stringify(approval));
      return { ok: true, joined: false, approval: approvalAt(approval, now) };
    });
  }

  get(id: string): MaybePromise<Approval | undefined> {
    return this.#db.read(() => this.#read(id, this.#clock.at(undefined)));
  }

  list(
    filter: { readonly grant?: string; readonly all?: boolean } = {},
  ): MaybePromise<readonly Approval[]> {
    return this.#db.read(() => {
      const now = this.#clock.at(undefined);
      return this.#kept
        .all(now - APPROVAL_KEPT_MS)
        .flatMap((row) => parse(row) ?? [])
        .map((record) => approvalAt(record, now))
        .filter((record) => isListed(record, filter))
        .sort(newestFirst);
    });
  }

  decide(id: string, decision: ApprovalDecision): MaybePromise<Approval | undefined> {
    return this.#db.write(() => {
      const now = this.#clock.advance(decision.at);
      const record = parse(this.#select.get(id));
      if (!record || record.expiresAt <= now) return undefined;
      if (!isPending(record, now)) return record;
      const decided = decidedApproval(record, decision);
      this.#store(decided);
      return decided;
    });
  }

  /** Inside a transaction. */
  isSpendable(id: string, now: number): boolean {
    const record = parse(this.#select.get(id));
    return record?.state === "approved" && record.expiresAt > now;
  }

  /** Inside a transaction. */
  spend(id: string): void {
    this.#turn(id, "approved", "spent");
  }

  /** Inside a transaction. */
  giveBack(id: string): void {
    this.#turn(id, "spent", "approved");
  }

  #turn(id: string, from: Approval["state"], to: Approval["state"]): void {
    const record = parse(this.#select.get(id));
    if (record?.state === from) this.#store({ ...record, state: to });
  }

  #store(record: Approval): void {
    this.#update.run(record.state, JSON.stringify(record), record.id);
  }

  #read(id: string, now: number): Approval | undefined {
    const record = parse(this.#select.get(id));
    if (!record || record.expiresAt + APPROVAL_KEPT_MS <= now) return undefined;
    return approvalAt(record, now);
  }
}

function parse(row: unknown): Approval | undefined {
  return row === undefined ? undefined : JSON.parse((row as { record: string }).record);
}
