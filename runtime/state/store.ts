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
   * True where a reservation takes up memory until it is released, and releasing costs next to nothing: then every
   * finished call is released. Elsewhere one that holds no slots is left to expire, which saves a write.
   */
  readonly releaseAll?: boolean;

  /**
   * The store for the calls of one server, by its server id. Redis keeps what belongs to one server in one
   * hash slot; the other stores answer themselves. Reserve, refund, claim and ask through the same view.
   * All views share one connection, and closing one closes all.
   */
  forServer(server: string): StateStore;

  /**
   * Charges every counter of a call, or none: all are checked before any is written, and charges of one key
   * add up. With `spend`, the approvals are spent in the same step, and one that cannot be spent refuses like
   * a full counter. The `id` of a reservation that is held answers `ok` again and charges
   * nothing; a refused one leaves no trace, so its id is judged anew. A reservation is held until it is
   * refunded or released, at most `RESERVATION_MS` after it was made or last renewed.
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

  /**
   * The call is finished: frees its concurrency slots and forgets the reservation. Its other charges stay,
   * for good: what was released can no longer be refunded.
   */
  release(reservation: string): MaybePromise<void>;

  /**
   * The call still runs: renews the leases of its concurrency slots and the reservation itself. A slot whose
   * lease ran out meanwhile is taken again if there is room, and stays lost otherwise.
   */
  renew(reservation: string): MaybePromise<void>;

  /** True for the first caller only: round `round` of `reservation` may be played once. */
  claim(reservation: string, round: number, ttlMs: number): MaybePromise<boolean>;

  readonly approvals: ApprovalStore;
  readonly freezes: FreezeStore;

  /** Checks that the store can answer, for `/readyz`; throws `StateUnavailable`. */
  ping(): MaybePromise<void>;
  close(): MaybePromise<void>;
}

/** The store cannot answer now. The message is a sentence for the log, without addresses' secrets. */
export class StateUnavailable extends Error {
  override readonly name = "StateUnavailable";
}

/** The store cannot be used as it is named or set up; trying again does not help. The message says what to do. */
export class StateRefused extends Error {
  override readonly name = "StateRefused";
}

export interface ReserveRequest {
  /** Random, unique for each call. */
  readonly id: string;
  readonly charges: readonly Charge[];
  /** The ids of approvals to be spent in the same step. */
  readonly spend?: readonly string[];
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
      /** How much of the window is used, in the charge's unit; 0 unless `full`. */
      readonly used: number;
      /**
       * Milliseconds until this charge would fit if nothing else were charged; absent when never (it exceeds
       * `max`) or unknown (concurrency, keys, approvals).
       */
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
  /** In the unit of `amount`; a safe integer, 0 or more. 0 refuses every charge, even of 0. */
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
/** How long a reservation is held that is neither refunded, released nor renewed. */
export const RESERVATION_MS = 3_600_000;
/** How long an approval can still be read after it expired. */
export const APPROVAL_KEPT_MS = 3_600_000;
/** Pending approvals of one grant, and of all together. */
export const MAX_PENDING_OF_GRANT = 20;
export const MAX_PENDING = 200;

// Approvals ----------------------------------------------------------------------------------------

export interface ApprovalStore {
  /**
   * Makes a pending approval, or joins the last one of the same grant, server, digest, entries and pin unless
   * that is spent or expired: an identical call shares its question, its permission, and its refusal for the rest of its
   * time. Refuses beyond 20 pending of a grant and 200 in all. The same id again joins its own record.
   */
  ask(request: ApprovalRequest): MaybePromise<AskResult>;
  get(id: string): MaybePromise<Approval | undefined>;
  /** Newest first; pending ones only unless `all`. Expired ones can be read for an hour. */
  list(filter?: {
    readonly grant?: string;
    readonly all?: boolean;
  }): MaybePromise<readonly Approval[]>;
  /** The first decision wins; the answer is the record as it then stands. Unknown or past its expiry: undefined. */
  decide(id: string, decision: ApprovalDecision): MaybePromise<Approval | undefined>;
}

export interface ApprovalRequest {
  readonly id: string;
  readonly grant: string;
  readonly server: string;
  readonly tool: string;
  /** SHA-256 of the canonical JSON of {server, tool, arguments, task}; hexadecimal. */
  readonly digest: string;
  /** The `ask_if` entries it answers, named by their content: a reload changes nothing about whom it means. */
  readonly entries: readonly string[];
  /** Groups of which one must decide; absent: any approver. */
  readonly approvers?: readonly string[];
  /** The digest of the tool's definition at the time, where it is pinned. */
  readonly pin?: string;
  /** True: the local user decides, and nobody else. */
  readonly local?: boolean;
  /** The grant's name, for people. */
  readonly grantName?: string;
  /** The rule that asks, where it stands, and what it says. */
  readonly rule?: string;
  readonly source?: string;
  readonly message?: string;
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
  /** The same id again changes nothing. */
  freeze(freeze: Freeze): MaybePromise<void>;
  /** Lifts every freeze of exactly this scope; the number lifted. `by`: the name of who does it. */
  unfreeze(scope: FreezeScope, by: string): MaybePromise<number>;
  /** Who lifted a freeze, for at least an hour after it; undefined when nobody is known to have. */
  liftedBy(id: string): MaybePromise<string | undefined>;
  /** Those in force now, the first to end first. */
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
