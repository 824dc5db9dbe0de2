import { randomUUID } from "node:crypto";
import { changedMembers } from "../../policy/index.ts";
import type { Asker, Asking } from "../approvals/ask.ts";
import type { Freezes } from "../approvals/freezes.ts";
import { denyLimit } from "../engine/limit-denial.ts";
import type { Context, Decision, LimitCharge, LiveTool } from "../engine/types.ts";
import type { Approval, MaybePromise, ReserveResult, StateStore } from "../state/store.ts";
import type { JsonObject } from "./admit.ts";
import type { Catalogue, Snapshot } from "./catalogue.ts";
import { andThen, attempt } from "./maybe.ts";
import type { Rulebook } from "./rulebook.ts";

/** What a decision depends on besides the call. */
export interface Bench {
  readonly rulebook: Rulebook;
  readonly store: StateStore;
  readonly catalogue: Catalogue;
  /** All of the context but the clock and what belongs to the call. */
  readonly who: Omit<Context, "now" | "live" | "approved">;
  /** Milliseconds since 1970, UTC. */
  readonly now: number;
  /**
   * Of a request that continues one which was charged and approved: true for the first that continues it so.
   */
  readonly continues?: () => MaybePromise<boolean>;
  /** Asks a person about this call; absent: nobody can be asked. */
  readonly asker?: (() => Pick<Asker, "ask">) | undefined;
  readonly freezes?: Freezes | undefined;
  /** Calls whose limits cannot be checked are made; absent: they are denied. */
  readonly stateFail?: "open" | undefined;
}

/** What is ruled on a call, or that a person is asked about it first. */
export type Verdict = Ruling | Asking;

export type Ruling =
  | {
      readonly outcome: "allow";
      /** What was charged, to be settled when the answer comes. */
      readonly reservation?: string;
      /** It holds concurrency slots. */
      readonly leased?: boolean;
      /** What shadow rules would have done. */
      readonly findings: readonly Finding[];
      /** The approvals that were spent on it. */
      readonly approved?: readonly Approval[];
      /** It was charged and approved in a round before. */
      readonly continued?: true;
      /** Its limits could not be checked, and it is made all the same, as was asked for. */
      readonly unchecked?: true;
    }
  | Forbidden;

/** `hide`: answered as if there were no such tool, resource or prompt. */
export interface Forbidden extends Finding {
  readonly outcome: "deny" | "hide";
  readonly retryAfterMs?: number;
  /** The id of the question to a person that it comes from. */
  readonly approval?: string;
  /** The question is open: the call may be made again. */
  readonly pending?: true;
  /** Forbidden even where the policy only looks on. */
  readonly always?: true;
  /** For the log only. */
  readonly detail?: string;
}

/** Whether a request is kept from its server. `shadow`: what the policy forbids is done all the same. */
export function isForbidden(ruling: Ruling, shadow: boolean): ruling is Forbidden {
  return ruling.outcome !== "allow" && (!shadow || ruling.always === true);
}

export interface Finding {
  /** A JSON pointer into the policy, or a name in parentheses. */
  readonly rule: string;
  /** A sentence for the model. */
  readonly message: string;
  readonly source?: string;
}

/**
 * Rules on one `tools/call`: all steps of the evaluation of a call (policy format, § Evaluation of one call),
 * the reservation included. Never throws: what cannot be decided is denied.
 */
export function judgeCall(tool: string, args: JsonObject, bench: Bench): MaybePromise<Verdict> {
  return attempt<Verdict>(() => {
    const { catalogue, rulebook } = bench;
    return andThen(frozen(tool, bench), (stopped): MaybePromise<Verdict> => {
      if (stopped !== undefined) return stopped;
      const consults = rulebook.needsCatalogue || catalogue.known !== undefined;
      return andThen(consults ? catalogue.currentWith(tool) : undefined, (snapshot) =>
        andThen(bench.continues?.() ?? false, (charged) =>
          decide(tool, args, snapshot, bench, charged ? CHARGED : NOT_ASKED),
        ),
      );
    });
  }, failed);
}

/** What persons have said on a call: all that is to be said, or these approvals, which are to be spent. */
type Answers = "charged" | readonly Approval[];
const CHARGED: Answers = "charged";
const NOT_ASKED: readonly Approval[] = [];

