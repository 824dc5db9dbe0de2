import type { Id } from "./admit.ts";
import type { Hearing } from "./hear.ts";
import type { Observation } from "./observe.ts";

/** A request of the client that the server has not answered. */
export interface OpenRequest {
  readonly id: Id;
  readonly method: string;
  /** Of `tools/list` without a cursor: how often the list had changed when it was asked for. */
  readonly listChanges?: number;
  /** What was heard and ruled. */
  hearing?: Hearing;
  /** What was charged for it. */
  reservation?: string;
  /** The reservation holds concurrency slots. */
  leased?: boolean;
  /** False while it is being judged. */
  forwarded: boolean;
  cancelled: boolean;
  /** While it is held for an approval: ends that. */
  held?: AbortController;
  /** Where somebody watches. */
  watched?: Observation | undefined;
}

export interface RequestCaps {
  /** Requests that may run at once. */
  readonly running: number;
  /** Of these, kept apart: streams that stay open until they are cancelled. */
  readonly streams: number;
  /** Cancelled requests that are remembered, because an answer may still come. */
  readonly cancelled: number;
}

export const REQUEST_CAPS: RequestCaps = { running: 64, streams: 32, cancelled: 1_024 };

/** What runs at once of one grant, over all its connections. */
export interface Load {
  running: number;
  streams: number;
}

/** Of a grant that has nothing in flight. */
export function noLoad(): Load {
  return { running: 0, streams: 0 };
}

export const STREAM = "subscriptions/listen";

/** 1 and "1" are different ids. */
export function idKey(id: Id): string {
  return typeof id === "string" ? `s${id}` : `n${id}`;
}

/** The requests in flight on one connection; bounded, whatever the peers do. */
export class OpenRequests {
  readonly #caps: RequestCaps;
  /** 1 and "1" are different ids, and different keys. */
  readonly #open = new Map<Id, OpenRequest>();
  readonly #forgettable = new Set<Id>();
  readonly #load: Load;

  /** `load`: counted together with other connections. */
  constructor(caps: RequestCaps = REQUEST_CAPS, load: Load = noLoad()) {
    this.#caps = caps;
    this.#load = load;
  }

  get size(): number {
    return this.#open.size;
  }

  get(id: Id): OpenRequest | undefined {
    return this.#open.get(id);
  }

  /** False when there are too many; nothing is added then. The id must not be open. */
  add(request: OpenRequest): boolean {
    if (request.method === STREAM) {
      if (this.#load.streams >= this.#caps.streams) return false;
      this.#load.streams++;
    } else {
      if (this.#load.running >= this.#caps.running) return false;
      this.#load.running++;
    }
    this.#open.set(request.id, request);
    return true;
  }

  /** Takes a request out: it was answered, or is not forwarded. */
  remove(request: OpenRequest): void {
    const { id } = request;
    if (this.#open.get(id) !== request) return;
    this.#open.delete(id);
    if (!this.#forgettable.delete(id)) this.#uncount(request);
  }

  /**
   * The client does not wait any more. The request stays known, but counts no longer; one that holds
   * concurrency slots counts on, because its call may still be running.
   */
  cancel(request: OpenRequest): void {
    if (request.cancelled) return;
    request.cancelled = true;
    request.held?.abort();
    request.watched?.fail("cancelled");
    if (request.leased === true) return;
    this.#uncount(request);
    this.#forgettable.add(request.id);
    if (this.#forgettable.size > this.#caps.cancelled) {
      const oldest = this.#forgettable.values().next().value as Id;
      this.#forgettable.delete(oldest);
      this.#open.delete(oldest);
    }
  }

  [Symbol.iterator](): IterableIterator<OpenRequest> {
    return this.#open.values();
  }

  #uncount(request: OpenRequest): void {
    if (request.method === STREAM) this.#load.streams--;
    else this.#load.running--;
  }
}
