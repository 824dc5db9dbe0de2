import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";

/** Whether there is a Redis to test with. CI must have one. */
export const hasRedis =
  process.env.CI === "true" || spawnSync("redis-server", ["--version"]).status === 0;

/** A Redis of our own on a free port. */
export class RedisServer {
  readonly port: number;
  readonly #arguments: readonly string[];
  readonly #dir = mkdtempSync(join(tmpdir(), "mcpp-redis-"));
  #process: ChildProcess | undefined;

  private constructor(port: number, options: readonly string[]) {
    this.port = port;
    this.#arguments = [
      ...["--port", `${port}`, "--bind", "127.0.0.1", "--dir", this.#dir],
      ...["--save", "", "--appendonly", "no"],
      ...options,
    ];
  }

  static async start(...options: readonly string[]): Promise<RedisServer> {
    const server = new RedisServer(await freePort(), options);
    await server.start();
    return server;
  }

  get address(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Starts it (again), empty, and waits until it answers, if only to ask for a password. */
  async start(): Promise<void> {
    this.#process = spawn("redis-server", this.#arguments, { stdio: "ignore" });
    const client = new Redis(this.port, { retryStrategy: () => 20, maxRetriesPerRequest: null });
    client.on("error", () => undefined);
    await client.ping().catch((error: Error) => {
      if (!error.message.startsWith("NOAUTH")) throw error;
    });
    client.disconnect();
  }

  async stop(): Promise<void> {
    const running = this.#process;
    if (!running || running.exitCode !== null || running.signalCode !== null) return;
    const gone = new Promise((resolve) => running.once("exit", resolve));
    running.kill("SIGKILL");
    await gone;
  }

  signal(signal: "SIGSTOP" | "SIGCONT"): void {
    this.#process?.kill(signal);
  }

  async command(...words: readonly [string, ...string[]]): Promise<unknown> {
    const client = new Redis(this.port);
    try {
      return await client.call(...words);
    } finally {
      client.disconnect();
    }
  }

  async end(): Promise<void> {
    await this.stop();
    rmSync(this.#dir, { recursive: true, force: true });
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
