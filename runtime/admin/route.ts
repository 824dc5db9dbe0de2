import type { OutgoingHttpHeaders } from "node:http";
import type { Json } from "../../policy/index.ts";
import type { MaybePromise } from "../state/store.ts";
import type { AdminSession } from "./sessions.ts";

/**
 * Who may ask: `anybody` gets what is the same for all, `session` is a page that somebody has signed in with, `metrics`
 * is a machine with the token for that, or such a page.
 */
export type Right = "anybody" | "session" | "metrics";

/** One thing that can be asked of the admin address. */
export interface AdminRoute {
  readonly method: "GET" | "POST";
  /** Exact. */
  readonly path: string;
  /** The same for all methods of a path. */
  readonly right: Right;
  /** Where it throws or rejects, the answer is 500, or 503 when it is the state that cannot be reached. */
  readonly answer: (asked: Asked) => MaybePromise<AdminAnswer>;
}

/** A request that was let in. */
export interface Asked {
  readonly query: URLSearchParams;
  /** Of a POST, the JSON object that it carries; empty of a GET. */
  readonly body: { readonly [member: string]: Json };
  /** Who asks; absent for a machine, and for anybody. */
  readonly session?: AdminSession;
  /** What the browser proves its session with. */
  readonly cookie?: string;
}

export interface AdminAnswer {
  readonly status: number;
  /** A media type. */
  readonly type: string;
  readonly body: string | Uint8Array;
  readonly headers?: OutgoingHttpHeaders;
}

export function jsonAnswer(
  status: number,
  value: unknown,
  headers: OutgoingHttpHeaders = {},
): AdminAnswer {
  return { status, type: "application/json", body: JSON.stringify(value), headers };
}

/** `message`: a sentence for whoever reads the page. */
export function refusal(
  status: number,
  message: string,
  headers: OutgoingHttpHeaders = {},
): AdminAnswer {
  return jsonAnswer(status, { error: message }, headers);
}
