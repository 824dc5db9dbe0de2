import { createHmac } from "node:crypto";
import type { Grant } from "../grants/grant.ts";
import type { DecisionRecord } from "../proxy/governance.ts";
import type { MaybePromise } from "../state/store.ts";
import { type ArgumentMode, keptArguments } from "./arguments.ts";
import { Chain } from "./chain.ts";
import type { Destination } from "./destination.ts";
import { Flood, MINUTE_MS } from "./flood.ts";
import { SessionDigests } from "./session-digests.ts";
import { bounded, keptText, MAX, timeText } from "./text.ts";

export interface TrailOptions {
  readonly destination: Destination;
  readonly arguments: ArgumentMode;
  /** For digests of arguments and sessions. */
  readonly key: Buffer;
  /** Milliseconds since 1970, UTC. */
  readonly now: () => number;
  readonly notice: (text: string) => void;
}

/** Why many decisions are one record. */
interface Cause {
  readonly grant: Grant;
  readonly server: string;
  readonly outcome: string;
  readonly rule: string;
}

/** Who was turned away before anybody knew who it is. */
interface TurnedAway {
  readonly from: number;
  to: number;
  readonly causes: Record<string, number>;
}

/** How often it is looked for summaries that are due, and between two alarms (milliseconds). */
const TICK_MS = 5_000;

/** The audit trail of one process: every decision and everything that changes what is decided, one record each. */
export class AuditTrail {
  readonly #options: TrailOptions;
  readonly #chain: Chain;
  readonly #flood = new Flood<Cause>();
  readonly #sessions: SessionDigests;
  readonly #timer: NodeJS.Timeout;
  #turnedAway: TurnedAway | undefined;
  /** Since when nothing can be written, and when that was last said. */
  #failing: number | undefined;
  #ended = false;

  /** Begins with a record `start` of these members. Throws `AuditUnavailable`. */
  constructor(options: TrailOptions, start: Readonly<Record<string, unknown>>) {
    this.#options = options;
    this.#chain = new Chain(options.destination);
    this.#sessions = new SessionDigests(options.key);
    const { arguments: mode, key } = options;
    const about = { ...start, arguments: mode, key: mac(key, "key").slice(0, 8) };
    this.#chain.append(this.#record("start", about));
    this.#timer = setInterval(() => this.tick(), TICK_MS).unref();
  }

