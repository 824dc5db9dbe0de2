import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type IncomingHttpHeaders, type IncomingMessage, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type HttpAnswer,
  messagesOf,
  type Rpc,
  type Sent,
  send,
} from "../runtime/proxy/http/proxy.ts";
import { MCPP } from "./lines.ts";

/** Tokens of tests, by the name of the grant. */
export const tokenOf = (grant: string): string => `token-of-${grant}-${"x".repeat(32)}`;

export function tokenLine(grant: string): string {
  return `sha256:${createHash("sha256").update(tokenOf(grant)).digest("hex")}`;
}

/** Starts the built gateway with this configuration; its error output is read, its input is empty. */
export function startGateway(config: string, env: NodeJS.ProcessEnv): ServedGateway {
  return new ServedGateway(
    spawn(process.execPath, [MCPP, "serve", "--config", config], {
      stdio: ["ignore", "ignore", "pipe"],
      env,
    }),
  );
}

/** A folder with a configuration and its policies, and the gateways that were started with it. */
export class GatewayFolder {
  readonly path = mkdtempSync(join(tmpdir(), "mcpp-gateway-"));
  readonly #running: ServedGateway[] = [];

  write(name: string, text: string): void {
    writeFileSync(join(this.path, name), text);
    chmodSync(join(this.path, name), 0o600);
  }

  file(name: string): string {
    return join(this.path, name);
  }

  async serve(env: NodeJS.ProcessEnv = {}): Promise<ServedGateway> {
    const gateway = startGateway(this.file("mcpp.yaml"), { ...process.env, ...env });
    this.#running.push(gateway);
    await gateway.listening;
    return gateway;
  }

  async remove(): Promise<void> {
    for (const gateway of this.#running.splice(0)) await gateway.stop();
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** Where a gateway, or what stands before several, is reached. */
export class GatewayPort {
  port: number;

  constructor(port = 0) {
    this.port = port;
  }

  /** Sends a message to a server under a grant, and gives the last one that comes back. */
  async ask(
    grant: string,
    server: string,
    message: unknown,
    headers: Sent["headers"] = {},
    signal?: AbortSignal,
  ): Promise<Rpc & { readonly status: number; readonly session: string | undefined }> {
    const answer = await send(this.port, {
      path: `/mcp/${server}`,
      body: JSON.stringify(message),
      headers: { authorization: `Bearer ${tokenOf(grant)}`, ...headers },
      ...(signal === undefined ? {} : { signal }),
    });
    const session = answer.headers["mcp-session-id"];
    return {
      ...messagesOf(answer).at(-1),
      status: answer.status,
      session: typeof session === "string" ? session : undefined,
    };
  }

  /** What is at a path, for whoever asks without a token. `host`: as the request names it. */
  get(path: string, host?: string): Promise<HttpAnswer> {
    return send(this.port, { method: "GET", path, headers: host === undefined ? {} : { host } });
  }

  /** Sends one HTTP request under a grant, and gives its answer when that begins. */
  async open(
    grant: string,
    server: string,
    { method = "POST", headers = {}, message }: Opened = {},
  ): Promise<OpenAnswer> {
    const body = message === undefined ? undefined : JSON.stringify(message);
    const outgoing = request({
      host: "127.0.0.1",
      port: this.port,
      path: `/mcp/${server}`,
      method,
      agent: false,
      headers: {
        accept: "application/json, text/event-stream",
        authorization: `Bearer ${tokenOf(grant)}`,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
      },
    });
    const response = new Promise<IncomingMessage>((resolve, reject) => {
      outgoing.once("response", resolve);
      outgoing.on("error", reject);
    });
    outgoing.end(body);
    return new OpenAnswer(await response);
  }

  /** Opens the GET stream of a session. */
  listen(grant: string, server: string, session: string, last?: string): Promise<OpenAnswer> {
    return this.open(grant, server, {
      method: "GET",
      headers: {
        "mcp-session-id": session,
        "mcp-protocol-version": "2025-11-25",
        ...(last === undefined ? {} : { "last-event-id": last }),
      },
    });
  }

  /** Begins a legacy session; gives its id. */
  async begin(grant: string, server: string): Promise<string> {
    const { session, status } = await this.ask(grant, server, {
      jsonrpc: "2.0",
      id: "begin",
      method: "initialize",
      params: {
        protocolVersion: "2025-11-25",
        capabilities: {},
        clientInfo: { name: "test", version: "1" },
      },
    });
    if (session === undefined) throw new Error(`No session, status ${status}.`);
    const initialized = { jsonrpc: "2.0", method: "notifications/initialized" };
    await this.ask(grant, server, initialized, { "mcp-session-id": session });
    return session;
  }
}

/** `mcpp serve --config` as a process of its own. */
export class ServedGateway extends GatewayPort {
  readonly process: ChildProcess;
  /** Resolves when it listens. */
  readonly listening: Promise<void>;
  readonly exited: Promise<number | null>;
  stderr = "";

  constructor(process: ChildProcess) {
    super();
    this.process = process;
    this.exited = new Promise((resolve) => this.process.once("close", (code) => resolve(code)));
    this.listening = new Promise((resolve, reject) => {
      this.process.stderr?.setEncoding("utf8").on("data", (text: string) => {
        this.stderr += text;
        const port = /listening on http:\/\/[^:]+:(\d+)\//.exec(this.stderr)?.[1];
        if (port === undefined) return;
        this.port = Number(port);
        resolve();
      });
      this.process.once("close", () =>
        reject(new Error(`It ended before it listened.\n${this.stderr}`)),
      );
    });
  }

  async stop(): Promise<number | null> {
    this.process.kill("SIGTERM");
    return this.exited;
  }
}

export interface Opened {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly message?: unknown;
}

/** An answer that may still go on. */
export class OpenAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Resolves when it is over, in order or not. */
  readonly ended: Promise<void>;
  over = false;
  text = "";
  readonly #response: IncomingMessage;

  constructor(response: IncomingMessage) {
    this.#response = response;
    this.status = response.statusCode ?? 0;
    this.headers = response.headers;
    response.setEncoding("utf8").on("data", (part: string) => {
      this.text += part;
    });
    this.ended = new Promise((resolve) => {
      const end = (): void => {
        this.over = true;
        resolve();
      };
      response.on("close", end);
      response.on("error", end);
    });
  }

  /** The messages that have come whole. */
  get messages(): Rpc[] {
    const body = this.text.slice(0, this.text.lastIndexOf("\n\n") + 2);
    return messagesOf({ status: this.status, headers: this.headers, body });
  }

  /** Lets go of it, as a client does that does not want the rest. */
  leave(): void {
    this.#response.destroy();
  }
}
