import { randomFillSync } from "node:crypto";
import type { Id } from "./admit.ts";

/**
 * What the proxy itself answers. A denied tool call is a result, because that is what models get to read;
 * everything else is a JSON-RPC error.
 */

/** Of denials that are errors: outside the range that JSON-RPC and MCP reserve. */
export const DENIED = 403;
/** Too much at once. */
export const TOO_MANY = 429;
/** Names that are hidden or not there. */
export const UNKNOWN_NAME = -32602;

/** JSON-RPC 2.0, § 5.1. */
export const METHOD_NOT_FOUND = -32601;

/** MCP 2025-11-25: the resource is not there. Modern revisions answer -32602. */
export const RESOURCE_NOT_FOUND = -32002;

const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/** Random bytes for ids, drawn many at a time. */
const pool = new Uint32Array(1_024);
let used = pool.length;

/** The short id of a decision, five characters of Crockford's base 32: what a person types after `mcpp why`. */
export function newDecisionId(): string {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  let bits = pool[used++] as number;
  let id = "";
  for (let i = 0; i < 5; i++, bits >>>= 5) id += ALPHABET[bits & 31];
  return id;
}

export interface Denial {
  readonly id: string;
  readonly rule: string;
  /** A sentence for the model. */
  readonly message: string;
  readonly retryAfterMs?: number;
  /** The id of the question to a person that it comes from. */
  readonly approval?: string;
  /** The question is open. */
  readonly pending?: true;
}

export function denialText({ id, message, approval, pending }: Denial): string {
  return pending === true
    ? `[APPROVAL PENDING] ${message} (${approval})`
    : `[POLICY DENIED] ${message} (${id})`;
}

/** The result of a denied `tools/call`. `modern`: the request was of revision 2026-07-28 or later. */
export function deniedCall(id: Id, denial: Denial, modern: boolean): string {
  return JSON.stringify({
    jsonrpc: "2.0",
    id,
    result: {
      content: [{ type: "text", text: denialText(denial) }],
      isError: true,
      ...(modern ? { resultType: "complete" } : {}),
      _meta: { "dev.mcpp/decision": decisionOf(denial) },
    },
  });
}

/** The error of any other denied request. */
export function deniedRequest(id: Id, denial: Denial): string {
  const code = denial.retryAfterMs === undefined ? DENIED : TOO_MANY;
  return errorMessage(id, code, denialText(denial), { "dev.mcpp/decision": decisionOf(denial) });
}

/** The one answer for tools that are hidden, changed or not there. */
export function unknownTool(id: Id, tool: string): string {
  return errorMessage(id, UNKNOWN_NAME, `Unknown tool: ${tool}`);
}

export function errorMessage(id: Id | null, code: number, message: string, data?: object): string {
  return JSON.stringify({
    jsonrpc: "2.0",
    id,
    error: { code, message, ...(data === undefined ? {} : { data }) },
  });
}

function decisionOf(denial: Denial): object {
  return {
    id: denial.id,
    outcome: denial.pending === true ? "pending" : "deny",
    rule: denial.rule,
    ...(denial.approval === undefined ? {} : { approval: denial.approval }),
    ...(denial.retryAfterMs === undefined ? {} : { retry_after_ms: denial.retryAfterMs }),
  };
}
