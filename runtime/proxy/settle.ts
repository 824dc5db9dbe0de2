import { LEASE_MS, type StateStore } from "../state/store.ts";
import { isObject, type JsonObject } from "./admit.ts";
import type { OpenRequest } from "./requests.ts";

/**
 * Errors that a server gives before it runs a handler: the sums that the call charged are given back. No other
 * error is proof of that (policy format, § Limits, Refund).
 */
const NOT_RUN = new Set([-32700, -32600, -32601, -32020, -32021, -32022, -32042]);

/** Settles what calls have charged, and keeps the concurrency slots of running ones. */
export class Settlement {
  readonly #store: StateStore;
  readonly #open: Iterable<OpenRequest>;
  readonly #notice: (text: string) => void;
  #timer: NodeJS.Timeout | undefined;

  constructor(store: StateStore, open: Iterable<OpenRequest>, notice: (text: string) => void) {
    this.#store = store;
    this.#open = open;
    this.#notice = notice;
  }

  /** A call was forwarded that holds slots. */
  hold(): void {
    this.#timer ??= setInterval(() => this.#renew(), LEASE_MS / 3).unref();
  }

  /** No byte of the request was written to the server. */
  unsent({ watched }: Pick<OpenRequest, "watched">, reservation: string | undefined): void {
    watched?.fail("not_sent");
    if (reservation !== undefined) this.#run(() => this.#store.refund(reservation, "all"));
  }

  /** The server has answered with this message, or with something that is none. */
  answered(request: OpenRequest, answer: JsonObject | undefined): void {
    const error = answer?.result === undefined ? answer?.error : undefined;
    if (answer === undefined) request.watched?.fail("invalid_answer");
    else request.watched?.answered(answer);
    if (isObject(error) && NOT_RUN.has(error.code as number)) this.refused(request);
    else this.#finish(request);
  }

  /** The server has refused it before any handler ran. */
  refused(request: OpenRequest): void {
    const { reservation, cancelled, watched } = request;
    watched?.fail("server_refused");
    // Who cancels gets nothing back, whatever the server makes of it.
    if (cancelled) this.#finish(request);
    else if (reservation !== undefined) this.#run(() => this.#store.refund(reservation, "sums"));
  }

  /** The connection to the server is closed: nothing runs any more, but it may have run. */
  lost(request: OpenRequest): void {
    request.watched?.fail("server_lost");
    this.#finish(request);
  }

  /** What was charged stays; slots fall free. */
  #finish({ reservation, leased }: OpenRequest): void {
    if (reservation === undefined) return;
    if (leased === true || this.#store.releaseAll === true) {
      this.#run(() => this.#store.release(reservation));
    }
  }

  close(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #renew(): void {
    let held = false;
    for (const { reservation, leased } of this.#open) {
      if (reservation === undefined || leased !== true) continue;
      held = true;
      this.#run(() => this.#store.renew(reservation));
    }
    if (!held) this.close();
  }

  /** A store that fails here has counted too much, never too little. */
  #run(work: () => void | Promise<void>): void {
    const failed = (error: unknown): void =>
      this.#notice(
        `A counter could not be settled: ${error instanceof Error ? error.message : String(error)}`,
      );
    try {
      const done = work();
      if (done instanceof Promise) done.catch(failed);
    } catch (error) {
      failed(error);
    }
  }
}
