import type { Child } from "../../transport/child.ts";
import type { Reply } from "../../transport/http/reply.ts";
import type { Admitted, Id, JsonObject } from "../admit.ts";
import type { Governance } from "../governance.ts";
import { idKey, type Load } from "../requests.ts";
import type { Answer } from "../session.ts";
import { ChildSession, progressToken, sendAnswer, sendEvent } from "./child-session.ts";

/** Messages that wait for a client to listen. */
const MAX_WAITING = 256;
const MAX_WAITING_BYTES = 1024 * 1024;

interface Waiting {
  readonly reply: Reply;
  readonly token: Id | undefined;
}

/** One legacy session over HTTP with a child process of its own. */
export class LegacyChild {
  readonly #session: ChildSession;
  readonly #headers: Record<string, string>;
  readonly #touched: () => void;
  readonly #waiting = new Map<string, Waiting>();
  readonly #unheard: string[] = [];
  #unheardBytes = 0;
  #listener: Reply | undefined;

  /** `sealed`: the session id that the client gets; `touched` is called whenever the session is used. */
  constructor(
    child: Child,
    governance: Governance,
    id: string,
    sealed: string,
    load: Load,
    noise: (bytes: Uint8Array) => void,
    touched: () => void,
    ended: () => void,
  ) {
    this.#headers = { "mcp-session-id": sealed };
    this.#touched = touched;
    this.#session = new ChildSession({
      governance,
      child,
      session: id,
      load,
      noise,
      toClient: (text, about) => this.#toClient(text, about),
      ended: () => {
        this.#listener?.end();
        ended();
      },
    });
  }

  /** True while a client waits for something. */
  get busy(): boolean {
    return this.#waiting.size > 0 || this.#listener !== undefined;
  }

  post(admitted: Admitted, reply: Reply): void {
    this.#touched();
    const { message } = admitted;
    if (message.kind === "request") {
      const key = idKey(message.id);
      const waiting = { reply, token: progressToken(message.params) };
      // The session answers under no id what it refuses for an id in flight.
      if (!this.#waiting.has(key)) this.#waiting.set(key, waiting);
      this.#current = waiting;
      this.#session.receive(admitted);
      this.#current = undefined;
      return;
    }
    this.#session.receive(admitted);
    reply.empty(202, this.#headers);
  }
  /** The request that is being received, whose refusal may come under no id. */
  #current: Waiting | undefined;

  /** False when somebody listens already. */
  listen(reply: Reply): boolean {
    if (this.#listener !== undefined) return false;
    this.#touched();
    this.#listener = reply;
    reply.onClosed(() => {
      if (this.#listener === reply) this.#listener = undefined;
      this.#touched();
    });
    reply.stream(this.#headers);
    for (const text of this.#unheard.splice(0)) sendEvent(reply, text);
    this.#unheardBytes = 0;
    return true;
  }

  stop(): Promise<void> {
    return this.#session.stop();
  }

  endListening(): void {
    this.#listener?.end();
  }

  #toClient(text: string, about: JsonObject | Answer): void {
    this.#touched();
    if ("method" in about && typeof about.method === "string") {
      this.#tell(text, about);
      return;
    }
    const id = about.id as Id | null;
    if (id === null) {
      if (this.#current !== undefined) sendAnswer(this.#current.reply, text, about, false);
      return;
    }
    const waiting = this.#waiting.get(idKey(id));
    this.#waiting.delete(idKey(id));
    if (waiting !== undefined) sendAnswer(waiting.reply, text, about, false, this.#headers);
  }

  /** What the server says unasked goes where it belongs, or to whoever listens. */
  #tell(text: string, about: JsonObject): void {
    const reply = this.#streamFor(about);
    if (reply !== undefined) {
      sendEvent(reply, text);
      return;
    }
    this.#unheardBytes += text.length;
    if (this.#unheard.length < MAX_WAITING && this.#unheardBytes <= MAX_WAITING_BYTES) {
      this.#unheard.push(text);
    }
  }

  #streamFor(about: JsonObject): Reply | undefined {
    const open = [...this.#waiting.values()].filter(({ reply }) => !reply.closed);
    const token = (about.params as JsonObject | null | undefined)?.progressToken;
    const own = token === undefined ? undefined : open.find((waiting) => waiting.token === token);
    if (own !== undefined) return own.reply;
    // Over stdio nothing says which request a message is about. A lone one is the likeliest cause.
    return open.length === 1 && about.id !== undefined
      ? open[0]?.reply
      : (this.#listener ?? open.at(-1)?.reply);
  }
}
