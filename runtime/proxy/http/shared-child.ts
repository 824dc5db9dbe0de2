import type { Json } from "../../../policy/index.ts";
import type { Child } from "../../transport/child.ts";
import type { Reply } from "../../transport/http/reply.ts";
import {
  type Admitted,
  editable,
  type Id,
  INTERNAL_ERROR,
  isObject,
  type JsonObject,
} from "../admit.ts";
import { errorMessage, METHOD_NOT_FOUND } from "../denials.ts";
import type { Governance } from "../governance.ts";
import type { ChangedList } from "../list-changed.ts";
import { progressToken } from "../progress.ts";
import { STREAM } from "../requests.ts";
import { type NumberTexts, scan } from "../scan.ts";
import { SERVER_LIMITS } from "../server-text.ts";
import type { Answer } from "../session.ts";
import { write } from "../write.ts";
import { ChildSession } from "./child-session.ts";
import { sendAnswer, sendEvent } from "./send.ts";

const SUBSCRIPTION = "io.modelcontextprotocol/subscriptionId";

interface Caller {
  readonly reply: Reply;
  /** The id that the client chose. */
  readonly id: Id;
  readonly token: Id | undefined;
}

/**
 * One child process for all clients of a grant that have no session: each request gets an id that no other has,
 * and whatever comes back goes to the one caller that it is for, under the caller's own id.
 */
export class SharedChild {
  readonly #session: ChildSession;
  readonly #touched: () => void;
  readonly #callers = new Map<number, Caller>();
  #next = 1;

  constructor(
    child: Child,
    governance: Governance,
    noise: (bytes: Uint8Array) => void,
    touched: () => void,
    ended: () => void,
  ) {
    this.#touched = touched;
    this.#session = new ChildSession({
      governance,
      child,
      noise,
      toClient: (text, about) => this.#toClient(text, about),
      ended,
    });
  }

  get busy(): boolean {
    return this.#callers.size > 0;
  }

  post(admitted: Admitted, reply: Reply): void {
    this.#touched();
    const { message } = admitted;
    if (message.kind !== "request") {
      // A notification that names a request of another connection says nothing here.
      if (message.kind === "notification" && message.method !== "notifications/cancelled") {
        this.#session.receive(admitted);
      }
      reply.empty(202);
      return;
    }
    const id = this.#next++;
    const token = progressToken(message.params);
    this.#callers.set(id, { reply, id: message.id, token });
    if (message.method === STREAM) reply.stream();
    reply.onGone(() => this.#cancel(id));
    this.#session.receive(renumbered(admitted, id, token !== undefined));
  }

  listsChanged(lists: readonly ChangedList[]): void {
    this.#session.listsChanged(lists);
  }

  stop(): Promise<void> {
    return this.#session.stop();
  }

  /** Ends the streams that have no end of their own, and answers what is held. */
  endListening(): void {
    this.#session.releaseHeld();
    for (const { reply } of this.#callers.values()) if (reply.streaming) reply.end();
  }

  /** A client that closes its request does not want the answer (MCP 2026-07-28, § Cancellation). */
  #cancel(id: number): void {
    if (!this.#callers.delete(id)) return;
    this.#touched();
    const params = { requestId: id };
    const method = "notifications/cancelled";
    this.#session.receive({
      ok: true,
      message: { kind: "notification", method, params },
      value: { jsonrpc: "2.0", method, params },
      numbers: new Map(),
    });
  }

  #toClient(text: string, about: JsonObject | Answer): void {
    this.#touched();
    if (!("method" in about) || typeof about.method !== "string") {
      const id = about.id as Id | null;
      const caller = this.#callers.get(id as number);
      if (caller === undefined) return;
      this.#callers.delete(id as number);
      const own =
        rewritten(text, (message) => {
          message.id = caller.id;
        }) ?? errorMessage(caller.id, INTERNAL_ERROR, "The server's answer cannot be relayed.");
      sendAnswer(caller.reply, own, about, true);
      return;
    }
    this.#tell(about.method, about as JsonObject, text);
  }

  /** What cannot be told to be one caller's is nobody's. */
  #tell(method: string, about: JsonObject, text: string): void {
    const { id, params } = about;
    if (id !== undefined) {
      const reason = "No client can be asked: the request belongs to none.";
      this.#session.answerServer(errorMessage(id as Id, METHOD_NOT_FOUND, reason));
      return;
    }
    if (!isObject(params)) return;
    if (method === "notifications/progress") {
      this.#forward(params.progressToken, text, (own, caller) => {
        own.progressToken = caller.token as Id;
      });
    } else if (method === "notifications/cancelled") {
      this.#forward(params.requestId, text, (own, caller) => {
        own.requestId = caller.id;
      });
    } else if (isObject(params._meta)) {
      this.#forward(params._meta[SUBSCRIPTION], text, (own, caller) => {
        (own._meta as { [key: string]: Json })[SUBSCRIPTION] = caller.id;
      });
    }
  }

  #forward(
    id: Json | undefined,
    text: string,
    change: (params: { [key: string]: Json }, caller: Caller) => void,
  ): void {
    const caller = typeof id === "number" ? this.#callers.get(id) : undefined;
    if (caller === undefined) return;
    const own = rewritten(text, (message) => {
      change(message.params as { [key: string]: Json }, caller);
    });
    if (own !== undefined) sendEvent(caller.reply, own);
  }
}

/** The same request under another id. */
function renumbered(admitted: Admitted, id: number, withToken: boolean): Admitted {
  const { message, numbers } = admitted;
  const value = editable(admitted);
  value.id = id;
  if (withToken) {
    const meta = (value.params as JsonObject)._meta as { [key: string]: Json };
    meta.progressToken = id;
    numbers.get(meta)?.delete("progressToken");
  }
  // Nothing else of it is kept: a text of it would be that of another request.
  const own = { ...message, id } as Admitted["message"];
  const aside = message.kind === "request" ? { ...admitted.aside, id: message.id } : {};
  return { ok: true, message: own, value, numbers, aside };
}

/** The text of a message with one thing changed; undefined when it cannot be read twice alike. */
function rewritten(
  text: string,
  change: (message: { [key: string]: Json }) => void,
): string | undefined {
  const scanned = scan(text, SERVER_LIMITS);
  if (!scanned.ok || !isObject(scanned.value)) return undefined;
  const message = scanned.value as { [key: string]: Json };
  change(message);
  forgetIds(message, scanned.numbers);
  return write(message, scanned.numbers);
}

/** Ids that were replaced must not come back as they were written. */
function forgetIds(message: JsonObject, numbers: NumberTexts): void {
  numbers.get(message)?.delete("id");
  const { params } = message;
  if (!isObject(params)) return;
  numbers.get(params)?.delete("progressToken");
  numbers.get(params)?.delete("requestId");
  if (isObject(params._meta)) numbers.get(params._meta)?.delete(SUBSCRIPTION);
}
