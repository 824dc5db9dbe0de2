import type { LimitCharge } from "../engine/types.ts";
import type {
  Charge,
  MaybePromise,
  ReserveRequest,
  ReserveResult,
  StateStore,
} from "../state/store.ts";

/** How many counters are remembered of one grant on one server; the one charged longest ago is forgotten. */
const KEPT = 200;

/** The counters that calls have charged here. Stores have no list of them, and which there are calls decide. */
export class ChargedCounters {
  /** By grant and server, then by key, in the order of their last charge. */
  readonly #seen = new Map<string, Map<string, LimitCharge>>();

  /** The store as calls of a grant on a server are to use it, so that what they charge is known. */
  watch(store: StateStore, grant: string, server: string): StateStore {
    const key = JSON.stringify([grant, server]);
    const own = this.#seen.get(key) ?? new Map<string, LimitCharge>();
    this.#seen.set(key, own);
    return new WatchedStore(store, (charge) => {
      if (!isOfLimit(charge)) return;
      own.delete(charge.key);
      own.set(charge.key, charge);
      if (own.size > KEPT) own.delete(own.keys().next().value as string);
    });
  }

  /** Those of a grant on a server, the one charged last in front. */
  of(grant: string, server: string): readonly LimitCharge[] {
    return [...(this.#seen.get(JSON.stringify([grant, server]))?.values() ?? [])].reverse();
  }
}

function isOfLimit(charge: Charge): charge is LimitCharge {
  return "allows" in charge;
}

class WatchedStore implements StateStore {
  readonly name: string;
  readonly releaseAll?: boolean;
  readonly approvals: StateStore["approvals"];
  readonly freezes: StateStore["freezes"];
  readonly #store: StateStore;
  readonly #charged: (charge: Charge) => void;

  constructor(store: StateStore, charged: (charge: Charge) => void) {
    this.name = store.name;
    if (store.releaseAll !== undefined) this.releaseAll = store.releaseAll;
    this.approvals = store.approvals;
    this.freezes = store.freezes;
    this.#store = store;
    this.#charged = charged;
  }

  reserve(request: ReserveRequest): MaybePromise<ReserveResult> {
    for (const charge of request.charges) this.#charged(charge);
    return this.#store.reserve(request);
  }

  forServer(server: string): StateStore {
    return this.#store.forServer(server);
  }

  peek(charges: readonly Charge[], now?: number): MaybePromise<ReserveResult> {
    return this.#store.peek(charges, now);
  }

  refund(reservation: string, what: "all" | "sums"): MaybePromise<void> {
    return this.#store.refund(reservation, what);
  }

  release(reservation: string): MaybePromise<void> {
    return this.#store.release(reservation);
  }

  renew(reservation: string): MaybePromise<void> {
    return this.#store.renew(reservation);
  }

  claim(reservation: string, round: number, ttlMs: number): MaybePromise<boolean> {
    return this.#store.claim(reservation, round, ttlMs);
  }

  ping(): MaybePromise<void> {
    return this.#store.ping();
  }

  close(): MaybePromise<void> {
    return this.#store.close();
  }
}
