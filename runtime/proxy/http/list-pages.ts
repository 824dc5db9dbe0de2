import { randomUUID } from "node:crypto";
import { SseReader } from "../../transport/http/sse.ts";
import type { HttpUpstream, UpstreamResponse } from "../../transport/http/upstream.ts";
import type { UpstreamBody } from "../../transport/http/upstream-body.ts";
import { isObject, type JsonObject } from "../admit.ts";
import { type FetchPage, toolsPage } from "../catalogue.ts";
import { mediaType, readMessage } from "./answer.ts";
import type { Visit } from "./desk.ts";
import { mirrorHeaders } from "./mirror.ts";

/** What a client of Streamable HTTP accepts. */
export const BOTH = "application/json, text/event-stream";

/** Asks for the server's tools as the visit's client would. */
export function listPages(upstream: HttpUpstream, visit: Visit, maxMessage: number): FetchPage {
  return async (cursor, ms) => {
    const { version, meta } = visit.manner;
    const id = `mcpp-${randomUUID()}`;
    const params = {
      ...(cursor === undefined ? {} : { cursor }),
      ...(meta === undefined ? {} : { _meta: meta }),
    };
    const { response } = upstream.send({
      method: "POST",
      headers: {
        accept: BOTH,
        "content-type": "application/json",
        ...(version === undefined ? {} : { "mcp-protocol-version": version }),
        ...(meta === undefined ? {} : mirrorHeaders("tools/list", undefined)),
        ...(meta !== undefined || visit.session === undefined
          ? {}
          : { "mcp-session-id": visit.session.id }),
      },
      body: JSON.stringify({ jsonrpc: "2.0", id, method: "tools/list", params }),
      stream: false,
      signal: AbortSignal.timeout(Math.max(1, Math.ceil(ms))),
    });
    const { result } = await answerOf(id, await response, maxMessage);
    if (!isObject(result)) throw new Error("The server did not answer with a list of tools.");
    return toolsPage(result);
  };
}

/** The answer to a request of our own, from a body or a stream. */
async function answerOf(
  id: string,
  { headers, body }: UpstreamResponse,
  max: number,
): Promise<JsonObject> {
  try {
    if (mediaType(headers) !== "text/event-stream") {
      const bytes = await body.collect(max);
      const read = Buffer.isBuffer(bytes) ? readMessage(bytes) : "There is no whole answer.";
      if (typeof read === "string") throw new Error(read);
      if (read.message.id !== id) throw new Error("The server answered something else.");
      return read.message;
    }
    return await answerInStream(id, body, max);
  } finally {
    body.destroy();
  }
}

async function answerInStream(id: string, body: UpstreamBody, max: number): Promise<JsonObject> {
  let found: JsonObject | undefined;
  const reader = new SseReader(max, {
    event: ({ data = "" }) => {
      const read = data === "" ? "" : readMessage(Buffer.from(data));
      if (typeof read !== "string" && read.message.id === id) found ??= read.message;
    },
    comment: () => {},
  });
  for await (const chunk of body) {
    reader.push(chunk);
    if (found !== undefined) return found;
  }
  throw new Error("The server ended its answer too early.");
}
