import type { CalendarUnit } from "../../policy/index.ts";

export type MaybePromise<T> = T | Promise<T>;

/**
 * What the proxy remembers between calls. Every method is atomic over everything it names, and idempotent
 * by the id it is given. A store that cannot answer throws `StateUnavailable`; the caller denies.
 */
export interface StateStore {
  /** For people: `memory`, `sqlite`, `redis`. Never an address with a password. */
  readonly name: string;

  /**
   * Charges every counter of a call, or none: all are checked before any is written. The same `id` again
   * answers as the first time and charges nothing. With `spend`, the approval is spent in the same step, and
   * an approval that cannot be spent refuses like a full counter.
   */
  reserve(request: ReserveRequest): MaybePromise<ReserveResult>;

  /** Whether `reserve` would succeed now; writes nothing. */
  peek(charges: readonly Charge[], now?: number): MaybePromise<ReserveResult>;

  /**
   * Gives back what a reservation charged, to the windows that were charged, never below 0 and never making
   * a key; `all` also gives back a spent approval, `sums` leaves calls counted. Frees its concurrency slots.
   * Unknown or refunded before: nothing happens.
   */
  refund(reservation: string, what: "all" | "sums"): MaybePromise<void>;

  /** Frees the concurrency slots of a finished call; its other charges stay. */
  release(reservation: string): MaybePromise<void>;

  /** Renews the leases of a running call's concurrency slots. */
  renew(reservation: string): MaybePromise<void>;

  /** True for the first caller only: round `round` of `reservation` may be played once. */
  claim(reservation: string, round: number, ttlMs: number): MaybePromise<boolean>;

  readonly approvals: ApprovalStore;
  readonly freezes: FreezeStore;

  /** Checks that the store can answer, for `/readyz`; throws `StateUnavailable`. */
  ping(): MaybePromise<void>;
  close(): MaybePromise<void>;
}

export class StateUnavailable extends Error {
  override readonly name = "StateUnavailable";
}

export interface ReserveRequest {
  /** Random, unique for each call. */
  readonly id: string;
  readonly charges: readonly Charge[];
  /** The id of an approval to be spent in the same step. */
  readonly spend?: string;
  /** Milliseconds since 1970, UTC: the call's one clock reading. A store with a clock of its own ignores it. */
  readonly now?: number;
}

export type ReserveResult =
  | { readonly ok: true }
  | {
      readonly ok: false;
      /** The index in `charges` of the first counter without room; -1 when the approval was not to be spent. */
      readonly index: number;
      /** `keys`: the limit has too many live key values, and this one is new. */
      readonly reason: "full" | "keys" | "approval";
      /** How much of the window is used, in the charge's unit. */
      readonly used: number;
      /** Milliseconds until this charge would fit if nothing else were charged; absent when never or unknown. */
      readonly retryAfterMs?: number;
    };

/** One counter that a call charges. */
export interface Charge {
  /** The counter's identity: 64 hexadecimal digits (policy format, § Limits). Opaque to the store. */
  readonly key: string;
  /** The identity without its key values, present when it has some: at most 10 000 live keys of it. */
  readonly family?: string;
  /** 1 for a call; a sum in micro-units. A safe integer, 0 or more. */
  readonly amount: number;
  /** In the unit of `amount`; a safe integer. */
  readonly max: number;
  readonly window: ChargeWindow;
  /** True for a sum of an argument. */
  readonly sum?: boolean;
}

export type ChargeWindow =
  /** UTC calendar window; weeks are ISO weeks. */
  | { readonly kind: "calendar"; readonly unit: CalendarUnit }
  /** No more than `max` within any span of this many milliseconds. A month is 30 days. */
  | { readonly kind: "sliding"; readonly ms: number }
  /** Slots held while the call runs, as leases of `leaseMs`. */
  | { readonly kind: "concurrent"; readonly leaseMs: number };

/** How long a concurrency slot is held without renewal (policy format, § Limits). */
export const LEASE_MS = 30_000;
/** Live key values of one limit and grant (policy format, § Limits). */
export const MAX_KEYS = 10_000;

// Approvals ----------------------------------------------------------------------------------------

export interface ApprovalStore {
  /**
   * Makes a pending approval, or joins the open one of the same grant, server and digest. Refuses beyond 20
   * open of a grant and 200 in all.
   */
  ask(request: ApprovalRequest): MaybePromise<AskResult>;
  get(id: string): MaybePromise<Approval | undefined>;
  /** Newest first; open ones only unless `all`. */
  list(filter?: {
    readonly grant?: string;
    readonly all?: boolean;
  }): MaybePromise<readonly Approval[]>;
  /** The first decision wins; the answer is the record as it then stands. Unknown or expired: undefined. */
  decide(id: string, decision: ApprovalDecision): MaybePromise<Approval | undefined>;
}

export interface ApprovalRequest {
  readonly id: string;
  readonly grant: string;
  readonly server: string;
  readonly tool: string;
  /** SHA-256 of the canonical JSON of {server, tool, arguments, task}; hexadecimal. */
  readonly digest: string;
  /** Rule pointers of the `ask_if` entries it answers. */
  readonly entries: readonly string[];
  readonly approvers?: readonly string[];
  readonly pin?: string;
  /** What the approver sees: the complete arguments as JSON text. */
  readonly arguments: string;
  readonly askedAt: number;
  readonly expiresAt: number;
}

export interface Approval extends ApprovalRequest {
  readonly state: "pending" | "approved" | "denied" | "expired" | "spent";
  readonly decidedAt?: number;
  readonly decidedBy?: string;
  readonly reason?: string;
}

export interface ApprovalDecision {
  readonly approve: boolean;
  readonly by: string;
  readonly reason?: string;
  readonly at: number;
}

export type AskResult =
  | { readonly ok: true; readonly joined: boolean; readonly approval: Approval }
  | { readonly ok: false; readonly reason: "grant full" | "all full" };

// Freezes ------------------------------------------------------------------------------------------

export interface FreezeStore {
  freeze(freeze: Freeze): MaybePromise<void>;
  /** Lifts every freeze of exactly this scope; the number lifted. */
  unfreeze(scope: FreezeScope): MaybePromise<number>;
  /** Those in force now. */
  list(now?: number): MaybePromise<readonly Freeze[]>;
}

/** Absent members mean all; an empty scope is everything. */
export interface FreezeScope {
  readonly server?: string;
  readonly grant?: string;
  readonly tool?: string;
}

export interface Freeze extends FreezeScope {
  readonly id: string;
  readonly until: number;
  readonly because: string;
  readonly by: string;
}
