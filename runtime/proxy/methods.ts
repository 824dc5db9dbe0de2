import { type FoldedNames, foldedNames, foldName } from "./fold.ts";

/**
 * What a client may send, of every protocol revision from 2024-11-05 to 2026-07-28 and the official
 * extensions (tasks, MCP Apps): all that passes by itself. Whatever is not listed here is an unknown method.
 */

interface Method {
  /** Its parameters by name, so that confusable ones are seen; `_meta` is in all. */
  readonly params: FoldedNames;
}

function takes(...names: string[]): Method {
  return { params: foldedNames(["_meta", ...names]) };
}

const ROUNDS = ["inputResponses", "requestState"];

/** Client → server requests. */
export const REQUESTS: ReadonlyMap<string, Method> = new Map([
  ["initialize", takes("protocolVersion", "capabilities", "clientInfo")],
  ["ping", takes()],
  ["server/discover", takes()],
  ["tools/list", takes("cursor")],
  ["tools/call", takes("name", "arguments", "task", ...ROUNDS)],
  ["resources/list", takes("cursor")],
  ["resources/templates/list", takes("cursor")],
  ["resources/read", takes("uri", ...ROUNDS)],
  ["resources/subscribe", takes("uri")],
  ["resources/unsubscribe", takes("uri")],
  ["prompts/list", takes("cursor")],
  ["prompts/get", takes("name", "arguments", ...ROUNDS)],
  ["completion/complete", takes("ref", "argument", "context")],
  ["logging/setLevel", takes("level")],
  ["subscriptions/listen", takes("notifications")],
  ["tasks/get", takes("taskId")],
  ["tasks/list", takes("cursor")],
  ["tasks/result", takes("taskId")],
  ["tasks/update", takes("taskId", "inputResponses")],
  ["tasks/cancel", takes("taskId")],
]);

/** Client → server notifications. */
export const NOTIFICATIONS: ReadonlyMap<string, Method> = new Map([
  ["notifications/initialized", takes()],
  ["notifications/cancelled", takes("requestId", "reason")],
  ["notifications/progress", takes("progressToken", "progress", "total", "message")],
  ["notifications/roots/list_changed", takes()],
  ["notifications/tasks/status", takes("taskId", "status")],
]);

/** The keys of a JSON-RPC 2.0 message. */
export const ENVELOPE: FoldedNames = foldedNames([
  "jsonrpc",
  "id",
  "method",
  "params",
  "result",
  "error",
]);

/** The keys of `params.ref` of `completion/complete`. */
export const REFERENCE: FoldedNames = foldedNames(["type", "name", "uri"]);

const FOLDED: ReadonlyMap<string, string> = new Map(
  [...REQUESTS.keys(), ...NOTIFICATIONS.keys()].map((method) => [foldName(method), method]),
);

/** Why a method that is not listed can never pass, whatever the policy says; undefined when the policy decides. */
export function confusableMethod(method: string): string | undefined {
  const folded = foldName(method);
  const known = FOLDED.get(folded);
  if (known !== undefined) return `it could be taken for \`${known}\``;
  if (folded.startsWith("tools/")) return "no method of this name that deals with tools is known";
  return undefined;
}
