import type { Readable, Writable } from "node:stream";
import { LineSplitter, type OversizedLine } from "./framing.ts";

/** What arrives on a connection. */
export interface ConnectionHandlers {
  message(bytes: Buffer): void;
  oversized(line: OversizedLine): void;
  /** Nothing more will arrive: the other side closed, or the stream broke. */
  end(): void;
  /** What was sent has left; whoever was held back may go on. */
  drain(): void;
  /** What is sent does not arrive any more. */
  broken(): void;
}

const LF = 10;
/** What a peer may leave untaken: one that leaves more is sent nothing more (bytes). */
export const MAX_QUEUED = 16 * 1024 * 1024;
/** Messages below this are copied, to save a part of a system call; larger ones are not (bytes). */
const SMALL = 4_096;

/** One peer at the other end of two byte streams, a message a line. */
export class LineConnection {
  readonly #input: Readable;
  readonly #output: Writable;
  readonly #max: number;
  #ended = false;
  #broken = false;
  #full = false;
  #paused = false;

  /** `max`: bytes of a message. */
  constructor(input: Readable, output: Writable, max: number) {
    this.#input = input;
    this.#output = output;
    this.#max = max;
  }

  /**
   * `answering`: the connections that what arrives here is answered on or handed on to. What several messages of one
   * chunk make them send leaves in one write; a message that comes alone is handed on at once.
   */
  start(handlers: ConnectionHandlers, answering: readonly LineConnection[] = []): void {
    const lines = new LineSplitter(this.#max, {
      line: (bytes) => handlers.message(bytes),
      oversized: (line) => handlers.oversized(line),
    });
    const end = (): void => {
      if (this.#ended) return;
      this.#ended = true;
      lines.end();
      handlers.end();
    };
    this.#input.on("data", (chunk: Buffer) => {
      const several = chunk.indexOf(LF) < chunk.lastIndexOf(LF);
      if (several) for (const connection of answering) connection.#output.cork();
      lines.push(chunk);
      if (several) for (const connection of answering) connection.#output.uncork();
    });
    this.#input.on("end", end);
    this.#input.on("close", end);
    this.#input.on("error", end);
    this.#output.on("drain", () => {
      this.#full = false;
      handlers.drain();
    });
    const broken = (): void => {
      if (this.#broken) return;
      this.#broken = true;
      this.#full = false;
      handlers.broken();
    };
    this.#output.on("error", broken);
    this.#output.on("close", broken);
  }

  /** True while more was sent than the peer has taken. */
  get full(): boolean {
    return this.#full;
  }

  /** Bytes that were sent and not yet taken. */
  get queued(): number {
    return this.#output.writableLength;
  }

  /** True while what is sent may still arrive. */
  get writable(): boolean {
    return !this.#broken && this.#output.writable;
  }

  /** False when the peer is gone, or has left so much untaken that it is sent nothing more. */
  get takes(): boolean {
    return this.writable && this.queued <= MAX_QUEUED;
  }

  /** Sends one message, which holds no line break. */
  send(message: string | Uint8Array): void {
    if (!this.writable) return;
    if (typeof message === "string") {
      this.#full = !this.#output.write(`${message}\n`);
    } else if (message.length < SMALL) {
      const line = Buffer.allocUnsafe(message.length + 1);
      line.set(message);
      line[message.length] = LF;
      this.#full = !this.#output.write(line);
    } else {
      this.#output.cork();
      this.#output.write(message);
      this.#full = !this.#output.write("\n");
      this.#output.uncork();
    }
  }

  pause(): void {
    if (this.#ended || this.#paused) return;
    this.#paused = true;
    this.#input.pause();
  }

  resume(): void {
    if (this.#ended || !this.#paused) return;
    this.#paused = false;
    this.#input.resume();
  }

  /** Closes our direction once everything sent has left; resolves then, or when the stream broke. */
  finish(): Promise<void> {
    return new Promise((resolve) => {
      if (!this.writable) {
        resolve();
        return;
      }
      this.#output.once("close", resolve);
      this.#output.once("error", () => resolve());
      this.#output.end(resolve);
    });
  }
}
