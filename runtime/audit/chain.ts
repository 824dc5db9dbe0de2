import type { MaybePromise } from "../state/store.ts";
import type { Destination } from "./destination.ts";
import { NO_HASH, sealLine } from "./line.ts";

/** Writes records as one chain: each holds the hash of the one before. */
export class Chain {
  readonly #destination: Destination;
  #seq = 0;
  #hash = NO_HASH;

  constructor(destination: Destination) {
    this.#destination = destination;
  }

  /** How many records there are. */
  get length(): number {
    return this.#seq;
  }

  /** Throws, or rejects with, `AuditUnavailable`; after a throw the record is not in the chain. */
  append(record: Readonly<Record<string, unknown>>): MaybePromise<void> {
    const { text, hash } = sealLine({ seq: this.#seq + 1, ...record }, this.#hash);
    this.#destination.write(text);
    this.#seq++;
    this.#hash = hash;
    return this.#destination.synced?.();
  }

  close(): void {
    this.#destination.close();
  }
}
