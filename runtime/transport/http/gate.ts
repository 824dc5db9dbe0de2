import type { OutgoingHttpHeaders } from "node:http";
import type { Grant, Grants } from "../../grants/grant.ts";
import { RATE, RateLimit } from "../../grants/rate.ts";
import type { RequestHeaders } from "./headers.ts";

export interface GateOptions {
  readonly grants: Grants;
  /** Accepted `Host` values besides the names of this machine's loopback: a host, or a host and a port. */
  readonly hosts: readonly string[];
  /** Accepted `Origin` values besides our own. */
  readonly origins: readonly string[];
  /** Of each grant; in a burst twice as many. */
  readonly messagesPerSecond?: number;
}

/** Why a request is refused before its body is read. */
export interface TurnedAway {
  readonly status: number;
  /** A sentence. */
  readonly message: string;
  readonly headers?: OutgoingHttpHeaders;
}

const LOOPBACK = new Set(["localhost", "127.0.0.1", "[::1]"]);
const ALLOWED_METHODS = "GET, POST, DELETE";
const ALLOWED_HEADERS =
  "accept, authorization, content-type, last-event-id, mcp-method, mcp-name, mcp-protocol-version, mcp-session-id";
const EXPOSED_HEADERS = "mcp-session-id, mcp-protocol-version, retry-after, www-authenticate";

/** Who may come in, by the head of a request: Host, Origin, token, rate, in this order. */
export class Gate {
  readonly #grants: Grants;
  readonly #hosts: ReadonlySet<string>;
  readonly #origins: ReadonlySet<string>;
  readonly #perSecond: number;
  readonly #rates = new Map<string, RateLimit>();

  constructor({ grants, hosts, origins, messagesPerSecond = RATE }: GateOptions) {
    this.#perSecond = messagesPerSecond;
    this.#grants = grants;
    this.#hosts = new Set(hosts.map((host) => host.toLowerCase()));
    this.#origins = new Set(origins.map((origin) => origin.toLowerCase()));
  }

  /** A page of another site that was made to resolve to us says so in its Host (DNS rebinding). */
  checkHost(headers: RequestHeaders): TurnedAway | undefined {
    const host = headers.get("host")?.toLowerCase();
    if (host !== undefined && this.#acceptsHost(host)) return undefined;
    return { status: 403, message: "This Host is not served here." };
  }

  checkOrigin(headers: RequestHeaders): TurnedAway | undefined {
    const origin = headers.get("origin");
    return origin === undefined || this.#acceptsOrigin(origin, headers)
      ? undefined
      : { status: 403, message: "This Origin is not allowed." };
  }

  /** Headers that let a page of an allowed origin read our answers; none for other requests. */
  cors(headers: RequestHeaders): OutgoingHttpHeaders {
    const origin = headers.get("origin");
    if (origin === undefined || !this.#acceptsOrigin(origin, headers)) return {};
    return {
      "access-control-allow-origin": origin,
      "access-control-expose-headers": EXPOSED_HEADERS,
      vary: "Origin",
    };
  }

  /** The answer to a browser that asks first. `asked`: the headers that the page wants to send. */
  preflight(headers: RequestHeaders, asked: string): OutgoingHttpHeaders {
    const params = asked
      .toLowerCase()
      .split(",")
      .map((name) => name.trim())
      .filter((name) => /^mcp-param-[a-z0-9-]+$/.test(name));
    return {
      ...this.cors(headers),
      "access-control-allow-methods": ALLOWED_METHODS,
      "access-control-allow-headers": [ALLOWED_HEADERS, ...params].join(", "),
      "access-control-max-age": "600",
    };
  }

  /** Whose request it is; `server`: the name of the server that it is for, if there is one. */
  admit(
    headers: RequestHeaders,
    server: string | undefined,
  ): { readonly grant: Grant } | TurnedAway {
    const given = /^Bearer +([^\s]+) *$/i.exec(headers.get("authorization") ?? "")?.[1];
    const grant = this.#grants.ofToken(given, server);
    if (grant === undefined) {
      return {
        status: 401,
        message: "A valid bearer token is needed.",
        headers: { "www-authenticate": "Bearer" },
      };
    }
    let rate = this.#rates.get(grant.id);
    if (rate === undefined) {
      rate = new RateLimit(this.#perSecond);
      this.#rates.set(grant.id, rate);
    }
    if (rate.take()) return { grant };
    return {
      status: 429,
      message: "Too many messages; wait a second.",
      headers: { "retry-after": "1" },
    };
  }

  #acceptsHost(host: string): boolean {
    const match = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::[0-9]{1,5})?$/.exec(host);
    if (match === null) return false;
    return (
      LOOPBACK.has(match[1] as string) ||
      this.#hosts.has(host) ||
      this.#hosts.has(match[1] as string)
    );
  }

  #acceptsOrigin(origin: string, headers: RequestHeaders): boolean {
    const given = origin.toLowerCase();
    if (this.#origins.has(given)) return true;
    // Our own: the Host was accepted before, and a page of it is not another site.
    const host = headers.get("host")?.toLowerCase();
    return given === `http://${host}` || given === `https://${host}`;
  }
}
