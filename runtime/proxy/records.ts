import type { Context } from "../engine/types.ts";
import type { Approval, MaybePromise } from "../state/store.ts";
import type { JsonObject, Refused } from "./admit.ts";
import { isObject } from "./admit.ts";
import type { Catalogue } from "./catalogue.ts";
import { newDecisionId } from "./denials.ts";
import type { DecisionRecord, Governance } from "./governance.ts";
import type { Forbidden, Ruling } from "./judge.ts";
import { andThen, attempt } from "./maybe.ts";
import { isListed } from "./observe.ts";
import type { Rulebook } from "./rulebook.ts";

/** What a decision is about. */
export interface Subject {
  readonly method: string;
  /** Tool, resource or prompt. */
  readonly name?: string;
  readonly params?: JsonObject | undefined;
  readonly rulebook?: Rulebook;
  readonly catalogue?: Catalogue;
  readonly session?: string;
  readonly client?: Context["client"];
  /** The clock reading that a call was judged by. */
  readonly now?: number;
  /** When it was begun to be judged, by `performance.now()`. */
  readonly began?: number;
}

/** A ruling that is on record, and is to be followed. */
export interface Recorded {
  /** What an answer names. */
  readonly id: string;
  readonly ruling: Ruling;
  /** False when what it forbids is done nevertheless. */
  readonly enforced: boolean;
}

/**
 * Records a ruling; what cannot be recorded is denied, and what it has charged is given back. Never throws, nor rejects.
 *
 * @param enforced False when what it forbids is only recorded.
 */
export function recordRuling(
  governance: Governance,
  subject: Subject,
  ruling: Ruling,
  enforced: boolean,
): MaybePromise<Recorded> {
  const id = newDecisionId();
  return attempt(
    () =>
      andThen(write(governance, subject, ruling, enforced, id), () => ({ id, ruling, enforced })),
    (error) => {
      // It reaches nobody anyway.
      if (ruling.outcome !== "allow" && enforced) return { id, ruling, enforced };
      giveBack(governance, ruling);
      const denied = unavailable(error);
      const { outcome, rule, message } = denied;
      const draft = { id, at: governance.now(), outcome, enforced: true, rule, message };
      governance.observer?.decided(about(governance, subject, draft));
      return { id, ruling: denied, enforced: true };
    },
  );
}

/** Records that something was forbidden, which it is whether that can be recorded or not; gives the id. */
export function recordDenial(
  governance: Governance,
  subject: Subject,
  ruling: Forbidden,
  enforced = true,
): string {
  const id = newDecisionId();
  aside(() => write(governance, subject, ruling, enforced, id));
  return id;
}

/** Records what was refused before any policy was asked. */
export function recordRefusal(governance: Governance, { message }: Pick<Refused, "message">): void {
  aside(() =>
    keep(governance, {
      id: newDecisionId(),
      at: governance.now(),
      outcome: "refuse",
      enforced: true,
      rule: "(refused)",
      message,
    }),
  );
}

function write(
  governance: Governance,
  subject: Subject,
  ruling: Ruling,
  enforced: boolean,
  id: string,
): MaybePromise<void> {
  const at = subject.now ?? governance.now();
  if (ruling.outcome !== "allow") {
    const { rule, message, source, detail, approval } = ruling;
    const outcome = ruling.pending === true ? "pending" : ruling.outcome;
    const record = about(governance, subject, { id, at, outcome, enforced, rule, message });
    if (source !== undefined) record.source = source;
    if (approval !== undefined) record.approval = approval;
    if (detail !== undefined) record.detail = detail;
    return keep(governance, record);
  }
  const allowed = { id, at, outcome: "allow", enforced: true, rule: "", message: "" } as const;
  const record: Draft = about(governance, subject, allowed);
  const [first] = ruling.approved ?? [];
  if (ruling.approved !== undefined && first !== undefined) {
    record.detail = ruling.approved.map(approvedBy).join(" ");
    record.approval = first.id;
  }
  if (ruling.continued === true) record.continued = true;
  if (ruling.unchecked === true) {
    record.unchecked = true;
    governance.notice("The state cannot be reached: calls are made without their limits.");
  }
  let written = keep(governance, record);
  for (const { rule, message, source } of ruling.findings) {
    const { method, name } = subject;
    const only = name === undefined ? { method } : { method, name };
    const found = about(governance, only, {
      id,
      at,
      outcome: "deny",
      enforced: false,
      rule,
      message,
    });
    if (source !== undefined) found.source = source;
    if (record.listed === true) found.listed = true;
    // Begun in their order; waited for together.
    const next = keep(governance, found);
    if (next instanceof Promise) written = Promise.all([written, next]).then(() => {});
  }
  return written;
}

function approvedBy({ id, decidedBy = "a person", reason }: Approval): string {
  return `Approved by ${decidedBy} (${id})${reason === undefined ? "." : `: ${reason}`}`;
}

type Draft = { -readonly [key in keyof DecisionRecord]: DecisionRecord[key] };

// Filled in place: this is on the way of every call, and spreading costs more than the rest of it.
function about({ observer }: Governance, subject: Subject, draft: Draft): Draft {
  const { method, name, params, rulebook, session, client, began } = subject;
  draft.method = method;
  if (name !== undefined) draft.name = name;
  if (rulebook !== undefined) draft.rulebook = rulebook;
  if (session !== undefined) draft.session = session;
  if (client !== undefined) draft.client = client;
  if (began !== undefined) draft.took = performance.now() - began;
  const args = params?.arguments;
  if (isObject(args)) draft.args = args;
  if (observer !== undefined) draft.listed = isListed(subject);
  return draft;
}

function keep(governance: Governance, record: DecisionRecord): MaybePromise<void> {
  const { observer } = governance;
  if (observer === undefined) return governance.record(record);
  const { outcome, enforced } = record;
  if (outcome === "allow" || !enforced) {
    return andThen(governance.record(record), () => observer.decided(record));
  }
  // It is forbidden whether that can be recorded or not.
  observer.decided(record);
  return governance.record(record);
}

function unavailable(error: unknown): Forbidden {
  return {
    outcome: "deny",
    rule: "(audit unavailable)",
    message: "The audit trail cannot be written at the moment, and nothing is done without it.",
    detail: error instanceof Error ? error.message : String(error),
  };
}

/** Nothing of it was sent. */
function giveBack({ store, notice }: Governance, ruling: Ruling): void {
  const { reservation } = ruling.outcome === "allow" ? ruling : {};
  if (reservation === undefined) return;
  const failed = (error: unknown): void =>
    notice(
      `A counter could not be settled: ${error instanceof Error ? error.message : String(error)}`,
    );
  void attempt(() => store.refund(reservation, "all"), failed);
}

/** Nothing depends on whether it is kept; whoever keeps records says by itself that it cannot. */
function aside(keep: () => MaybePromise<void>): void {
  void attempt(keep, () => {});
}
