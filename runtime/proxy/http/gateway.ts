import type { ChargedCounters } from "../../admin/charged.ts";
import type { InForce } from "../../admin/limits.ts";
import type { Approvals } from "../../approvals/approvals.ts";
import type { Freezes } from "../../approvals/freezes.ts";
import type { Grant, Grants } from "../../grants/grant.ts";
import type { Lost, Snapshot } from "../../grants/snapshot.ts";
import type { MaybePromise, StateStore } from "../../state/store.ts";
import type { DecisionRecord, Governance, ServerRequest } from "../governance.ts";
import { listsChanged } from "../list-changed.ts";
import type { Observer } from "../observe.ts";
import { type Load, noLoad } from "../requests.ts";
import { Rounds } from "../rounds.ts";
import { NO_POLICY, type Rulebook } from "../rulebook.ts";
import type { Seals } from "../seal.ts";
import { Tasks } from "../tasks.ts";
import type { Backend, Route, Routes } from "./front.ts";

/** One server of a gateway. */
export interface GatewayServer {
  readonly name: string;
  /** The same text for the same server: one that is not changed goes on as it is when the configuration is. */
  readonly identity: string;
  readonly refusedRequests: ReadonlySet<ServerRequest>;
  /** Each grant has a process of its own. */
  readonly ownProcess: boolean;
  readonly start: (governanceOf: (grant: Grant) => Governance) => Backend;
}

export interface GatewayOptions {
  /** Of all servers together. */
  readonly store: StateStore;
  readonly seals: Seals;
  /** How persons are asked about calls; absent: nobody can be. */
  readonly approvals?: Approvals | undefined;
  readonly freezes: Freezes;
  readonly stateFail?: "open" | undefined;
  /** Whoever wants to know which counters are charged; absent: nobody does. */
  readonly charged?: ChargedCounters | undefined;
  /** Milliseconds since 1970, UTC. */
  readonly now: () => number;
  readonly record: (record: DecisionRecord, grant: Grant, server: string) => MaybePromise<void>;
  /** Who watches what a grant does on a server; absent: nobody. */
  readonly observer?: (grant: () => Grant, server: GatewayServer) => Observer | undefined;
  readonly notice: (text: string) => void;
  /** Breaks off whatever a grant has open, with all servers or with one. */
  readonly breakOff: (grant: string, server?: string) => void;
  /** A grant is let in no more. */
  readonly lost?: (lost: Lost) => void;
}

interface Running {
  readonly server: GatewayServer;
  readonly route: Route;
}

/** How long a server that is taken out may still answer what it was asked (milliseconds). */
const RETIRE_MS = 10_000;
/** How late the end of a grant may be noticed when the clock is set, or the machine slept (milliseconds). */
const LONGEST_WAIT = 1_000;

/**
 * Many servers and many grants. What is in force is one snapshot, which a reload replaces; sessions go on, and each
 * of their next decisions is made by the new one.
 */
export class Gateway implements Grants, Routes {
  readonly #options: GatewayOptions;
  #snapshot: Snapshot;
  readonly #servers = new Map<string, Running>();
  readonly #loads = new Map<string, Load>();
  readonly #retiring = new Set<Route>();
  #expiry: NodeJS.Timeout | undefined;
  /** Grants whose end by their day was acted upon. */
  readonly #ended = new Set<string>();

  constructor(snapshot: Snapshot, servers: readonly GatewayServer[], options: GatewayOptions) {
    this.#options = options;
    this.#snapshot = snapshot;
    for (const server of servers) this.#start(server);
    // Those who have ended before have nothing open.
    for (const grant of snapshot.expired()) this.#ended.add(grant);
    this.#watchExpiry();
  }

  ofToken(token: string | undefined, server?: string): Grant | undefined {
    return this.#snapshot.ofToken(token, server);
  }

  at(path: string): Route | undefined {
    return path.startsWith(PREFIX)
      ? this.#servers.get(path.slice(PREFIX.length))?.route
      : undefined;
  }

