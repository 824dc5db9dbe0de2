/**
 * Server-sent events (WHATWG HTML, § 9.2), as MCP's Streamable HTTP uses them: one JSON-RPC message an event.
 */

export interface SseEvent {
  readonly id?: string;
  /** The event's name; `message` when absent. */
  readonly event?: string;
  /** Its lines joined by LF; undefined when it has none. */
  readonly data?: string;
  /** Milliseconds until a client may connect again. */
  readonly retry?: number;
}

export interface SseHandlers {
  event(event: SseEvent): void;
  /** A line that is for keeping the connection open. */
  comment(text: string): void;
}

/** The stream cannot be read on; the message is a clause. */
export class SseBroken extends Error {
  override readonly name = "SseBroken";
}

const LF = 10;
const CR = 13;

/** Reads a stream however it is cut into chunks; linear in its length, and bounded in memory. */
export class SseReader {
  readonly #handlers: SseHandlers;
  readonly #max: number;
  readonly #decoder = new TextDecoder("utf-8", { fatal: true });
  #partial: string[] = [];
  #afterCr = false;
  /** Characters held of the event that has not ended. */
  #held = 0;
  #data: string[] | undefined;
  #id: string | undefined;
  #event: string | undefined;
  #retry: number | undefined;

  /** `max`: characters of one event. */
  constructor(max: number, handlers: SseHandlers) {
    this.#max = max;
    this.#handlers = handlers;
  }

  /** Throws `SseBroken`. What has not ended when the stream ends is no event. */
  push(chunk: Uint8Array): void {
    let text: string;
    try {
      text = this.#decoder.decode(chunk, { stream: true });
    } catch {
      throw new SseBroken("it is not UTF-8");
    }
    let start = 0;
    for (let at = 0; at < text.length; at++) {
      const unit = text.charCodeAt(at);
      if (unit !== LF && unit !== CR) {
        this.#afterCr = false;
        continue;
      }
      if (unit === LF && this.#afterCr) {
        this.#afterCr = false;
        start = at + 1;
        continue;
      }
      this.#afterCr = unit === CR;
      this.#partial.push(text.slice(start, at));
      this.#hold(at - start);
      const line =
        this.#partial.length === 1 ? (this.#partial[0] as string) : this.#partial.join("");
      this.#partial = [];
      start = at + 1;
      this.#line(line);
    }
    if (start < text.length) {
      this.#partial.push(text.slice(start));
      this.#hold(text.length - start);
    }
  }

  #hold(characters: number): void {
    this.#held += characters;
    if (this.#held > this.#max) throw new SseBroken("an event in it is too large");
  }

  #line(line: string): void {
    if (line === "") {
      this.#dispatch();
      return;
    }
    const colon = line.indexOf(":");
    if (colon === 0) {
      this.#handlers.comment(line.slice(1).replace(/^ /, ""));
      return;
    }
    const field = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? "" : line.slice(line[colon + 1] === " " ? colon + 2 : colon + 1);
    switch (field) {
      case "data":
        this.#data ??= [];
        this.#data.push(value);
        return;
      case "event":
        this.#event = value;
        return;
      case "id":
        if (!value.includes("\0")) this.#id = value;
        return;
      case "retry":
        if (/^[0-9]{1,12}$/.test(value)) this.#retry = Number(value);
    }
  }

  #dispatch(): void {
    const event: SseEvent = {
      ...(this.#id === undefined ? {} : { id: this.#id }),
      ...(this.#event === undefined ? {} : { event: this.#event }),
      ...(this.#data === undefined ? {} : { data: this.#data.join("\n") }),
      ...(this.#retry === undefined ? {} : { retry: this.#retry }),
    };
    this.#data = this.#id = this.#event = this.#retry = undefined;
    this.#held = 0;
    if (event.id !== undefined || event.data !== undefined || event.retry !== undefined) {
      this.#handlers.event(event);
    }
  }
}

/** The text of one event. */
export function formatEvent({ id, event, data, retry }: SseEvent): string {
  let text = "";
  if (id !== undefined) text += `id: ${id}\n`;
  if (event !== undefined) text += `event: ${event}\n`;
  if (retry !== undefined) text += `retry: ${retry}\n`;
  if (data !== undefined) {
    text +=
      data.includes("\n") || data.includes("\r")
        ? data
            .split(/\r\n|\n|\r/)
            .map((line) => `data: ${line}\n`)
            .join("")
        : `data: ${data}\n`;
  }
  return `${text}\n`;
}

/** The text of a comment. */
export function formatComment(text: string): string {
  return `: ${text.replace(/[\r\n]/g, " ")}\n\n`;
}
