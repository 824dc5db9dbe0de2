import { randomUUID } from "node:crypto";
import type { Json } from "../../policy/index.ts";
import { Asker } from "../approvals/ask.ts";
import { Questions } from "../approvals/questions.ts";
import type { Context } from "../engine/types.ts";
import type { MaybePromise } from "../state/store.ts";
import {
  type Admitted,
  editable,
  type Id,
  INVALID_PARAMS,
  type JsonObject,
  type Message,
  type Refused,
} from "./admit.ts";
import { readCall } from "./call.ts";
import type { Catalogue } from "./catalogue.ts";
import { type Denial, deniedCall, deniedRequest, newDecisionId, unknownTool } from "./denials.ts";
import { modernMeta } from "./era.ts";
import type { Governance } from "./governance.ts";
import { type Bench, type Forbidden, judgeCall, type Verdict } from "./judge.ts";
import { governedKind, judgeOther, notFound, type Reached } from "./kinds.ts";
import { type Round, takesRounds } from "./rounds.ts";
import type { Rulebook } from "./rulebook.ts";
import { openTasks } from "./tasks.ts";

/** Before whom requests are heard: the policy, and what is known of the server and the client. */
export interface Court {
  readonly governance: Governance;
  readonly catalogue: Catalogue;
  /** The scope value of counters `per session`; absent counts as the grant. */
  readonly session?: string | undefined;
  /** What a legacy client called itself in its handshake. */
  readonly client?: Context["client"];
}

/** One request that was admitted, and the ruling on it. */
export interface Hearing {
  readonly ok: true;
  readonly id: Id;
  readonly method: string;
  /** Tool, resource or prompt. */
  readonly name?: string;
  readonly params: JsonObject | undefined;
  /** Whatever is ruled, it is done. */
  readonly shadow: boolean;
  /** What it is ruled by. */
  readonly rulebook: Rulebook;
  /** Of a call, what is known of the server's tools. */
  readonly catalogue?: Catalogue;
  readonly session?: string;
  readonly client?: Context["client"];
  /** The clock reading that a call was last judged by. */
  readonly now?: number;
  /** By `performance.now()`. */
  readonly began: number;
  /** The request is of revision 2026-07-28 or later. */
  readonly modern: boolean;
  readonly verdict: MaybePromise<Verdict>;
  /** The verdict on a call that was held, under what is in force now. */
  readonly judgeAgain: () => MaybePromise<Verdict>;
  /** Present when the answer may ask for a further round that we have to know again. */
  readonly round?: Pick<Round, "call" | "number">;
  /** The answer to a request that was forbidden. */
  readonly forbid: (ruling: Forbidden, denial: Denial) => string;
}

/**
 * Hears one request: what must be unmistakable in it is, and the policy rules on it. A `requestState` and task ids of
 * ours are replaced in `admitted` by the server's own. Never throws.
 */
