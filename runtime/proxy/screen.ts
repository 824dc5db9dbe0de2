import type { Json } from "../../policy/index.ts";
import { INTERNAL_ERROR, isId, isObject, type JsonObject } from "./admit.ts";
import { deniedRequest, errorMessage, METHOD_NOT_FOUND } from "./denials.ts";
import type { Governance, ServerRequest } from "./governance.ts";
import type { Hearing } from "./hear.ts";
import type { Forbidden } from "./judge.ts";
import { judgeOther } from "./kinds.ts";
import { filterLists, taskIn } from "./lists.ts";
import { recordDenial } from "./records.ts";
import { MAX_ROUNDS } from "./rounds.ts";
import { scan } from "./scan.ts";
import { hiddenRequest, refusedInput, refusedMethod } from "./server-requests.ts";
import { SERVER_LIMITS } from "./server-text.ts";
import { sealTasks } from "./tasks.ts";
import { write } from "./write.ts";

/** What is sent where in place of a message of the server. */
export interface Relayed {
  /** The text that was given when it passes as it came; undefined when nothing goes to the client. */
  readonly toClient?: string;
  /** An error that answers a request of the server. */
  readonly toServer?: string;
}

/**
 * Screens one message of the server, records what was forbidden in it, and says what is sent in its place.
 *
 * @param text The message as it came; `message` is what JSON.parse made of it.
 * @param answered The request that it answers, where that is known.
 */
export function relay(
  text: string,
  message: JsonObject,
  governance: Governance,
  answered?: Hearing,
): Relayed {
  const screened = withTasks(
    screen(text, message, governance, answered),
    text,
    message,
    governance,
  );
  const { id } = message;
  switch (screened.kind) {
    case "pass":
      return { toClient: text };
    case "replace":
      return { toClient: screened.text };
    case "drop":
      return {};
    case "refuse":
      governance.notice(`A message of the server was not relayed: ${screened.reason}.`);
      if (!isId(id) || message.method !== undefined) return {};
      return {
        toClient: errorMessage(id, INTERNAL_ERROR, "The server's answer cannot be relayed."),
      };
    case "decline": {
      const { ruling } = screened;
      recordDenial(governance, { method: String(message.method) }, ruling);
      return isId(id) ? { toServer: errorMessage(id, METHOD_NOT_FOUND, ruling.message) } : {};
    }
    case "deny": {
      const { ruling } = screened;
      const { method = "(server request)", name } = answered ?? {};
      const subject = name === undefined ? { method } : { method, name };
      const decision = recordDenial(governance, subject, ruling);
      if (!isId(id)) return {};
      const denial = { id: decision, ...ruling };
      return { toClient: answered?.forbid(ruling, denial) ?? deniedRequest(id, denial) };
    }
  }
}

/** The same with the task ids that the client knows. */
function withTasks(
  screened: Screened,
  text: string,
  message: JsonObject,
  { tasks }: Governance,
): Screened {
  if (screened.kind !== "pass" && screened.kind !== "replace") return screened;
  const before = screened.kind === "pass" ? text : screened.text;
  const sealed = sealTasks(before, message, tasks);
  if (sealed === undefined) return { kind: "refuse", reason: "it names a task of nobody here" };
  return sealed === before ? screened : { kind: "replace", text: sealed };
}

type Screened =
  /** It goes to the client as it came. */
  | { readonly kind: "pass" }
  /** This goes in its place. */
  | { readonly kind: "replace"; readonly text: string }
  /** Nothing goes to the client. */
  | { readonly kind: "drop" }
  /** A request that is not passed on: the server gets an error. */
  | { readonly kind: "decline"; readonly ruling: Forbidden }
  /** An answer that the client may not have: it gets a denial. */
  | { readonly kind: "deny"; readonly ruling: Forbidden }
  /** An answer that cannot be relayed; `reason` is a clause. */
  | { readonly kind: "refuse"; readonly reason: string };

const PASS: Screened = { kind: "pass" };
const DROP: Screened = { kind: "drop" };

