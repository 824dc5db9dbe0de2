import { randomUUID } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import type { Grant } from "../../grants/grant.ts";
import type { MaybePromise } from "../../state/store.ts";
import { type Child, ChildNotStarted } from "../../transport/child.ts";
import type { Reply } from "../../transport/http/reply.ts";
import { type Admitted, INTERNAL_ERROR, INVALID_REQUEST } from "../admit.ts";
import { errorMessage, TOO_MANY } from "../denials.ts";
import { clientOf, modernMeta } from "../era.ts";
import type { Governance } from "../governance.ts";
import { recordRefusal } from "../records.ts";
import type { Seals } from "../seal.ts";
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
}

export interface ChildCaps {
  /** Children of one grant. */
  readonly children: number;
  /** Least time between two starts for one grant (milliseconds). */
  readonly startMs: number;
  /** Starts that may wait for their turn. */
  readonly waiting: number;
  /** A child that nobody uses for so long is ended (milliseconds). */
  readonly idleMs: number;
}

export const CHILD_CAPS: ChildCaps = {
  children: 8,
  startMs: 1_000,
  waiting: 4,
  idleMs: 600_000,
};

/** What one grant runs. */
interface Nursery {
  readonly governance: Governance;
  readonly sessions: Map<string, Held<LegacyChild>>;
  shared: Promise<Held<SharedChild>> | undefined;
  count: number;
  /** When the next child may start: milliseconds of the monotonic clock. */
  next: number;
}

interface Held<T> {
  readonly child: T;
  idle: NodeJS.Timeout | undefined;
}

/** Why no child was started. */
class TooManyChildren extends Error {
  override readonly name = "TooManyChildren";
}

/**
 * Streamable HTTP in, a stdio server behind it: a child for each session of the legacy era, and one for all
 * clients of a grant that have no session.
 */
export class ChildBackend implements Backend {
  readonly #options: ChildBackendOptions;
  readonly #caps: ChildCaps;
  readonly #nurseries = new Map<string, Nursery>();
  #ending = false;

  constructor(options: ChildBackendOptions) {
    this.#options = options;
    this.#caps = options.caps ?? CHILD_CAPS;
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
        (await nursery.shared).child.post(admitted, reply);
        return;
      }
      const id = inbound.headers.get("mcp-session-id");
      if (id !== undefined) {
        const held = this.#find(nursery, inbound.grant, id);
        if (held === undefined) sessionUnknown(reply, admitted);
        else held.child.post(admitted, reply);
      } else if (message.kind === "request" && message.method === "initialize") {
        const held = await this.#startSession(nursery, inbound.grant, message.params?.clientInfo);
        held.child.post(admitted, reply);
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
    if (!/text\/event-stream|\*\/\*/.test(headers.get("accept") ?? "")) {
      const text = "The header `Accept` must name text/event-stream.";
      reply.json(406, errorMessage(null, INVALID_REQUEST, text));
      return;
    }
    const held = this.#find(this.#nursery(grant), grant, headers.get("mcp-session-id") ?? "");
    if (held === undefined) sessionUnknown(reply);
    else if (!held.child.listen(reply)) {
      const text = "The session has a stream already.";
      reply.json(409, errorMessage(null, INVALID_REQUEST, text));
    }
  }

  async endSession({ grant, headers }: Inbound, reply: Reply): Promise<void> {
    const held = this.#find(this.#nursery(grant), grant, headers.get("mcp-session-id") ?? "");
    if (held === undefined) {
      sessionUnknown(reply);
      return;
    }
    reply.empty(200);
    await held.child.stop();
  }

  refused(grant: Grant, message: string): void {
    recordRefusal(this.#nursery(grant).governance, { message });
  }

  ready(): MaybePromise<void> {
    for (const { governance } of this.#nurseries.values()) return governance.store.ping();
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
    const ends: Promise<void>[] = [];
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
      count: 0,
      next: 0,
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
  ): Promise<Held<LegacyChild>> {
    const { seals, noise } = this.#options;
    const process = await this.#start(nursery);
    const { governance } = nursery;
    const id = randomUUID();
    const content = { id, ...clientOf(clientInfo), started: governance.now() };
    const sealed = seals.seal("session", { server: governance.server, grant: grant.id }, content);
    const ended = (): void => {
      clearTimeout(held.idle);
      nursery.sessions.delete(id);
      nursery.count--;
    };
    const touched = (): void => this.#rest(held);
    const child = new LegacyChild(process, governance, id, sealed, noise, touched, ended);
    const held: Held<LegacyChild> = { child, idle: undefined };
    nursery.sessions.set(id, held);
    return held;
  }

  async #startShared(nursery: Nursery): Promise<Held<SharedChild>> {
    const { noise } = this.#options;
    let held: Held<SharedChild> | undefined;
    try {
      const process = await this.#start(nursery);
      const ended = (): void => {
        clearTimeout(held?.idle);
        nursery.shared = undefined;
        nursery.count--;
      };
      const touched = (): void => {
        if (held !== undefined) this.#rest(held);
      };
      const child = new SharedChild(process, nursery.governance, noise, touched, ended);
      held = { child, idle: undefined };
      return held;
    } catch (error) {
      nursery.shared = undefined;
      throw error;
    }
  }

  async #start(nursery: Nursery): Promise<Child> {
    const { children, startMs, waiting } = this.#caps;
    const now = performance.now();
    const pause = nursery.next - now;
    if (this.#ending || nursery.count >= children || pause > startMs * waiting) {
      throw new TooManyChildren("Too many servers run or start for this grant; try again later.");
    }
    nursery.count++;
    nursery.next = Math.max(nursery.next, now) + startMs;
    try {
      if (pause > 0) await wait(pause);
      return await this.#options.start();
    } catch (error) {
      nursery.count--;
      throw error;
    }
  }

  /** Begins to count again how long nobody has used it. */
  #rest(held: Held<LegacyChild> | Held<SharedChild>): void {
    clearTimeout(held.idle);
    held.idle = setTimeout(() => {
      if (held.child.busy) this.#rest(held);
      else void held.child.stop();
    }, this.#caps.idleMs).unref();
  }
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
  if (error instanceof TooManyChildren) {
    reply.json(503, errorMessage(id, TOO_MANY, error.message), { "retry-after": "5" });
    return;
  }
  if (!(error instanceof ChildNotStarted)) throw error;
  governance.notice(error.message);
  reply.json(502, errorMessage(id, INTERNAL_ERROR, "The server could not be started."));
}
