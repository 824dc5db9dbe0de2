import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from "node:http";
import { StateUnavailable } from "../state/store.ts";
import { Listener } from "../transport/http/listener.ts";
import { readObject } from "./body.ts";
import { entranceRoutes } from "./entrance.ts";
import { type AdminNames, acceptedHosts, cookieOf, hasBearer, isOwnPage } from "./gate.ts";
import type { AdminPeople } from "./people.ts";
import { type AdminAnswer, type AdminRoute, refusal } from "./route.ts";
import { Sessions } from "./sessions.ts";

export interface AdminOptions extends AdminNames {
  readonly people: AdminPeople;
  /** SHA-256 of the token that opens `metrics` to machines, 64 hexadecimal digits. */
  readonly token?: string;
  readonly routes: readonly AdminRoute[];
  /** Milliseconds since 1970, UTC. */
  readonly now: () => number;
  readonly notice: (text: string) => void;
  /** Somebody was turned away; `cause`: a few words of ours. */
  readonly turnedAway: (cause: string) => void;
}

/** How long what runs may take to end once the proxy is asked to (milliseconds). */
const DRAIN_MS = 1_000;
/** What is asked for by the page's script, and not by people. */
const API = "/api/";
/** With what the page proves its session, besides the cookie. */
const PAGE_HEADER = "mcpp-page";

/** On every answer: nothing of another origin is loaded, and nothing is framed, kept or told to others. */
const HEADERS: OutgoingHttpHeaders = {
  "cache-control": "no-store",
  "content-security-policy":
    "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": "camera=(), geolocation=(), microphone=()",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
};

/**
 * The admin address: a port of its own, where nothing that a client of the proxy has is of any use. A request is
 * refused in this order: by its Host, where it comes from, who asks, its method, its body.
 */
export class AdminServer {
  readonly #options: AdminOptions;
  readonly #sessions: Sessions;
  readonly #listener: Listener;
  readonly #routes: readonly AdminRoute[];
  #hosts: ReadonlySet<string> = new Set();
  #port = 0;

  constructor(options: AdminOptions) {
    const { people, now, url, turnedAway } = options;
    this.#options = options;
    this.#sessions = new Sessions(people, now);
    const entrance = entranceRoutes({
      sessions: this.#sessions,
      cookieName: () => this.#cookieName,
      secure: url?.protocol === "https:",
      turnedAway,
    });
    this.#routes = [...entrance, ...options.routes];
    this.#listener = new Listener((request, response, known) => {
      void this.#serve(request, response, known);
    });
  }

  /** Resolves with the port; rejects when the address cannot be had. */
  async listen(): Promise<number> {
    this.#port = await this.#listener.listen(this.#options.address);
    this.#hosts = acceptedHosts(this.#options, this.#port);
    return this.#port;
  }

  /** Where people reach the page, without a slash at its end; once it listens. */
  get origin(): string {
    const { address, url } = this.#options;
    if (url !== undefined) return url.origin;
    const { host } = address;
    const anywhere = host === "0.0.0.0" || host === "::";
    const name = anywhere ? "127.0.0.1" : host.includes(":") ? `[${host}]` : host;
    return `http://${name}:${this.#port}`;
  }

  /**
   * The address of the page with a secret that opens it once, within an hour. It stands after the `#`, which no browser
   * sends to anybody: the page itself reads it, and takes it out.
   */
  newLink(): string {
    return `${this.origin}/#link=${this.#sessions.newLink()}`;
  }

  /** Where a question is shown, to whoever has signed in or does so. */
  linkTo(question: string): string {
    return `${this.origin}/#waiting/${question}`;
  }

  async close(): Promise<void> {
    const drained = this.#listener.drain();
    const timer = setTimeout(() => this.#listener.abort(), DRAIN_MS);
    await drained;
    clearTimeout(timer);
  }

  /** One for each port: a host has the same cookies on all of them. */
  get #cookieName(): string {
    return `mcpp-admin-${this.#port}`;
  }

  async #serve(
    request: IncomingMessage,
    response: ServerResponse,
    known: () => void,
  ): Promise<void> {
    response.on("error", () => {});
    try {
      const answer = await this.#answer(request, response, known);
      if (answer === undefined) response.destroy();
      else send(response, answer);
    } catch (error) {
      if (error instanceof StateUnavailable) {
        send(response, refusal(503, "The state of the proxy cannot be reached at the moment."));
        return;
      }
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
      this.#options.notice(`the admin page failed: ${text}`);
      send(response, refusal(500, "The proxy has failed; its log says how."));
    }
  }

  /** Undefined when nobody waits for one. */
  async #answer(
    request: IncomingMessage,
    response: ServerResponse,
    known: () => void,
  ): Promise<AdminAnswer | undefined> {
    const { turnedAway, token } = this.#options;
    const { headers, method = "" } = request;
    const [path = "", ...rest] = (request.url ?? "").split("?");
    const here = this.#routes.filter((route) => route.path === path);
    const right = here[0]?.right;
    // A page that was made to resolve to us has no such token; who has may know nothing but our number.
    const machine = right === "metrics" && hasBearer(headers, token);
    if (!machine && !this.#hosts.has((headers.host ?? "").toLowerCase())) {
      turnedAway("admin: host");
      return refusal(403, "This Host is not served here.");
    }
    // Pages of other sites may link to ours; they may not ask for what ours asks for.
    if (path.startsWith(API) && !isOwnPage(headers, method)) {
      turnedAway("admin: origin");
      return refusal(403, "This Origin is not allowed.");
    }
    const cookie = cookieOf(headers, this.#cookieName);
    const proof = [headers[PAGE_HEADER]].flat()[0];
    const session = this.#sessions.find({ cookie, token: proof });
    const isPage = session !== undefined || (right === "metrics" && this.#sessions.isOpen(cookie));
    if (machine || isPage) known();
    else if (right !== "anybody") {
      turnedAway("admin: session");
      return refusal(401, "Sign in first.", { "www-authenticate": "Bearer" });
    }
    if (right === undefined) return refusal(404, "There is nothing at this path.");
    const route = here.find((one) => one.method === method);
    if (route === undefined) {
      const allow = here.map((one) => one.method).join(", ");
      return refusal(405, `This is asked for with ${allow}.`, { allow });
    }
    const asked = {
      query: new URLSearchParams(rest.join("?")),
      ...(session === undefined ? {} : { session }),
      ...(cookie === undefined ? {} : { cookie }),
    };
    if (method === "GET") return route.answer({ ...asked, body: {} });
    const read = await readObject(request, response);
    if ("refused" in read) return read.refused;
    return route.answer({ ...asked, body: read.object });
  }
}

function send(response: ServerResponse, { status, type, body, headers = {} }: AdminAnswer): void {
  if (response.headersSent || response.destroyed) return;
  response.writeHead(status, {
    ...HEADERS,
    ...headers,
    "content-type": type,
    "content-length": Buffer.byteLength(body),
    // A body that was not read would be taken for the next request.
    ...(status >= 400 ? { connection: "close" } : {}),
  });
  response.end(body);
}