export function hear(
  message: Extract<Message, { kind: "request" }>,
  admitted: Admitted,
  court: Court,
): Hearing | Refused {
  const began = performance.now();
  const { id, method, params } = message;
  const { governance } = court;
  const rulebook = governance.rulebook();
  const unknown = openTasks(admitted, governance);
  if (unknown !== undefined) return unknown;
  const era = modernMeta(params);
  const modern = era !== undefined;
  const call = method === "tools/call" ? readCall(message, admitted, rulebook) : undefined;
  if (call?.ok === false) return call;
  const continued = call !== undefined || governedKind(method, rulebook);
  const further = continued ? unwrapState(message, admitted, court) : undefined;
  if (further?.ok === false) return further;
  const round = continued && modern && takesRounds(method) ? newRound(further) : undefined;

  if (call === undefined) {
    const { ruling, reached } = judgeOther(method, params, rulebook);
    const forbid = forbidOther(id, reached, modern);
    const { shadow } = rulebook;
    const hearing: Draft<Hearing> = {
      ok: true,
      id,
      method,
      params,
      shadow,
      rulebook,
      began,
      modern,
      verdict: ruling,
      judgeAgain: () => ruling,
      forbid,
    };
    if (court.session !== undefined) hearing.session = court.session;
    if (reached?.name !== undefined) hearing.name = reached.name;
    if (round !== undefined) hearing.round = round;
    return hearing;
  }
  const { tool, args } = call;
  const bench: Draft<Bench> = {
    rulebook,
    store: governance.store,
    catalogue: court.catalogue,
    who: whoCalls(court, era?.client ?? court.client),
    now: governance.now(),
    freezes: governance.freezes,
    stateFail: governance.stateFail,
  };
  if (further !== undefined) bench.continues = () => governance.rounds.claim(further.round);
  if (governance.approvals !== undefined) bench.asker = askerOf(message, admitted, governance);
  const hearing: Draft<Hearing> = {
    ok: true,
    id,
    method,
    name: tool,
    params,
    shadow: rulebook.shadow,
    rulebook,
    catalogue: court.catalogue,
    began,
    modern,
    now: bench.now,
    verdict: judgeCall(tool, args, bench),
    judgeAgain: () => {
      bench.rulebook = governance.rulebook();
      bench.now = governance.now();
      hearing.now = bench.now;
      bench.who = whoCalls(court, era?.client ?? court.client);
      const { rulebook } = bench;
      const again = readCall(message, admitted, rulebook);
      if (again.ok) return judgeCall(tool, args, bench);
      return { outcome: "deny", rule: "(refused)", message: again.message };
    },
    forbid: ({ outcome }, denial) => {
      if (outcome === "hide") return unknownTool(id, tool);
      // The answer to a call that asks for a task is no tool result.
      return params?.task === undefined || modern
        ? deniedCall(id, denial, modern)
        : deniedRequest(id, denial);
    },
  };
  if (court.session !== undefined) hearing.session = court.session;
  if (bench.who.client !== undefined) hearing.client = bench.who.client;
  if (round !== undefined) hearing.round = round;
  return hearing;
}

/** What is built field by field: on the way of every call, spreading costs more than deciding. */
type Draft<T> = { -readonly [key in keyof T]: T[key] };

/** Made when it is first needed: most calls need no approval. */
function askerOf(
  { params }: Extract<Message, { kind: "request" }>,
  { numbers }: Admitted,
  { approvals, store }: Governance,
): Bench["asker"] {
  if (approvals === undefined) return undefined;
  let asker: Asker | undefined;
  return () => {
    const questions = new Questions(store.approvals, newDecisionId, approvals.told);
    asker ??= new Asker(approvals, questions, { numbers, task: params?.task });
    return asker;
  };
}

function whoCalls(
  { governance: { grant, server }, session }: Court,
  client: Context["client"],
): Bench["who"] {
  const who: Draft<Bench["who"]> = { grant, server };
  if (session !== undefined) who.session = session;
  if (client !== undefined) who.client = client;
  return who;
}

/** The round that a request continues; refused when its state is none of ours. */
function unwrapState(
  { id, method, params }: Extract<Message, { kind: "request" }>,
  admitted: Admitted,
  { governance }: Court,
): { readonly ok: true; readonly round: Round } | Refused | undefined {
  const given = params?.requestState;
  if (params === undefined || given === undefined) return undefined;
  const round =
    typeof given === "string" && takesRounds(method)
      ? governance.rounds.open(method, params, given)
      : undefined;
  if (round === undefined) {
    return {
      ok: false,
      id,
      code: INVALID_PARAMS,
      message:
        "The `requestState` is not one that this request was answered with, or it has expired; send the request without it.",
    };
  }
  // In place, because the texts of its numbers are known by the objects that hold them.
  const held = editable(admitted).params as { [key: string]: Json };
  if (round.state === undefined) delete held.requestState;
  else held.requestState = round.state;
  return { ok: true, round };
}

function newRound(further: { readonly round: Round } | undefined): Pick<Round, "call" | "number"> {
  return further === undefined
    ? { call: randomUUID(), number: 0 }
    : { call: further.round.call, number: further.round.number };
}

function forbidOther(id: Id, reached: Reached | undefined, modern: boolean): Hearing["forbid"] {
  return ({ outcome }, denial) =>
    outcome === "hide" && reached !== undefined
      ? notFound(id, reached, modern)
      : deniedRequest(id, denial);
}
