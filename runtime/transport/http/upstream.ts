import type { IncomingHttpHeaders } from "node:http";
import { Readable } from "node:stream";
import { setImmediate } from "node:timers/promises";
import type { Dispatcher } from "undici";
import type { Pools } from "./pools.ts";
import { UpstreamBody } from "./upstream-body.ts";

export interface UpstreamOptions {
  readonly url: URL;
  /** Sent with every request; they win over what a client sent. */
  readonly headers: Readonly<Record<string, string>>;
  /** How long the head of an answer may take (milliseconds). */
  readonly timeoutMs: number;
}

export interface UpstreamRequest {
  readonly method: "POST" | "GET" | "DELETE";
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** It is expected to stay open: it uses connections of its own. */
  readonly stream: boolean;
  /** Ends it, as `abort` does. */
  readonly signal?: AbortSignal;
}

export interface UpstreamResponse {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: UpstreamBody;
}

/** A request that is on its way. */
export interface Sent {
  /** Rejects with `UpstreamFailed`, or with what it was aborted for. */
  readonly response: Promise<UpstreamResponse>;
  /** Ends it: nobody waits for the answer, or for the rest of it. */
  abort(reason: unknown): void;
}

/** There is no answer of the server. The message is a sentence without addresses. */
export class UpstreamFailed extends Error {
  override readonly name = "UpstreamFailed";
  /** False when no byte of the request was written. */
  readonly sent: boolean;
  readonly timeout: boolean;

  constructor(message: string, sent: boolean, timeout: boolean, cause: unknown) {
    super(message, { cause });
    this.sent = sent;
    this.timeout = timeout;
  }
}

/** Errors of finding and reaching a host, before anything can be written to it. */
const UNSENT = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "UND_ERR_CONNECT_TIMEOUT",
]);
const CONNECT_MS = 10_000;

/** So much is written in one go (bytes). The kernel takes what it is given at once, while everybody else waits. */
const PIECE = 64 * 1024;

async function* pieces(bytes: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += PIECE) {
    yield bytes.subarray(at, at + PIECE);
    await setImmediate();
  }
}

/** A server that is reached over Streamable HTTP. Redirects are not followed. */
export class HttpUpstream {
  /** How long an answer that is no stream may take (milliseconds). */
  readonly timeoutMs: number;
  #pools: Pools | undefined;
  readonly #loading: Promise<Pools>;
  readonly #path: string;
  readonly #headers: Readonly<Record<string, string>>;

  constructor({ url, headers, timeoutMs }: UpstreamOptions) {
    this.timeoutMs = timeoutMs;
    const options = {
      headersTimeout: timeoutMs,
      // A stream may be silent for as long as it likes; who reads an answer has a time-out of its own.
      bodyTimeout: 0,
      connect: { timeout: CONNECT_MS },
    };
    // Loaded here, so that who serves a child process does not wait for it. A failure is told by `send`.
    this.#loading = import("./pools.ts").then(({ openPools }) => openPools(url.origin, options));
    this.#loading.then(
      (pools) => {
        this.#pools = pools;
      },
      () => undefined,
    );
    this.#path = url.pathname + url.search;
    this.#headers = { "accept-encoding": "identity", ...userInfo(url), ...lowerCased(headers) };
  }

  send(request: UpstreamRequest): Sent {
    const sending = new Sending();
    if (request.signal !== undefined) sending.endWith(request.signal);
    if (this.#pools !== undefined) this.#dispatch(request, sending, this.#pools);
    else {
      this.#loading.then(
        (pools) => this.#dispatch(request, sending, pools),
        (error: Error) => sending.onResponseError(undefined, error),
      );
    }
    return sending;
  }

  #dispatch(
    { method, stream, body, headers }: UpstreamRequest,
    sending: Sending,
    { requests, streams }: Pools,
  ): void {
    if (sending.aborted) return;
    const sent: Record<string, string> = { ...headers, ...this.#headers };
    const options: Dispatcher.DispatchOptions = { method, path: this.#path, headers: sent };
    if (body !== undefined && body.length > PIECE) {
      const bytes = Buffer.from(body);
      sent["content-length"] = String(bytes.length);
      options.body = Readable.from(pieces(bytes), { objectMode: false, highWaterMark: PIECE });
    } else if (body !== undefined) options.body = body;
    (stream ? streams : requests).dispatch(options, sending);
  }

  async close(): Promise<void> {
    const { requests, streams } = await this.#loading;
    await Promise.all([requests.destroy(), streams.destroy()]);
  }
}

/** What undici calls about one request. */
class Sending implements Sent, Dispatcher.DispatchHandler {
  readonly response: Promise<UpstreamResponse>;
  #answered!: (response: UpstreamResponse) => void;
  #failed!: (error: unknown) => void;
  #controller: Dispatcher.DispatchController | undefined;
  #body: UpstreamBody | undefined;
  #abortion: { readonly reason: unknown } | undefined;
  #over: (() => void) | undefined;

  constructor() {
    this.response = new Promise((resolve, reject) => {
      this.#answered = resolve;
      this.#failed = reject;
    });
  }

  get aborted(): boolean {
    return this.#abortion !== undefined;
  }

  abort(reason: unknown): void {
    if (this.#abortion !== undefined) return;
    this.#abortion = { reason };
    this.#failed(reason);
    this.#controller?.abort(ABORTED);
  }

  endWith(signal: AbortSignal): void {
    const abort = (): void => this.abort(signal.reason);
    if (signal.aborted) {
      abort();
      return;
    }
    signal.addEventListener("abort", abort, { once: true });
    this.#over = () => signal.removeEventListener("abort", abort);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#abortion !== undefined) controller.abort(ABORTED);
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: IncomingHttpHeaders,
  ): void {
    // What is said on the way to the answer says nothing to us.
    if (status < 200) return;
    this.#body = new UpstreamBody(controller);
    this.#answered({ status, headers, body: this.#body });
  }

  onResponseData(_: unknown, chunk: Buffer): void {
    this.#body?.push(chunk);
  }

  onResponseEnd(): void {
    this.#over?.();
    this.#body?.end();
  }

  onResponseError(_: unknown, error: Error): void {
    this.#over?.();
    if (this.#body === undefined) this.#failed(failure(error));
    else this.#body.fail(error);
  }
}

/** Told to nobody: what a request was aborted for is told by `Sent`. */
const ABORTED = new Error("The request was aborted.");

function failure(error: unknown): UpstreamFailed {
  const code = (error as NodeJS.ErrnoException).code ?? "";
  if (UNSENT.has(code) || code.startsWith("ERR_TLS") || code.includes("CERT")) {
    return new UpstreamFailed(`The server cannot be reached (${code}).`, false, false, error);
  }
  if (code === "UND_ERR_HEADERS_TIMEOUT") {
    return new UpstreamFailed("The server did not answer in time.", true, true, error);
  }
  return new UpstreamFailed("The connection to the server broke.", true, false, error);
}

function userInfo({ username, password }: URL): Record<string, string> {
  if (username === "" && password === "") return {};
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { authorization: `Basic ${Buffer.from(pair).toString("base64")}` };
}

function lowerCased(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]),
  );
}
