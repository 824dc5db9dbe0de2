import type { IncomingHttpHeaders } from "node:http";

/**
 * Which headers pass. Both directions are lists of what may pass; all else stays here: above all what a client
 * proves itself to us with, and what a server would have a client store.
 */

/** Headers of a request that are looked at; each may stand once. */
const SINGLE = new Set([
  "host",
  "origin",
  "authorization",
  "accept",
  "content-type",
  "mcp-protocol-version",
  "mcp-session-id",
  "mcp-method",
  "mcp-name",
  "last-event-id",
]);
const PARAM = "mcp-param-";

/** Headers of an answer that pass as they are. */
const DOWN = ["mcp-protocol-version", "cache-control", "retry-after", "x-accel-buffering"] as const;

/** The headers of a request that are looked at, by lower-case name. */
export type RequestHeaders = ReadonlyMap<string, string>;

/** The name of a header that stands twice, or the headers. `rawHeaders`: as Node has them. */
export function readHeaders(
  rawHeaders: readonly string[],
  further: ReadonlySet<string> = new Set(),
): { readonly headers: RequestHeaders } | { readonly twice: string } {
  const headers = new Map<string, string>();
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = (rawHeaders[at] as string).toLowerCase();
    if (!SINGLE.has(name) && !name.startsWith(PARAM) && !further.has(name)) continue;
    if (headers.has(name)) return { twice: name };
    headers.set(name, rawHeaders[at + 1] as string);
  }
  return { headers };
}

/** The `Mcp-Param-*` headers, by the part of their name that follows. */
export function paramHeaders(headers: RequestHeaders): ReadonlyMap<string, string> {
  return new Map(
    [...headers].flatMap(([name, value]) =>
      name.startsWith(PARAM) ? [[name.slice(PARAM.length), value] as const] : [],
    ),
  );
}

/** What passes of a server's headers; undefined when one of them stands twice. */
export function downHeaders(headers: IncomingHttpHeaders): Record<string, string> | undefined {
  const passed: Record<string, string> = {};
  for (const name of DOWN) {
    const value = headers[name];
    if (value === undefined) continue;
    if (typeof value !== "string") return undefined;
    passed[name] = value;
  }
  return passed;
}

const SENTINEL = /^=\?base64\?([A-Za-z0-9+/]*={0,2})\?=$/;
/** Visible ASCII and inner spaces: what an HTTP field may hold as it is. */
const PLAIN = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/;

/** The value of a header that mirrors a value of the body (MCP 2026-07-28, § Streamable HTTP); undefined when malformed. */
export function decodeMirror(value: string): string | undefined {
  const base64 = SENTINEL.exec(value)?.[1];
  if (base64 === undefined) {
    return value === "" || PLAIN.test(value) ? value : undefined;
  }
  const bytes = Buffer.from(base64, "base64");
  if (bytes.toString("base64") !== base64) return undefined;
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** A value of the body as a header. */
export function encodeMirror(value: string): string {
  return PLAIN.test(value) && !SENTINEL.test(value)
    ? value
    : `=?base64?${Buffer.from(value).toString("base64")}?=`;
}
