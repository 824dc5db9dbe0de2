import { randomUUID } from "node:crypto";
import type { Json } from "../../policy/index.ts";
import { isObject, type JsonObject, type Message } from "./admit.ts";

/** Requests that the proxy itself sends to the server, under ids that no client can guess. */
export class OwnRequests {
  readonly #prefix = `mcpp-${randomUUID()}-`;
  readonly #waiting = new Map<string, { readonly settle: (answer: Answer) => void }>();
  readonly #send: (message: string, about: Message) => boolean;
  #next = 0;

  /** `send` answers false when the server is gone. */
  constructor(send: (message: string, about: Message) => boolean) {
    this.#send = send;
  }

  /** The result; rejects with an error answer, when the server is gone, or after `ms`. */
  ask(method: string, params: JsonObject, ms: number): Promise<JsonObject> {
    const id = `${this.#prefix}${this.#next++}`;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => settle({ error: "there was no answer in time" }), ms);
      const settle = (answer: Answer): void => {
        clearTimeout(timer);
        this.#waiting.delete(id);
        if (isObject(answer.result)) resolve(answer.result);
        else reject(new Error(`\`${method}\` failed: ${JSON.stringify(answer.error)}`));
      };
      this.#waiting.set(id, { settle });
      const message = { jsonrpc: "2.0", id, method, params };
      if (!this.#send(JSON.stringify(message), { kind: "request", id, method, params })) {
        settle({ error: "the server is gone" });
      }
    });
  }

  /** True when the answer was one to a request of ours, in time or late; it is for nobody else. */
  take(id: Json | undefined, answer: Answer): boolean {
    if (typeof id !== "string" || !id.startsWith(this.#prefix)) return false;
    this.#waiting.get(id)?.settle(answer);
    return true;
  }

  isOpen(id: Json): boolean {
    return typeof id === "string" && this.#waiting.has(id);
  }

  close(): void {
    for (const { settle } of [...this.#waiting.values()]) settle({ error: "the server is gone" });
  }
}

interface Answer {
  readonly result?: Json;
  readonly error?: Json;
}
