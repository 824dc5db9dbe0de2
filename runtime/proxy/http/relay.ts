import type { Json } from "../../../policy/index.ts";
import type { Asking } from "../../approvals/ask.ts";
import { hold } from "../../approvals/hold.ts";
import type { Grant } from "../../grants/grant.ts";
import type { RequestHeaders } from "../../transport/http/headers.ts";
import type { Reply } from "../../transport/http/reply.ts";
import { type HttpUpstream, type Sent, UpstreamFailed } from "../../transport/http/upstream.ts";
import {
  type Admitted,
  INTERNAL_ERROR,
  INVALID_REQUEST,
  isId,
  isObject,
  type Message,
} from "../admit.ts";
import { errorMessage, TOO_MANY } from "../denials.ts";
import { clientOf, modernMeta } from "../era.ts";
import type { Governance } from "../governance.ts";
import { type Hearing, hear } from "../hear.ts";
import { isForbidden, type Ruling } from "../judge.ts";
import type { ChangedList } from "../list-changed.ts";
import { passes } from "../notify.ts";
import { watch } from "../observe.ts";
import { recordRefusal, recordRuling } from "../records.ts";
import { type OpenRequest, STREAM } from "../requests.ts";
import type { Seals } from "../seal.ts";
import { openTasks } from "../tasks.ts";
import { writeAdmitted } from "../write.ts";
import { type AnswerCaps, relayAnswer } from "./answer.ts";
import { Desk, type Visit } from "./desk.ts";
import type { Exchange } from "./exchange.ts";
import type { Backend, Inbound } from "./front.ts";
import { BOTH, listPages } from "./list-pages.ts";
import {
  answeredId,
  HEADER_MISMATCH,
  isModernVersion,
  mirrorHeaders,
  paramMirrors,
} from "./mirror.ts";

export interface RelayOptions extends AnswerCaps {
  readonly upstream: HttpUpstream;
  readonly governanceOf: (grant: Grant) => Governance;
  readonly seals: Seals;
  /** Further headers of the client that go up, in lower case. */
  readonly forwardHeaders: ReadonlySet<string>;
  /** Several grants reach the server: what belongs to no session could be another grant's. */
  readonly shared?: boolean;
}

type ClientRequest = Extract<Message, { kind: "request" }>;

/**
 * Streamable HTTP in, Streamable HTTP out: each request is judged by itself and forwarded by itself, so that any
 * replica can serve any of them.
 */
export class HttpRelay implements Backend {
  readonly #options: RelayOptions;
  readonly #desks = new Map<string, Desk>();
  /** What ends when the proxy does: streams without an end of their own. */
  readonly #lasting = new Set<Sent>();
  /** What ends the holding of calls. */
  readonly #held = new Set<AbortController>();
  #ending = false;

  /** Headers of a client that go up. */
  readonly #headerNames: readonly string[];

  constructor(options: RelayOptions) {
    this.#options = options;
    this.#headerNames = ["accept", "mcp-protocol-version", ...options.forwardHeaders];
  }

  async post(admitted: Admitted, inbound: Inbound, reply: Reply): Promise<void> {
    const { message } = admitted;
    const modern = isModern(message, inbound.headers);
    const desk = this.#desk(inbound.grant);
    const visit = desk.visit(modern ? undefined : inbound.headers.get("mcp-session-id"));
    if (visit === undefined) {
      sessionUnknown(reply, message);
      return;
    }
    visit.manner = mannerOf(message, inbound.headers);
    const way: Way = { desk, visit, inbound, reply, modern };
    switch (message.kind) {
      case "request":
        await this.#request(message, admitted, way);
        return;
      case "notification":
        await this.#notification(message, admitted, way);
        return;
      case "response":
        if (this.#isAnybodys(way)) {
          const problem = "An answer without a session could be to what another client was asked.";
          refuse(way, null, 400, INVALID_REQUEST, problem);
          return;
        }
        openTasks(admitted, desk.governance);
        await this.#forward(writeAdmitted(admitted), way, {});
        return;
    }
  }

  async listen(inbound: Inbound, reply: Reply): Promise<void> {
    const desk = this.#desk(inbound.grant);
    const visit = desk.visit(inbound.headers.get("mcp-session-id"));
    const last = inbound.headers.get("last-event-id");
    const lastEvent =
      visit === undefined || last === undefined || last === "" ? last : desk.openEvent(last, visit);
    if (visit === undefined || (last !== undefined && lastEvent === undefined)) {
      sessionUnknown(reply);
      return;
    }
    const way: Way = { desk, visit, inbound, reply, modern: false };
    if (lastEvent === undefined && this.#isAnybodys(way)) {
      const text = "Without a session there is no stream of what the server says unasked.";
      reply.json(405, errorMessage(null, INVALID_REQUEST, text), { allow: "POST" });
      return;
    }
    if (!desk.enterStream()) {
      tooMany(reply, null);
      return;
    }
    try {
      const headers = lastEvent === undefined ? {} : { "last-event-id": lastEvent };
      await this.#forward(undefined, way, {}, headers);
    } finally {
      desk.leaveStream();
    }
  }

