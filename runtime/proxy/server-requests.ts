import { isId, isObject, type JsonObject } from "./admit.ts";
import { confusableKey, foldedNames, foldName } from "./fold.ts";
import type { ServerRequest } from "./governance.ts";
import { outline } from "./outline.ts";
import { scan } from "./scan.ts";
import { SERVER_LIMITS } from "./server-text.ts";

/** What servers ask of clients, and which of it they may not (`--refuse-request`). */

const ASKS: ReadonlyMap<string, ServerRequest> = new Map(
  (
    [
      ["sampling/createMessage", "sampling"],
      ["elicitation/create", "elicitation"],
      ["roots/list", "roots"],
    ] as const
  ).map(([method, request]) => [foldName(method), request]),
);

const ENVELOPE_NAMES = foldedNames(["id", "method", "params", "result"]);
const HOLDER_NAMES = foldedNames(["inputRequests"]);
const ASKED_NAMES = foldedNames(["method"]);

/** What a method asks for that is refused. */
export function refusedMethod(
  method: unknown,
  refused: ReadonlySet<ServerRequest>,
): ServerRequest | undefined {
  if (refused.size === 0 || typeof method !== "string") return undefined;
  const request = ASKS.get(foldName(method));
  return request !== undefined && refused.has(request) ? request : undefined;
}

/** What the server asks for inside a result or a task, and may not. */
export function refusedInput(
  { inputRequests }: JsonObject,
  refused: ReadonlySet<ServerRequest>,
): ServerRequest | undefined {
  if (refused.size === 0 || !isObject(inputRequests)) return undefined;
  for (const asked of Object.values(inputRequests)) {
    const request = isObject(asked) ? refusedMethod(asked.method, refused) : undefined;
    if (request !== undefined) return request;
  }
  return undefined;
}

/**
 * Why another reader may see a request in a message that we do not: a clause. `message` is what JSON.parse made of
 * `text`.
 */
export function hiddenRequest(text: string, message: JsonObject): string | undefined {
  const keys = outline(text);
  const level =
    ambiguous(keys.message, ENVELOPE_NAMES) ??
    ambiguous(keys.result, HOLDER_NAMES) ??
    (isObject(message.params) ? ambiguous(Object.keys(message.params), HOLDER_NAMES) : undefined);
  if (level !== undefined) return level;
  if ("method" in message && message.id !== undefined && !isId(message.id)) {
    return "it is a request with an `id` that is none";
  }
  for (const holder of [message.params, message.result]) {
    if (!isObject(holder) || !Object.hasOwn(holder, "inputRequests")) continue;
    const scanned = scan(text, SERVER_LIMITS);
    if (!scanned.ok) return scanned.message;
    const { inputRequests } = holder;
    for (const asked of isObject(inputRequests) ? Object.values(inputRequests) : []) {
      const problem = isObject(asked) ? ambiguous(Object.keys(asked), ASKED_NAMES) : undefined;
      if (problem !== undefined) return problem;
    }
  }
  return undefined;
}

function ambiguous(
  keys: readonly string[],
  names: ReturnType<typeof foldedNames>,
): string | undefined {
  const seen = new Set<string>();
  for (const key of keys) {
    if (seen.has(key)) return `the key ${JSON.stringify(key)} stands twice`;
    seen.add(key);
  }
  const found = confusableKey(keys, names);
  return found === undefined
    ? undefined
    : `the key ${JSON.stringify(found.key)} could be taken for \`${found.name}\``;
}
