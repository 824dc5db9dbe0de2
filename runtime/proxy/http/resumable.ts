import type { Reply } from "../../transport/http/reply.ts";
import type { Bound, Seals } from "../seal.ts";
import { sendEvent } from "./send.ts";

/** What one stream keeps for a client that comes back. */
const MAX_EVENTS = 256;
const MAX_EVENT_BYTES = 1024 * 1024;
/** Streams that have ended and can still be resumed. */
const MAX_ENDED = 64;
/** What all streams of a session keep together (characters). */
const MAX_KEPT = 8 * 1024 * 1024;

export interface ResumableOptions {
  readonly seals: Seals;
  readonly bound: Bound;
  /** The session's own id. */
  readonly session: string;
  /** What a kept message has become under the policy in force now; undefined when nothing of it may be sent. */
  readonly screen: (text: string) => string | undefined;
}

/** A place in a stream: after this event. */
export interface Place {
  readonly stream: ResumableStream;
  readonly after: number;
}

/** The streams of one session, which a client that lost its connection can take up again (MCP 2025-11-25, § Resumability). */
export class ResumableStreams {
  readonly #options: ResumableOptions;
  readonly #streams = new Map<number, ResumableStream>();
  #next = 0;

  constructor(options: ResumableOptions) {
    this.#options = options;
  }

  open(): ResumableStream {
    const number = this.#next++;
    const { screen } = this.#options;
    const stream = new ResumableStream({
      screen,
      idOf: (event) => this.#seal(number, event),
      grown: () => this.#bound(),
    });
    this.#streams.set(number, stream);
    return stream;
  }

  /** The place that an event id names: `foreign` when it is none of this session, `gone` when it is not kept any more. */
  find(eventId: string): Place | "foreign" | "gone" {
    const { seals, bound, session } = this.#options;
    const content = seals.open("event", bound, eventId);
    if (!Array.isArray(content) || content[0] !== session) return "foreign";
    const [, number, after] = content as [string, number, number];
    const stream = this.#streams.get(number);
    return stream === undefined ? "gone" : { stream, after };
  }

  #seal(stream: number, event: number): string {
    const { seals, bound, session } = this.#options;
    return seals.seal("event", bound, [session, stream, event]);
  }

  /** The oldest streams that have ended are forgotten first, then what was said first in the others. */
  #bound(): void {
    let ended = 0;
    let kept = 0;
    for (const stream of this.#streams.values()) {
      if (stream.ended) ended++;
      kept += stream.size;
    }
    for (const [number, stream] of this.#streams) {
      if (ended <= MAX_ENDED && kept <= MAX_KEPT) return;
      if (!stream.ended) continue;
      ended--;
      kept -= stream.size;
      this.#streams.delete(number);
    }
    for (const stream of this.#streams.values()) {
      while (kept > MAX_KEPT && stream.size > 0) kept -= stream.forget();
    }
  }
}

interface StreamOptions {
  readonly screen: ResumableOptions["screen"];
  readonly idOf: (event: number) => string;
  readonly grown: () => void;
}

interface Kept {
  readonly number: number;
  readonly text: string;
  /** Nobody waits for it. */
  readonly passing: boolean;
}

/** One stream of events: what was said on it, and who listens now. */
export class ResumableStream {
  readonly #options: StreamOptions;
  readonly #kept: Kept[] = [];
  #size = 0;
  #last = 0;
  #heard = 0;
  #reply: Reply | undefined;
  #ended = false;

  constructor(options: StreamOptions) {
    this.#options = options;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** What it keeps (characters). */
  get size(): number {
    return this.#size;
  }

  get connected(): boolean {
    return this.#reply !== undefined && !this.#reply.closed;
  }

  /** Everything that was ever said on it up to this event was sent to somebody. */
  get heard(): number {
    return this.#heard;
  }

  /** Whether there is, or will be, anything after this event. */
  hasMore(after: number): boolean {
    return !this.#ended || this.#kept.some(({ number }) => number > after);
  }

  /**
   * Sends what was said after an event, and from now on the rest. Whoever listened before is let go: a client that
   * comes back has lost that connection. `primed`: the client can read an event without data.
   */
  connect(
    reply: Reply,
    after: number,
    primed: boolean,
    headers: Readonly<Record<string, string>>,
  ): void {
    this.disconnect();
    this.#reply = reply;
    reply.stream(headers);
    if (primed) reply.event({ id: this.#options.idOf(after), data: "" });
    for (const event of this.#kept) {
      if (event.number <= after) continue;
      const text = this.#options.screen(event.text);
      if (text !== undefined) this.#send(event.number, text);
    }
    this.#heard = this.#last;
    if (this.#ended) this.disconnect();
  }

  /** `passing`: may be lost if too much is kept. */
  say(text: string, passing: boolean): void {
    const number = ++this.#last;
    this.#kept.push({ number, text, passing });
    this.#size += text.length;
    // The newest is kept whatever its size: it may be the answer.
    while (
      this.#kept.length > 1 &&
      (this.#kept.length > MAX_EVENTS || this.#size > MAX_EVENT_BYTES)
    ) {
      this.forget();
    }
    this.#options.grown();
    if (!this.connected) return;
    this.#send(number, text);
    this.#heard = number;
  }

  /** Lets whoever listens go; nothing is lost. */
  disconnect(): void {
    this.#reply?.end();
    this.#reply = undefined;
  }

  /** Nothing more will be said on it. */
  end(): void {
    this.#ended = true;
    this.disconnect();
  }

  /** Forgets the oldest event that nobody waits for, else the oldest; its size (characters). */
  forget(): number {
    const passing = this.#kept.slice(0, -1).findIndex((event) => event.passing);
    const [event] = this.#kept.splice(Math.max(passing, 0), 1);
    const size = event?.text.length ?? 0;
    this.#size -= size;
    return size;
  }

  #send(number: number, text: string): void {
    if (this.#reply !== undefined) sendEvent(this.#reply, text, this.#options.idOf(number));
  }
}
