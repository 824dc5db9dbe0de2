import { randomUUID } from "node:crypto";
import type { Grant } from "../../grants/grant.ts";
import { type Child, ChildNotStarted } from "../../transport/child.ts";
import type { RequestHeaders } from "../../transport/http/headers.ts";
import type { Reply } from "../../transport/http/reply.ts";
import { type Admitted, INTERNAL_ERROR, INVALID_REQUEST } from "../admit.ts";
import { errorMessage, TOO_MANY } from "../denials.ts";
import { clientOf, modernMeta } from "../era.ts";
import type { Governance } from "../governance.ts";
import type { ChangedList } from "../list-changed.ts";
import { recordRefusal } from "../records.ts";
import { REQUEST_CAPS } from "../requests.ts";
import type { Seals } from "../seal.ts";
import { ChildPlaces, NoPlace, PLACE_CAPS, type PlaceCaps } from "./child-places.ts";
import type { Backend, Inbound } from "./front.ts";
import { LegacyChild } from "./legacy-children.ts";
import { answeredId, isModernVersion } from "./mirror.ts";
import { SharedChild } from "./shared-child.ts";

export interface ChildBackendOptions {
  /** Starts the server; rejects with `ChildNotStarted`. */
  readonly start: () => Promise<Child>;
  readonly governanceOf: (grant: Grant) => Governance;
  readonly seals: Seals;
  /** Where a server's output goes that is no message. */
  readonly noise: (bytes: Uint8Array) => void;
  readonly caps?: ChildCaps;
  /** Shared with other servers; by default this one has places of its own. */
  readonly places?: ChildPlaces;
}

export interface ChildCaps extends PlaceCaps {
  /** A child that nobody uses for so long is ended (milliseconds). */
  readonly idleMs: number;
  /** A request of a session that is not answered for so long gets a stream that can be resumed (milliseconds). */
  readonly streamMs: number;
}

export const CHILD_CAPS: ChildCaps = {
  ...PLACE_CAPS,
  idleMs: 600_000,
  streamMs: 100,
};

/** What one grant runs. */
interface Nursery {
  readonly governance: Governance;
  readonly sessions: Map<string, Held<LegacyChild>>;
  shared: Promise<Held<SharedChild>> | undefined;
}

interface Held<T> {
  readonly child: T;
  idle: NodeJS.Timeout | undefined;
  /** No request finds it any more. */
  readonly forget: () => void;
}

/**
 * Streamable HTTP in, a stdio server behind it: a child for each session of the legacy era, and one for all
 * clients of a grant that have no session.
 */
export class ChildBackend implements Backend {
  readonly #options: ChildBackendOptions;
  readonly #caps: ChildCaps;
  readonly #places: ChildPlaces;
  readonly #nurseries = new Map<string, Nursery>();
  readonly #stopping = new Set<Promise<void>>();
  #ending = false;

  constructor(options: ChildBackendOptions) {
    this.#options = options;
    this.#caps = options.caps ?? CHILD_CAPS;
    this.#places = options.places ?? new ChildPlaces(this.#caps);
  }

  async post(admitted: Admitted, inbound: Inbound, reply: Reply): Promise<void> {
    const { message } = admitted;
    const nursery = this.#nursery(inbound.grant);
    const modern =
      isModernVersion(inbound.headers.get("mcp-protocol-version")) ||
      (message.kind === "request" && modernMeta(message.params) !== undefined);
    try {
      if (modern) {
        nursery.shared ??= this.#startShared(nursery);
        const { child } = await nursery.shared;
        // A client that has gone meanwhile has cancelled, and nothing tells of it any more.
        if (!reply.closed) child.post(admitted, reply);
        return;
      }
      const id = inbound.headers.get("mcp-session-id");
      if (id !== undefined) {
        const held = this.#find(nursery, inbound.grant, id);
        if (held === undefined) sessionUnknown(reply, admitted);
        else held.child.post(admitted, reply, streamVersion(inbound.headers));
      } else if (message.kind === "request" && message.method === "initialize") {
        const { clientInfo } = message.params ?? {};
        const held = await this.#startSession(nursery, inbound.grant, clientInfo, reply);
        // A handshake that breaks is begun anew: nobody can come back to it.
        held.child.post(admitted, reply, undefined);
      } else {
        const problem =
          "The header `Mcp-Session-Id` is missing: a session begins with `initialize`.";
        recordRefusal(nursery.governance, { message: problem });
        reply.json(400, errorMessage(answeredId(message), INVALID_REQUEST, problem));
      }
    } catch (error) {
      notStarted(error, reply, admitted, nursery.governance);
    }
  }

