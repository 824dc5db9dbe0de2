import type { MaybePromise } from "../../state/store.ts";
import type { BodyProblem } from "./body.ts";

/** How the bytes of a body come; undici's controller of a request. */
export interface Flow {
  pause(): void;
  resume(): void;
  abort(reason: Error): void;
}

/** Bytes that are held for a reader who is slow, before no more are taken from the server. */
const HELD = 65_536;

/**
 * The body of a server's answer, read once: as a whole or chunk by chunk. Much less than a stream of Node's, which
 * costs more than all else that is done with a short answer.
 */
export class UpstreamBody implements AsyncIterable<Buffer> {
  readonly #flow: Flow;
  #chunks: Buffer[] = [];
  #length = 0;
  #paused = false;
  #ended = false;
  #discarded = false;
  #error: Error | undefined;
  /** Whoever reads it as a whole. */
  #reader:
    | { readonly max: number; readonly done: (result: Buffer | BodyProblem) => void }
    | undefined;
  /** Lets whoever reads it by chunks look again. */
  #wake: (() => void) | undefined;

  constructor(flow: Flow) {
    this.#flow = flow;
  }

  // What arrives ----------------------------------------------------------------------------------

  push(chunk: Buffer): void {
    if (this.#discarded) return;
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    if (this.#reader === undefined) {
      if (this.#length > HELD) this.#pause();
      this.#wake?.();
    } else if (this.#length > this.#reader.max) {
      this.#pause();
      this.#finish(this.#reader.max);
    }
  }

  end(): void {
    this.#ended = true;
    this.#over();
  }

  fail(error: Error): void {
    this.#error = error;
    this.#over();
  }

  #over(): void {
    if (this.#reader !== undefined) this.#finish(this.#reader.max);
    this.#wake?.();
  }

  #pause(): void {
    this.#paused = true;
    this.#flow.pause();
  }

  #resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#flow.resume();
  }

  // Its reader ------------------------------------------------------------------------------------

  /** All of it, up to `max` bytes; at once where it has arrived. Of one that is too large no more is read. */
  collect(max: number): MaybePromise<Buffer | BodyProblem> {
    const result = this.#result(max);
    if (result !== undefined) return result;
    return new Promise((done) => {
      this.#reader = { max, done };
      this.#resume();
    });
  }

  /** What `collect` answers; undefined while that is open. */
  #result(max: number): Buffer | BodyProblem | undefined {
    if (this.#length > max) return { kind: "large" };
    if (this.#error !== undefined) return { kind: "broken" };
    if (!this.#ended) return undefined;
    const [first, ...others] = this.#chunks;
    return first !== undefined && others.length === 0
      ? first
      : Buffer.concat(this.#chunks, this.#length);
  }

  #finish(max: number): void {
    const result = this.#result(max);
    if (result === undefined) return;
    this.#reader?.done(result);
    this.#reader = undefined;
  }

  /** Chunk by chunk, at the pace of the reader; throws when the connection breaks. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer, void, undefined> {
    for (;;) {
      const chunk = this.#chunks.shift();
      if (chunk !== undefined) {
        this.#length -= chunk.length;
        if (this.#length <= HELD) this.#resume();
        yield chunk;
      } else if (this.#error !== undefined) {
        throw this.#error;
      } else if (this.#ended) {
        return;
      } else {
        await new Promise<void>((wake) => {
          this.#wake = wake;
        });
        this.#wake = undefined;
      }
    }
  }

  /** Nobody reads on; what has not arrived yet is not taken any more. */
  destroy(): void {
    if (this.#ended || this.#error !== undefined) return;
    this.#flow.abort(new Error("Nobody reads the answer."));
  }

  /** Takes what still comes, and forgets it. */
  discard(): void {
    this.#discarded = true;
    this.#chunks = [];
    this.#resume();
  }
}