/** The denial of a call that somebody has stopped by hand, for a while. */
function frozen(tool: string, bench: Bench): MaybePromise<Forbidden | undefined> {
  const { freezes, rulebook, now, who } = bench;
  if (freezes === undefined) return undefined;
  const { server, grant } = who;
  const subject = { server, grant, tool };
  const found = attempt(
    () => freezes.find(subject, now),
    (error) => {
      if (!passes(error, bench)) throw error;
      // What was frozen when that could last be read still is, until its time.
      return freezes.lastKnown(subject, now);
    },
  );
  return andThen(found, (freeze) => {
    if (freeze === undefined) return undefined;
    // What is hidden stays so.
    if (!rulebook.shadow && !rulebook.engine.visible(tool)) return unknown("(hidden)", tool);
    const until = new Date(freeze.until).toISOString().slice(0, 16).replace("T", " ");
    return {
      outcome: "deny",
      rule: "(frozen)",
      message: `Calls are stopped until ${until} UTC: ${sentence(freeze.because)}`,
      always: true,
      detail: `By ${freeze.by}.`,
    };
  });
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

/** A ruling for what went wrong in deciding. The reason is for the operator, not for the model. */
export function failed(error: unknown): Forbidden {
  if (error instanceof Error && error.name === "StateUnavailable") {
    return {
      outcome: "deny",
      rule: "(state unavailable)",
      message: "The limits of this policy cannot be checked at the moment; try again later.",
      detail: error.message,
    };
  }
  return {
    outcome: "deny",
    rule: "(internal error)",
    message: "The policy could not be applied to this call.",
    detail: error instanceof Error ? (error.stack ?? error.message) : String(error),
  };
}

function decide(
  tool: string,
  args: JsonObject,
  snapshot: Snapshot | undefined,
  bench: Bench,
  answers: Answers,
): MaybePromise<Verdict> {
  const { rulebook } = bench;
  if (rulebook.isConfusable(tool, snapshot)) return unknown("(confusable name)", tool);
  const absent = snapshot?.tools.has(tool) === false;
  if (absent && rulebook.opens.unlisted !== true) return unknown("(unknown tool)", tool);
  const live: LiveTool | undefined = rulebook.needsCatalogue
    ? (snapshot?.tools.get(tool) ?? { state: absent ? "absent" : "unavailable" })
    : undefined;
  const { grant, server, session, client, clockReliable } = bench.who;
  const context: { -readonly [key in keyof Context]: Context[key] } = {
    grant,
    server,
    now: bench.now,
  };
  if (session !== undefined) context.session = session;
  if (client !== undefined) context.client = client;
  if (clockReliable !== undefined) context.clockReliable = clockReliable;
  if (live !== undefined) context.live = live;
  if (answers === "charged") context.approved = true;
  else if (answers.length > 0) context.approved = answers.flatMap(({ entries }) => entries);
  const decision = rulebook.engine.decide({ tool, args }, context);
  if (decision.outcome === "deny" || decision.outcome === "hide") {
    const detail = changeOf(tool, decision.rule, live, bench);
    const ruling = forbidden(decision.outcome, decision);
    return detail === undefined ? ruling : { ...ruling, detail };
  }
  // The engine asks for the live definition only where a pin does; hidden and look-alike names need it too.
  if (live?.state === "unavailable") {
    return {
      outcome: "deny",
      rule: "(catalogue unavailable)",
      message: "The server's tool list cannot be read at the moment, and the policy needs it.",
    };
  }
  if (answers === "charged") {
    return andThen(charge(whileRunning(decision), bench, NOT_ASKED), (ruling) =>
      ruling.outcome === "allow" ? { ...ruling, continued: true } : ruling,
    );
  }
  const given = answers;
  if (decision.outcome !== "ask") return charge(decision, bench, given);
  return ask(decision, { tool, args }, bench, (approval) =>
    decide(tool, args, snapshot, bench, [...given, approval]),
  );
}

/** Of a call that was charged before, only what it holds while it runs is left to take. */
function whileRunning(decision: Decision): Decision {
  const running = ({ window }: LimitCharge): boolean => window.kind === "concurrent";
  return {
    ...decision,
    charges: decision.charges.filter(running),
    shadowCharges: decision.shadowCharges.filter(running),
  };
}

/** What differs from the pinned definition, for the operator. */
function changeOf(
  tool: string,
  rule: string,
  live: LiveTool | undefined,
  { rulebook }: Bench,
): string | undefined {
  if (rule !== "(changed tool)" || live === undefined) return undefined;
  if (live.state === "ambiguous") return `\`${tool}\` is listed more than once, differently.`;
  const pinned = rulebook.pinned?.get(tool);
  if (live.state !== "listed" || pinned === undefined) return undefined;
  const changed = changedMembers(pinned, live.definition);
  return changed.length === 0
    ? undefined
    : `\`${tool}\` differs from its pin in ${changed.join(", ")}.`;
}

function unknown(rule: string, tool: string): Forbidden {
  return { outcome: "hide", rule, message: `Unknown tool: ${tool}` };
}

function forbidden(outcome: "deny" | "hide", { rule, message, source }: Finding): Forbidden {
  return { outcome, rule, message, ...(source === undefined ? {} : { source }) };
}

/** Nobody is asked to approve what a limit would refuse, or what is done whatever is said. */
function ask(
  decision: Decision,
  call: { readonly tool: string; readonly args: JsonObject },
  bench: Bench,
  approved: (approval: Approval) => MaybePromise<Verdict>,
): MaybePromise<Verdict> {
  const { asker, rulebook, store, now } = bench;
  return andThen(store.peek(decision.charges, now), (room): MaybePromise<Verdict> => {
    if (!room.ok) return full(decision.charges, room);
    if (rulebook.shadow) return forbidden("deny", decision);
    if (asker !== undefined) return asker().ask(decision, call, bench, approved);
    return {
      ...forbidden("deny", decision),
      message: `${decision.message} No way to ask for this approval is set up.`.trim(),
    };
  });
}

/** Reserves what the call owes, and spends its approvals in the same step. */
function charge(
  decision: Decision,
  bench: Bench,
  approved: readonly Approval[],
): MaybePromise<Ruling> {
  return andThen(shadowFindings(decision, bench), (findings): MaybePromise<Ruling> => {
    const { charges } = decision;
    const [first] = approved;
    if (charges.length === 0 && first === undefined) return { outcome: "allow", findings };
    const id = randomUUID();
    const spend = approved.map((approval) => approval.id);
    const request = { id, charges, now: bench.now, ...(first === undefined ? {} : { spend }) };
    const reserved = attempt<ReserveResult | "unchecked">(
      () => bench.store.reserve(request),
      (error) => {
        // Without the state nobody knows whether an approval was used.
        if (first !== undefined || !passes(error, bench)) throw error;
        return neverFits(charges) ?? "unchecked";
      },
    );
    return andThen(reserved, (result): Ruling => {
      if (result === "unchecked") return { outcome: "allow", findings, unchecked: true };
      if (!result.ok) {
        if (result.reason === "approval" && first !== undefined) return usedUp(first);
        return full(charges, result);
      }
      const leased = charges.some(({ window }) => window.kind === "concurrent");
      const ruling = { outcome: "allow", reservation: id, leased, findings } as const;
      return first === undefined ? ruling : { ...ruling, approved };
    });
  });
}

/** Whether a call is made although the state did not answer. */
function passes(error: unknown, { stateFail }: Bench): boolean {
  return stateFail === "open" && error instanceof Error && error.name === "StateUnavailable";
}

/** What is more than a whole window holds is refused whatever was counted. */
function neverFits(charges: readonly LimitCharge[]): ReserveResult | undefined {
  const index = charges.findIndex(({ amount, max }) => amount > max);
  return index === -1 ? undefined : { ok: false, index, reason: "full", used: 0 };
}

/** Of several calls with one approval, one runs. */
export function usedUp({ id, rule = "(approval used)", source }: Approval): Forbidden {
  return {
    outcome: "deny",
    rule,
    message:
      "The approval of this call was used by an identical one; call again to ask for another.",
    approval: id,
    ...(source === undefined ? {} : { source }),
  };
}

/** What shadow rules say, and shadow limits that have no room; they decide nothing. */
function shadowFindings(decision: Decision, bench: Bench): MaybePromise<readonly Finding[]> {
  if (decision.shadowCharges.length === 0) return decision.shadow;
  return attempt(
    () => {
      let findings: MaybePromise<readonly Finding[]> = decision.shadow;
      // Each by itself: a full one must not keep the others from counting.
      for (const limit of decision.shadowCharges) {
        const request = { id: randomUUID(), charges: [limit], now: bench.now };
        findings = andThen(findings, (before) =>
          andThen(bench.store.reserve(request), (result) =>
            result.ok ? before : [...before, full([limit], result)],
          ),
        );
      }
      return findings;
    },
    () => decision.shadow,
  );
}

function full(
  charges: readonly LimitCharge[],
  result: Exclude<ReserveResult, { ok: true }>,
): Forbidden {
  const charge = charges[result.index];
  if (charge === undefined) return failed(new Error(`No charge has the index ${result.index}.`));
  return denyLimit(charge, result);
}
