import { Cluster, Redis, type RedisOptions } from "ioredis";
import { StateRefused, StateUnavailable } from "../store.ts";
import type { Address } from "./address.ts";
import type { Script } from "./script.ts";

/** A command that is not answered by then denies its call. */
const COMMAND_MS = 500;
const CONNECT_MS = 5000;
/** Between attempts to connect again. */
const RETRY_MS = 200;

/** `replyMapping` would change the types of replies. */
type Options = Omit<RedisOptions, "replyMapping">;

/** A connection that comes back by itself, and answers or fails within half a second. */
export class RedisConnection {
  readonly #address: Address;
  #client: Redis | Cluster;
  #lastError = "";
  /** Whether the server at the other end is known to keep what it is given. */
  #verified = false;
  #gathering = false;

  readonly #commandMs: number;

  private constructor(address: Address, commandMs: number) {
    this.#address = address;
    this.#commandMs = commandMs;
    this.#client = this.#watched(new Redis(optionsOf(address, commandMs)));
  }

  /** `commandMs`: how long one command may take. */
  static async open(address: Address, commandMs = COMMAND_MS): Promise<RedisConnection> {
    const connection = new RedisConnection(address, commandMs);
    try {
      await connection.#connect();
      return connection;
    } catch (error) {
      connection.close();
      throw error instanceof StateRefused ? error : connection.#unavailable(error);
    }
  }

  /** Runs a script; all `keys` are in one hash slot. */
  run(
    { sha, lua }: Script,
    keys: readonly string[],
    args: readonly (string | number)[],
  ): Promise<unknown> {
    return this.#ask(async (client) => {
      try {
        return await client.evalsha(sha, keys.length, ...keys, ...args);
      } catch (error) {
        if (!messageOf(error).startsWith("NOSCRIPT")) throw error;
        return client.eval(lua, keys.length, ...keys, ...args);
      }
    });
  }

  hgetall(key: string): Promise<Record<string, string>> {
    return this.#ask((client) => client.hgetall(key));
  }

  hget(key: string, field: string): Promise<string | null> {
    return this.#ask((client) => client.hget(key, field));
  }

  ping(): Promise<void> {
    this.#verified = false;
    return this.#ask(async () => undefined);
  }

  close(): void {
    this.#client.disconnect();
  }

  async #ask<T>(command: (client: Redis | Cluster) => Promise<T>): Promise<T> {
    try {
      if (!this.#verified) await this.#verify();
      this.#gather();
      return await command(this.#client);
    } catch (error) {
      if (error instanceof StateRefused) throw new StateUnavailable(error.message);
      throw this.#unavailable(error);
    }
  }

  /**
   * What is asked in one turn of the event loop leaves in one piece: for both sides a system call costs as much as
   * the rest of a command.
   */
  #gather(): void {
    if (this.#gathering || !(this.#client instanceof Redis)) return;
    const { stream } = this.#client;
    this.#gathering = true;
    stream.cork();
    setImmediate(() => {
      this.#gathering = false;
      stream.uncork();
    });
  }

  async #connect(): Promise<void> {
    await this.#established();
    const info = await this.#info("cluster");
    if (/^cluster_enabled:1\r?$/m.test(info)) {
      if (this.#address.db !== 0) {
        throw new StateRefused(
          `The Redis at ${this.#address.shown} is a cluster, which has database 0 only.`,
        );
      }
      this.#client.disconnect();
      this.#client = this.#watched(clusterOf(this.#address, this.#commandMs));
      await this.#established();
    }
    await this.#verify();
  }

  async #established(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const tooLong = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error("no answer within 5 s")), CONNECT_MS);
    });
    try {
      await Promise.race([this.#client.connect(), tooLong]);
    } catch (error) {
      // What the client says of a connection that failed is only that it is closed.
      throw this.#lastError === "" ? error : new Error(this.#lastError);
    } finally {
      clearTimeout(timer);
    }
  }

  #watched<T extends Redis | Cluster>(client: T): T {
    // Without a listener an error would end the process; the calls that it fails tell of it.
    client.on("error", (error) => {
      this.#lastError = messageOf(error);
    });
    // After a reconnection another server may answer, one that is set up differently.
    client.on("close", () => {
      this.#verified = false;
    });
    return client;
  }

  /** Refuses a server that may throw counters away when its memory is full. */
  async #verify(): Promise<void> {
    const info = await this.#info("memory");
    const policy = /^maxmemory_policy:(.*?)\r?$/m.exec(info)?.[1];
    if (policy !== "noeviction") {
      throw new StateRefused(
        policy === undefined
          ? `The Redis at ${this.#address.shown} does not tell its maxmemory-policy. Allow this user the command INFO.`
          : `The Redis at ${this.#address.shown} has the maxmemory-policy \`${policy}\`, which may drop counters when memory is full. Set it to \`noeviction\`.`,
      );
    }
    this.#verified = true;
  }

  async #info(section: string): Promise<string> {
    if (this.#client instanceof Redis) return this.#client.info(section);
    const nodes = this.#client.nodes("master");
    return worst(await Promise.all(nodes.map((node) => node.info(section))));
  }

  /** By its message alone: the error itself may carry a command with a password. */
  #unavailable(error: unknown): StateUnavailable {
    if (error instanceof StateUnavailable) return error;
    return new StateUnavailable(
      `The Redis at ${this.#address.shown} cannot be used now: ${messageOf(error)}.`,
    );
  }
}

/** Of several nodes, the answer of one that is set up wrongly if there is one. */
function worst(answers: readonly string[]): string {
  return (
    answers.find((answer) => !answer.includes("maxmemory_policy:noeviction")) ?? answers[0] ?? ""
  );
}

function optionsOf(address: Address, commandMs: number): Options {
  const { host, port, username, password, db, tls } = address;
  return {
    host,
    port,
    db,
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(tls && { tls: { servername: host } }),
    lazyConnect: true,
    connectTimeout: CONNECT_MS,
    commandTimeout: commandMs,
    // A call must not wait for a server to come back, nor be charged after it was denied.
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    retryStrategy: () => RETRY_MS,
  };
}

function clusterOf(address: Address, commandMs: number): Cluster {
  const { host, port } = address;
  const { lazyConnect: _, retryStrategy: __, ...redisOptions } = optionsOf(address, commandMs);
  return new Cluster([{ host, port }], {
    lazyConnect: true,
    enableOfflineQueue: false,
    clusterRetryStrategy: () => RETRY_MS,
    retryDelayOnFailover: RETRY_MS,
    redisOptions,
  });
}

function messageOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.replace(/\.$/, "");
}