  async endSession(inbound: Inbound, reply: Reply): Promise<void> {
    const desk = this.#desk(inbound.grant);
    const visit = desk.visit(inbound.headers.get("mcp-session-id"));
    if (visit === undefined) {
      sessionUnknown(reply);
      return;
    }
    await this.#forward(undefined, { desk, visit, inbound, reply, modern: false, ends: true }, {});
    desk.forget(visit);
  }

  refused(grant: Grant, message: string): void {
    recordRefusal(this.#desk(grant).governance, { message });
  }

  listsChanged(grant: string, lists: readonly ChangedList[]): void {
    this.#desks.get(grant)?.listsChanged(lists);
  }

  forget(grant: string): void {
    this.#desks.get(grant)?.forgetAll();
  }

  drain(): void {
    this.#ending = true;
    for (const held of this.#held) held.abort();
    for (const sent of this.#lasting) sent.abort(ENDING);
  }

  async close(): Promise<void> {
    for (const desk of this.#desks.values()) desk.settlement.close();
    await this.#options.upstream.close();
  }

  #desk(grant: Grant): Desk {
    const known = this.#desks.get(grant.id);
    if (known !== undefined) return known;
    const { governanceOf, seals } = this.#options;
    const desk = new Desk(grant, governanceOf(grant), seals, (visit) =>
      listPages(this.#options.upstream, visit, this.#options.maxMessage),
    );
    this.#desks.set(grant.id, desk);
    return desk;
  }

  // A request: admitted before, now heard, ruled on, forwarded ------------------------------------

  async #request(message: ClientRequest, admitted: Admitted, way: Way): Promise<void> {
    const { desk, visit, reply } = way;
    const { id, method, params } = message;
    const open: OpenRequest = {
      id,
      method,
      forwarded: false,
      cancelled: false,
      ...(method === "tools/list" && params?.cursor === undefined
        ? { listChanges: visit.catalogue.changes }
        : {}),
    };
    if (!visit.open(open)) {
      const problem = `The id ${JSON.stringify(id)} is that of a request in flight.`;
      refuse(way, null, 400, INVALID_REQUEST, problem);
      return;
    }
    const stream = method === STREAM;
    if (!(stream ? desk.enterStream() : desk.enter(open))) {
      visit.close(id);
      recordRefusal(desk.governance, { message: TOO_MANY_TEXT });
      tooMany(reply, id);
      return;
    }
    try {
      await this.#judge(open, message, admitted, way);
    } finally {
      visit.close(id);
      if (stream) desk.leaveStream();
      else desk.leave(open);
    }
  }

  async #judge(
    open: OpenRequest,
    message: ClientRequest,
    admitted: Admitted,
    way: Way,
  ): Promise<void> {
    const { desk, visit, inbound, reply } = way;
    const { governance, settlement } = desk;
    const { id } = open;
    const client = visit.client;
    const hearing = hear(message, admitted, {
      governance,
      catalogue: visit.catalogue,
      session: visit.session?.id,
      ...(client === undefined ? {} : { client }),
    });
    if (!hearing.ok) {
      const status = hearing.unknown === true ? 200 : 400;
      refuse(way, id, status, hearing.code, hearing.message);
      return;
    }
    const version = inbound.headers.get("mcp-protocol-version");
    open.watched = watch(governance, { id, hearing, version, ...admitted.aside });
    const { verdict: pending, shadow } = hearing;
    const verdict = pending instanceof Promise ? await pending : pending;
    const judged =
      verdict.outcome === "ask" ? await this.#hold(open, hearing, verdict, way) : verdict;
    const kept = !shadow || isForbidden(judged, shadow);
    const recording = recordRuling(governance, hearing, judged, kept);
    const recorded = recording instanceof Promise ? await recording : recording;
    const { id: decision, ruling, enforced } = recorded;
    open.watched?.decided(recorded);
    if (ruling.outcome !== "allow" && enforced) {
      reply.json(200, hearing.forbid(ruling, { id: decision, ...ruling }));
      return;
    }
    const { reservation, leased } = allowed(ruling);
    const mirrors = await this.#mirrors(message, way);
    if ("problem" in mirrors) {
      open.watched?.fail("request_refused");
      settlement.unsent(open, reservation);
      refuse(way, id, 400, HEADER_MISMATCH, mirrors.problem);
      return;
    }
    if (reply.closed || open.cancelled) {
      // Nobody waits for it, and nothing of it was sent.
      open.watched?.fail("cancelled");
      settlement.unsent(open, reservation);
      const problem = "The request was cancelled before it was sent to the server.";
      reply.json(200, errorMessage(id, INTERNAL_ERROR, problem));
      return;
    }
    open.forwarded = true;
    open.watched?.sent();
    if (reservation !== undefined) open.reservation = reservation;
    if (leased === true) {
      open.leased = true;
      settlement.hold();
    }
    const asked = { open, hearing, answered: false };
    const begins =
      open.method === "initialize" ? { begins: clientOf(message.params?.clientInfo) } : {};
    await this.#forward(writeAdmitted(admitted), way, { asked, ...begins }, mirrors.headers);
  }

  async #hold(
    open: OpenRequest,
    hearing: Hearing,
    asking: Asking,
    { desk, reply }: Way,
  ): Promise<Ruling> {
    const held = new AbortController();
    open.held = held;
    open.watched?.holds();
    this.#held.add(held);
    reply.onGone(() => held.abort());
    if (open.cancelled || reply.closed || this.#ending) held.abort();
    const ruling = await hold(hearing, asking, desk.governance, {
      signal: held.signal,
      connected: () => !reply.closed,
      tell: (notification) => reply.early(JSON.stringify(notification)),
    });
    this.#held.delete(held);
    delete open.held;
    return ruling;
  }

  /** Headers of a modern request that repeat its body. */
  async #mirrors(
    { method, params }: ClientRequest,
    { modern, inbound, visit }: Way,
  ): Promise<{ readonly headers: Record<string, string> } | { readonly problem: string }> {
    if (!modern) return { headers: {} };
    const headers = mirrorHeaders(method, params);
    if (method !== "tools/call") return { headers };
    const args = isObject(params?.arguments) ? params.arguments : {};
    const given = [...inbound.headers.keys()].some((name) => name.startsWith("mcp-param-"));
    const known = visit.catalogue.known;
    if (!given && known === undefined) return { headers };
    const snapshot = known ?? (await visit.catalogue.current());
    if (snapshot === undefined) {
      return {
        problem:
          "The `Mcp-Param-*` headers cannot be compared with the call: the tool list cannot be read.",
      };
    }
    const live = snapshot.tools.get(String(params?.name));
    const definition = live?.state === "listed" && isObject(live.definition) ? live.definition : {};
    const checked = paramMirrors(args, definition.inputSchema, inbound.headers);
    return "problem" in checked ? checked : { headers: { ...checked.headers, ...headers } };
  }

  async #notification(
    message: Extract<Message, { kind: "notification" }>,
    admitted: Admitted,
    way: Way,
  ): Promise<void> {
    if (!passes(message, admitted, way.desk.governance)) {
      // A notification has no answer: it is taken, and goes nowhere.
      way.reply.empty(202);
      return;
    }
    const { method, params } = message;
    if (
      (ABOUT_REQUESTS.has(method) && this.#isAnybodys(way)) ||
      (method === "notifications/cancelled" && cancelled(params?.requestId, way))
    ) {
      way.reply.empty(202);
      return;
    }
    const headers = way.modern ? mirrorHeaders(method, params) : {};
    await this.#forward(writeAdmitted(admitted), way, {}, headers);
  }

  /** Whether ids in a message may be those of another grant: ids are told apart by sessions. */
  #isAnybodys({ visit }: Way): boolean {
    return this.#options.shared === true && visit.session === undefined;
  }

