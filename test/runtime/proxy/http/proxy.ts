import { type IncomingHttpHeaders, request } from "node:http";
import { validatePolicy } from "../../../../policy/index.ts";
import {
  ChildBackend,
  compileEngine,
  type DecisionRecord,
  type Governance,
  type Grant,
  HttpRelay,
  HttpServer,
  HttpUpstream,
  MAX_MESSAGE,
  MAX_SERVER_MESSAGE,
  noLoad,
  type Observer,
  oneServer,
  openGrant,
  openStore,
  Rounds,
  Rulebook,
  Seals,
  type ServerRequest,
  startChild,
  Tasks,
  tokenGrant,
} from "../../../../runtime/index.ts";

import { CHILD_CAPS, type ChildCaps } from "../../../../runtime/proxy/http/child-backend.ts";

/** How a proxy under test reaches its server. */
export type Behind =
  | { readonly url: string }
  | { readonly command: string; readonly args: readonly string[] };

export interface ProxyOptions {
  readonly token?: string;
  readonly timeoutMs?: number;
  readonly maxServerMessage?: number;
  readonly refused?: readonly ServerRequest[];
  readonly seals?: Seals;
  readonly hosts?: readonly string[];
  readonly origins?: readonly string[];
  readonly forwardHeaders?: readonly string[];
  readonly shadow?: boolean;
  /** Unlimited unless it is said: tests are faster than clients. */
  readonly messagesPerSecond?: number;
  /** Called whenever a child is about to start. */
  readonly started?: () => unknown;
  readonly caps?: Partial<ChildCaps>;
  readonly grant?: Grant;
  /** False: other grants reach the same tasks. */
  readonly alone?: boolean;
  /** Who watches. */
  readonly observer?: Observer;
}

export interface HttpProxy {
  readonly port: number;
  readonly url: string;
  readonly records: DecisionRecord[];
  readonly notices: string[];
  readonly governance: Governance;
  /** Another policy is in force from now on. */
  reload(policy: unknown): void;
  close(drainMs?: number): Promise<void>;
}

export const LOCAL = { id: "local", name: "local", labels: {} };

/** The proxy over HTTP, in this process. */
export async function startHttpProxy(
  policy: unknown,
  behind: Behind,
  options: ProxyOptions = {},
): Promise<HttpProxy> {
  const records: DecisionRecord[] = [];
  const notices: string[] = [];
  const seals = options.seals ?? new Seals();
  const shadow = options.shadow === true;
  let rulebook = rulebookOf(policy, shadow);
  const governance: Governance = {
    ...(await governanceOf(seals, records, notices, options)),
    rulebook: () => rulebook,
  };
  const { timeoutMs = 10_000, maxServerMessage = MAX_SERVER_MESSAGE } = options;
  const forwardHeaders = new Set(options.forwardHeaders ?? []);
  const backend =
    "url" in behind
      ? new HttpRelay({
          upstream: new HttpUpstream({ url: new URL(behind.url), headers: {}, timeoutMs }),
          governanceOf: () => governance,
          seals,
          forwardHeaders,
          maxMessage: maxServerMessage,
          timeoutMs,
        })
      : new ChildBackend({
          start: async () => {
            await options.started?.();
            return startChild({ ...behind, env: process.env, graceMs: 500 });
          },
          governanceOf: () => governance,
          seals,
          noise: () => {},
          caps: { ...CHILD_CAPS, ...options.caps },
        });
  const server = new HttpServer({
    address: { host: "127.0.0.1", port: 0 },
    grants:
      options.token === undefined
        ? openGrant(governance.grant)
        : tokenGrant(governance.grant, options.token),
    hosts: options.hosts ?? [],
    origins: options.origins ?? [],
    messagesPerSecond: options.messagesPerSecond ?? Number.MAX_SAFE_INTEGER,
    routes: oneServer(governance.server, backend, ["/mcp"], governance.store),
    maxMessage: MAX_MESSAGE,
    forwardHeaders,
    notice: (text) => notices.push(text),
  });
  const port = await server.listen();
  return {
    port,
    url: `http://127.0.0.1:${port}/mcp`,
    records,
    notices,
    governance,
    reload: (next) => {
      rulebook = rulebookOf(next, shadow);
    },
    close: (drainMs = 0) => server.close(drainMs),
  };
}

function rulebookOf(policy: unknown, shadow: boolean): Rulebook {
  const validated = validatePolicy(policy);
  if (!("policy" in validated)) throw new Error(JSON.stringify(validated.problems));
  return new Rulebook(validated.policy, compileEngine(validated.policy, { shadow }), { shadow });
}