  /**
   * Keeps a decision. Throws, or rejects with, `AuditUnavailable`: then nothing may be forwarded that rests on it.
   * Refusals beyond 60 a minute of one cause are counted.
   */
  decided(decision: DecisionRecord, grant: Grant, server: string): MaybePromise<void> {
    const { enforced, id, outcome, rule } = decision;
    if (outcome !== "allow" && enforced) {
      const cause: Cause = { grant, server, outcome, rule };
      const key = JSON.stringify([grant.id, server, outcome, rule]);
      if (!this.#flood.admits(key, cause, id, this.#options.now())) return undefined;
    }
    return this.#append(() => this.#decision(decision, grant, server));
  }

  /** Keeps an event, such as `reload`; that it cannot be kept is said, and changes nothing. */
  happened(type: string, members: Readonly<Record<string, unknown>>): void {
    this.#keep(this.#record(type, members));
  }

  /** Somebody without a valid token was turned away. `cause`: one of a few words. */
  turnedAway(cause: string): void {
    const now = this.#options.now();
    this.#turnedAway ??= { from: now, to: now, causes: {} };
    const { causes } = this.#turnedAway;
    causes[cause] = (causes[cause] ?? 0) + 1;
    this.#turnedAway.to = now;
  }

  /** False while nothing can be written. */
  get writable(): boolean {
    return this.#failing === undefined;
  }

  /** Writes the summaries of minutes that are over. */
  tick(): void {
    this.#summarise(false);
  }

  /** Writes what is left to say, and that this is the end. Never throws; the second time it does nothing. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    clearInterval(this.#timer);
    this.#summarise(true);
    this.#keep(this.#record("stop", { records: this.#chain.length + 1 }));
    this.#chain.close();
  }

  #decision(decision: DecisionRecord, grant: Grant, server: string): Record<string, unknown> {
    const { id, at, outcome, enforced, method, name, rule, message, source, detail } = decision;
    const { approval, rulebook, session, client, continued, args, took } = decision;
    const record: Record<string, unknown> = {
      time: timeText(at),
      type: "decision",
      id,
      grant: grantMember(grant),
    };
    if (session !== undefined) record.session = this.#sessions.of(session);
    if (client !== undefined) record.client = clientMember(client);
    record.server = server;
    if (method !== undefined) record.method = bounded(method, MAX.method);
    if (name !== undefined) {
      record[method === "tools/call" ? "tool" : "name"] = keptText(name, MAX.name);
    }
    record.outcome = outcome;
    record.enforced = enforced;
    if (rule !== "") record.rule = bounded(rule, MAX.name);
    if (message !== "") record.message = keptText(message, MAX.text);
    if (source !== undefined) record.source = source;
    if (detail !== undefined) record.detail = keptText(detail, MAX.text);
    if (approval !== undefined) record.approval = approval;
    if (decision.unchecked === true) record.limits = "unchecked";
    if (continued === true) record.continued = true;
    if (rulebook !== undefined) Object.assign(record, rulebook.digests);
    if (took !== undefined) record.latency_us = Math.round(took * 1_000);
    const { arguments: mode, key } = this.#options;
    if (args !== undefined && mode !== "none") {
      const tool = method === "tools/call" ? name : undefined;
      const read = tool === undefined ? undefined : rulebook?.reads(tool).root;
      record.arguments = keptArguments(mode, args, read, key);
    }
    return record;
  }

  #record(type: string, members: Readonly<Record<string, unknown>>): Record<string, unknown> {
    return { time: timeText(this.#options.now()), type, ...members };
  }

  #summarise(all: boolean): void {
    const now = this.#options.now();
    for (const { cause, count, ids, from, to } of this.#flood.due(now, all)) {
      const { grant, server, outcome, rule } = cause;
      const about = { grant: { id: grant.id, name: grant.name }, server, outcome, rule };
      const when = { from: timeText(from), to: timeText(to) };
      this.#keep(this.#record("summary", { ...about, count, ...when, ids }));
    }
    const away = this.#turnedAway;
    if (away === undefined || (!all && now >= away.from && now - away.from < MINUTE_MS)) return;
    this.#turnedAway = undefined;
    const when = { from: timeText(away.from), to: timeText(away.to) };
    this.#keep(this.#record("turned_away", { causes: away.causes, ...when }));
  }

  #append(record: () => Readonly<Record<string, unknown>>): MaybePromise<void> {
    try {
      const kept = this.#chain.append(record());
      if (this.#failing !== undefined) {
        this.#failing = undefined;
        this.#options.notice("the audit trail can be written again");
      }
      if (!(kept instanceof Promise)) return undefined;
      return kept.catch((error: unknown) => {
        this.#alarm(error);
        throw error;
      });
    } catch (error) {
      this.#alarm(error);
      throw error;
    }
  }

  #keep(record: Readonly<Record<string, unknown>>): void {
    try {
      const kept = this.#append(() => record);
      // It was said.
      if (kept instanceof Promise) kept.catch(() => {});
    } catch {
      // It was said.
    }
  }

  #alarm(error: unknown): void {
    const now = this.#options.now();
    if (this.#failing !== undefined && Math.abs(now - this.#failing) < MINUTE_MS) return;
    this.#failing = now;
    const reason = error instanceof Error ? error.message : String(error);
    this.#options.notice(`ALARM: ${reason} Calls are denied until it can be written.`);
  }
}

/** Labels are what policies decide by, too; most grants have none. */
function grantMember({ id, name, labels }: Grant): Record<string, unknown> {
  return Object.keys(labels).length === 0 ? { id, name } : { id, name, labels };
}

function clientMember({ name, version }: NonNullable<DecisionRecord["client"]>): object {
  return {
    ...(name === undefined ? {} : { name: keptText(name, MAX.method) }),
    ...(version === undefined ? {} : { version: keptText(version, MAX.method) }),
  };
}

function mac(key: Buffer, text: string): string {
  return createHmac("sha256", key).update(text).digest("hex");
}
