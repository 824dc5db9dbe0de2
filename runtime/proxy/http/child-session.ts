import type { Child, Exit } from "../../transport/child.ts";
import { LineConnection, MAX_QUEUED } from "../../transport/connection.ts";
import type { Reply } from "../../transport/http/reply.ts";
import type { Admitted, Id, JsonObject } from "../admit.ts";
import { TOO_MANY } from "../denials.ts";
import type { Governance } from "../governance.ts";
import type { Load } from "../requests.ts";
import { type Answer, Session } from "../session.ts";
import { MAX_SERVER_MESSAGE, reasonOf } from "../stdio.ts";

export interface ChildSessionOptions {
  readonly governance: Governance;
  readonly child: Child;
  /** The scope value of counters `per session`. */
  readonly session?: string;
  /** What the grant has in flight on all its children. */
  readonly load: Load;
  /** Where a server's output goes that is no message. */
  readonly noise: (bytes: Uint8Array) => void;
  /** What the server sends, and what we answer in its place. */
  readonly toClient: (text: string, about: JsonObject | Answer) => void;
  readonly ended: () => void;
}

/** A child process and the session with it, whoever talks to it over HTTP. */
export class ChildSession {
  readonly #child: Child;
  readonly #session: Session;
  readonly #connection: LineConnection;

  constructor(options: ChildSessionOptions) {
    const { child, governance } = options;
    this.#child = child;
    const connection = new LineConnection(child.stdout, child.stdin, MAX_SERVER_MESSAGE);
    this.#connection = connection;
    const session = new Session(
      governance,
      {
        toClient: (message, about) =>
          options.toClient(typeof message === "string" ? message : textOf(message), about),
        toServer: (message) => {
          if (!connection.takes) return false;
          connection.send(message);
          return true;
        },
        noise: options.noise,
      },
      options.session,
      options.load,
    );
    this.#session = session;
    connection.start({
      message: (bytes) => session.fromServer(bytes),
      oversized: (line) => session.oversizedFromServer(line, MAX_SERVER_MESSAGE),
      end: () => {},
      drain: () => {},
      broken: () => {},
    });
    void child.exited.then((exit: Exit) => {
      session.serverGone(reasonOf(exit));
      options.ended();
    });
  }

  receive(admitted: Admitted): void {
    this.#session.receive(admitted);
  }

  /** An answer of ours to a request of the server. */
  answerServer(text: string): void {
    if (this.#connection.takes) this.#connection.send(text);
  }

  async stop(): Promise<void> {
    await this.#child.stop();
  }
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("utf8");
}

/**
 * Sends one message on a client's stream; a client that does not take what it is sent is let go. `id`: with which the
 * stream can be resumed after it.
 */
export function sendEvent(reply: Reply, text: string, id?: string): void {
  if (reply.closed) return;
  // Judged by what was there before: one large message says nothing about its reader.
  if (reply.queued > MAX_QUEUED) {
    reply.abort();
    return;
  }
  if (!reply.begun) reply.stream();
  reply.event({ ...(id === undefined ? {} : { id }), event: "message", data: text });
}

/** Errors of the modern era that have an HTTP status of their own (MCP 2026-07-28, § Streamable HTTP). */
const STATUS = new Map<unknown, number>([
  [-32601, 404],
  [-32020, 400],
  [-32021, 400],
  [-32022, 400],
]);

/** Sends the answer to a request: by itself, or as the last event of its stream. */
export function sendAnswer(
  reply: Reply,
  text: string,
  about: JsonObject | Answer,
  modern: boolean,
  headers: Record<string, string> = {},
): void {
  if (reply.streaming) {
    sendEvent(reply, text);
    reply.end();
    return;
  }
  if ("refused" in about) {
    reply.json(about.refused === TOO_MANY ? 429 : 400, text, headers);
    return;
  }
  const error = "error" in about ? (about.error as { readonly code?: unknown } | null) : undefined;
  reply.json((modern ? STATUS.get(error?.code) : undefined) ?? 200, text, headers);
}

/** The token under which a request wants to hear of its progress. */
export function progressToken(params: JsonObject | undefined): Id | undefined {
  const meta = params?._meta as JsonObject | null | undefined;
  const token = typeof meta === "object" ? meta?.progressToken : undefined;
  return typeof token === "string" || typeof token === "number" ? token : undefined;
}
