import { randomUUID } from "node:crypto";
import type { Json } from "../policy/index.ts";
import {
  type Child,
  HttpLink,
  HttpUpstream,
  LineConnection,
  type Message,
  serverEnvironment,
  startChild,
} from "../runtime/index.ts";
import { Failure, sentenceOf } from "./command.ts";
import type { Target } from "./connect.ts";

/** A server of the era without a handshake, asked one request after the other. */
export interface ModernServer {
  readonly protocol: string;
  readonly server?: { readonly name: string; readonly version: string };
  readonly capabilities: { readonly [name: string]: Json };
  ask(method: string, params: { readonly [key: string]: Json }): Promise<Record<string, unknown>>;
  close(): Promise<void>;
}

const PROTOCOL = "2026-07-28";
const META = "io.modelcontextprotocol/";
const ASK_MS = 30_000;
const CLOSE_MS = 1_000;
/** It was only asked what it has: many servers do not end with their input, and need not be waited for. */
const GRACE_MS = 200;
const MAX_MESSAGE = 64 * 1024 * 1024;

/** What carries messages to a server. */
interface Line {
  send(text: string, about: Message): void;
  close(): Promise<void>;
}

type Receive = (bytes: Uint8Array) => void;
type Fail = (reason: string, code?: unknown) => void;

/** Errors that only servers of this era give (MCP 2026-07-28, § Versioning). */
const MODERN_ERRORS: ReadonlySet<unknown> = new Set([-32020, -32021, -32022]);

/** The server is of this era, and will not serve us. */
export class ModernRefusal extends Error {
  override readonly name = "ModernRefusal";
}

/**
 * Asks the server what it is (MCP 2026-07-28, `server/discover`). Rejects when it does not speak this revision, or
 * says nothing for `probeMs`.
 */
export async function connectModern(target: Target, probeMs: number): Promise<ModernServer> {
  const asked = new Asked();
  const line =
    target.kind === "url"
      ? overHttp(target, asked)
      : await overStdio(target.command, target.args, asked);
  const ask = (
    method: string,
    params: { readonly [key: string]: Json },
    ms: number = ASK_MS,
  ): Promise<Record<string, unknown>> => {
    const full = { ...params, _meta: introduction() };
    const id = randomUUID();
    const answer = asked.expect(id, method, ms);
    line.send(JSON.stringify({ jsonrpc: "2.0", id, method, params: full }), {
      kind: "request",
      id,
      method,
      params: full,
    });
    return answer;
  };
  try {
    const found = await ask("server/discover", {}, probeMs);
    const versions = found.supportedVersions;
    if (!Array.isArray(versions) || !versions.includes(PROTOCOL)) {
      throw new Failure(`The server does not speak ${PROTOCOL}.`);
    }
    const info = (found._meta as { readonly [key: string]: Json } | undefined)?.[
      `${META}serverInfo`
    ] as { readonly name: string; readonly version: string } | undefined;
    return {
      protocol: PROTOCOL,
      ...(info === undefined ? {} : { server: { name: info.name, version: info.version } }),
      capabilities: (found.capabilities ?? {}) as { readonly [name: string]: Json },
      ask,
      close: () => line.close(),
    };
  } catch (error) {
    await line.close();
    throw error;
  }
}

function introduction(): { readonly [key: string]: Json } {
  return {
    [`${META}protocolVersion`]: PROTOCOL,
    // Some servers list more tools to a client that can do more.
    [`${META}clientCapabilities`]: { sampling: {}, elicitation: { form: {}, url: {} }, roots: {} },
    [`${META}clientInfo`]: { name: "mcpp", version: MCPP_VERSION },
  };
}

/** Requests that wait for their answers. */
class Asked {
  readonly #waiting = new Map<
    string,
    { readonly resolve: (result: Record<string, unknown>) => void; readonly fail: Fail }
  >();

  expect(id: string, method: string, ms: number): Promise<Record<string, unknown>> {
    return new Promise((resolve, reject) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(id);
      };
      const fail = (reason: string, code?: unknown): void => {
        done();
        const sentence = `\`${method}\` failed: ${sentenceOf(reason)}`;
        reject(MODERN_ERRORS.has(code) ? new ModernRefusal(sentence) : new Failure(sentence));
      };
      const timer = setTimeout(() => fail("there was no answer in time"), ms);
      this.#waiting.set(id, {
        resolve: (result) => {
          done();
          resolve(result);
        },
        fail,
      });
    });
  }

  readonly receive: Receive = (bytes) => {
    let message: { id?: unknown; result?: unknown; error?: { code?: unknown; message?: unknown } };
    try {
      message = JSON.parse(Buffer.from(bytes).toString("utf8"));
    } catch {
      return;
    }
    const waiting = this.#waiting.get(message.id as string);
    if (waiting === undefined) return;
    if (typeof message.result === "object" && message.result !== null) {
      waiting.resolve(message.result as Record<string, unknown>);
    } else {
      const { code, message: reason = "the answer is no result" } = message.error ?? {};
      waiting.fail(String(reason), code);
    }
  };

  isOpen(id: unknown): boolean {
    return this.#waiting.has(id as string);
  }

  fail(id: unknown, reason: string): void {
    this.#waiting.get(id as string)?.fail(reason);
  }

  failAll(reason: string): void {
    for (const { fail } of [...this.#waiting.values()]) fail(reason);
  }
}

function overHttp({ url, headers }: Extract<Target, { kind: "url" }>, asked: Asked): Line {
  const link = new HttpLink({
    upstream: new HttpUpstream({ url, headers, timeoutMs: ASK_MS }),
    maxMessage: MAX_MESSAGE,
    notice: () => {},
  });
  link.start({
    fromServer: asked.receive,
    failed: (id, reason) => asked.fail(id, reason),
    isOpen: (id) => asked.isOpen(id),
    pace: () => Promise.resolve(),
  });
  return { send: (text, about) => void link.send(text, about), close: () => link.close(CLOSE_MS) };
}

async function overStdio(command: string, args: readonly string[], asked: Asked): Promise<Line> {
  const env = serverEnvironment(process.env);
  const child: Child = await startChild({ command, args, env, graceMs: GRACE_MS });
  const connection = new LineConnection(child.stdout, child.stdin, MAX_MESSAGE);
  connection.start({
    message: asked.receive,
    oversized: () => asked.failAll("an answer is too large"),
    end: () => asked.failAll("the server has ended"),
    drain: () => {},
    broken: () => {},
  });
  return {
    send: (text) => connection.send(text),
    close: async () => {
      await child.stop();
    },
  };
}
