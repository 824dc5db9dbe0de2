import { setTimeout as wait } from "node:timers/promises";
import { SseBroken, SseReader } from "../../transport/http/sse.ts";
import {
  type HttpUpstream,
  UpstreamFailed,
  type UpstreamResponse,
} from "../../transport/http/upstream.ts";
import type { UpstreamBody } from "../../transport/http/upstream-body.ts";
import { type Id, isObject, type Message } from "../admit.ts";
import type { Catalogue } from "../catalogue.ts";
import { modernMeta } from "../era.ts";
import { idKey } from "../requests.ts";
import { parseServerText } from "../server-text.ts";
import { utf8Text } from "../utf8.ts";
import { answerProblem, mediaType, NOT_RUN } from "./answer.ts";
import { mirrorHeaders, paramHeadersOf } from "./mirror.ts";

export interface LinkOptions {
  readonly upstream: HttpUpstream;
  /** Bytes of one message of the server. */
  readonly maxMessage: number;
  readonly notice: (text: string) => void;
}

/** What a link reports; a `Session`, but for the pace. */
export interface LinkHandlers {
  fromServer(bytes: Uint8Array): void;
  failed(id: Id, reason: string, what: "unsent" | "refused" | "lost"): void;
  /** Whether a request still waits for its answer. */
  isOpen(id: Id): boolean;
  /** What is known of the server's tools, where calls are made. */
  readonly catalogue?: Catalogue;
  /** Resolves when the client has taken what it was sent. */
  pace(): Promise<void>;
}

const BOTH = "application/json, text/event-stream";
/** How long to wait before a stream is opened again, unless the server says (milliseconds). */
const RETRY_MS = 1_000;
const MAX_RETRY_MS = 30_000;
/** Between these is what a server may ask us to wait: else it could have us ask it without a pause, or never (milliseconds). */
const SERVER_RETRY_MS = { least: 100, most: 3_600_000 };
/** Streams of one request that may break before it is given up. */
const MAX_RESUMES = 10;
/** How long a server may take to end a session (milliseconds): clients that end us do not wait for long. */
const END_SESSION_MS = 1_000;
const GONE = new Error("The client does not wait any more.");

type ClientRequest = Extract<Message, { kind: "request" }>;

/**
 * A connection to a server over Streamable HTTP, as one that carries messages one by one: the client's side of
 * both eras, with the session, the stream of what the server says unasked, and resumption.
 */
export class HttpLink {
  readonly #options: LinkOptions;
  #handlers: LinkHandlers | undefined;
  #session: string | undefined;
  #version: string | undefined;
  /** What later messages wait for: the handshake must not be overtaken. */
  #barrier: Promise<void> | undefined;
  readonly #running = new Map<
    string,
    { readonly stream: boolean; readonly end: AbortController }
  >();
  readonly #posts = new Set<Promise<void>>();
  /** Of all posts: a signal that is derived from one of the link's own would be kept as long as the link. */
  readonly #ends = new Set<AbortController>();
  readonly #closed = new AbortController();

  constructor(options: LinkOptions) {
    this.#options = options;
  }

  start(handlers: LinkHandlers): void {
    this.#handlers = handlers;
  }

