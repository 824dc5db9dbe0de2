import type { MaybePromise } from "../state/store.ts";
import type { Destination } from "./destination.ts";
import { AuditUnavailable } from "./files.ts";
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

  /** Throws, or rejects with, `AuditUnavailable`; then nobody may rely on the record. */
  append(record: Readonly<Record<string, unknown>>): MaybePromise<void> {
    const { text, hash } = sealLine({ seq: this.#seq + 1, ...record }, this.#hash);
    try {
      this.#destination.write(text);
    } catch (error) {
      if (error instanceof AuditUnavailable && error.begun) this.#advance(hash);
      throw error;
    }
    this.#advance(hash);
    return this.#destination.synced?.();
  }

  #advance(hash: string): void {
    this.#seq++;
    this.#hash = hash;
  }

  close(): void {
    this.#destination.close();
  }
}
