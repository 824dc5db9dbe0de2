import type { IncomingMessage, ServerResponse } from "node:http";
import type { Json } from "../../policy/index.ts";
import { readBody } from "../transport/http/body.ts";
import { type AdminAnswer, refusal } from "./route.ts";

/** Bytes of a request's body. */
const MAX_BODY = 64 * 1024;
const JSON_TYPE = /^application\/json *(?:; *charset="?utf-8"? *)?$/i;

type Read =
  | { readonly object: { readonly [member: string]: Json } }
  /** Undefined when nobody waits for an answer. */
  | { readonly refused: AdminAnswer | undefined };

/** The JSON object that a request carries. No form of a page can send one. */
export async function readObject(
  request: IncomingMessage,
  response: ServerResponse,
): Promise<Read> {
  if (!JSON_TYPE.test(request.headers["content-type"] ?? "")) {
    return { refused: refusal(415, "Send it as `Content-Type: application/json`.") };
  }
  const body = await readBody(request, response, MAX_BODY);
  if (!Buffer.isBuffer(body)) {
    const large = refusal(413, `A request has at most ${MAX_BODY} bytes.`);
    return { refused: body.kind === "large" ? large : undefined };
  }
  try {
    const value: unknown = JSON.parse(body.toString("utf8"));
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      return { object: value as { readonly [member: string]: Json } };
    }
  } catch {
    // Said below.
  }
  return { refused: refusal(400, "Send a JSON object.") };
}
