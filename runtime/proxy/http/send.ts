import { MAX_QUEUED } from "../../transport/connection.ts";
import type { Reply } from "../../transport/http/reply.ts";
import type { JsonObject } from "../admit.ts";
import { TOO_MANY } from "../denials.ts";
import type { Answer } from "../session.ts";

/**
 * Sends one message on a client's stream; a client that does not take what it is sent is let go. `id`: with which the
 * stream can be resumed after it.
 */
export function sendEvent(reply: Reply, text: string, id?: string): void {
  if (reply.closed) return;
  // Judged by what was there before: one large message says nothing about its reader.
  if (reply.queued > MAX_QUEUED) {
    reply.abort();
    return;
  }
  if (!reply.begun) reply.stream();
  reply.event({ ...(id === undefined ? {} : { id }), event: "message", data: text });
}

/** Errors of the modern era that have an HTTP status of their own (MCP 2026-07-28, § Streamable HTTP). */
const STATUS = new Map<unknown, number>([
  [-32601, 404],
  [-32020, 400],
  [-32021, 400],
  [-32022, 400],
]);

/** Sends the answer to a request: by itself, or as the last event of its stream. */
export function sendAnswer(
  reply: Reply,
  text: string,
  about: JsonObject | Answer,
  modern: boolean,
  headers: Record<string, string> = {},
): void {
  if (reply.streaming) {
    sendEvent(reply, text);
    reply.end();
    return;
  }
  if ("refused" in about) {
    reply.json(about.refused === TOO_MANY ? 429 : 400, text, headers);
    return;
  }
  const error = "error" in about ? (about.error as { readonly code?: unknown } | null) : undefined;
  reply.json((modern ? STATUS.get(error?.code) : undefined) ?? 200, text, headers);
}