async function governanceOf(
  seals: Seals,
  records: DecisionRecord[],
  notices: string[],
  options: ProxyOptions,
): Promise<Omit<Governance, "rulebook">> {
  const store = await openStore("memory");
  const grant = options.grant ?? LOCAL;
  const bound = { server: "test", grant: grant.id };
  return {
    store,
    observer: options.observer,
    server: "test",
    grant,
    refusedRequests: new Set(options.refused ?? []),
    rounds: new Rounds(seals, bound, store, Date.now),
    tasks: new Tasks(seals, bound, options.alone ?? true),
    load: noLoad(),
    now: Date.now,
    record: (record) => void records.push(record),
    notice: (text) => notices.push(text),
  };
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Sent {
  readonly method?: string;
  readonly path?: string;
  /** In place of, and besides, what a well-behaved client sends; undefined leaves one out. */
  readonly headers?: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body?: string | Buffer;
  /** In pieces without a length, as they are. */
  readonly chunks?: readonly (string | Buffer)[];
  readonly signal?: AbortSignal;
}

const USUAL = {
  accept: "application/json, text/event-stream",
  "content-type": "application/json",
};

/** One HTTP request, headers as they are. */
export function send(port: number, sent: Sent): Promise<HttpAnswer> {
  const { method = "POST", path = "/mcp", body, chunks, signal } = sent;
  const headers = Object.entries({
    host: `127.0.0.1:${port}`,
    ...USUAL,
    ...(body === undefined ? {} : { "content-length": String(Buffer.byteLength(body)) }),
    ...sent.headers,
  }).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value]).flatMap((one) =>
      one === undefined ? [] : [name, one as string],
    ),
  );
  return new Promise((resolve, reject) => {
    const outgoing = request(
      { host: "127.0.0.1", port, method, path, headers, agent: false, setHost: false, signal },
      (response) => {
        const parts: Buffer[] = [];
        response.on("data", (part: Buffer) => parts.push(part));
        response.on("error", reject);
        response.on("end", () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: Buffer.concat(parts).toString("utf8"),
          }),
        );
      },
    );
    outgoing.on("error", reject);
    for (const chunk of chunks ?? []) outgoing.write(chunk);
    outgoing.end(body);
  });
}

export interface Rpc {
  readonly id?: string | number | null;
  readonly method?: string;
  readonly params?: Readonly<Record<string, unknown>>;
  readonly result?: {
    readonly content?: readonly { readonly type: string; readonly text: string }[];
    readonly isError?: boolean;
    readonly resultType?: string;
    readonly requestState?: string;
    readonly tools?: readonly { readonly name: string }[];
  } & Readonly<Record<string, unknown>>;
  readonly error?: { readonly code: number; readonly message: string; readonly data?: unknown };
}

/** The messages of an answer, of a stream or a body. */
export function messagesOf({ headers, body }: HttpAnswer): Rpc[] {
  if (!(headers["content-type"] ?? "").includes("text/event-stream")) {
    return body === "" ? [] : [JSON.parse(body) as Rpc];
  }
  return body
    .split("\n\n")
    .flatMap((event) => event.split("\n").filter((line) => line.startsWith("data: {")))
    .map((line) => JSON.parse(line.slice(6)) as Rpc);
}

/** Sends a message and gives the last one that comes back. */
export async function ask(
  port: number,
  message: unknown,
  headers: Sent["headers"] = {},
): Promise<Rpc & { readonly status: number; readonly headers: IncomingHttpHeaders }> {
  const answer = await send(port, { body: JSON.stringify(message), headers });
  return { ...messagesOf(answer).at(-1), status: answer.status, headers: answer.headers };
}

const META = "io.modelcontextprotocol/";

/** A request of the modern era, and the headers that repeat it. */
export function modern(
  id: string | number,
  method: string,
  params: Readonly<Record<string, unknown>> = {},
): { readonly message: object; readonly headers: Record<string, string> } {
  const name = params.name ?? params.uri;
  return {
    message: {
      jsonrpc: "2.0",
      id,
      method,
      params: {
        ...params,
        _meta: {
          [`${META}protocolVersion`]: "2026-07-28",
          [`${META}clientCapabilities`]: {},
          [`${META}clientInfo`]: { name: "test", version: "1" },
          ...(params._meta as object | undefined),
        },
      },
    },
    headers: {
      "mcp-protocol-version": "2026-07-28",
      "mcp-method": method,
      ...(typeof name === "string" ? { "mcp-name": name } : {}),
    },
  };
}

export function toolCall(id: string | number, name: string, args: unknown = {}): object {
  return { jsonrpc: "2.0", id, method: "tools/call", params: { name, arguments: args } };
}

/** Begins a legacy session; the headers that go with its requests. */
export async function initialize(port: number): Promise<Record<string, string>> {
  const { headers } = await ask(port, {
    jsonrpc: "2.0",
    id: "init",
    method: "initialize",
    params: {
      protocolVersion: "2025-11-25",
      capabilities: {},
      clientInfo: { name: "test", version: "1" },
    },
  });
  const session = headers["mcp-session-id"];
  const own = {
    "mcp-protocol-version": "2025-11-25",
    ...(typeof session === "string" ? { "mcp-session-id": session } : {}),
  };
  await ask(port, { jsonrpc: "2.0", method: "notifications/initialized" }, own);
  return own;
}