/**
 * Whatever was asked: lists lose what the policy hides, requests to the client may be refused, and a further round
 * gets a `requestState` of ours.
 */
function screen(
  text: string,
  message: JsonObject,
  governance: Governance,
  answered?: Hearing,
): Screened {
  const hidden = governance.refusedRequests.size === 0 ? undefined : hiddenRequest(text, message);
  if (hidden !== undefined) return { kind: "refuse", reason: hidden };
  if (typeof message.method === "string") {
    // Who takes it for an answer would see a list that was not filtered.
    return "result" in message || "error" in message
      ? { kind: "refuse", reason: "it is a request and an answer in one" }
      : screenMessage(message.method, text, message, governance);
  }
  const { result } = message;
  const asked = isObject(result) ? refusedIn(result, message, governance) : undefined;
  if (asked !== undefined) return { kind: "deny", ruling: notAsked(asked) };
  const filtered = filterLists(text, message, governance.rulebook());
  if (filtered.kind === "refused") return { kind: "refuse", reason: filtered.reason };
  if (answered?.round !== undefined && isObject(result) && result.resultType === "input_required") {
    return sealRound(filtered.kind === "filtered" ? filtered.text : text, answered, governance);
  }
  return filtered.kind === "filtered" ? { kind: "replace", text: filtered.text } : PASS;
}

function screenMessage(
  method: string,
  text: string,
  message: JsonObject,
  governance: Governance,
): Screened {
  const { params, id } = message;
  const { refusedRequests } = governance;
  const request = refusedMethod(method, refusedRequests);
  if (request !== undefined) return { kind: "decline", ruling: notAsked(request) };
  if (id !== undefined || !isObject(params)) return PASS;
  if (refusedIn(params, message, governance) !== undefined) return DROP;
  const rulebook = governance.rulebook();
  if (taskIn(message) !== undefined) {
    const filtered = filterLists(text, message, rulebook);
    if (filtered.kind === "refused") return { kind: "refuse", reason: filtered.reason };
    return filtered.kind === "filtered" ? { kind: "replace", text: filtered.text } : PASS;
  }
  if (method !== "notifications/resources/updated" || rulebook.shadow) return PASS;
  const { ruling } = judgeOther("resources/read", params, rulebook);
  return ruling.outcome === "allow" ? PASS : DROP;
}

/** The same inside of a task that has ended, too. */
function refusedIn(
  holder: JsonObject,
  message: JsonObject,
  { refusedRequests }: Governance,
): ServerRequest | undefined {
  const inner = taskIn(message)?.result;
  return (
    refusedInput(holder, refusedRequests) ??
    (isObject(inner) ? refusedInput(inner, refusedRequests) : undefined)
  );
}

function notAsked(request: ServerRequest): Forbidden {
  return {
    outcome: "deny",
    rule: "(server request)",
    message: `The server asked its client for ${request}, which is not permitted here.`,
  };
}

function sealRound(text: string, answered: Hearing, governance: Governance): Screened {
  const { round, method, params } = answered;
  if (round === undefined || params === undefined) return PASS;
  if (round.number >= MAX_ROUNDS) {
    return {
      kind: "deny",
      ruling: {
        outcome: "deny",
        rule: "(too many rounds)",
        message: `The server asked for input more than ${MAX_ROUNDS} times.`,
      },
    };
  }
  // Read again with all duplicates seen and all digits kept: this message is written anew.
  const scanned = scan(text, SERVER_LIMITS);
  if (!scanned.ok) return { kind: "refuse", reason: scanned.message };
  const answer = scanned.value as { readonly result: { [key: string]: Json } };
  const { requestState } = answer.result;
  if (requestState !== undefined && typeof requestState !== "string") {
    return { kind: "refuse", reason: "its `requestState` is not a string" };
  }
  answer.result.requestState = governance.rounds.seal(method, params, round, requestState);
  return { kind: "replace", text: write(scanned.value, scanned.numbers) };
}
