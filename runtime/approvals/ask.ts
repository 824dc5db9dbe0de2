import type { Json } from "../../policy/index.ts";
import type { Decision } from "../engine/types.ts";
import type { JsonObject } from "../proxy/admit.ts";
import { type Bench, type Forbidden, usedUp, type Verdict } from "../proxy/judge.ts";
import type { Rulebook } from "../proxy/rulebook.ts";
import type { NumberTexts } from "../proxy/scan.ts";
import { write } from "../proxy/write.ts";
import type { Approval, MaybePromise } from "../state/store.ts";
import type { Approvals } from "./approvals.ts";
import { digestOfCall } from "./digest.ts";
import type { Questions } from "./questions.ts";

/** A person is asked about a call: it may be held until there is an answer. */
export interface Asking {
  readonly outcome: "ask";
  readonly approval: Approval;
  /** The answer to a call that is held no longer. */
  readonly pending: Forbidden;
  /** Under which it was judged. */
  readonly rulebook: Rulebook;
}

/** What of a call only its message says. */
export interface AskedMessage {
  readonly numbers: NumberTexts;
  readonly task: Json | undefined;
}

/** Asks persons about one call. */
export class Asker {
  readonly #approvals: Approvals;
  readonly #questions: Questions;
  readonly #message: AskedMessage;

  constructor(approvals: Approvals, questions: Questions, message: AskedMessage) {
    this.#approvals = approvals;
    this.#questions = questions;
    this.#message = message;
  }

  /** Puts the question of a decision; `approved`: what follows once it is answered with yes. */
  ask(
    decision: Decision,
    { tool, args }: { readonly tool: string; readonly args: JsonObject },
    { rulebook, who: { grant, server }, now }: Bench,
    approved: (approval: Approval) => MaybePromise<Verdict>,
  ): MaybePromise<Verdict> {
    const { ask, rule, source, message } = decision;
    if (ask === undefined) throw new Error("A decision that asks says whom.");
    const { numbers, task } = this.#message;
    const digest = digestOfCall({ server, tool, args, task, numbers });
    if (digest === undefined) return unreadable(decision);
    const pin = rulebook.pin(tool);
    const question = {
      grant: grant.id,
      grantName: grant.name,
      server,
      tool,
      digest,
      entries: ask.names,
      ...(ask.approvers === undefined ? {} : { approvers: ask.approvers }),
      ...(pin === undefined ? {} : { pin }),
      ...(this.#approvals.local ? { local: true } : {}),
      rule,
      ...(source === undefined ? {} : { source }),
      message,
      arguments: write(args, numbers),
      askedAt: now,
      expiresAt: now + ask.timeoutSeconds * 1_000,
    };
    return this.#questions.put(question).then((put): MaybePromise<Verdict> => {
      if (put === "too many") return tooMany(decision);
      if (put === "gone") return unanswered(decision);
      switch (put.state) {
        case "approved":
          return approved(put);
        case "pending":
          return { outcome: "ask", approval: put, pending: pending(decision, put), rulebook };
        case "denied":
          return refused(decision, put);
        case "expired":
          return unanswered(decision, put);
        case "spent":
          return usedUp(put);
      }
    });
  }
}

function deny(
  { rule, source }: Pick<Decision, "rule" | "source">,
  message: string,
  approval?: Approval,
): Forbidden {
  return {
    outcome: "deny",
    rule,
    message,
    ...(source === undefined ? {} : { source }),
    ...(approval === undefined ? {} : { approval: approval.id }),
  };
}

function pending(decision: Decision, approval: Approval): Forbidden {
  const message = `${decision.message} It was not made; retry when approved`;
  return { ...deny(decision, message.trim(), approval), pending: true };
}

function refused(decision: Decision, approval: Approval): Forbidden {
  const { decidedBy = "A person", reason, expiresAt } = approval;
  const said = reason === undefined || reason === "" ? "" : `: ${reason}`;
  const until = new Date(expiresAt).toISOString().slice(11, 16);
  const text = `${decidedBy} has refused this call${said}`;
  const stop = /[.!?]$/.test(text) ? "" : ".";
  return deny(decision, `${text}${stop} The same call is refused until ${until} UTC.`, approval);
}

function unanswered(decision: Decision, approval?: Approval): Forbidden {
  const message = `${decision.message} Nobody has answered in time; call again to ask again.`;
  return deny(decision, message.trim(), approval);
}

function tooMany({ source }: Decision): Forbidden {
  return deny(
    { rule: "(too many pending)", ...(source === undefined ? {} : { source }) },
    "Too many calls wait for an approval already; call again when some of them are decided.",
  );
}

function unreadable(decision: Decision): Forbidden {
  return deny(
    decision,
    `${decision.message} Nobody can be asked, because receivers read these arguments differently: write numbers with at most 17 digits, and text in well-formed Unicode.`.trim(),
  );
}
