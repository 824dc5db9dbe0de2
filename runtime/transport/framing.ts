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

const LF = 10;
const CR = 13;

export class LineSplitter {
  readonly #max: number;
  readonly #handlers: LineHandlers;
  #chunks: Buffer[] = [];
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
      this.#skipping.tail = lastBytes(this.#skipping.tail, part);
      return;
    }
    this.#chunks.push(part);
    // One more than the limit, because the last byte may be the CR of a CRLF.
    if (this.#length > this.#max + 1) {
      const all = Buffer.concat(this.#chunks);
      this.#skipping = {
        head: Buffer.from(all.subarray(0, KEPT)),
        tail: Buffer.from(all.subarray(-KEPT)),
      };
      this.#chunks = [];
    }
  }

  #finish(): void {
    const chunks = this.#chunks;
    const skipping = this.#skipping;
    const length = this.#length;
    this.#chunks = [];
    this.#skipping = undefined;
    this.#length = 0;
    if (skipping !== undefined) {
      this.#handlers.oversized({ length, ...skipping });
      return;
    }
    let line = chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks);
    if (line.length > 0 && line[line.length - 1] === CR) line = line.subarray(0, -1);
    if (line.length > this.#max) {
      this.#handlers.oversized({
        length: line.length,
        head: line.subarray(0, KEPT),
        tail: line.subarray(-KEPT),
      });
    } else if (line.length > 0) {
      this.#handlers.line(line);
    }
  }
}

function lastBytes(tail: Buffer, part: Buffer): Buffer {
  if (part.length >= KEPT) return Buffer.from(part.subarray(-KEPT));
  return part.length === 0 ? tail : Buffer.concat([tail, part]).subarray(-KEPT);
}
