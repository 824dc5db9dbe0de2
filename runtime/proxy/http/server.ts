import { Gate, type GateOptions } from "../../transport/http/gate.ts";
import { type Caps, type ListenAddress, Listener } from "../../transport/http/listener.ts";
import { Front, type Routes } from "./front.ts";

export interface HttpServerOptions extends GateOptions {
  readonly address: ListenAddress;
  readonly routes: Routes;
  /** Bytes of a message of a client. */
  readonly maxMessage: number;
  readonly forwardHeaders?: ReadonlySet<string>;
  readonly notice: (text: string) => void;
  readonly turnedAway?: (cause: string) => void;
  readonly caps?: Caps;
}

/** How long what runs may take to end once the proxy is asked to (milliseconds). */
const DRAIN_MS = 10_000;

/** The proxy as a Streamable HTTP server. */
export class HttpServer {
  readonly #options: HttpServerOptions;
  readonly #front: Front;
  readonly #listener: Listener;

  constructor(options: HttpServerOptions) {
    this.#options = options;
    this.#front = new Front({ ...options, gate: new Gate(options) });
    this.#listener = new Listener(
      (request, response, known) => this.#front.handle(request, response, known),
      options.caps,
    );
  }

  /** Resolves with the port; rejects when the address cannot be had. */
  listen(): Promise<number> {
    return this.#listener.listen(this.#options.address);
  }

  /** Breaks off whatever a grant has open, with all servers or with one. */
  breakOff(grant: string, server?: string): void {
    this.#front.breakOff(grant, server);
  }

  /** Takes no more connections, lets what runs come to its end for a while, and closes everything. */
  async close(drainMs = DRAIN_MS): Promise<void> {
    const drained = this.#listener.drain();
    this.#front.drain();
    const timer = setTimeout(() => this.#listener.abort(), drainMs);
    await drained;
    clearTimeout(timer);
    for (const backend of this.#options.routes.all()) await backend.close();
  }
}