  async listen({ grant, headers }: Inbound, reply: Reply): Promise<void> {
    if (isModernVersion(headers.get("mcp-protocol-version"))) {
      const text = "This revision has no GET stream; use `subscriptions/listen`.";
      reply.json(405, errorMessage(null, INVALID_REQUEST, text), { allow: "POST" });
      return;
    }
    if (!acceptsStream(headers)) {
      const text = "The header `Accept` must name text/event-stream.";
      reply.json(406, errorMessage(null, INVALID_REQUEST, text));
      return;
    }
    const nursery = this.#nursery(grant);
    const { load } = nursery.governance;
    const held = this.#find(nursery, grant, headers.get("mcp-session-id") ?? "");
    if (held === undefined) {
      sessionUnknown(reply);
      return;
    }
    if (load.streams >= REQUEST_CAPS.streams) {
      const text = "Too many streams are open; end one first.";
      reply.json(429, errorMessage(null, TOO_MANY, text), { "retry-after": "1" });
      return;
    }
    const version = headers.get("mcp-protocol-version");
    const last = headers.get("last-event-id") ?? "";
    if (last !== "") {
      const outcome = held.child.resume(last, reply, version);
      if (outcome === "foreign") sessionUnknown(reply);
      if (outcome === "gone") {
        const text = "What came after this event is not kept any more.";
        reply.json(400, errorMessage(null, INVALID_REQUEST, text));
      }
    } else if (!held.child.listen(reply, version)) {
      const text = "The session has a stream already.";
      reply.json(409, errorMessage(null, INVALID_REQUEST, text));
    }
    load.streams++;
    reply.onClosed(() => {
      load.streams--;
    });
  }

  async endSession({ grant, headers }: Inbound, reply: Reply): Promise<void> {
    const held = this.#find(this.#nursery(grant), grant, headers.get("mcp-session-id") ?? "");
    if (held === undefined) {
      sessionUnknown(reply);
      return;
    }
    reply.empty(200);
    await this.#end(held);
  }

  refused(grant: Grant, message: string): void {
    recordRefusal(this.#nursery(grant).governance, { message });
  }

  listsChanged(grant: string, lists: readonly ChangedList[]): void {
    const nursery = this.#nurseries.get(grant);
    if (nursery === undefined) return;
    for (const { child } of nursery.sessions.values()) child.listsChanged(lists);
    nursery.shared?.then(
      ({ child }) => child.listsChanged(lists),
      () => {},
    );
  }

  forget(grant: string): void {
    const nursery = this.#nurseries.get(grant);
    if (nursery === undefined) return;
    for (const held of [...nursery.sessions.values()]) void this.#end(held);
    nursery.shared?.then(
      (held) => this.#end(held),
      () => {},
    );
  }

  drain(): void {
    this.#ending = true;
    for (const { sessions, shared } of this.#nurseries.values()) {
      for (const { child } of sessions.values()) child.endListening();
      void shared?.then(
        ({ child }) => child.endListening(),
        () => {},
      );
    }
  }

  async close(): Promise<void> {
    const ends: Promise<void>[] = [...this.#stopping];
    for (const { sessions, shared } of this.#nurseries.values()) {
      for (const { child } of sessions.values()) ends.push(child.stop());
      if (shared !== undefined) {
        ends.push(
          shared.then(
            ({ child }) => child.stop(),
            () => {},
          ),
        );
      }
    }
    await Promise.all(ends);
  }

  #nursery(grant: Grant): Nursery {
    const known = this.#nurseries.get(grant.id);
    if (known !== undefined) return known;
    const nursery: Nursery = {
      governance: this.#options.governanceOf(grant),
      sessions: new Map(),
      shared: undefined,
    };
    this.#nurseries.set(grant.id, nursery);
    return nursery;
  }

  #find(nursery: Nursery, grant: Grant, sealed: string): Held<LegacyChild> | undefined {
    const bound = { server: nursery.governance.server, grant: grant.id };
    const content = this.#options.seals.open("session", bound, sealed);
    const id = (content as { readonly id?: unknown } | undefined)?.id;
    return typeof id === "string" ? nursery.sessions.get(id) : undefined;
  }

