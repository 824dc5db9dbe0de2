import type { Json } from "../../policy/index.ts";
import { confusableKey } from "./fold.ts";
import { confusableMethod, ENVELOPE, NOTIFICATIONS, REFERENCE, REQUESTS } from "./methods.ts";
import type { TraceHeaders } from "./observe.ts";
import { type NumberTexts, Scan, type ScanResult, scan } from "./scan.ts";
import { utf8Text } from "./utf8.ts";
import { write } from "./write.ts";

/**
 * The first station of a message from a client: is it one JSON-RPC message, such that every receiver must
 * read it alike? What is not is refused before any policy is asked, reaches no server and moves no counter.
 */

export type JsonObject = { readonly [key: string]: Json };

/** A JSON-RPC id that MCP allows. */
export type Id = string | number;

export type Message =
  | {
      readonly kind: "request";
      readonly id: Id;
      readonly method: string;
      readonly params: JsonObject | undefined;
    }
  | {
      readonly kind: "notification";
      readonly method: string;
      readonly params: JsonObject | undefined;
    }
  /** An answer to a request of the server. */
  | { readonly kind: "response"; readonly id: Id };

export interface Admitted {
  /** What observers are told besides. */
  readonly aside?: {
    /** Which trace the HTTP request belongs to that it came with. */
    readonly httpTrace?: TraceHeaders | undefined;
    /** The id that the client gave it, where it has another. */
    readonly id?: Id;
  };
  readonly ok: true;
  readonly message: Message;
  /** The whole message as it is forwarded, once judged. */
  readonly value: JsonObject;
  readonly numbers: NumberTexts;
  /** The text of `value`, where it was written as we would write it. Whoever changes `value` asks `editable` for it. */
  text?: string | undefined;
}

/** The message to be changed in place: it was read by us, and is held by nobody else. */
export function editable(admitted: Admitted): { [key: string]: Json } {
  admitted.text = undefined;
  return admitted.value as { [key: string]: Json };
}

export interface Refused {
  readonly ok: false;
  /** `null` when the id is not to be had; undefined when no answer may be given (a notification). */
  readonly id: Id | null | undefined;
  readonly code: number;
  /** A full sentence. */
  readonly message: string;
  /** No fault of the message: what it names is not there. */
  readonly unknown?: true;
}

/** JSON-RPC 2.0, § 5.1. */
export const PARSE_ERROR = -32700;
export const INVALID_REQUEST = -32600;
export const INVALID_PARAMS = -32602;
export const INTERNAL_ERROR = -32603;

/** An id is kept while its request runs, so its length is bounded (characters). */
const MAX_ID = 1_024;

export function admit(bytes: Uint8Array): Admitted | Refused {
  const text = textOf(bytes);
  return typeof text === "string" ? admitScanned(scan(text), text) : text;
}

/** So much of a text is read in one go where others wait (characters; about a millisecond). */
const SLICE = 128 * 1024;

/**
 * As `admit`, in short steps with `pause` between them: for bodies that would keep everybody waiting. The text to
 * forward is made here too, if it is not the one that came.
 */
export async function admitInSteps(
  bytes: Uint8Array,
  pause: () => Promise<void>,
): Promise<Admitted | Refused> {
  const text = textOf(bytes);
  if (typeof text !== "string") return text;
  const reading = new Scan(text);
  let scanned: ScanResult | undefined;
  for (let end = SLICE; scanned === undefined; end += SLICE) {
    await pause();
    scanned = reading.upTo(end);
  }
  const admitted = admitScanned(scanned, text);
  if (!admitted.ok || admitted.text !== undefined) return admitted;
  await pause();
  admitted.text = write(admitted.value, admitted.numbers);
  return admitted;
}

function textOf(bytes: Uint8Array): string | Refused {
  const text = utf8Text(bytes);
  if (text === undefined) return refuse(null, PARSE_ERROR, "The message is not UTF-8.");
  if (text.charCodeAt(0) === 0xfeff) {
    return refuse(null, PARSE_ERROR, "The message begins with a byte order mark; remove it.");
  }
  return text;
}

function admitScanned(scanned: ScanResult, text: string): Admitted | Refused {
  if (!scanned.ok) {
    const id =
      scanned.value === undefined ? idInText(text.slice(0, 2_048), text) : answerId(scanned.value);
    return refuse(
      id,
      scanned.reason === "syntax" ? PARSE_ERROR : INVALID_REQUEST,
      scanned.reason === "syntax"
        ? `The message is not valid JSON: ${scanned.message}.`
        : `The message is refused: ${scanned.message}.`,
    );
  }
  const { value, numbers, plain } = scanned;
  if (Array.isArray(value)) {
    return refuse(
      null,
      INVALID_REQUEST,
      "Batches are refused: send each message of the list by itself.",
    );
  }
  if (typeof value !== "object" || value === null) {
    return refuse(null, INVALID_REQUEST, "A message is a JSON object.");
  }
  const object = value as JsonObject;
  const problem = envelopeProblem(object, numbers);
  if (problem !== undefined) return refuse(answerId(object), INVALID_REQUEST, problem);
  const message = messageOf(object);
  const wrong = message.kind === "response" ? undefined : methodProblem(message);
  if (wrong !== undefined) {
    return refuse(message.kind === "request" ? message.id : undefined, INVALID_REQUEST, wrong);
  }
  return { ok: true, message, value: object, numbers, text: plain ? text : undefined };
}