  /** Sends one message; what comes of it is reported. */
  send(text: string, about: Message): boolean {
    if (this.#closed.signal.aborted) return false;
    if (this.#endsRequest(about)) return true;
    const sent = this.#barrier?.then(() => this.#post(text, about)) ?? this.#post(text, about);
    const first = sent.then(
      () => {},
      (error: unknown) => this.#options.notice(String(error)),
    );
    this.#posts.add(first);
    void first.then(() => this.#posts.delete(first));
    if (isHandshake(about)) {
      this.#barrier = first;
      void first.then(() => {
        if (this.#barrier === first) this.#barrier = undefined;
      });
    }
    return true;
  }

  /** Lets what runs come to its end, at most `ms` or until `signal`; then ends the session and closes. */
  async close(ms: number, signal?: AbortSignal): Promise<void> {
    const timer = new AbortController();
    const running = async (): Promise<void> => {
      for (const { stream, end } of this.#running.values()) if (stream) end.abort(GONE);
      while (this.#posts.size > 0) await Promise.all(this.#posts);
    };
    const until = AbortSignal.any(signal === undefined ? [timer.signal] : [timer.signal, signal]);
    await Promise.race([running(), wait(ms, undefined, { signal: until }).catch(() => {})]);
    timer.abort();
    this.#closed.abort(GONE);
    for (const end of this.#ends) end.abort(GONE);
    if (this.#session !== undefined) {
      await this.#request("DELETE", {}, undefined, AbortSignal.timeout(END_SESSION_MS))
        .then(({ body }) => body.destroy())
        .catch(() => {});
    }
    await this.#options.upstream.close();
  }

  /** In the modern era a request is cancelled by closing its stream (MCP 2026-07-28, § Cancellation). */
  #endsRequest(about: Message): boolean {
    if (about.kind !== "notification" || about.method !== "notifications/cancelled") return false;
    const id = about.params?.requestId;
    if (this.#version !== undefined || (typeof id !== "string" && typeof id !== "number")) {
      return false;
    }
    this.#running.get(idKey(id))?.end.abort(GONE);
    return true;
  }

  #request(
    method: "POST" | "GET" | "DELETE",
    headers: Readonly<Record<string, string>>,
    body: string | undefined,
    signal: AbortSignal,
    stream = false,
  ): Promise<UpstreamResponse> {
    const { response } = this.#options.upstream.send({
      method,
      headers: {
        ...(this.#session === undefined ? {} : { "mcp-session-id": this.#session }),
        ...(this.#version === undefined ? {} : { "mcp-protocol-version": this.#version }),
        ...headers,
      },
      stream,
      signal,
      ...(body === undefined ? {} : { body }),
    });
    return response;
  }

  async #post(text: string, about: Message): Promise<void> {
    const id = about.kind === "request" ? about.id : undefined;
    const end = new AbortController();
    const { signal } = end;
    this.#ends.add(end);
    if (this.#closed.signal.aborted) end.abort(GONE);
    const stream = about.kind === "request" && about.method === "subscriptions/listen";
    if (id !== undefined) this.#running.set(idKey(id), { stream, end });
    try {
      const further = await this.#headersOf(about);
      const headers = { accept: BOTH, "content-type": "application/json", ...further };
      const response = await this.#request("POST", headers, text, signal, stream);
      const { status } = response;
      const problem = answerProblem(response);
      if (problem !== undefined) {
        response.body.destroy();
        this.#fail(id, problem, NOT_RUN.has(status) ? "refused" : "lost");
        return;
      }
      this.#learn(about, response.headers);
      if (mediaType(response.headers) === "text/event-stream") {
        await this.#follow(response.body, id, signal);
      } else {
        await this.#deliver(response.body, id);
      }
      // Nothing happens if it was answered.
      const reason =
        status < 400
          ? "The server did not answer the request that it was sent."
          : `The server refused the request with HTTP status ${status}.`;
      this.#fail(id, reason, NOT_RUN.has(status) ? "refused" : "lost");
      if (about.kind === "notification" && about.method === "notifications/initialized") {
        void this.#listen();
      }
    } catch (error) {
      this.#failed(id, error);
    } finally {
      this.#ends.delete(end);
      if (id !== undefined) this.#running.delete(idKey(id));
    }
  }

  #failed(id: Id | undefined, error: unknown): void {
    if (error === GONE) {
      this.#fail(id, GONE.message, "lost");
      return;
    }
    const known = error instanceof UpstreamFailed;
    const reason = known ? error.message : "The connection to the server broke.";
    if (id === undefined) this.#options.notice(reason);
    this.#fail(id, reason, known && !error.sent ? "unsent" : "lost");
  }

  #fail(id: Id | undefined, reason: string, what: "unsent" | "refused" | "lost"): void {
    if (id !== undefined) this.#handlers?.failed(id, reason, what);
  }

  /** Headers that a message needs besides the session's. */
  async #headersOf(about: Message): Promise<Record<string, string>> {
    if (about.kind !== "request") return {};
    const { method, params } = about;
    const version = modernMeta(params)?.meta["io.modelcontextprotocol/protocolVersion"];
    if (typeof version !== "string") return {};
    return {
      "mcp-protocol-version": version,
      ...(await this.#paramHeaders(about)),
      ...mirrorHeaders(method, params),
    };
  }

  async #paramHeaders({ method, params }: ClientRequest): Promise<Record<string, string>> {
    const catalogue = this.#handlers?.catalogue;
    if (method !== "tools/call" || catalogue === undefined) return {};
    const live = (await catalogue.current())?.tools.get(String(params?.name));
    const definition = live?.state === "listed" && isObject(live.definition) ? live.definition : {};
    const args = isObject(params?.arguments) ? params.arguments : {};
    return paramHeadersOf(args, definition.inputSchema);
  }

  #learn(about: Message, headers: Readonly<Record<string, string | string[] | undefined>>): void {
    const id = headers["mcp-session-id"];
    if (about.kind === "request" && about.method === "initialize" && typeof id === "string") {
      this.#session = id;
    }
  }

  async #deliver(body: UpstreamBody, id: Id | undefined): Promise<void> {
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      body.destroy();
    }, this.#options.upstream.timeoutMs);
    const bytes = await body.collect(this.#options.maxMessage);
    clearTimeout(timer);
    if (late) {
      this.#fail(id, "The server did not answer in time.", "lost");
      return;
    }
    if (Buffer.isBuffer(bytes)) {
      if (bytes.length === 0) return;
      const text = utf8Text(bytes);
      if (text === undefined) this.#fail(id, "The server's answer is not UTF-8.", "lost");
      else this.#message(text);
      return;
    }
    body.destroy();
    const reason =
      bytes.kind === "large"
        ? "The server's answer is too large."
        : "The connection to the server broke.";
    this.#fail(id, reason, "lost");
  }

