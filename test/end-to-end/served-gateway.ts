import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { messagesOf, type Rpc, type Sent, send } from "../runtime/proxy/http/proxy.ts";
import { MCPP } from "./lines.ts";

/** Tokens of tests, by the name of the grant. */
export const tokenOf = (grant: string): string => `token-of-${grant}-${"x".repeat(32)}`;

export function tokenLine(grant: string): string {
  return `sha256:${createHash("sha256").update(tokenOf(grant)).digest("hex")}`;
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
    const gateway = new ServedGateway(this.file("mcpp.yaml"), { ...process.env, ...env });
    this.#running.push(gateway);
    await gateway.listening;
    return gateway;
  }

  async remove(): Promise<void> {
    for (const gateway of this.#running.splice(0)) await gateway.stop();
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** `mcpp serve --config` as a process of its own. */
export class ServedGateway {
  readonly process: ChildProcess;
  /** Resolves when it listens. */
  readonly listening: Promise<void>;
  readonly exited: Promise<number | null>;
  stderr = "";
  port = 0;

  constructor(config: string, env: NodeJS.ProcessEnv) {
    this.process = spawn(process.execPath, [MCPP, "serve", "--config", config], {
      stdio: ["ignore", "ignore", "pipe"],
      env,
    });
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

  /** Sends a message to a server under a grant, and gives the last one that comes back. */
  async ask(
    grant: string,
    server: string,
    message: unknown,
    headers: Sent["headers"] = {},
  ): Promise<Rpc & { readonly status: number; readonly session: string | undefined }> {
    const answer = await send(this.port, {
      path: `/mcp/${server}`,
      body: JSON.stringify(message),
      headers: { authorization: `Bearer ${tokenOf(grant)}`, ...headers },
    });
    const session = answer.headers["mcp-session-id"];
    return {
      ...messagesOf(answer).at(-1),
      status: answer.status,
      session: typeof session === "string" ? session : undefined,
    };
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
    if (session === undefined) throw new Error(`No session, status ${status}.\n${this.stderr}`);
    const initialized = { jsonrpc: "2.0", method: "notifications/initialized" };
    await this.ask(grant, server, initialized, { "mcp-session-id": session });
    return session;
  }

  async stop(): Promise<number | null> {
    this.process.kill("SIGTERM");
    return this.exited;
  }
}
