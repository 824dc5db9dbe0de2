import type { IncomingHttpHeaders } from "node:http";
import type { Readable } from "node:stream";
import type { Pools } from "./pools.ts";

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
  readonly signal: AbortSignal;
}

export interface UpstreamResponse {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Readable;
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

/** A server that is reached over Streamable HTTP. Redirects are not followed. */
export class HttpUpstream {
  /** How long an answer that is no stream may take (milliseconds). */
  readonly timeoutMs: number;
  readonly #pools: Promise<Pools>;
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
    this.#pools = import("./pools.ts").then(({ openPools }) => openPools(url.origin, options));
    this.#pools.catch(() => undefined);
    this.#path = url.pathname + url.search;
    this.#headers = { ...userInfo(url), ...lowerCased(headers) };
  }

  /** Rejects with `UpstreamFailed`, or with what `signal` was aborted for. */
  async send(request: UpstreamRequest): Promise<UpstreamResponse> {
    const { method, stream, signal, body } = request;
    try {
      const { requests, streams } = await this.#pools;
      const response = await (stream ? streams : requests).request({
        method,
        path: this.#path,
        headers: { ...request.headers, "accept-encoding": "identity", ...this.#headers },
        signal,
        ...(body === undefined ? {} : { body }),
      });
      return { status: response.statusCode, headers: response.headers, body: response.body };
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      throw failure(error);
    }
  }

  async close(): Promise<void> {
    const { requests, streams } = await this.#pools;
    await Promise.all([requests.destroy(), streams.destroy()]);
  }
}

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