  // To the server ---------------------------------------------------------------------------------

  async #forward(
    body: string | undefined,
    way: Way,
    about: Pick<Exchange, "asked" | "begins">,
    further: Record<string, string> = {},
  ): Promise<void> {
    const { desk, visit, reply } = way;
    const lasting = body === undefined ? way.ends !== true : about.asked?.open.method === STREAM;
    const sent = this.#options.upstream.send({
      method: body !== undefined ? "POST" : way.ends === true ? "DELETE" : "GET",
      headers: this.#headersUp(way, further),
      stream: lasting,
      ...(body === undefined ? {} : { body }),
    });
    reply.onGone(() => sent.abort(GONE));
    const unlisten = lasting ? this.#listen(sent, way, about) : undefined;
    try {
      const exchange: Exchange = {
        desk,
        visit,
        reply,
        ...about,
        answerServer: (text) => this.#answerServer(text, way),
      };
      await relayAnswer(await sent.response, exchange, this.#options);
    } catch (error) {
      this.#failed(error, about, way);
    } finally {
      unlisten?.();
      const { asked } = about;
      // Its connection is closed now: it may have run, and runs no more.
      if (asked?.answered === false) desk.settlement.lost(asked.open);
    }
  }

  /** A stream begins that has no end of its own; gives what undoes that. */
  #listen(sent: Sent, { desk, reply }: Way, { asked }: Pick<Exchange, "asked">): () => void {
    this.#lasting.add(sent);
    const unlisten = desk.listens({
      reply,
      ...(asked === undefined
        ? {}
        : { asked: { id: asked.open.id, params: asked.hearing.params } }),
    });
    return () => {
      unlisten();
      this.#lasting.delete(sent);
    };
  }

  #failed(error: unknown, { asked }: Pick<Exchange, "asked">, { desk, reply }: Way): void {
    const { governance, settlement } = desk;
    if (error === GONE) {
      asked?.open.watched?.fail("cancelled");
      return;
    }
    if (error === ENDING) {
      reply.json(503, errorMessage(asked?.open.id ?? null, INTERNAL_ERROR, ENDING.message));
      return;
    }
    if (!(error instanceof UpstreamFailed)) throw error;
    if (asked !== undefined) {
      asked.answered = true;
      if (error.timeout) asked.open.watched?.fail("timeout");
      if (error.sent) settlement.lost(asked.open);
      else settlement.unsent(asked.open, asked.open.reservation);
    }
    governance.notice(error.message);
    const status = error.timeout ? 504 : 502;
    reply.json(status, errorMessage(asked?.open.id ?? null, INTERNAL_ERROR, error.message));
  }

  /** `further`: headers that stand for the body, which win over what the client sent. */
  #headersUp(
    { visit, inbound, modern }: Way,
    further: Readonly<Record<string, string>>,
  ): Record<string, string> {
    const { headers } = inbound;
    const up: Record<string, string> = { "content-type": "application/json" };
    for (const name of this.#headerNames) {
      const value = headers.get(name);
      if (value !== undefined) up[name] = value;
    }
    if (!modern && visit.session !== undefined) up["mcp-session-id"] = visit.session.id;
    for (const name in further) up[name] = further[name] as string;
    return up;
  }

  #answerServer(text: string, way: Way): void {
    const { upstream, timeoutMs } = this.#options;
    upstream
      .send({
        method: "POST",
        headers: this.#headersUp(way, { accept: BOTH }),
        body: text,
        stream: false,
        signal: AbortSignal.timeout(timeoutMs),
      })
      .response.then(({ body }) => body.discard())
      .catch(() => way.desk.governance.notice("The server did not take an answer of the proxy."));
  }
}

