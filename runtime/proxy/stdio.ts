import type { Readable, Writable } from "node:stream";
import type { Child, Exit } from "../transport/child.ts";
import { LineConnection } from "../transport/connection.ts";
import { writeLog } from "../transport/log.ts";
import type { Governance } from "./governance.ts";
import type { RulesInForce } from "./rules-in-force.ts";
import { Session } from "./session.ts";

export interface StdioProxy {
  readonly governance: Governance;
  readonly child: Child;
  /** The client's messages, and where its answers go. */
  readonly input: Readable;
  readonly output: Writable;
  /** Where a server's output goes that is no message. */
  readonly log: Writable;
  /** The scope value of counters `per session`. */
  readonly session?: string;
  /** Bytes of a message of the client. */
  readonly maxMessage?: number;
  /** Bytes of a message of the server. */
  readonly maxServerMessage?: number;
  /** What tells of another policy. */
  readonly rules?: RulesInForce;
}

export const MAX_MESSAGE = 4 * 1024 * 1024;
export const MAX_SERVER_MESSAGE = 64 * 1024 * 1024;
/** Our own answers that a client has not taken; beyond it nothing more is read from it (bytes). */
const MAX_ANSWERS = 1024 * 1024;
/** How long a client that has closed its side may take to read the rest (milliseconds). */
const FLUSH_MS = 2_000;

/** Carries all messages between a client and a child process; resolves when the child has ended. */
export async function proxyStdio(options: StdioProxy): Promise<Exit> {
  const { child, governance } = options;
  const maxMessage = options.maxMessage ?? MAX_MESSAGE;
  const maxServerMessage = options.maxServerMessage ?? MAX_SERVER_MESSAGE;
  const client = new LineConnection(options.input, options.output, maxMessage);
  const server = new LineConnection(child.stdout, child.stdin, maxServerMessage);

  const session = new Session(
    governance,
    {
      toClient: (message) => client.send(message),
      toServer: (message) => {
        if (!server.takes) return false;
        server.send(message);
        return true;
      },
      noise: (bytes) => {
        writeLog(options.log, bytes);
        writeLog(options.log, "\n");
      },
    },
    options.session,
  );

  options.rules?.onListsChanged((lists) => session.listsChanged(lists));

  /** Whoever fills the other's pipe is not read until it has drained. */
  const balance = (): void => {
    if (server.full || client.queued > MAX_ANSWERS) client.pause();
    else client.resume();
    if (client.full) server.pause();
    else server.resume();
  };
  const stop = async (): Promise<void> => {
    session.releaseHeld();
    await session.settled();
    await child.stop();
  };

  server.start(
    {
      message: (bytes) => {
        session.fromServer(bytes);
        balance();
      },
      oversized: (line) => session.oversizedFromServer(line, maxServerMessage),
      end: () => {},
      drain: balance,
      broken: balance,
    },
    [client, server],
  );
  client.start(
    {
      message: (bytes) => {
        session.fromClient(bytes);
        balance();
      },
      oversized: (line) => {
        session.oversizedFromClient(line, maxMessage);
        balance();
      },
      end: stop,
      drain: balance,
      // Nobody hears the answers any more.
      broken: stop,
    },
    [server, client],
  );

  const exit = await child.exited;
  client.pause();
  session.serverGone(reasonOf(exit));
  await session.settled();
  await flushed(options.output);
  return exit;
}

export function reasonOf({ code, signal }: Exit): string {
  return signal === undefined
    ? `The server has ended (exit status ${code ?? "unknown"}) without an answer.`
    : `The server was ended by ${signal} without an answer.`;
}

/** Resolves when everything written has left, or nobody takes it: then it is thrown away. */
export function flushed(output: Writable): Promise<void> {
  return new Promise((resolve) => {
    if (!output.writable) {
      resolve();
      return;
    }
    const timer = setTimeout(() => {
      output.destroy();
      resolve();
    }, FLUSH_MS);
    output.write("", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
