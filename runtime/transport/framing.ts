/**
 * Lines of a byte stream: the framing of MCP over stdio (one JSON-RPC message a line, no newline inside).
 * Linear in the bytes received however they are cut into chunks, and bounded in memory however long a line is.
 */

/** What is kept of a line that is longer than the limit. */
export interface OversizedLine {
  /** Bytes of the whole line, its line break not counted. */
  readonly length: number;
  /** Its first and last bytes, at most `KEPT` each. */
  readonly head: Buffer;
  readonly tail: Buffer;
}

export interface LineHandlers {
  /** One line, without its LF or CRLF; never empty. */
  line(bytes: Buffer): void;
  /** A line of more than `max` bytes has ended; it was skipped. */
  oversized(line: OversizedLine): void;
}

/** Bytes that are kept from each end of an oversized line, so that its answer can name its id. */
export const KEPT = 2_048;

const JOIN = 1_024;
const LF = 10;
const CR = 13;

export class LineSplitter {
  readonly #max: number;
  readonly #handlers: LineHandlers;
  #chunks: Buffer[] = [];
  /** The newest chunks, joined from time to time: a peer that sends byte by byte costs no more memory. */
  #recent: Buffer[] = [];
  #length = 0;
  #skipping: { head: Buffer; tail: Buffer } | undefined;

  /** `max`: bytes of a line, its line break not counted. */
  constructor(max: number, handlers: LineHandlers) {
    this.#max = max;
    this.#handlers = handlers;
  }

  /** Bytes held of a line that has not ended. */
  get held(): number {
    return this.#skipping === undefined
      ? this.#length
      : this.#skipping.head.length + this.#skipping.tail.length;
  }

  push(chunk: Buffer): void {
    let start = 0;
    for (let end = chunk.indexOf(LF); end !== -1; end = chunk.indexOf(LF, start)) {
      this.#append(chunk.subarray(start, end));
      this.#finish();
      start = end + 1;
    }
    if (start < chunk.length) this.#append(chunk.subarray(start));
  }

  /** The stream has ended: what was not ended by a line break is a line too. */
  end(): void {
    this.#finish();
  }

  #append(part: Buffer): void {
    this.#length += part.length;
    if (this.#skipping !== undefined) {
      this.#skipping = ends([this.#skipping.head, part], [this.#skipping.tail, part]);
      return;
    }
    this.#recent.push(part);
    if (this.#recent.length === JOIN) this.#join();
    // One more than the limit, because the last byte may be the CR of a CRLF.
    if (this.#length > this.#max + 1) {
      this.#join();
      this.#skipping = ends(this.#chunks, this.#chunks);
      this.#chunks = [];
    }
  }

  #join(): void {
    this.#chunks.push(joined(this.#recent, (chunk) => chunk));
    this.#recent = [];
  }

  #finish(): void {
    this.#join();
    const whole = joined(this.#chunks, (chunk) => chunk);
    const skipped = this.#skipping;
    const length = this.#length;
    this.#chunks = [];
    this.#skipping = undefined;
    this.#length = 0;
    const { head, tail } = skipped ?? { head: whole, tail: whole };
    const cr = tail[tail.length - 1] === CR ? 1 : 0;
    if (skipped !== undefined || length - cr > this.#max) {
      this.#handlers.oversized({
        length: length - cr,
        head: head.subarray(0, Math.min(KEPT, length - cr)),
        tail: tail.subarray(0, tail.length - cr).subarray(-KEPT),
      });
    } else if (length > cr) {
      this.#handlers.line(cr === 1 ? whole.subarray(0, -1) : whole);
    }
  }
}

/** The first and last bytes of what was received, copied so that they do not hold the rest. */
function ends(first: readonly Buffer[], last: readonly Buffer[]): { head: Buffer; tail: Buffer } {
  return {
    head: Buffer.from(joined(first, (chunk) => chunk.subarray(0, KEPT + 1)).subarray(0, KEPT + 1)),
    tail: Buffer.from(joined(last, (chunk) => chunk).subarray(-KEPT - 1)),
  };
}

function joined(chunks: readonly Buffer[], cut: (chunk: Buffer) => Buffer): Buffer {
  return chunks.length === 1 ? cut(chunks[0] as Buffer) : Buffer.concat(chunks.map(cut));
}
