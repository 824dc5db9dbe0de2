import type { Json } from "../../policy/index.ts";
import type { Asking } from "../approvals/ask.ts";
import { hold } from "../approvals/hold.ts";
import type { Context } from "../engine/types.ts";
import type { MaybePromise } from "../state/store.ts";
import {
  type Admitted,
  admit,
  type Id,
  INTERNAL_ERROR,
  INVALID_REQUEST,
  idInText,
  isId,
  isObject,
  type JsonObject,
  type Message,
  type Refused,
} from "./admit.ts";
import { Catalogue, type ToolsPage, toolsPage } from "./catalogue.ts";
import { errorMessage, TOO_MANY } from "./denials.ts";
import { clientOf, modernMeta } from "./era.ts";
import type { Governance } from "./governance.ts";
import { type Hearing, hear } from "./hear.ts";
import { isForbidden, type Ruling } from "./judge.ts";
import { type ChangedList, listChanged, wantsToHear } from "./list-changed.ts";
import { andThen } from "./maybe.ts";
import { passes } from "./notify.ts";
import { watch } from "./observe.ts";
import { OwnRequests } from "./own-requests.ts";
import { type Recorded, recordRefusal, recordRuling } from "./records.ts";
import { type OpenRequest, OpenRequests, REQUEST_CAPS, STREAM } from "./requests.ts";
import { relay } from "./screen.ts";
import { parseServerText } from "./server-text.ts";
import { Settlement } from "./settle.ts";
import { openTasks } from "./tasks.ts";
import { utf8Text } from "./utf8.ts";
import { writeAdmitted } from "./write.ts";

/** Where a session's messages go. A message holds no line break. */
export interface Ports {
  readonly toClient: (message: string | Uint8Array, about: JsonObject | Answer) => void;
  /** False when no byte of it was written: the server is gone, or does not read. */
  readonly toServer: (message: string, about: Message) => boolean;
  /** What a server sent that is no message. */
  readonly noise: (bytes: Uint8Array) => void;
  /** Whether an answer to a request reaches its client; absent: it does as long as it has not cancelled. */
  readonly connected?: (id: Id) => boolean;
}

/** An answer of our own; `id` is that of the request. */
export interface Answer {
  readonly id: Id | null;
  /** The code of the error, when the request was refused before any policy was asked. */
  readonly refused?: number;
}

/** The beginning and end of a message that was too large to be read. */
export interface Oversized {
  readonly length: number;
  readonly head: Buffer;
  readonly tail: Buffer;
}

/** Characters of each end of a message that was not read, in which its id may be found. */
const KEPT = 2_048;
/** Requests of the server that the client may still answer; older ones are forgotten. */
const MAX_SERVER_REQUESTS = 1_024;

/**
 * One client and one server, and every message between them: the way of the client's is admit → judge →
 * forward, that of the server's is relay. Knows no transport. Never throws.
 */
export class Session {
  readonly #governance: Governance;
  readonly #ports: Ports;
  readonly #id: string | undefined;
  readonly #open: OpenRequests;
  readonly #own: OwnRequests;
  readonly catalogue: Catalogue;
  readonly #settlement: Settlement;
  readonly #serverRequests = new Set<Id>();
  #client: Context["client"];
  #initialized = false;
  /** The revision that the handshake of the legacy era has ended in, for whoever watches. */
  #version: string | undefined;
  /** Of the client's last request, in the modern era. */
  #meta: JsonObject | undefined;
  /** Requests that wait for their ruling; later ones wait behind them, so that none overtakes another. */
  #queue: Promise<void> | undefined;
  /** Requests that wait for a person; later ones do not wait behind them. */
  readonly #held = new Map<OpenRequest, Promise<void>>();
  /** Nobody is waited for any more. */
  #released = false;

