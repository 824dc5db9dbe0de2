import type { Json } from "../../policy/index.ts";
import { type Id, isObject, type JsonObject } from "./admit.ts";
import { errorMessage, RESOURCE_NOT_FOUND, UNKNOWN_NAME } from "./denials.ts";
import type { Forbidden, Ruling } from "./judge.ts";
import { NOTIFICATIONS, REQUESTS } from "./methods.ts";
import type { Rulebook } from "./rulebook.ts";

/** A resource or prompt that a request would reach. */
export interface Reached {
  readonly kind: "resources" | "prompts";
  /** URI or name; undefined when the request has none of the right type. */
  readonly name: string | undefined;
}

/** All resources and prompts that a request of this method reaches, `tools/call` aside. */
export function reachedBy(method: string, params: JsonObject | undefined): readonly Reached[] {
  switch (method) {
    case "resources/read":
    case "resources/subscribe":
    case "resources/unsubscribe":
      return [{ kind: "resources", name: text(params?.uri) }];
    case "prompts/get":
      return [{ kind: "prompts", name: text(params?.name) }];
    case "completion/complete":
      return referenced(params?.ref);
    case "subscriptions/listen":
      return subscribed(params?.notifications);
    default:
      return [];
  }
}

function referenced(ref: Json | undefined): readonly Reached[] {
  if (!isObject(ref)) return [{ kind: "prompts", name: undefined }];
  if (ref.type === "ref/resource") return [{ kind: "resources", name: text(ref.uri) }];
  return [{ kind: "prompts", name: ref.type === "ref/prompt" ? text(ref.name) : undefined }];
}

function subscribed(filter: Json | undefined): readonly Reached[] {
  if (!isObject(filter) || filter.resourceSubscriptions === undefined) return [];
  const uris = filter.resourceSubscriptions;
  if (!Array.isArray(uris)) return [{ kind: "resources", name: undefined }];
  return uris.map((uri: Json) => ({ kind: "resources", name: text(uri) }) as const);
}

function text(value: Json | undefined): string | undefined {
  return typeof value === "string" ? value : undefined;
}

/** True for a method that reaches resources or prompts which the policy governs. */
export function governedKind(method: string, { engine }: Rulebook): boolean {
  return (
    (method === "resources/read" && engine.governs("resources")) ||
    (method === "prompts/get" && engine.governs("prompts"))
  );
}

/** The one answer for what is hidden or not there. */
export function notFound(id: Id, reached: Reached, modern: boolean): string {
  const name = reached.name ?? "";
  if (reached.kind === "prompts") return errorMessage(id, UNKNOWN_NAME, `Unknown prompt: ${name}`);
  return errorMessage(
    id,
    modern ? UNKNOWN_NAME : RESOURCE_NOT_FOUND,
    `Resource not found: ${name}`,
    { uri: name },
  );
}

const ALLOWED: Ruling = { outcome: "allow", findings: [] };

/** Rules on a request that is no `tools/call`, or on a notification: on its method, and on what it reaches. */
export function judgeOther(
  method: string,
  params: JsonObject | undefined,
  rulebook: Rulebook,
): { readonly ruling: Ruling; readonly reached?: Reached } {
  if (!REQUESTS.has(method) && !NOTIFICATIONS.has(method)) {
    const open = rulebook.permitsByDefault || rulebook.opens.methods === true;
    return { ruling: open ? ALLOWED : unknownMethod(method) };
  }
  const all = reachedBy(method, params);
  for (const reached of all) {
    const ruling = judgeReached(reached, rulebook);
    if (ruling !== undefined) return { ruling, reached };
  }
  // One of several stands for all of them.
  const [first] = all;
  return first === undefined ? { ruling: ALLOWED } : { ruling: ALLOWED, reached: first };
}

function unknownMethod(method: string): Forbidden {
  return {
    outcome: "deny",
    rule: "(unknown method)",
    message: `The method ${JSON.stringify(method.slice(0, 100))} is not one that the protocol defines, and the policy denies by default.`,
  };
}

/** Of a URI or the name of a prompt (characters): what compares them takes longer the longer they are. */
const MAX_NAME = 64 * 1_024;

function judgeReached({ kind, name }: Reached, rulebook: Rulebook): Forbidden | undefined {
  const { engine } = rulebook;
  if (!engine.governs(kind)) return undefined;
  if (name === undefined || name.length > MAX_NAME) {
    return {
      outcome: "deny",
      rule: `/${kind}`,
      message:
        name === undefined
          ? `The request does not say plainly which of the ${kind} it is about.`
          : `The request names one of the ${kind} with more than ${MAX_NAME} characters, which are not compared with the policy.`,
    };
  }
  const { outcome, ...finding } = engine.decideKind(kind, name);
  return outcome === "allow" ? undefined : { outcome, ...finding };
}
