import type { Readable, Writable } from "node:stream";
import { LineConnection } from "../../transport/connection.ts";
import type { HttpUpstream } from "../../transport/http/upstream.ts";
import type { Governance } from "../governance.ts";
import type { RulesInForce } from "../rules-in-force.ts";
import { Session } from "../session.ts";
import { flushed, MAX_MESSAGE, MAX_SERVER_MESSAGE } from "../stdio.ts";
import { HttpLink } from "./link.ts";

export interface BridgeOptions {
  readonly governance: Governance;
  readonly upstream: HttpUpstream;
  /** The client's messages, and where its answers go. */
  readonly input: Readable;
  readonly output: Writable;
  /** The scope value of counters `per session`. */
  readonly session?: string;
  /** What tells of another policy. */
  readonly rules?: RulesInForce;
  /** Ends the bridge before its client does. */
  readonly signal: AbortSignal;
}

/** How long what runs may take once the client has closed its side (milliseconds). */
const END_MS = 5_000;

/** Carries all messages between a client over stdio and a server over Streamable HTTP, until either ends. */
export async function bridgeToHttp(options: BridgeOptions): Promise<void> {
  const { governance, signal } = options;
  const client = new LineConnection(options.input, options.output, MAX_MESSAGE);
  const link = new HttpLink({
    upstream: options.upstream,
    maxMessage: MAX_SERVER_MESSAGE,
    notice: governance.notice,
  });
  let release: (() => void)[] = [];
  const drained = (): void => {
    const waiting = release;
    release = [];
    for (const go of waiting) go();
  };
  const session = new Session(
    governance,
    {
      toClient: (message) => client.send(message),
      toServer: (message, about) => link.send(message, about),
      noise: () => governance.notice("What the server sent was not relayed: it is no message."),
    },
    options.session,
  );
  options.rules?.onListsChanged((lists) => session.listsChanged(lists));
  link.start({
    fromServer: (bytes) => session.fromServer(bytes),
    failed: (id, reason, what) => session.failed(id, reason, what),
    isOpen: (id) => session.isOpen(id),
    catalogue: session.catalogue,
    pace: () => (client.full ? new Promise((resolve) => release.push(resolve)) : Promise.resolve()),
  });
  await new Promise<void>((resolve) => {
    const end = (): void => resolve();
    if (signal.aborted) end();
    signal.addEventListener("abort", end, { once: true });
    client.start({
      message: (bytes) => session.fromClient(bytes),
      oversized: (line) => session.oversizedFromClient(line, MAX_MESSAGE),
      end,
      drain: drained,
      broken: () => {
        drained();
        end();
      },
    });
  });
  client.pause();
  session.releaseHeld();
  await session.settled();
  await link.close(END_MS, signal);
  session.serverGone("The connection to the server is closed.");
  await flushed(options.output);
}
