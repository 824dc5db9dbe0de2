import type { IncomingHttpHeaders } from "node:http";
import type { Json } from "../../../policy/index.ts";
import type { MaybePromise } from "../../state/store.ts";
import type { BodyProblem } from "../../transport/http/body.ts";
import { downHeaders } from "../../transport/http/headers.ts";
import type { UpstreamResponse } from "../../transport/http/upstream.ts";
import type { UpstreamBody } from "../../transport/http/upstream-body.ts";
import { INTERNAL_ERROR, isObject } from "../admit.ts";
import { errorMessage } from "../denials.ts";
import { parseServerText } from "../server-text.ts";
import { utf8Text } from "../utf8.ts";
import { type Exchange, isAnswer, toClient } from "./exchange.ts";
import { relayStream } from "./stream.ts";

export interface AnswerCaps {
  /** Bytes of one message of the server. */
  readonly maxMessage: number;
  /** How long an answer that is no stream may take (milliseconds). */
  readonly timeoutMs: number;
}

/** Bytes. */
const ONE_WRITE = 65_536;

/** Statuses with which a server says that it has not run a call (policy format, § Limits, Refund). */
export const NOT_RUN: ReadonlySet<number> = new Set([401, 403, 404, 405, 406, 413, 415, 429]);

/** Relays what the server has answered to one HTTP request, or says why it cannot be relayed. */
export async function relayAnswer(
  response: UpstreamResponse,
  exchange: Exchange,
  caps: AnswerCaps,
): Promise<void> {
  const { status, headers, body } = response;
  const passed = downHeaders(headers);
  const problem =
    answerProblem(response) ??
    (passed === undefined ? "The server sent a header twice." : undefined);
  if (problem !== undefined || passed === undefined) {
    body.destroy();
    fail(exchange, problem ?? "The server sent a header twice.", status);
    return;
  }
  const sessionId = sealedSession(headers, exchange);
  if (sessionId !== undefined) passed["mcp-session-id"] = sessionId;
  const type = mediaType(headers);
  if (type === "text/event-stream" && status === 200) {
    exchange.reply.stream(passed);
    await relayStream(body, exchange, caps.maxMessage);
    return;
  }
  const whole = within(body, caps);
  const bytes = whole instanceof Promise ? await whole : whole;
  if (typeof bytes === "string") {
    fail(exchange, bytes, status);
    return;
  }
  relayBody(status, passed, bytes, exchange);
}

/** Why an answer must not reach the client, by its head, a sentence. */
export function answerProblem({ status, headers }: UpstreamResponse): string | undefined {
  if (status >= 300 && status < 400) return "The server answered with a redirect.";
  if (status === 401 || status === 403 || status === 407) {
    return "The server does not accept the proxy's upstream credentials.";
  }
  if (Array.isArray(headers["content-type"])) return "The server sent a header twice.";
  const encoding = headers["content-encoding"];
  if (encoding !== undefined && encoding !== "identity") {
    return "The server compressed its answer although it was asked not to.";
  }
  return undefined;
}

function sealedSession(
  headers: IncomingHttpHeaders,
  { desk, visit, begins }: Exchange,
): string | undefined {
  const id = headers["mcp-session-id"];
  if (typeof id !== "string" || id === "") return undefined;
  if (visit.session?.id === id) return visit.session.sealed;
  return desk.begin(id, begins ?? {}).session?.sealed;
}

/** The whole body, or why there is none. A short one has come with its head, and is there at once. */
function within(body: UpstreamBody, caps: AnswerCaps): MaybePromise<Buffer | string> {
  const collected = body.collect(caps.maxMessage);
  if (!(collected instanceof Promise)) return wholeOf(collected, body);
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    body.destroy();
  }, caps.timeoutMs);
  return collected.then((bytes) => {
    clearTimeout(timer);
    return late ? "The server did not answer in time." : wholeOf(bytes, body);
  });
}

function wholeOf(bytes: Buffer | BodyProblem, body: UpstreamBody): Buffer | string {
  if (Buffer.isBuffer(bytes)) return bytes;
  body.destroy();
  return bytes.kind === "large"
    ? "The server's answer is too large."
    : "The connection to the server broke.";
}

function relayBody(
  status: number,
  headers: Record<string, string>,
  bytes: Buffer,
  exchange: Exchange,
): void {
  const { asked, reply } = exchange;
  if (bytes.length === 0) {
    if (asked !== undefined || status >= 400) fail(exchange, emptyReason(status), status);
    else reply.empty(status, headers);
    return;
  }
  const read = readMessage(bytes);
  if (typeof read === "string") {
    // Whoever asks for nothing needs no body.
    if (asked === undefined && status < 300) reply.empty(status, headers);
    else fail(exchange, status < 400 ? read : emptyReason(status), status);
    return;
  }
  const { message, text } = read;
  const answers = isAnswer(exchange, message);
  if (asked !== undefined && !answers && status < 400) {
    fail(exchange, "The server did not answer the request that it was sent.", status);
    return;
  }
  const relayed = toClient(text, message, exchange);
  if (asked !== undefined && !answers) settleFailed(status, exchange);
  if (relayed === undefined) {
    fail(exchange, "The server's answer cannot be relayed.", status);
    return;
  }
  // What was filtered is meant for this client, now.
  if (relayed !== text) headers["cache-control"] = "no-store";
  // A short text leaves in one piece with its head; a long one is not encoded twice.
  reply.json(status, relayed === text && bytes.length > ONE_WRITE ? bytes : relayed, headers);
}

/** One message of the server, or why it is none. */
export function readMessage(
  bytes: Buffer,
): { readonly message: { readonly [key: string]: Json }; readonly text: string } | string {
  const text = utf8Text(bytes);
  if (text === undefined) return "The server's answer is not UTF-8.";
  const read = parseServerText(text);
  if (!read.ok) {
    return read.reason === "syntax"
      ? "The server's answer is not JSON."
      : "The server's answer is nested too deep or holds too many values.";
  }
  const message = read.value;
  if (Array.isArray(message)) return "The server answered with a batch.";
  return isObject(message) ? { message, text } : "The server's answer is no message.";
}

function emptyReason(status: number): string {
  return status < 400
    ? "The server did not answer the request that it was sent."
    : `The server refused the request with HTTP status ${status}.`;
}

/** The client gets an error of ours; whether the call has run is told by the status, if at all. */
function fail(exchange: Exchange, reason: string, status: number): void {
  const { asked, reply, desk } = exchange;
  if (asked !== undefined && !asked.answered) settleFailed(status, exchange);
  desk.governance.notice(`An answer of the server was not relayed: ${reason}`);
  // A client has to hear that its session is over, or that a method is not there; other faults are between us
  // and the server.
  const own = status >= 400 && status < 500 && ![401, 403, 407].includes(status) ? status : 502;
  reply.json(own, errorMessage(asked?.open.id ?? null, INTERNAL_ERROR, reason));
}

function settleFailed(status: number, { asked, desk }: Exchange): void {
  if (asked === undefined) return;
  asked.answered = true;
  if (NOT_RUN.has(status)) desk.settlement.refused(asked.open);
  else desk.settlement.lost(asked.open);
}

export function mediaType(headers: IncomingHttpHeaders): string {
  return (headers["content-type"] ?? "").split(";")[0]?.trim().toLowerCase() ?? "";
}