  async #startSession(
    nursery: Nursery,
    grant: Grant,
    clientInfo: unknown,
    reply: Reply,
  ): Promise<Held<LegacyChild>> {
    const { seals, noise } = this.#options;
    const { streamMs } = this.#caps;
    const { governance } = nursery;
    const { process, free } = await this.#start(governance, () => !reply.closed);
    const id = randomUUID();
    const content = { id, ...clientOf(clientInfo), started: governance.now() };
    const sealed = seals.seal("session", { server: governance.server, grant: grant.id }, content);
    const forget = (): void => {
      nursery.sessions.delete(id);
    };
    const ended = (): void => {
      clearTimeout(held.idle);
      forget();
      free();
    };
    const touched = (): void => this.#rest(held);
    const child = new LegacyChild({
      child: process,
      governance,
      seals,
      id,
      sealed,
      streamMs,
      noise,
      touched,
      ended,
    });
    const held: Held<LegacyChild> = { child, idle: undefined, forget };
    nursery.sessions.set(id, held);
    return held;
  }

  #startShared(nursery: Nursery): Promise<Held<SharedChild>> {
    const { governance } = nursery;
    const forget = (): void => {
      if (nursery.shared === starting) nursery.shared = undefined;
    };
    const start = async (): Promise<Held<SharedChild>> => {
      const { process, free } = await this.#start(governance, () => true);
      const ended = (): void => {
        clearTimeout(held.idle);
        forget();
        free();
      };
      const touched = (): void => this.#rest(held);
      const { noise } = this.#options;
      const child = new SharedChild(process, governance, noise, touched, ended);
      const held: Held<SharedChild> = { child, idle: undefined, forget };
      return held;
    };
    const starting = start();
    starting.catch(forget);
    return starting;
  }

  /** `wanted`: whether anybody waits for it still, once it is its turn. */
  async #start(
    { grant }: Governance,
    wanted: () => boolean,
  ): Promise<{ readonly process: Child; readonly free: () => void }> {
    if (this.#ending) throw new NoPlace("The proxy is about to end.");
    const free = await this.#places.take(grant.id, () => !this.#ending && wanted());
    try {
      return { process: await this.#options.start(), free };
    } catch (error) {
      free();
      throw error;
    }
  }

  /** A child that is about to end takes no more requests. */
  async #end(held: Held<LegacyChild> | Held<SharedChild>): Promise<void> {
    clearTimeout(held.idle);
    held.forget();
    const stopped = held.child.stop();
    this.#stopping.add(stopped);
    await stopped;
    this.#stopping.delete(stopped);
  }

  /** Begins to count again how long nobody has used it. */
  #rest(held: Held<LegacyChild> | Held<SharedChild>): void {
    clearTimeout(held.idle);
    held.idle = setTimeout(() => {
      if (held.child.busy) this.#rest(held);
      else void this.#end(held);
    }, this.#caps.idleMs).unref();
  }
}

function acceptsStream(headers: RequestHeaders): boolean {
  return /text\/event-stream|\*\/\*/.test(headers.get("accept") ?? "");
}

/** The revision that a client speaks which can read a stream. */
function streamVersion(headers: RequestHeaders): string | undefined {
  return acceptsStream(headers) ? headers.get("mcp-protocol-version") : undefined;
}

function sessionUnknown(reply: Reply, admitted?: Admitted): void {
  const id = admitted === undefined ? null : answeredId(admitted.message);
  reply.json(404, errorMessage(id, INVALID_REQUEST, "There is no such session."));
}

function notStarted(
  error: unknown,
  reply: Reply,
  { message }: Admitted,
  governance: Governance,
): void {
  const id = answeredId(message);
  if (error instanceof NoPlace) {
    reply.json(503, errorMessage(id, TOO_MANY, error.message), { "retry-after": "5" });
    return;
  }
  if (!(error instanceof ChildNotStarted)) throw error;
  governance.notice(error.message);
  reply.json(502, errorMessage(id, INTERNAL_ERROR, "The server could not be started."));
}
