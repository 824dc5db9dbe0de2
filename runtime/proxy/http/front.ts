import type { IncomingMessage, ServerResponse } from "node:http";
import type { Grant } from "../../grants/grant.ts";
import type { MaybePromise } from "../../state/store.ts";
import { readBody } from "../../transport/http/body.ts";
import type { Gate, TurnedAway } from "../../transport/http/gate.ts";
import { type RequestHeaders, readHeaders } from "../../transport/http/headers.ts";
import { Reply } from "../../transport/http/reply.ts";
import {
  type Admitted,
  admit,
  admitInSteps,
  INTERNAL_ERROR,
  INVALID_REQUEST,
  type Refused,
} from "../admit.ts";
import { errorMessage } from "../denials.ts";
import type { ChangedList } from "../list-changed.ts";
import { traceOf } from "../observe.ts";
import { REQUEST_CAPS } from "../requests.ts";
import { answeredId, HEADER_MISMATCH, isModernVersion, mirrorProblem } from "./mirror.ts";
import { HEAVY, Turns } from "./turns.ts";

/** One HTTP request that came in. */
export interface Inbound {
  readonly grant: Grant;
  readonly headers: RequestHeaders;
}

/** A server behind the front, however it is reached. Its promises do not reject. */
export interface Backend {
  /** A message that was admitted, and whose headers agree with it. */
  post(admitted: Admitted, inbound: Inbound, reply: Reply): Promise<void>;
  /** A client wants to hear what the server has to say unasked, or the rest of a stream that broke. */
  listen(inbound: Inbound, reply: Reply): Promise<void>;
  /** A client ends its session. */
  endSession(inbound: Inbound, reply: Reply): Promise<void>;
  /** Records a message that was refused before it came to the backend. */
  refused(grant: Grant, message: string): void;
  /** The policy of a grant has changed, and with it these lists: its clients are told where they can be. */
  listsChanged(grant: string, lists: readonly ChangedList[]): void;
  /** A grant may not use the server any more: its sessions end, and what runs for it alone. */
  forget(grant: string): void;
  /** Ends the streams that would stay open, and lets what runs come to its end. */
  drain(): void;
  close(): Promise<void>;
}

/** The servers behind a front; which they are may change. */
export interface Routes {
  /** The server at a path, exact: `/mcp/payments`. */
  at(path: string): Route | undefined;
  all(): Iterable<Backend>;
  /** Throws when calls could not be served. */
  ready(): MaybePromise<void>;
}

export interface Route {
  /** The name of the server, as grants have it. */
  readonly server: string;
  readonly backend: Backend;
}

export interface FrontOptions {
  readonly gate: Gate;
  readonly routes: Routes;
  /** Bytes of a message. */
  readonly maxMessage: number;
  readonly forwardHeaders?: ReadonlySet<string>;
  readonly notice: (text: string) => void;
  /** A request was turned away before its message was looked at; `cause`: a few words of ours. */
  readonly turnedAway?: (cause: string) => void;
}

/**
 * HTTP requests of one grant that are not over: what may be in flight, and room for what cancels and answers. Bodies
 * that come slowly count, and answers that are taken slowly.
 */
export const MAX_EXCHANGES = REQUEST_CAPS.running + REQUEST_CAPS.streams + 64;

/** One HTTP request that is not over. */
interface OpenExchange {
  readonly server: string;
  readonly reply: Reply;
}

const JSON_TYPE = /^application\/json *(?:; *charset="?utf-8"? *)?$/i;
const METHODS = "GET, POST, DELETE, OPTIONS";

/** The HTTP side of the proxy: every refusal that needs no policy, in its order, then the backend. */
export class Front {
  readonly #options: FrontOptions;
  /** The exchanges that are not over, by the id of their grant. */
  readonly #exchanges = new Map<string, Set<OpenExchange>>();
  readonly #turns = new Turns();
  #draining = false;

  constructor(options: FrontOptions) {
    this.#options = options;
  }

