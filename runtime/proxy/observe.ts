import { type Id, isObject, type JsonObject } from "./admit.ts";
import type { Catalogue } from "./catalogue.ts";
import type { DecisionRecord, Governance } from "./governance.ts";
import type { Hearing } from "./hear.ts";
import type { Recorded } from "./records.ts";
import type { Rulebook } from "./rulebook.ts";

/**
 * Hears of every decision and of every request that was ruled on, once it is over. What it makes of them is its own
 * affair: it never throws, and nothing waits for it.
 */
export interface Observer {
  readonly decided: (decision: DecisionRecord) => void;
  readonly finished: (request: FinishedRequest) => void;
}

/** How a client says which trace its request belongs to (W3C Trace Context), as it came. */
export interface TraceHeaders {
  readonly traceparent: string;
  readonly tracestate?: string;
}

/** One request that was ruled on and is over. Times are those of `performance.now()`. */
export interface FinishedRequest {
  readonly id: Id;
  readonly method: string;
  /** Tool, resource or prompt. */
  readonly name?: string;
  /** The name is one of a tool that the server lists or the policy names, and not one that a client has made up. */
  readonly listed: boolean;
  /** The session's id as it is known here. */
  readonly session?: string;
  /** The revision of MCP that is spoken, where it is known; chosen by the client. */
  readonly version?: string;
  /** Of the message, and of the HTTP request that it came with. */
  readonly trace?: TraceHeaders;
  readonly httpTrace?: TraceHeaders;
  readonly decision?: Pick<DecisionRecord, "id" | "outcome" | "rule" | "source" | "approval"> & {
    /** False when it was only recorded. */
    readonly enforced: boolean;
  };
  readonly began: number;
  /** When it was held for an approval, and for how long. */
  readonly held: number;
  /** When it was sent to the server; absent when it was not. */
  readonly forwarded?: number;
  readonly ended: number;
  /** Of one that failed: a JSON-RPC error code as text, `tool_error`, or one of `Failure`. */
  readonly error?: string;
  /** The JSON-RPC error code that the client was answered with. */
  readonly code?: number;
}

/** Why a request failed, besides what the server has answered. */
export type Failure =
  | "policy_denied"
  | "approval_pending"
  | "cancelled"
  | "not_sent"
  | "server_refused"
  | "server_lost"
  | "invalid_answer"
  | "timeout"
  | "request_refused";

export interface Watched {
  readonly id: Id;
  readonly hearing: Hearing;
  /** How it was sent, where the message does not tell. */
  readonly version?: string | undefined;
  readonly httpTrace?: TraceHeaders | undefined;
}

/** Begins to watch a request that was heard; undefined where nobody watches. */
export function watch({ observer }: Governance, watched: Watched): Observation | undefined {
  return observer === undefined ? undefined : new Observation(observer, watched);
}

/** What is known of one request while it runs. Tells its observer once. */
export class Observation implements FinishedRequest {
  readonly id: Id;
  readonly method: string;
  readonly name?: string;
  readonly session?: string;
  readonly version?: string;
  readonly trace?: TraceHeaders;
  readonly httpTrace?: TraceHeaders;
  readonly began: number;
  listed = false;
  held = 0;
  ended = 0;
  decision?: NonNullable<FinishedRequest["decision"]>;
  forwarded?: number;
  error?: string;
  code?: number;
  readonly #observer: Observer;
  readonly #hearing: Hearing;
  #holds: number | undefined;
  #over = false;

  constructor(observer: Observer, { id, hearing, version, httpTrace }: Watched) {
    this.#observer = observer;
    this.#hearing = hearing;
    const { method, name, session, began, params } = hearing;
    this.id = id;
    this.method = method;
    this.began = began;
    if (name !== undefined) this.name = name;
    if (session !== undefined) this.session = session;
    const meta = isObject(params?._meta) ? params._meta : NO_META;
    const spoken = method === "initialize" ? params?.protocolVersion : meta[VERSION];
    if (typeof spoken === "string") this.version = spoken;
    else if (version !== undefined) this.version = version;
    const trace = traceOf(meta.traceparent, meta.tracestate);
    if (trace !== undefined) this.trace = trace;
    if (httpTrace !== undefined) this.httpTrace = httpTrace;
  }

  /** It waits for a person from now on. */
  holds(): void {
    this.#holds = performance.now();
  }

  /** What was ruled on it is on record. */
  decided({ id, ruling, enforced }: Recorded): void {
    if (this.#holds !== undefined) this.held = performance.now() - this.#holds;
    this.listed = isListed(this.#hearing);
    if (ruling.outcome === "allow") {
      this.decision = { id, outcome: "allow", rule: "", enforced: true };
      return;
    }
    const { rule, source, approval, pending } = ruling;
    const decision = {
      id,
      outcome: pending === true ? ("pending" as const) : ruling.outcome,
      rule,
      enforced,
      ...(source === undefined ? {} : { source }),
      ...(approval === undefined ? {} : { approval }),
    };
    this.decision = decision;
    if (!enforced) return;
    if (ruling.outcome === "hide") this.fail(String(UNKNOWN), UNKNOWN);
    else this.fail(pending === true ? "approval_pending" : "policy_denied");
  }

  /** It is sent to the server. */
  sent(): void {
    this.forwarded = performance.now();
  }

  /** The server has answered it. */
  answered({ result, error }: JsonObject): void {
    if (isObject(error) && result === undefined) {
      const { code } = error;
      const known = typeof code === "number" ? code : undefined;
      this.fail(known === undefined ? "invalid_answer" : String(known), known);
    } else if (this.method === "tools/call" && isObject(result) && result.isError === true) {
      this.fail("tool_error");
    } else this.#end();
  }

  /** It has failed; what comes after that is not told. */
  fail(error: Failure | (string & {}), code?: number): void {
    if (this.#over) return;
    this.error = error;
    if (code !== undefined) this.code = code;
    this.#end();
  }

  #end(): void {
    if (this.#over) return;
    this.#over = true;
    this.ended = performance.now();
    this.#observer.finished(this);
  }
}

/** Hidden and unknown names. */
const UNKNOWN = -32602;
const VERSION = "io.modelcontextprotocol/protocolVersion";
const NO_META: JsonObject = {};
const MAX_STATE = 512;

/** Whether the name of a called tool is one that somebody else than the client has given. */
export function isListed({
  name,
  rulebook,
  catalogue,
}: {
  readonly name?: string;
  readonly rulebook?: Rulebook;
  readonly catalogue?: Catalogue;
}): boolean {
  if (name === undefined || catalogue === undefined) return false;
  return rulebook?.names(name) === true || catalogue.known?.tools.has(name) === true;
}

/** What is written as a trace context is handed on; who reads it says whether it is one. */
export function traceOf(traceparent: unknown, tracestate: unknown): TraceHeaders | undefined {
  if (typeof traceparent !== "string" || !TRACEPARENT.test(traceparent)) return undefined;
  return typeof tracestate === "string" && tracestate.length <= MAX_STATE
    ? { traceparent, tracestate }
    : { traceparent };
}

/** W3C Trace Context, § traceparent: of version 00, and what later ones begin with. */
const TRACEPARENT =
  /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:-[\x21-\x7e]{0,256})?$/;
