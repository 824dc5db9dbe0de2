import type { Json } from "../../../policy/index.ts";
import type { Child } from "../../transport/child.ts";
import type { Reply } from "../../transport/http/reply.ts";
import { type Admitted, type Id, isId, isObject, type JsonObject } from "../admit.ts";
import type { Governance } from "../governance.ts";
import type { ChangedList } from "../list-changed.ts";
import { progressToken } from "../progress.ts";
import { idKey } from "../requests.ts";
import { relay } from "../screen.ts";
import type { Seals } from "../seal.ts";
import type { Answer } from "../session.ts";
import { ChildSession } from "./child-session.ts";
import { type Place, type ResumableStream, ResumableStreams } from "./resumable.ts";
import { sendAnswer } from "./send.ts";

/** The first revision whose clients read an event without data, which tells them where to resume. */
const FIRST_PRIMED = "2025-11-25";

export interface LegacyChildOptions {
  readonly child: Child;
  readonly governance: Governance;
  readonly seals: Seals;
  /** The session's own id, and the one that the client gets. */
  readonly id: string;
  readonly sealed: string;
  /** A request that is not answered for so long gets a stream, so that its client can come back (milliseconds). */
  readonly streamMs: number;
  readonly noise: (bytes: Uint8Array) => void;
  /** Called whenever the session is used. */
  readonly touched: () => void;
  readonly ended: () => void;
}

interface Waiting {
  readonly reply: Reply;
  readonly token: Id | undefined;
  readonly primed: boolean;
  stream?: ResumableStream;
  timer?: NodeJS.Timeout;
}

/** One legacy session over HTTP with a child process of its own. */
export class LegacyChild {
  readonly #options: LegacyChildOptions;
  readonly #session: ChildSession;
  readonly #headers: Record<string, string>;
  readonly #streams: ResumableStreams;
  /** What the server says unasked. */
  readonly #unasked: ResumableStream;
  readonly #waiting = new Map<string, Waiting>();
  /** The request that is being received, whose refusal may come under no id. */
  #current: Waiting | undefined;

