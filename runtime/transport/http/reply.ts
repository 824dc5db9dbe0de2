import type { OutgoingHttpHeaders, ServerResponse } from "node:http";
import { formatComment, formatEvent, type SseEvent } from "./sse.ts";

/** The answer to one HTTP request: either one JSON body, or nothing but a status, or a stream of events. */
export class Reply {
  readonly #response: ServerResponse;
  readonly #cors: OutgoingHttpHeaders;
  #streaming = false;
  /** A stream was begun for what comes before the answer. */
  #early = false;
  readonly #gone: (() => void)[] = [];
  readonly #closed: (() => void)[] = [];

  /** `cors`: headers that let a page of an allowed origin read the answer. */
  constructor(response: ServerResponse, cors: OutgoingHttpHeaders = {}) {
    this.#response = response;
    this.#cors = cors;
    // A client that goes away breaks the connection; whoever has to know is told by `onClosed`.
    response.on("error", ignore);
    // One listener for all: they are on the way of every message.
    response.on("close", () => {
      if (!response.writableFinished) for (const gone of this.#gone) gone();
      for (const closed of this.#closed) closed();
    });
  }

  /** True when a status was sent. */
  get begun(): boolean {
    return this.#response.headersSent;
  }

  get streaming(): boolean {
    return this.#streaming;
  }

  /** True when the client is gone, or everything was said. */
  get closed(): boolean {
    return this.#response.destroyed || this.#response.writableEnded;
  }

  /** Bytes that the client has not taken. */
  get queued(): number {
    return this.#response.writableLength;
  }

  /** Calls `then` when the client goes away before everything was said. */
  onGone(gone: () => void): void {
    this.#gone.push(gone);
  }

  /** Calls `then` when the answer has ended, however. */
  onClosed(closed: () => void): void {
    this.#closed.push(closed);
  }

  /** One JSON body; after something early, the last event. */
  json(status: number, body: string | Uint8Array, headers: OutgoingHttpHeaders = {}): void {
    if (this.#early && !this.closed) {
      this.event({ event: "message", data: Buffer.from(body).toString("utf8") });
      this.end();
      return;
    }
    if (this.begun || this.closed) return;
    const head: OutgoingHttpHeaders = { ...headers, ...this.#cors };
    head["content-type"] = "application/json";
    head["content-length"] = Buffer.byteLength(body);
    this.#response.writeHead(status, head);
    this.#response.end(body);
  }

  empty(status: number, headers: OutgoingHttpHeaders = {}): void {
    if (this.begun || this.closed) return;
    this.#response.writeHead(status, {
      ...headers,
      ...this.#cors,
      ...(status === 204 || status === 304 ? {} : { "content-length": 0 }),
    });
    this.#response.end();
  }

  /** Sends a message before it is known what the answer will be. */
  early(message: string): void {
    this.stream();
    this.#early = true;
    this.event({ event: "message", data: message });
  }

  /** Begins a stream of events, or goes on with one. */
  stream(headers: OutgoingHttpHeaders = {}): void {
    this.#early = false;
    if (this.begun || this.closed) return;
    this.#streaming = true;
    this.#response.writeHead(200, {
      "cache-control": "no-cache, no-transform",
      "x-accel-buffering": "no",
      ...headers,
      ...this.#cors,
      "content-type": "text/event-stream",
    });
    this.#response.flushHeaders();
  }

  /** False when the client should be given time: wait for `drained`. */
  event(event: SseEvent): boolean {
    return this.closed || this.#response.write(formatEvent(event));
  }

  comment(text: string): boolean {
    return this.closed || this.#response.write(formatComment(text));
  }

  /** Resolves when the client has taken what was sent, or is gone. */
  drained(): Promise<void> {
    if (this.closed || !this.#response.writableNeedDrain) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        this.#response.off("drain", done);
        this.#response.off("close", done);
        resolve();
      };
      this.#response.once("drain", done);
      this.#response.once("close", done);
    });
  }

  end(): void {
    this.#response.end();
  }

  /** Breaks the connection. */
  abort(): void {
    this.#response.destroy();
  }
}

function ignore(): void {}