  /** A message has one line on its way to the client; in JSON a line break is but white space. */
  #message(text: string): void {
    this.#noteVersion(text);
    this.#handlers?.fromServer(Buffer.from(text.replace(/[\r\n]/g, " ")));
  }

  /** The revision that a handshake ends in is named in every later request. */
  #noteVersion(text: string): void {
    if (this.#version !== undefined || !text.includes('"protocolVersion"')) return;
    const read = parseServerText(text);
    // Whoever reads the message says what is wrong with it.
    const result = read.ok && isObject(read.value) ? read.value.result : undefined;
    if (isObject(result) && typeof result.protocolVersion === "string") {
      this.#version = result.protocolVersion;
    }
  }

  /** Reads the stream of a request, and where it breaks and can be resumed, its rest. */
  async #follow(body: UpstreamBody, id: Id | undefined, signal: AbortSignal): Promise<void> {
    let place = await this.#read(body);
    for (let tries = 0; tries < MAX_RESUMES; tries++) {
      if (id === undefined || place.id === undefined || this.#handlers?.isOpen(id) !== true) return;
      await wait(place.retry ?? RETRY_MS, undefined, { signal });
      const response = await this.#request(
        "GET",
        { accept: "text/event-stream", "last-event-id": place.id },
        undefined,
        signal,
        true,
      );
      if (response.status !== 200 || answerProblem(response) !== undefined) {
        response.body.destroy();
        return;
      }
      place = { ...place, ...(await this.#read(response.body)) };
    }
  }

  async #read(body: UpstreamBody): Promise<{ id?: string; retry?: number }> {
    const place: { id?: string; retry?: number } = {};
    const reader = new SseReader(this.#options.maxMessage, {
      event: ({ id, data, retry }) => {
        if (id !== undefined && id !== "") place.id = id;
        if (retry !== undefined) place.retry = waitable(retry);
        if (data !== undefined && data !== "") this.#message(data);
      },
      comment: () => {},
    });
    try {
      for await (const chunk of body) {
        reader.push(chunk);
        await this.#handlers?.pace();
      }
    } catch (error) {
      if (!(error instanceof SseBroken)) return place;
      this.#options.notice(`A stream of the server was broken off: ${error.message}.`);
      return {};
    } finally {
      body.destroy();
    }
    return place;
  }

  /** What a legacy server says unasked, for as long as it keeps a session and will say it. */
  async #listen(): Promise<void> {
    const { signal } = this.#closed;
    let last: string | undefined;
    let pause = RETRY_MS;
    while (!signal.aborted) {
      try {
        const headers = {
          accept: "text/event-stream",
          ...(last === undefined ? {} : { "last-event-id": last }),
        };
        const response = await this.#request("GET", headers, undefined, signal, true);
        const type = mediaType(response.headers);
        if (response.status !== 200 || type !== "text/event-stream" || answerProblem(response)) {
          response.body.destroy();
          // It has no such stream, or no such session any more.
          if (response.status < 500) return;
        } else {
          const place = await this.#read(response.body);
          last = place.id ?? last;
          pause = place.retry ?? RETRY_MS;
        }
      } catch (error) {
        if (signal.aborted) return;
        if (!(error instanceof UpstreamFailed)) throw error;
      }
      await wait(pause, undefined, { signal }).catch(() => {});
      pause = Math.min(pause * 2, MAX_RETRY_MS);
    }
  }
}

function waitable(ms: number): number {
  return Math.min(Math.max(ms, SERVER_RETRY_MS.least), SERVER_RETRY_MS.most);
}

function isHandshake(about: Message): boolean {
  return (
    (about.kind === "request" && about.method === "initialize") ||
    (about.kind === "notification" && about.method === "notifications/initialized")
  );
}
