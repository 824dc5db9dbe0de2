import { writeSync } from "node:fs";
import type { Destination } from "./destination.ts";
import { AuditUnavailable } from "./files.ts";

/** How long a reader that does not read may hold a call up (milliseconds), and between two attempts. */
const PATIENCE_MS = 1_000;
const PAUSE_MS = 5;

/** The lines go to our stdout, for whoever collects them there. */
export class StandardOutput implements Destination {
  readonly #write: (bytes: Buffer, offset: number) => number;
  readonly #patienceMs: number;
  /** The rest of a line that a reader has the beginning of. */
  #rest: Buffer = Buffer.alloc(0);

  constructor(
    write = (bytes: Buffer, offset: number): number => writeSync(1, bytes, offset),
    patienceMs = PATIENCE_MS,
  ) {
    this.#write = write;
    this.#patienceMs = patienceMs;
  }

  write(line: string): void {
    // A line that was begun is ended first: it has its place in the chain.
    this.#rest = this.#put(this.#rest);
    if (this.#rest.length > 0) throw notRead(false);
    const bytes = Buffer.from(line);
    const rest = this.#put(bytes);
    if (rest.length === 0) return;
    const begun = rest.length < bytes.length;
    if (begun) this.#rest = rest;
    throw notRead(begun);
  }

  close(): void {}

  /** What could not be written. */
  #put(bytes: Buffer): Buffer {
    const until = performance.now() + this.#patienceMs;
    let done = 0;
    while (done < bytes.length) {
      try {
        done += this.#write(bytes, done);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EAGAIN") {
          throw new AuditUnavailable(
            `The audit trail cannot be written to stdout: ${(error as Error).message}.`,
          );
        }
        if (performance.now() > until) break;
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MS);
      }
    }
    return bytes.subarray(done);
  }
}

function notRead(begun: boolean): AuditUnavailable {
  return new AuditUnavailable("The audit trail cannot be written: nobody reads our stdout.", begun);
}