  /** `id`: the scope value of counters `per session`; absent counts as the grant. */
  constructor(governance: Governance, ports: Ports, id?: string) {
    this.#open = new OpenRequests(REQUEST_CAPS, governance.load);
    this.#governance = governance;
    this.#ports = ports;
    this.#id = id;
    this.#own = new OwnRequests(ports.toServer);
    this.catalogue = new Catalogue((cursor, ms) => this.#fetchPage(cursor, ms));
    this.#settlement = new Settlement(governance.store, this.#open, governance.notice);
  }

  // From the client -------------------------------------------------------------------------------

  fromClient(bytes: Uint8Array): void {
    const admitted = admit(bytes);
    if (admitted.ok) this.receive(admitted);
    else this.#refuse(admitted);
  }

  /** A message of the client that was admitted before. */
  receive(admitted: Admitted): void {
    switch (admitted.message.kind) {
      case "request":
        this.#request(admitted.message, admitted);
        return;
      case "notification":
        this.#notification(admitted.message, admitted);
        return;
      case "response":
        this.#clientAnswer(admitted.message, admitted);
        return;
    }
  }

  /** A message of the client that was skipped. */
  oversizedFromClient({ head, tail, length }: Oversized, max: number): void {
    this.#refuse({
      ok: false,
      id: idInText(head.toString("utf8"), tail.toString("utf8")),
      code: INVALID_REQUEST,
      message: `The message has ${length} bytes; at most ${max} are accepted.`,
    });
  }

  #request(message: Extract<Message, { kind: "request" }>, admitted: Admitted): void {
    const { id, method, params } = message;
    if (this.#open.get(id) !== undefined) {
      // Answered under this id, the request in flight would be taken for answered.
      this.#refuse({
        ok: false,
        id: null,
        code: INVALID_REQUEST,
        message: `The id ${JSON.stringify(id)} is that of a request in flight.`,
      });
      return;
    }
    const modern = modernMeta(params);
    if (modern !== undefined) this.#meta = modern.meta;
    if (method === "initialize") this.#client = clientOf(params?.clientInfo);
    const request: OpenRequest = {
      id,
      method,
      forwarded: false,
      cancelled: false,
      ...(method === "tools/list" && params?.cursor === undefined
        ? { listChanges: this.catalogue.changes }
        : {}),
    };
    if (!this.#open.add(request)) {
      this.#refuse({
        ok: false,
        id,
        code: TOO_MANY,
        message: "Too many requests are in flight; send this one again when one was answered.",
      });
      return;
    }
    const hearing = hear(message, admitted, {
      governance: this.#governance,
      catalogue: this.catalogue,
      session: this.#id,
      ...(this.#client === undefined ? {} : { client: this.#client }),
    });
    if (!hearing.ok) {
      this.#open.remove(request);
      this.#refuse(hearing);
      return;
    }
    request.hearing = hearing;
    const version = this.#version;
    request.watched = watch(this.#governance, { id, hearing, version, ...admitted.aside });
    const settled = andThen(
      hearing.verdict,
      (verdict): MaybePromise<Asking | Recorded> =>
        verdict.outcome === "ask" ? verdict : this.#record(hearing, verdict),
    );
    this.#inOrder(settled, (done) => {
      if ("ruling" in done) this.#conclude(request, hearing, admitted, done);
      else this.#hold(request, hearing, admitted, done);
    });
  }

  #record(hearing: Hearing, ruling: Ruling): MaybePromise<Recorded> {
    const { shadow } = hearing;
    return recordRuling(this.#governance, hearing, ruling, !shadow || isForbidden(ruling, shadow));
  }

  #hold(request: OpenRequest, hearing: Hearing, admitted: Admitted, asking: Asking): void {
    const held = new AbortController();
    request.held = held;
    request.watched?.holds();
    if (request.cancelled || this.#released) held.abort();
    const { connected } = this.#ports;
    const caller = {
      signal: held.signal,
      connected: () => connected?.(request.id) ?? true,
      tell: (notification: JsonObject) => this.#tell(notification),
    };
    const done = hold(hearing, asking, this.#governance, caller).then(async (ruling) => {
      this.#held.delete(request);
      delete request.held;
      this.#conclude(request, hearing, admitted, await this.#record(hearing, ruling));
    });
    this.#held.set(request, done);
  }

  /** The client is gone, or the server: what is held is answered now, and nothing is held any more. */
  releaseHeld(): void {
    this.#released = true;
    for (const { held } of this.#held.keys()) held?.abort();
  }

  #conclude(request: OpenRequest, hearing: Hearing, admitted: Admitted, recorded: Recorded): void {
    const { id: decision, ruling, enforced } = recorded;
    request.watched?.decided(recorded);
    if (request.cancelled) {
      // Nobody waits for it, and nothing of it was sent.
      request.watched?.fail("cancelled");
      if (ruling.outcome === "allow") this.#settlement.unsent(request, ruling.reservation);
      this.#open.remove(request);
      return;
    }
    if (ruling.outcome !== "allow" && enforced) {
      this.#open.remove(request);
      this.#answer(request.id, hearing.forbid(ruling, { id: decision, ...ruling }));
      return;
    }
    const { reservation, leased } = ruling.outcome === "allow" ? ruling : {};
    request.forwarded = true;
    request.watched?.sent();
    if (reservation !== undefined) request.reservation = reservation;
    if (leased === true) {
      request.leased = true;
      this.#settlement.hold();
    }
    if (!this.#ports.toServer(writeAdmitted(admitted), admitted.message)) {
      this.failed(request.id, "The server takes no messages; nothing was sent to it.", "unsent");
    }
  }

  /**
   * The request of this id will get no answer from the server; the client gets `reason`, a sentence. `unsent`: no
   * byte of it was written; `refused`: it was refused before any handler ran; `lost`: nobody knows.
   */
  failed(id: Id, reason: string, what: "unsent" | "refused" | "lost"): void {
    if (this.#own.take(id, { error: reason })) return;
    const request = this.#open.get(id);
    if (request?.forwarded !== true) return;
    if (what === "unsent") this.#settlement.unsent(request, request.reservation);
    else if (what === "refused") this.#settlement.refused(request);
    else this.#settlement.lost(request);
    this.#open.remove(request);
    if (!request.cancelled) this.#answer(id, errorMessage(id, INTERNAL_ERROR, reason));
  }

  /** Whether the server still owes an answer to the request of this id, to a client or to us. */
  isOpen(id: Id): boolean {
    return this.#open.get(id)?.forwarded === true || this.#own.isOpen(id);
  }

  #answer(id: Id | null, text: string): void {
    this.#ports.toClient(text, { id });
  }

  /** Runs `next` with what came of a request, after those of all requests before. */
  #inOrder<T extends object>(settled: MaybePromise<T>, next: (settled: T) => void): void {
    if (this.#queue === undefined && !(settled instanceof Promise)) {
      next(settled);
      return;
    }
    const before = this.#queue ?? Promise.resolve();
    const turn: Promise<void> = Promise.all([settled, before]).then(([done]) => {
      if (this.#queue === turn) this.#queue = undefined;
      next(done);
    });
    this.#queue = turn;
  }

  #notification(message: Extract<Message, { kind: "notification" }>, admitted: Admitted): void {
    const { method, params } = message;
    if (!passes(message, admitted, this.#governance)) return;
    // Only the legacy era has it.
    if (method === "notifications/initialized") this.#initialized = true;
    if (method === "notifications/cancelled" && this.#cancel(params?.requestId)) return;
    this.#ports.toServer(writeAdmitted(admitted), message);
  }

  /** True when the request was still being judged: the server never hears of it. */
  #cancel(id: Json | undefined): boolean {
    const request = isId(id) ? this.#open.get(id) : undefined;
    if (request === undefined) return false;
    this.#open.cancel(request);
    return !request.forwarded;
  }

  #clientAnswer(message: Extract<Message, { kind: "response" }>, admitted: Admitted): void {
    const { id } = message;
    if (!this.#serverRequests.delete(id)) {
      this.#governance.notice(
        `An answer of the client to no open request of the server was dropped (id ${JSON.stringify(id)}).`,
      );
      return;
    }
    openTasks(admitted, this.#governance);
    this.#ports.toServer(writeAdmitted(admitted), message);
  }

  /** The policy has changed, and with it these lists: a client that can be told is told. */
  listsChanged(lists: readonly ChangedList[]): void {
    for (const list of lists) {
      if (this.#initialized) this.#tell(listChanged(list));
      for (const { id, method, hearing, forwarded } of this.#open) {
        if (method !== STREAM || !forwarded || !wantsToHear(list, hearing?.params)) continue;
        this.#tell(listChanged(list, id));
      }
    }
  }

  #tell(message: JsonObject): void {
    this.#ports.toClient(JSON.stringify(message), message);
  }

  /** Resolves when every message received was ruled on. */
  async settled(): Promise<void> {
    while (this.#queue !== undefined || this.#held.size > 0) {
      await Promise.all([this.#queue, ...this.#held.values()]);
    }
  }

  #refuse(refused: Refused): void {
    recordRefusal(this.#governance, refused);
    const { id, code, message, unknown } = refused;
    if (id === undefined) return;
    const free = id !== null && this.#open.get(id) === undefined ? id : null;
    const about = unknown === true ? { id: free } : { id: free, refused: code };
    this.#ports.toClient(errorMessage(free, code, message), about);
  }

  // From the server -------------------------------------------------------------------------------

  fromServer(bytes: Uint8Array): void {
    const given = utf8Text(bytes) ?? "";
    // In JSON it is but white space, and some clients take it for the end of a line: what follows it would be a message
    // that nobody has screened.
    const text = given.includes("\r") ? given.replaceAll("\r", " ") : given;
    const read = parseServerText(text);
    if (!read.ok) {
      if (read.reason === "syntax") this.#ports.noise(bytes);
      else {
        this.#governance.notice(
          "A message of the server was not relayed: it is nested too deep or holds too many values.",
        );
        this.#failUnread(
          text.slice(0, KEPT),
          text.slice(-KEPT),
          "The server's answer is too large.",
        );
      }
      return;
    }
    const message = read.value;
    const line = text === given ? bytes : Buffer.from(text);
    if (Array.isArray(message)) {
      this.#serverBatch(message);
    } else if (!isObject(message)) {
      this.#ports.noise(bytes);
    } else if (typeof message.method === "string") {
      this.#serverMessage(message.method, message, text, line);
    } else {
      this.#serverAnswer(message, text, line);
    }
  }

  /** A message of the server that was skipped: whoever waits for it gets an error. */
  oversizedFromServer({ head, tail, length }: Oversized, max: number): void {
    this.#governance.notice(
      `A message of the server has ${length} bytes; at most ${max} are relayed.`,
    );
    this.#failUnread(
      head.toString("utf8"),
      tail.toString("utf8"),
      "The server's answer is too large.",
    );
  }

  /** Whoever waits for a message that was not read gets `reason`, a sentence. */
  #failUnread(head: string, tail: string, reason: string): void {
    const id = idInText(head, tail);
    if (id !== null && this.#own.take(id, { error: reason })) return;
    // Where its id is not to be found, it can only be the one that is waited for.
    const request =
      id === null ? (this.#open.size === 1 ? [...this.#open][0] : undefined) : this.#open.get(id);
    if (request?.forwarded === true) this.#fail(request, reason);
  }

  /** The connection to the server is closed; `reason` is a sentence for those who still wait. */
  serverGone(reason: string): void {
    this.#own.close();
    this.releaseHeld();
    for (const request of [...this.#open]) {
      // What is still being judged finds nobody who takes it, and is answered and given back then.
      if (!request.forwarded) continue;
      this.#settlement.lost(request);
      this.#open.remove(request);
      if (!request.cancelled) {
        this.#answer(request.id, errorMessage(request.id, INTERNAL_ERROR, reason));
      }
    }
    this.#settlement.close();
  }

  #serverMessage(method: string, message: JsonObject, text: string, bytes: Uint8Array): void {
    if (method === "notifications/tools/list_changed") this.catalogue.invalidate();
    this.#relay(message, text, bytes);
  }

  #serverAnswer(message: JsonObject, text: string, bytes: Uint8Array): void {
    const { id, result, error } = message;
    if (this.#own.take(id, message)) return;
    // An error without an id is about a message that the server could not read.
    if (id === null && error !== undefined && result === undefined) {
      this.#relay(message, text, bytes);
      return;
    }
    const request = isId(id) ? this.#open.get(id) : undefined;
    if (request?.forwarded !== true) {
      this.#governance.notice(
        `An answer of the server to no open request was dropped (id ${JSON.stringify(id)}).`,
      );
      return;
    }
    this.#open.remove(request);
    if (request.method === "initialize" && isObject(result)) {
      const { protocolVersion } = result;
      if (typeof protocolVersion === "string") this.#version = protocolVersion;
    }
    if (request.listChanges !== undefined && isObject(result)) {
      if (Array.isArray(result.tools) && result.nextCursor === undefined) {
        this.catalogue.observe(result.tools as readonly Json[], request.listChanges);
      }
    }
    this.#relay(message, text, bytes, request);
    // Last: the client need not wait for it.
    this.#settlement.answered(request, message);
  }

  #relay(message: JsonObject, text: string, bytes: Uint8Array, request?: OpenRequest): void {
    const { toClient, toServer } = relay(text, message, this.#governance, request?.hearing);
    const { id, method } = message;
    if (toServer !== undefined && isId(id))
      this.#ports.toServer(toServer, { kind: "response", id });
    if (toClient === undefined) return;
    if (typeof method === "string" && isId(id)) this.#expectAnswer(id);
    this.#ports.toClient(toClient === text ? bytes : toClient, message);
  }

  #expectAnswer(id: Id): void {
    this.#serverRequests.add(id);
    if (this.#serverRequests.size > MAX_SERVER_REQUESTS) {
      this.#serverRequests.delete(this.#serverRequests.values().next().value as Id);
    }
  }

  /** No revision lets a server send batches unasked, and a list could hide in one. */
  #serverBatch(batch: readonly Json[]): void {
    this.#governance.notice("A batch of the server was not relayed.");
    for (const message of batch) {
      if (!isObject(message) || message.method !== undefined) continue;
      if (this.#own.take(message.id, { error: "the answer came in a batch" })) continue;
      const request = isId(message.id) ? this.#open.get(message.id) : undefined;
      if (request?.forwarded === true) this.#fail(request, "The server answered with a batch.");
    }
  }

  #fail(request: OpenRequest, reason: string): void {
    this.#settlement.answered(request, undefined);
    this.#open.remove(request);
    this.#answer(request.id, errorMessage(request.id, INTERNAL_ERROR, reason));
  }

  async #fetchPage(cursor: string | undefined, ms: number): Promise<ToolsPage> {
    return toolsPage(
      await this.#own.ask(
        "tools/list",
        {
          ...(cursor === undefined ? {} : { cursor }),
          ...(this.#meta === undefined ? {} : { _meta: this.#meta }),
        },
        ms,
      ),
    );
  }
}