function envelopeProblem(object: JsonObject, numbers: NumberTexts): string | undefined {
  const found = confusableKey(Object.keys(object), ENVELOPE);
  if (found !== undefined) {
    return `The key ${JSON.stringify(found.key)} of the message could be taken for \`${found.name}\`.`;
  }
  if (object.jsonrpc !== "2.0") return 'A message must have `"jsonrpc": "2.0"`.';
  // An integer that is written as `1.0` or `1e3` may come back otherwise.
  if ("id" in object && (!isId(object.id) || numbers.get(object)?.has("id") === true)) {
    return `An \`id\` must be a string of at most ${MAX_ID} characters or an integer.`;
  }
  if ("method" in object) {
    if ("result" in object || "error" in object) {
      return "A message has either a `method` or a `result` or `error`.";
    }
    if (typeof object.method !== "string") return "The `method` of a message must be a string.";
    const { params } = object;
    if (params !== undefined && params !== null && !isObject(params)) {
      return "The `params` of a message must be an object.";
    }
    return undefined;
  }
  if ("result" in object === "error" in object) {
    return "A message has a `method`, or either a `result` or an `error`.";
  }
  if (!("id" in object)) return "An answer must have the `id` of its request.";
  if ("params" in object) return "An answer has no `params`.";
  return undefined;
}

function messageOf(object: JsonObject): Message {
  const id = object.id as Id;
  if (!("method" in object)) return { kind: "response", id };
  const method = object.method as string;
  const params = (object.params ?? undefined) as JsonObject | undefined;
  return "id" in object
    ? { kind: "request", id, method, params }
    : { kind: "notification", method, params };
}

function methodProblem(message: Exclude<Message, { kind: "response" }>): string | undefined {
  const { method, params } = message;
  const request = REQUESTS.get(method);
  const notification = NOTIFICATIONS.get(method);
  if (request !== undefined && message.kind === "notification") {
    return `\`${method}\` is a request and needs an \`id\`.`;
  }
  if (notification !== undefined && message.kind === "request") {
    return `\`${method}\` is a notification and must not have an \`id\`.`;
  }
  const known = request ?? notification;
  if (known === undefined) {
    const confusable = confusableMethod(method);
    return confusable === undefined
      ? undefined
      : `The method ${JSON.stringify(method.slice(0, 100))} is refused: ${confusable}.`;
  }
  if (params === undefined) return undefined;
  const found = confusableKey(Object.keys(params), known.params);
  if (found !== undefined) {
    return `The parameter ${JSON.stringify(found.key)} of \`${method}\` could be taken for \`${found.name}\`.`;
  }
  if (params._meta !== undefined && !isObject(params._meta)) {
    return "The `_meta` of a message must be an object.";
  }
  if (method === "completion/complete" && isObject(params.ref)) {
    const inner = confusableKey(Object.keys(params.ref), REFERENCE);
    if (inner !== undefined) {
      return `The key ${JSON.stringify(inner.key)} of \`ref\` could be taken for \`${inner.name}\`.`;
    }
  }
  return undefined;
}

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function isId(value: unknown): value is Id {
  if (typeof value === "string") return value.length <= MAX_ID;
  return Number.isSafeInteger(value);
}

/** Whose answer a refusal is: undefined when the message is plainly a notification or an answer itself. */
function answerId(value: Json): Id | null | undefined {
  if (!isObject(value)) return null;
  if (!("method" in value) && ("result" in value || "error" in value)) return undefined;
  if (!("id" in value)) return "method" in value ? undefined : null;
  return isId(value.id) ? value.id : null;
}

/**
 * The id of a message that was not read, from the two places where writers put it: right at its beginning
 * or at its very end. `null` when it is in neither.
 */
export function idInText(head: string, tail: string): Id | null {
  const literal = String.raw`(-?(?:0|[1-9][0-9]{0,14})|"[^"\\\u0000-\u001f]{0,200}")`;
  const written =
    new RegExp(
      String.raw`^\s*\{\s*(?:"jsonrpc"\s*:\s*"2\.0"\s*,\s*)?"id"\s*:\s*${literal}\s*[,}]`,
    ).exec(head)?.[1] ??
    new RegExp(
      String.raw`[,{]\s*"id"\s*:\s*${literal}\s*(?:,\s*"jsonrpc"\s*:\s*"2\.0"\s*)?\}\s*$`,
    ).exec(tail.slice(-2_048))?.[1];
  return written === undefined ? null : (JSON.parse(written) as Id);
}

function refuse(id: Id | null | undefined, code: number, message: string): Refused {
  return { ok: false, id, code, message };
}