const GONE = new Error("The client is gone.");
const ENDING = new Error("The proxy is about to end.");
const TOO_MANY_TEXT = "Too many requests are in flight; send this one again when one was answered.";

/** Notifications of a client that name a request or what was asked with it. */
const ABOUT_REQUESTS: ReadonlySet<string> = new Set([
  "notifications/cancelled",
  "notifications/progress",
]);

/** What all steps of one request share. */
interface Way {
  readonly desk: Desk;
  readonly visit: Visit;
  readonly inbound: Inbound;
  readonly reply: Reply;
  readonly modern: boolean;
  /** It ends the session. */
  readonly ends?: boolean;
}

function isModern(message: Message, headers: RequestHeaders): boolean {
  return (
    isModernVersion(headers.get("mcp-protocol-version")) ||
    (message.kind === "request" && modernMeta(message.params) !== undefined)
  );
}

/** True when the request was still being judged: the server never hears of it. */
function cancelled(id: Json | undefined, { visit }: Way): boolean {
  const open = isId(id) ? visit.inFlight(id) : undefined;
  if (open === undefined) return false;
  open.cancelled = true;
  open.held?.abort();
  open.watched?.fail("cancelled");
  return !open.forwarded;
}

function mannerOf(message: Message, headers: RequestHeaders): Visit["manner"] {
  const version = headers.get("mcp-protocol-version");
  const meta = message.kind === "request" ? modernMeta(message.params)?.meta : undefined;
  return {
    ...(version === undefined ? {} : { version }),
    ...(meta === undefined ? {} : { meta }),
  };
}

function allowed(ruling: Ruling): { readonly reservation?: string; readonly leased?: boolean } {
  return ruling.outcome === "allow" ? ruling : {};
}

function refuse(
  { desk, reply }: Way,
  id: OpenRequest["id"] | null,
  status: number,
  code: number,
  message: string,
): void {
  recordRefusal(desk.governance, { message });
  reply.json(status, errorMessage(id, code, message));
}

function sessionUnknown(reply: Reply, message?: Message): void {
  const id = message === undefined ? null : answeredId(message);
  reply.json(404, errorMessage(id, INVALID_REQUEST, "There is no such session."));
}

function tooMany(reply: Reply, id: OpenRequest["id"] | null): void {
  reply.json(429, errorMessage(id, TOO_MANY, TOO_MANY_TEXT), { "retry-after": "1" });
}