  *all(): Generator<Backend> {
    for (const { backend } of this.#routes()) yield backend;
  }

  ready(): MaybePromise<void> {
    const { stateFail, store } = this.#options;
    return stateFail === "open" ? undefined : store.ping();
  }

  /** From the next decision on, this is in force. */
  replace(snapshot: Snapshot, servers: readonly GatewayServer[]): void {
    const before = this.#snapshot;
    this.#snapshot = snapshot;
    // Read first: a grant that ends meanwhile ends twice, and not never.
    const expired = snapshot.expired();
    const kept = new Map(servers.map((server) => [server.name, server]));
    for (const [name, running] of this.#servers) {
      if (kept.get(name)?.identity === running.server.identity) continue;
      this.#servers.delete(name);
      this.#retire(running.route);
    }
    for (const server of servers) if (!this.#servers.has(server.name)) this.#start(server);
    for (const lost of before.lostIn(snapshot)) this.#end(lost);
    this.#tellOfLists(before, snapshot);
    this.#ended.clear();
    for (const grant of expired) this.#ended.add(grant);
    this.#watchExpiry();
  }

  /** No timer of ours keeps the process. */
  stop(): void {
    clearTimeout(this.#expiry);
  }

  rulebook(grant: string, server: string): Rulebook {
    return this.#snapshot.rulebook(grant, server) ?? NO_POLICY;
  }

  /** All policies in force, by grant and server. */
  *inForce(): Generator<InForce> {
    for (const { grant: id, server, rulebook } of this.#snapshot.rulebooks()) {
      const grant = this.#snapshot.grant(id);
      if (grant !== undefined) yield { grant, server, rulebook };
    }
  }

  #start(server: GatewayServer): void {
    const { name } = server;
    const backend = server.start((grant) => this.#governance(grant, server));
    this.#servers.set(name, { server, route: { server: name, backend } });
  }

  /** It takes no more requests, and ends when those it has are over, or it has had long enough. */
  #retire(route: Route): void {
    this.#retiring.add(route);
    route.backend.drain();
    const close = async (): Promise<void> => {
      await route.backend.close();
      this.#retiring.delete(route);
    };
    setTimeout(() => void close(), RETIRE_MS).unref();
  }

  #governance(grant: Grant, server: GatewayServer): Governance {
    const { name, refusedRequests, ownProcess } = server;
    const { store, seals, approvals, freezes, charged, stateFail } = this.#options;
    const { now, record, observer, notice } = this.#options;
    const bound = { server: name, grant: grant.id };
    const own = store.forServer(name);
    const counters = charged?.watch(own, grant.id, name) ?? own;
    const rounds = new Rounds(seals, bound, counters, now);
    const current = (): Grant => this.#snapshot.grant(grant.id) ?? grant;
    return {
      rulebook: () => this.rulebook(grant.id, name),
      store: counters,
      server: name,
      get grant() {
        return current();
      },
      refusedRequests,
      rounds,
      approvals,
      freezes,
      stateFail,
      tasks: new Tasks(seals, bound, ownProcess),
      load: this.#loadOf(grant.id),
      now,
      record: (decision) => record(decision, current(), name),
      observer: observer?.(current, server),
      notice: (text) => notice(`${name}: ${text}`),
    };
  }

  #loadOf(grant: string): Load {
    const load = this.#loads.get(grant) ?? noLoad();
    this.#loads.set(grant, load);
    return load;
  }

  #end(lost: Lost): void {
    const { grant, server } = lost;
    this.#options.breakOff(grant.id, server);
    for (const route of this.#routes()) {
      if (server === undefined || route.server === server) route.backend.forget(grant.id);
    }
    this.#options.lost?.(lost);
  }

  /** Those that end, too. */
  *#routes(): Generator<Route> {
    for (const { route } of this.#servers.values()) yield route;
    yield* this.#retiring;
  }

  #tellOfLists(before: Snapshot, after: Snapshot): void {
    for (const { grant, server, rulebook } of after.rulebooks()) {
      const old = before.rulebook(grant, server);
      if (old === undefined || old === rulebook) continue;
      const lists = listsChanged(old, rulebook);
      if (lists.length > 0) this.#servers.get(server)?.route.backend.listsChanged(grant, lists);
    }
  }

  /** Grants end by themselves, and with them what they have open. */
  #watchExpiry(): void {
    clearTimeout(this.#expiry);
    for (const id of this.#snapshot.expired()) {
      const grant = this.#snapshot.grant(id);
      if (grant === undefined || this.#ended.has(id)) continue;
      this.#ended.add(id);
      this.#end({ grant, why: "expired" });
    }
    const next = this.#snapshot.nextExpiry;
    if (next === undefined) return;
    const wait = Math.min(Math.max(next - this.#options.now(), 0), LONGEST_WAIT);
    this.#expiry = setTimeout(() => this.#watchExpiry(), wait).unref();
  }
}

const PREFIX = "/mcp/";
