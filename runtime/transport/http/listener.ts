import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";

export interface ListenAddress {
  readonly host: string;
  /** 0 picks a free one. */
  readonly port: number;
}

export interface Caps {
  /** Connections on which nobody has proved who they are. */
  readonly strangers: number;
  /** How long a connection may stay on which nobody has; and how long the head of any request may take (milliseconds). */
  readonly headMs: number;
  /** How long the whole request may take to arrive (milliseconds). */
  readonly requestMs: number;
}

export const CAPS: Caps = { strangers: 256, headMs: 30_000, requestMs: 120_000 };

const CHECK_MS = 5_000;
const KEEP_ALIVE_MS = 65_000;
/** Between two looks for connections that have fallen idle, while the proxy ends (milliseconds). */
const IDLE_MS = 100;

/** Handles one request. `known` is called once its sender has proved who it is. */
export type Handler = (
  request: IncomingMessage,
  response: ServerResponse,
  known: () => void,
) => void;

/** Accepts connections, and bounds what those may hold who have not said who they are. */
export class Listener {
  readonly #server: Server;
  readonly #strangers = new Map<Socket, NodeJS.Timeout>();
  /** Connections whose first request has not come yet. */
  readonly #silent = new Set<Socket>();
  readonly #caps: Caps;

  constructor(handler: Handler, caps: Caps = CAPS) {
    this.#caps = caps;
    const handle = (request: IncomingMessage, response: ServerResponse): void => {
      const { socket } = request;
      this.#silent.delete(socket);
      handler(request, response, () => this.#know(socket));
    };
    this.#server = createServer(
      {
        headersTimeout: caps.headMs,
        requestTimeout: caps.requestMs,
        connectionsCheckingInterval: Math.min(CHECK_MS, caps.headMs),
        keepAliveTimeout: KEEP_ALIVE_MS,
        noDelay: true,
      },
      handle,
    );
    // Whoever asks before sending a body is told to go on when the body is read, not before it is let in.
    this.#server.on("checkContinue", handle);
    this.#server.on("connection", (socket) => this.#meet(socket));
  }

  #meet(socket: Socket): void {
    if (this.#strangers.size >= this.#caps.strangers) {
      socket.destroy();
      return;
    }
    // Whatever it asks in the meantime: what is answered without a token keeps no connection.
    const late = setTimeout(() => socket.destroy(), this.#caps.headMs).unref();
    this.#strangers.set(socket, late);
    this.#silent.add(socket);
    socket.once("close", () => {
      this.#know(socket);
      this.#silent.delete(socket);
    });
  }

  #know(socket: Socket): void {
    clearTimeout(this.#strangers.get(socket));
    this.#strangers.delete(socket);
  }

  /** Resolves with the port; rejects when the address cannot be had. */
  listen({ host, port }: ListenAddress): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(port, host, () => {
        this.#server.off("error", reject);
        // A failed accept must not end the process.
        this.#server.on("error", () => {});
        resolve((this.#server.address() as AddressInfo).port);
      });
    });
  }

  /** Accepts no more connections; resolves when the last one is closed. Those on which nothing runs are closed. */
  drain(): Promise<void> {
    return new Promise((resolve) => {
      const idle = setInterval(() => this.#closeIdle(), IDLE_MS);
      this.#server.close(() => {
        clearInterval(idle);
        resolve();
      });
      this.#closeIdle();
    });
  }

  #closeIdle(): void {
    this.#server.closeIdleConnections();
    // Node takes a connection that has never said a word for one that is about to.
    for (const socket of this.#silent) if (socket.bytesRead === 0) socket.destroy();
  }

  /** Breaks the connections that are left. */
  abort(): void {
    this.#server.closeAllConnections();
  }
}
