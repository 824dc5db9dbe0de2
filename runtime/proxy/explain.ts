import { MICRO } from "../../policy/index.ts";
import { denyLimit } from "../engine/limit-denial.ts";
import type { Context, ExplainStep, Explanation, LimitCharge } from "../engine/types.ts";
import type { StateStore } from "../state/store.ts";
import { windowEnd } from "../state/windows.ts";
import type { ToolCall } from "./call.ts";
import { type Snapshot, snapshotOf } from "./catalogue.ts";
import type { Rulebook } from "./rulebook.ts";

/**
 * What the proxy would do with a call, and why: the same steps by the same functions, but nothing is charged
 * and nothing is asked of a server.
 */
export interface ExplainedCall extends Explanation {
  /** Of every limit that the call charges, in the order of evaluation. */
  readonly limits: readonly LimitState[];
  /** Of a limit without room: milliseconds until the call would fit. */
  readonly retryAfterMs?: number;
}

/** Where a counter stands. Sums are in the unit of the argument that is added up. */
export interface LimitState {
  readonly counter: string;
  readonly rule: string;
  readonly source?: string;
  /** What the call charges. */
  readonly amount: number;
  readonly max: number;
  /** Before the call. */
  readonly used: number;
  /** What it allows, for people: `10 per minute`. */
  readonly allows: string;
  /**
   * When nothing will be left of what is used, in milliseconds since 1970; absent for slots of running calls,
   * and for a sliding limit of which nothing is used.
   */
  readonly resetsAt?: number;
}

export interface ExplainOptions {
  readonly rulebook: Rulebook;
  /** Looked at, never written. */
  readonly store: StateStore;
  /** All of the context but what the live tools say. */
  readonly context: Omit<Context, "live">;
  /** The server's tools; absent when they are not known. */
  readonly tools?: Snapshot;
}

/** The live tools as a saved tool list has them. */
export function toolsOf(list: Parameters<typeof snapshotOf>[0]): Snapshot {
  return snapshotOf(list, 0);
}

/** Explains one call. Rejects with `StateUnavailable` when the store cannot answer. */
export async function explainCall(
  { tool, args }: Pick<ToolCall, "tool" | "args">,
  { rulebook, store, context, tools }: ExplainOptions,
): Promise<ExplainedCall> {
  if (rulebook.isConfusable(tool, tools)) {
    const why = `The policy or the server has another name that \`${tool}\` could be taken for.`;
    return unknown("(confusable name)", "name", why, tool);
  }
  if (tools?.tools.has(tool) === false) {
    return unknown(
      "(unknown tool)",
      "listed by the server",
      "The tool list has no such tool.",
      tool,
    );
  }
  const live = tools?.tools.get(tool);
  const explanation = rulebook.engine.explain(
    { tool, args },
    live === undefined ? context : { ...context, live },
  );
  const { charges, shadowCharges } = explanation;
  const limits: LimitState[] = [];
  for (const charge of charges) limits.push(await stateOfCounter(charge, store, context.now));
  const judged = await withRoom({ ...explanation, limits }, store, context.now);
  return withShadows(judged, shadowCharges, store, context.now);
}

/** Limits have the last word: the first without room denies. */
async function withRoom(
  explained: ExplainedCall,
  store: StateStore,
  now: number,
): Promise<ExplainedCall> {
  const { charges, steps, outcome } = explained;
  if (charges.length === 0 || (outcome !== "allow" && outcome !== "ask")) return explained;
  const room = await store.peek(charges, now);
  const full = room.ok ? undefined : charges[room.index];
  if (room.ok || full === undefined) return explained;
  const { ask: _ask, source: _source, ...rest } = explained;
  const denial = denyLimit(full, room);
  const refuse = (step: ExplainStep): ExplainStep =>
    step.check === full.rule ? { ...step, result: "deny", message: denial.message } : step;
  return { ...rest, ...denial, steps: steps.map(refuse) };
}

/** Shadow limits without room are findings, each by itself. */
async function withShadows(
  explained: ExplainedCall,
  charges: readonly LimitCharge[],
  store: StateStore,
  now: number,
): Promise<ExplainedCall> {
  const shadow = [...explained.shadow];
  for (const charge of charges) {
    const room = await store.peek([charge], now);
    if (!room.ok) shadow.push(denyLimit(charge, room));
  }
  return shadow.length === explained.shadow.length ? explained : { ...explained, shadow };
}

/**
 * Where a counter stands, told by whether the whole of it would fit: it would only if nothing is used, and the
 * wait for that is when nothing is left.
 */
export async function stateOfCounter(
  charge: LimitCharge,
  store: StateStore,
  now: number,
): Promise<LimitState> {
  const room = await store.peek([{ ...charge, amount: charge.max }], now);
  const unit = charge.sum === true ? MICRO : 1;
  const resetsAt =
    charge.window.kind === "calendar"
      ? windowEnd(charge.window.unit, now)
      : room.ok || room.retryAfterMs === undefined
        ? undefined
        : now + Math.ceil(room.retryAfterMs);
  return {
    counter: charge.counter,
    rule: charge.rule,
    ...(charge.source !== undefined && { source: charge.source }),
    amount: charge.amount / unit,
    max: charge.max / unit,
    used: room.ok ? 0 : room.used / unit,
    allows: charge.allows,
    ...(resetsAt !== undefined && { resetsAt }),
  };
}

/** What is answered as a tool that does not exist, before the policy is asked. */
function unknown(rule: string, check: string, why: string, tool: string): ExplainedCall {
  return {
    outcome: "hide",
    rule,
    message: `Unknown tool: ${tool}`,
    charges: [],
    shadow: [],
    shadowCharges: [],
    steps: [{ check, result: "hide", message: why }],
    limits: [],
  };
}
