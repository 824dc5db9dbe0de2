import type { Json } from "../../../policy/index.ts";
import {
  decodeMirror,
  encodeMirror,
  paramHeaders,
  type RequestHeaders,
} from "../../transport/http/headers.ts";
import { type Id, isObject, type JsonObject, type Message } from "../admit.ts";
import { modernMeta } from "../era.ts";

/**
 * Headers that repeat what the body says (MCP 2026-07-28, § Streamable HTTP), so that whoever stands between need
 * not read it. One that says something else would have two receivers decide about two different calls.
 */

export const HEADER_MISMATCH = -32020;
const FIRST_MODERN = "2026-07-28";
const VERSION = /^[0-9]{4}-[0-9]{2}-[0-9]{2}$/;

/** The member of `params` that `Mcp-Name` repeats, by method. */
const NAMED_BY: ReadonlyMap<string, string> = new Map([
  ["tools/call", "name"],
  ["prompts/get", "name"],
  ["resources/read", "uri"],
  ["tasks/get", "taskId"],
  ["tasks/update", "taskId"],
  ["tasks/cancel", "taskId"],
]);

/** True for a protocol version of the modern era. */
export function isModernVersion(version: string | undefined): boolean {
  return version !== undefined && VERSION.test(version) && version >= FIRST_MODERN;
}

/** What a header and the body disagree about, a sentence; undefined when they agree. */
export function mirrorProblem(message: Message, headers: RequestHeaders): string | undefined {
  if (message.kind === "response") return undefined;
  const { method, params } = message;
  const version = headers.get("mcp-protocol-version");
  const meta = modernMeta(params)?.meta["io.modelcontextprotocol/protocolVersion"];
  if (meta !== undefined && version !== meta) {
    return version === undefined
      ? "The header `MCP-Protocol-Version` is missing."
      : "The header `MCP-Protocol-Version` is not the version in the body.";
  }
  const needed = message.kind === "request" && (meta !== undefined || isModernVersion(version));
  const given = headers.get("mcp-method");
  if (given === undefined ? needed : given.trim() !== method) {
    return given === undefined
      ? "The header `Mcp-Method` is missing."
      : "The header `Mcp-Method` is not the method in the body.";
  }
  const named = nameOf(method, params);
  const name = headers.get("mcp-name");
  if (name === undefined) {
    return needed && named !== undefined ? "The header `Mcp-Name` is missing." : undefined;
  }
  const decoded = decodeMirror(name.trim());
  // Of methods that it does not belong to it says nothing, and it is not forwarded.
  return decoded === undefined || (NAMED_BY.has(method) && decoded !== named)
    ? "The header `Mcp-Name` is not the name in the body."
    : undefined;
}

/** `Mcp-Method` and `Mcp-Name` of a modern message, written from its body. */
export function mirrorHeaders(
  method: string,
  params: JsonObject | undefined,
): Record<string, string> {
  const name = nameOf(method, params);
  return {
    "mcp-method": encodeMirror(method),
    ...(name === undefined ? {} : { "mcp-name": encodeMirror(name) }),
  };
}

function nameOf(method: string, params: JsonObject | undefined): string | undefined {
  const key = NAMED_BY.get(method);
  const value = key === undefined ? undefined : params?.[key];
  return typeof value === "string" ? value : undefined;
}

/**
 * The `Mcp-Param-*` headers of a call that may be forwarded, by their whole name, or what they and the arguments
 * disagree about. `schema`: the tool's `inputSchema`, where it is known.
 */
export function paramMirrors(
  args: JsonObject,
  schema: Json | undefined,
  headers: RequestHeaders,
): { readonly headers: Record<string, string> } | { readonly problem: string } {
  const forwarded: Record<string, string> = {};
  for (const [name, value] of paramHeaders(headers)) forwarded[`mcp-param-${name}`] = value;
  for (const [name, path] of declarations(schema)) {
    const key = `mcp-param-${name.toLowerCase()}`;
    const expected = textOf(valueAt(args, path));
    if (expected === undefined) {
      // What the body does not say, a header must not say either.
      delete forwarded[key];
      continue;
    }
    const given = forwarded[key];
    if (given === undefined) return { problem: `The header \`Mcp-Param-${name}\` is missing.` };
    if (!agrees(decodeMirror(given.trim()), expected, valueAt(args, path))) {
      return { problem: `The header \`Mcp-Param-${name}\` is not the value in the body.` };
    }
  }
  return { headers: forwarded };
}

/** The `Mcp-Param-*` headers of a call, written from its arguments. */
export function paramHeadersOf(args: JsonObject, schema: Json | undefined): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, path] of declarations(schema)) {
    const text = textOf(valueAt(args, path));
    if (text !== undefined && /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name)) {
      headers[`mcp-param-${name.toLowerCase()}`] = encodeMirror(text);
    }
  }
  return headers;
}

function agrees(given: string | undefined, expected: string, value: Json | undefined): boolean {
  if (given === expected) return true;
  return (
    typeof value === "number" &&
    given !== undefined &&
    /^-?[0-9]+(\.[0-9]+)?$/.test(given) &&
    Number(given) === value
  );
}

function textOf(value: Json | undefined): string | undefined {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean"
    ? String(value)
    : undefined;
}

function valueAt(args: Json, path: readonly string[]): Json | undefined {
  let value: Json | undefined = args;
  for (const key of path) {
    if (!isObject(value) || !Object.hasOwn(value, key)) return undefined;
    value = value[key];
  }
  return value;
}

const MAX_DEPTH = 32;

/** Header names and the arguments that they repeat: `x-mcp-header` below `properties`. */
function* declarations(
  schema: Json | undefined,
  path: readonly string[] = [],
): Generator<readonly [name: string, path: readonly string[]]> {
  if (!isObject(schema) || path.length > MAX_DEPTH) return;
  const name = schema["x-mcp-header"];
  if (typeof name === "string" && path.length > 0) yield [name, path];
  if (!isObject(schema.properties)) return;
  for (const [key, below] of Object.entries(schema.properties)) {
    yield* declarations(below, [...path, key]);
  }
}

/** The id of a request that is refused, for its answer. */
export function answeredId(message: Message): Id | null {
  return message.kind === "request" ? message.id : null;
}
