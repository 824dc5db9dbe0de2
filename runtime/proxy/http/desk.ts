import type { Grant } from "../../grants/grant.ts";
import type { Reply } from "../../transport/http/reply.ts";
import type { Id, JsonObject } from "../admit.ts";
import { Catalogue, type FetchPage } from "../catalogue.ts";
import type { Governance } from "../governance.ts";
import { type ChangedList, listChanged, wantsToHear } from "../list-changed.ts";
import { idKey, type OpenRequest, REQUEST_CAPS } from "../requests.ts";
import type { Seals } from "../seal.ts";
import { Settlement } from "../settle.ts";
import { sendEvent } from "./send.ts";

/** What one grant does on one server: its sessions, and what of it runs now. */
export class Desk {
  readonly grant: Grant;
  readonly governance: Governance;
  readonly settlement: Settlement;
  readonly #seals: Seals;
  readonly #fetchPage: (visit: Visit) => FetchPage;
  readonly #running = new Set<OpenRequest>();
  readonly #listeners = new Set<Listener>();
  /** By the session ids that we gave, once they were verified. */
  readonly #visits = new Map<string, Visit>();
  /** Of clients without a session. */
  readonly #stateless: Visit;

  constructor(
    grant: Grant,
    governance: Governance,
    seals: Seals,
    fetchPage: (visit: Visit) => FetchPage,
  ) {
    this.grant = grant;
    this.governance = governance;
    this.#seals = seals;
    this.#fetchPage = fetchPage;
    this.settlement = new Settlement(governance.store, this.#running, governance.notice);
    this.#stateless = new Visit(undefined, fetchPage);
  }

  /** The visit of a session id that we gave; undefined when it is none of ours. */
  visit(sessionId: string | undefined): Visit | undefined {
    if (sessionId === undefined) return this.#stateless;
    const known = this.#visits.get(sessionId);
    if (known !== undefined) {
      // The newest are last: the oldest are forgotten first.
      this.#visits.delete(sessionId);
      this.#visits.set(sessionId, known);
      return known;
    }
    const content = this.#seals.open("session", this.#bound, sessionId) as SessionSeal | undefined;
    return content === undefined ? undefined : this.#remember({ ...content, sealed: sessionId });
  }

  /** A session that the server has begun. */
  begin(id: string, client: ClientInfo): Visit {
    const content: SessionSeal = { id, ...client, started: this.governance.now() };
    const sealed = this.#seals.seal("session", this.#bound, content);
    return this.#remember({ ...content, sealed });
  }

  /** The session is over. */
  forget({ session }: Visit): void {
    if (session !== undefined) this.#visits.delete(session.sealed);
  }

  /** All sessions are over. */
  forgetAll(): void {
    this.#visits.clear();
  }

  /** Somebody listens on a stream without an end of its own; gives what ends that. */
  listens(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  listsChanged(lists: readonly ChangedList[]): void {
    for (const { reply, asked } of this.#listeners) {
      for (const list of lists) {
        if (asked !== undefined && !wantsToHear(list, asked.params)) continue;
        if (reply.streaming) sendEvent(reply, JSON.stringify(listChanged(list, asked?.id)));
      }
    }
  }

  sealEvent(id: string, { session }: Visit): string {
    return this.#seals.seal("event", this.#bound, [id, session?.id ?? null]);
  }

  /** The server's own id of an event; undefined when it is none that we gave in this session. */
  openEvent(sealed: string, { session }: Visit): string | undefined {
    const content = this.#seals.open("event", this.#bound, sealed);
    if (!Array.isArray(content)) return undefined;
    const [id, of] = content as readonly unknown[];
    return typeof id === "string" && of === (session?.id ?? null) ? id : undefined;
  }

  /** False when the grant has too much in flight. */
  enter(request: OpenRequest): boolean {
    const { load } = this.governance;
    if (load.running >= REQUEST_CAPS.running) return false;
    load.running++;
    this.#running.add(request);
    return true;
  }

  leave(request: OpenRequest): void {
    if (this.#running.delete(request)) this.governance.load.running--;
  }

  enterStream(): boolean {
    const { load } = this.governance;
    if (load.streams >= REQUEST_CAPS.streams) return false;
    load.streams++;
    return true;
  }

  leaveStream(): void {
    this.governance.load.streams--;
  }

  get #bound(): { readonly server: string; readonly grant: string } {
    return { server: this.governance.server, grant: this.grant.id };
  }

  #remember(session: KnownSession): Visit {
    const visit = new Visit(session, this.#fetchPage);
    this.#visits.set(session.sealed, visit);
    if (this.#visits.size > MAX_VISITS) {
      this.#visits.delete(this.#visits.keys().next().value as string);
    }
    return visit;
  }
}

/** Sessions that are remembered; one that is forgotten goes on, and its tool list is asked for again. */
const MAX_VISITS = 4_096;

interface Listener {
  readonly reply: Reply;
  /** `subscriptions/listen`; absent on the GET stream of the legacy era. */
  readonly asked?: { readonly id: Id; readonly params: JsonObject | undefined };
}

export interface ClientInfo {
  readonly name?: string;
  readonly version?: string;
}

/** What a session id of ours says. */
interface SessionSeal extends ClientInfo {
  /** The server's own id. */
  readonly id: string;
  /** Milliseconds since 1970, UTC. */
  readonly started: number;
}

interface KnownSession extends SessionSeal {
  readonly sealed: string;
}

/** A session, or all clients of a grant that have none. */
export class Visit {
  readonly session: KnownSession | undefined;
  readonly catalogue: Catalogue;
  /** How requests of our own introduce themselves: as the client's last one did. */
  manner: { readonly version?: string; readonly meta?: { readonly [key: string]: unknown } } = {};
  readonly #inFlight = new Map<string, OpenRequest>();

  constructor(session: KnownSession | undefined, fetchPage: (visit: Visit) => FetchPage) {
    this.session = session;
    this.catalogue = new Catalogue(fetchPage(this));
  }

  get client(): ClientInfo | undefined {
    if (this.session === undefined) return undefined;
    const { name, version } = this.session;
    return {
      ...(name === undefined ? {} : { name }),
      ...(version === undefined ? {} : { version }),
    };
  }

  /** False when a request of the session has its id already. */
  open(request: OpenRequest): boolean {
    if (this.session === undefined) return true;
    const key = idKey(request.id);
    if (this.#inFlight.has(key)) return false;
    this.#inFlight.set(key, request);
    return true;
  }

  /** The request of the session that has this id and was not answered; without a session nobody knows whose it is. */
  inFlight(id: Id): OpenRequest | undefined {
    return this.#inFlight.get(idKey(id));
  }

  close(id: Id): void {
    this.#inFlight.delete(idKey(id));
  }
}
