import type { Json } from "../../../policy/index.ts";
import { SseBroken, type SseEvent, SseReader } from "../../transport/http/sse.ts";
import type { UpstreamBody } from "../../transport/http/upstream-body.ts";
import { INTERNAL_ERROR, isId, isObject, type JsonObject } from "../admit.ts";
import { errorMessage } from "../denials.ts";
import { idKey } from "../requests.ts";
import { parseServerText } from "../server-text.ts";
import { type Exchange, isAnswer, toClient } from "./exchange.ts";

/** How long a server may take to end the stream of a request that it has answered (milliseconds). */
const END_MS = 1_000;

/** Relays a stream of events, one by one, at the pace at which the client takes them. */
export async function relayStream(
  body: UpstreamBody,
  exchange: Exchange,
  maxEvent: number,
): Promise<void> {
  const { desk, reply, asked } = exchange;
  const { notice } = desk.governance;
  let resumable = false;
  let late: NodeJS.Timeout | undefined;
  const reader = new SseReader(maxEvent, {
    event: (event) => {
      if (event.id !== undefined && event.id !== "") resumable = true;
      const relayed = relayEvent(event, exchange);
      if (relayed !== undefined) reply.event(relayed);
    },
    comment: (text) => reply.comment(text),
  });
  let reason = "The server ended its answer too early.";
  try {
    for await (const chunk of body) {
      reader.push(chunk);
      await reply.drained();
      if (reply.closed) break;
      // Nothing that belongs to it can follow, and a stream that never ends would keep its place for ever.
      if (asked?.answered === true) late ??= setTimeout(() => body.destroy(), END_MS);
    }
  } catch (error) {
    if (error instanceof SseBroken) {
      notice(`A stream of the server was broken off: ${error.message}.`);
      reason = `The server's answer cannot be read: ${error.message}.`;
      // It would break in the same way again.
      resumable = false;
    }
  } finally {
    clearTimeout(late);
    body.destroy();
  }
  if (asked?.answered === false && !resumable) {
    fail(exchange, reason);
  }
  reply.end();
}

function fail({ asked, reply }: Exchange, reason: string): void {
  if (asked === undefined) return;
  reply.event({ data: errorMessage(asked.open.id, INTERNAL_ERROR, reason) });
}

function relayEvent(event: SseEvent, exchange: Exchange): SseEvent | undefined {
  const { desk, visit } = exchange;
  const id = event.id === undefined || event.id === "" ? event.id : desk.sealEvent(event.id, visit);
  const frame = { ...event, ...(id === undefined ? {} : { id }) };
  // An event without data tells a client where to resume, and when.
  if (event.data === undefined || event.data === "") return frame;
  const data = relayData(event.data, exchange);
  return data === undefined ? undefined : { ...frame, data };
}

function relayData(text: string, exchange: Exchange): string | undefined {
  const { notice } = exchange.desk.governance;
  const read = parseServerText(text);
  if (!read.ok) {
    notice(
      `An event of the server was not relayed: ${read.reason === "syntax" ? "it is not JSON" : "it is nested too deep or holds too many values"}.`,
    );
    return undefined;
  }
  const message = read.value;
  if (Array.isArray(message)) {
    notice("A batch of the server was not relayed.");
    return answersBatch(message, exchange);
  }
  if (!isObject(message)) {
    notice("An event of the server was not relayed: it is no message.");
    return undefined;
  }
  if (!isExpected(message, exchange)) {
    notice(
      `An answer of the server to no open request was dropped (id ${JSON.stringify(message.id)}).`,
    );
    return undefined;
  }
  return toClient(text, message, exchange);
}

/** On the stream of a request only its own answer is expected, once; elsewhere those of streams that broke. */
function isExpected(message: JsonObject, exchange: Exchange): boolean {
  if (message.method !== undefined || exchange.asked === undefined) return true;
  if (message.id === null) return true;
  return isAnswer(exchange, message) && !exchange.asked.answered;
}

function answersBatch(batch: readonly Json[], { asked, desk }: Exchange): string | undefined {
  if (asked === undefined || asked.answered) return undefined;
  const { open } = asked;
  const answered = batch.some(
    (message) =>
      isObject(message) &&
      message.method === undefined &&
      isId(message.id) &&
      idKey(message.id) === idKey(open.id),
  );
  if (!answered) return undefined;
  asked.answered = true;
  desk.settlement.answered(open, undefined);
  return errorMessage(open.id, INTERNAL_ERROR, "The server answered with a batch.");
}
