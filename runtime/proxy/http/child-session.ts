import type { Child, Exit } from "../../transport/child.ts";
import { LineConnection } from "../../transport/connection.ts";
import type { Admitted, Id, JsonObject } from "../admit.ts";
import type { Governance } from "../governance.ts";
import type { ChangedList } from "../list-changed.ts";
import { type Answer, Session } from "../session.ts";
import { MAX_SERVER_MESSAGE, reasonOf } from "../stdio.ts";

export interface ChildSessionOptions {
  readonly governance: Governance;
  readonly child: Child;
  /** The scope value of counters `per session`. */
  readonly session?: string;
  /** Where a server's output goes that is no message. */
  readonly noise: (bytes: Uint8Array) => void;
  /** What the server sends, and what we answer in its place. */
  readonly toClient: (text: string, about: JsonObject | Answer) => void;
  readonly ended: () => void;
  /** Whether an answer to a request reaches its client; absent: it does as long as it has not cancelled. */
  readonly connected?: (id: Id) => boolean;
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
        ...(options.connected === undefined ? {} : { connected: options.connected }),
      },
      options.session,
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

  listsChanged(lists: readonly ChangedList[]): void {
    this.#session.listsChanged(lists);
  }

  releaseHeld(): void {
    this.#session.releaseHeld();
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