  handle(request: IncomingMessage, response: ServerResponse, known: () => void): void {
    this.#serve(request, response, known).catch((error: unknown) => {
      this.#options.notice(
        `A request failed inside the proxy: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
      );
      const reply = new Reply(response);
      if (reply.begun) reply.abort();
      else reply.json(500, errorMessage(null, INTERNAL_ERROR, "The proxy failed."));
    });
  }

  /** Streams end, and `/readyz` says that no more requests are wanted. */
  drain(): void {
    this.#draining = true;
    for (const backend of this.#options.routes.all()) backend.drain();
  }

  /** Breaks off whatever a grant has open, with all servers or with one. */
  breakOff(grant: string, server?: string): void {
    for (const exchange of this.#exchanges.get(grant) ?? []) {
      if (server === undefined || exchange.server === server) exchange.reply.abort();
    }
  }

  async #serve(
    request: IncomingMessage,
    response: ServerResponse,
    known: () => void,
  ): Promise<void> {
    const { gate, routes, forwardHeaders } = this.#options;
    const read = readHeaders(request.rawHeaders, forwardHeaders);
    if ("twice" in read) {
      this.#options.turnedAway?.("header twice");
      turnAway(new Reply(response), {
        status: 400,
        message: `The header \`${read.twice}\` stands twice.`,
      });
      return;
    }
    const { headers } = read;
    const host = gate.checkHost(headers);
    const away = host ?? gate.checkOrigin(headers);
    if (away !== undefined) {
      this.#options.turnedAway?.(host === undefined ? "origin" : "host");
      turnAway(new Reply(response), away);
      return;
    }
    const reply = new Reply(response, gate.cors(headers));
    const path = request.url ?? "";
    if (path === "/healthz" || path === "/readyz") {
      await this.#health(path, request, reply);
      return;
    }
    if (request.method === "OPTIONS" && headers.has("origin")) {
      const asked = request.headers["access-control-request-headers"] ?? "";
      reply.empty(204, gate.preflight(headers, asked));
      return;
    }
    const route = routes.at(path);
    const admitted = gate.admit(headers, route?.server);
    if (!("grant" in admitted)) {
      this.#options.turnedAway?.(admitted.status === 401 ? "token" : "rate");
      turnAway(reply, admitted);
      return;
    }
    known();
    if (route === undefined) {
      this.#options.turnedAway?.("path");
      turnAway(reply, { status: 404, message: "There is no server at this path." });
      return;
    }
    if (!this.#enter(admitted.grant, { server: route.server, reply })) {
      this.#options.turnedAway?.("busy");
      turnAway(reply, {
        status: 429,
        message: "Too many requests are open; wait until some have ended.",
        headers: { "retry-after": "1" },
      });
      return;
    }
    if (this.#draining) response.setHeader("connection", "close");
    const inbound: Inbound = { grant: admitted.grant, headers };
    const { backend } = route;
    switch (request.method) {
      case "POST":
        await this.#post(request, response, backend, inbound, reply);
        return;
      case "GET":
        await backend.listen(inbound, reply);
        return;
      case "DELETE":
        await backend.endSession(inbound, reply);
        return;
      default:
        turnAway(reply, {
          status: 405,
          message: "Messages are sent with POST.",
          headers: { allow: METHODS },
        });
    }
  }

  /** False when the grant has too many requests open. */
  #enter({ id }: Grant, exchange: OpenExchange): boolean {
    const open = this.#exchanges.get(id) ?? new Set();
    if (open.size >= MAX_EXCHANGES) return false;
    this.#exchanges.set(id, open.add(exchange));
    exchange.reply.onClosed(() => {
      open.delete(exchange);
      if (open.size === 0 && this.#exchanges.get(id) === open) this.#exchanges.delete(id);
    });
    return true;
  }

  async #post(
    request: IncomingMessage,
    response: ServerResponse,
    backend: Backend,
    inbound: Inbound,
    reply: Reply,
  ): Promise<void> {
    const { maxMessage } = this.#options;
    const { headers, grant } = inbound;
    const refuse = (status: number, message: string): void => {
      backend.refused(grant, message);
      turnAway(reply, { status, message });
    };
    if (!JSON_TYPE.test(headers.get("content-type") ?? "")) {
      refuse(415, "A message is sent as `Content-Type: application/json`.");
      return;
    }
    if ((request.headers["content-encoding"] ?? "identity") !== "identity") {
      refuse(415, "A message is sent without a Content-Encoding.");
      return;
    }
    const body = await readBody(request, response, maxMessage);
    if (!Buffer.isBuffer(body)) {
      if (body.kind === "large") refuse(413, `A message has at most ${maxMessage} bytes.`);
      else reply.abort();
      return;
    }
    const admitted = body.length > HEAVY ? await this.#admitLarge(grant, body, reply) : admit(body);
    if (admitted === undefined || reply.closed) return;
    if (!admitted.ok) {
      const { id, code, message } = admitted;
      backend.refused(grant, message);
      reply.json(400, errorMessage(id ?? null, code, message));
      return;
    }
    // In the modern era servers ask nothing outside of an answer.
    const version = headers.get("mcp-protocol-version");
    if (admitted.message.kind === "response" && isModernVersion(version)) {
      refuse(400, "An answer answers nothing in this revision.");
      return;
    }
    const problem = mirrorProblem(admitted.message, headers);
    if (problem !== undefined) {
      backend.refused(grant, problem);
      reply.json(400, errorMessage(answeredId(admitted.message), HEADER_MISMATCH, problem));
      return;
    }
    const { traceparent, tracestate } = request.headers;
    const httpTrace = traceOf(traceparent, tracestate);
    const traced = httpTrace === undefined ? admitted : { ...admitted, aside: { httpTrace } };
    await backend.post(traced, inbound, reply);
  }

  /** Undefined when the client has gone. */
  #admitLarge({ id }: Grant, body: Buffer, reply: Reply): Promise<Admitted | Refused | undefined> {
    const gone = new AbortController();
    reply.onClosed(() => gone.abort());
    return this.#turns.take(id, (pause) => admitInSteps(body, pause), gone.signal);
  }

  async #health(path: string, request: IncomingMessage, reply: Reply): Promise<void> {
    if (request.method !== "GET" && request.method !== "HEAD") {
      turnAway(reply, { status: 405, message: "Ask with GET.", headers: { allow: "GET, HEAD" } });
      return;
    }
    if (path === "/healthz") {
      reply.json(200, '{"status":"ok"}');
      return;
    }
    let reason = this.#draining ? "The proxy is about to end." : undefined;
    try {
      await this.#options.routes.ready();
    } catch (error) {
      reason ??= error instanceof Error ? error.message : String(error);
    }
    if (reason === undefined) reply.json(200, '{"status":"ready"}');
    else reply.json(503, JSON.stringify({ status: "not ready", reason }));
  }
}

/** Refuses without reading on; the connection is of no more use then. */
function turnAway(reply: Reply, { status, message, headers = {} }: TurnedAway): void {
  reply.json(status, errorMessage(null, INVALID_REQUEST, message), {
    ...headers,
    connection: "close",
  });
}