  constructor(options: LegacyChildOptions) {
    const { child, governance, seals, id, sealed, noise, ended } = options;
    this.#options = options;
    this.#headers = { "mcp-session-id": sealed };
    this.#streams = new ResumableStreams({
      seals,
      bound: { server: governance.server, grant: governance.grant.id },
      session: id,
      screen: (text) => relay(text, JSON.parse(text) as JsonObject, governance).toClient,
    });
    this.#unasked = this.#streams.open();
    this.#session = new ChildSession({
      governance,
      child,
      session: id,
      noise,
      toClient: (text, about) => this.#toClient(text, about),
      connected: (id) => {
        const waiting = this.#waiting.get(idKey(id));
        return waiting?.reply.closed === false || waiting?.stream?.connected === true;
      },
      ended: () => {
        this.#unasked.end();
        ended();
      },
    });
  }

  /** True while a client waits for something. */
  get busy(): boolean {
    if (this.#unasked.connected) return true;
    for (const { reply, stream } of this.#waiting.values()) {
      if (!reply.closed || stream?.connected === true) return true;
    }
    return false;
  }

  /** `version`: the protocol revision that the client has named; undefined when it can read no stream. */
  post(admitted: Admitted, reply: Reply, version: string | undefined): void {
    this.#options.touched();
    const { message } = admitted;
    if (message.kind !== "request") {
      this.#session.receive(admitted);
      if (message.kind === "notification" && message.method === "notifications/cancelled") {
        this.#cancelled(message.params?.requestId);
      }
      reply.empty(202, this.#headers);
      return;
    }
    const key = idKey(message.id);
    const primed = isPrimed(version);
    const waiting: Waiting = { reply, token: progressToken(message.params), primed };
    // The session answers under no id what it refuses for an id in flight.
    if (!this.#waiting.has(key)) this.#waiting.set(key, waiting);
    this.#current = waiting;
    this.#session.receive(admitted);
    this.#current = undefined;
    if (!primed || this.#waiting.get(key) !== waiting) return;
    waiting.timer = setTimeout(() => {
      // Whoever has gone already does not know of a stream to come back to.
      if (!reply.closed) this.#stream(waiting);
    }, this.#options.streamMs).unref();
  }

  /** False when somebody listens already. */
  listen(reply: Reply, version: string | undefined): boolean {
    if (this.#unasked.connected) return false;
    this.#connect({ stream: this.#unasked, after: this.#unasked.heard }, reply, version);
    return true;
  }

  /** Goes on with a stream after an event, or says why it does not. */
  resume(
    lastEventId: string,
    reply: Reply,
    version: string | undefined,
  ): "resumed" | "foreign" | "gone" {
    const place = this.#streams.find(lastEventId);
    if (typeof place === "string") return place;
    // Tells a client that it need not come back again (WHATWG HTML, § 9.2.3).
    if (!place.stream.hasMore(place.after)) reply.empty(204, this.#headers);
    else this.#connect(place, reply, version);
    return "resumed";
  }

  listsChanged(lists: readonly ChangedList[]): void {
    this.#session.listsChanged(lists);
  }

  stop(): Promise<void> {
    return this.#session.stop();
  }

  endListening(): void {
    this.#session.releaseHeld();
    this.#unasked.disconnect();
  }

  #connect({ stream, after }: Place, reply: Reply, version: string | undefined): void {
    const { touched } = this.#options;
    touched();
    reply.onClosed(touched);
    stream.connect(reply, after, isPrimed(version), this.#headers);
  }

  /** Servers do not answer what was cancelled: its connection would stay open for ever. */
  #cancelled(id: Json | undefined): void {
    const waiting = isId(id) ? this.#waiting.get(idKey(id)) : undefined;
    if (waiting === undefined) return;
    this.#waiting.delete(idKey(id as Id));
    this.#stream(waiting).end();
  }

  #toClient(text: string, about: JsonObject | Answer): void {
    this.#options.touched();
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
    if (waiting === undefined) return;
    this.#waiting.delete(idKey(id));
    clearTimeout(waiting.timer);
    if (waiting.stream === undefined) {
      sendAnswer(waiting.reply, text, about, false, this.#headers);
    } else {
      waiting.stream.say(text, false);
      waiting.stream.end();
    }
  }

  /** What the server says unasked goes where it belongs, or to whoever listens. */
  #tell(text: string, about: JsonObject): void {
    const waiting = this.#waitingFor(about);
    const stream = waiting === undefined ? this.#unasked : this.#stream(waiting);
    stream.say(text, !isId(about.id));
  }

  /** The stream of a request, begun if need be. */
  #stream(waiting: Waiting): ResumableStream {
    clearTimeout(waiting.timer);
    if (waiting.stream === undefined) {
      waiting.stream = this.#streams.open();
      waiting.stream.connect(waiting.reply, 0, waiting.primed, this.#headers);
    }
    return waiting.stream;
  }

  #waitingFor(about: JsonObject): Waiting | undefined {
    // Whoever has gone without a stream cannot come back to it.
    const open = [...this.#waiting.values()].filter(
      ({ reply, stream }) => stream !== undefined || !reply.closed,
    );
    const token = isObject(about.params) ? about.params.progressToken : undefined;
    const own = token === undefined ? undefined : open.find((waiting) => waiting.token === token);
    if (own !== undefined) return own;
    // Over stdio nothing says which request a message is about. A lone one is the likeliest cause.
    if (open.length === 1 && about.id !== undefined) return open[0];
    return this.#unasked.connected ? undefined : open.at(-1);
  }
}

function isPrimed(version: string | undefined): boolean {
  return version !== undefined && version >= FIRST_PRIMED;
}
