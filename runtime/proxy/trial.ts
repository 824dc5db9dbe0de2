import { Approvals } from "../approvals/approvals.ts";
import { Asker } from "../approvals/ask.ts";
import { Questions } from "../approvals/questions.ts";
import type { Context, ExplainStep } from "../engine/types.ts";
import { MemoryStore } from "../state/memory.ts";
import type { ApprovalStore } from "../state/store.ts";
import { readCall, type ToolCall } from "./call.ts";
import { type Unread, type WrittenCall, writeCall } from "./call-text.ts";
import { Catalogue } from "./catalogue.ts";
import { newDecisionId } from "./denials.ts";
import { type Finding, judgeCall, type Verdict } from "./judge.ts";
import type { Rulebook } from "./rulebook.ts";

export interface TrialOptions {
  readonly rulebook: Rulebook;
  /** The server id, first element of every counter's identity. */
  readonly server: string;
  /** The tools that the server lists (MCP `Tool`). */
  readonly tools: Parameters<Catalogue["observe"]>[0];
  /** Where its clock begins, in milliseconds since 1970, UTC. */
  readonly now: number;
}

/** Who makes a call. */
export interface TrialCaller {
  readonly grant: Context["grant"];
  /** A person agrees as soon as one is asked. */
  readonly approved: boolean;
}

/** A call as the proxy reads it, or why it reaches no policy. */
export type TrialCall = (ToolCall & { readonly written: WrittenCall }) | Unread;

/** What became of a call. `rule` is "" and there is no message when it was allowed. */
export interface Judged extends Finding {
  readonly outcome: "allow" | "deny" | "hide" | "ask";
  /** What shadow rules would have done. */
  readonly findings: readonly Finding[];
}

/** Agreeing to a question may bring up one for other approvers; each answers at least one entry. */
const MOST_QUESTIONS = 1_000;

/**
 * Judges calls as the proxy does, by the same function, with a state of their own and a clock that stands still
 * until it is moved. There is no server: calls that are allowed have ended at once.
 */
export class Trial {
  /** Milliseconds since 1970, UTC. Counters never go back behind the latest time that they have seen. */
  now: number;
  readonly #rulebook: Rulebook;
  readonly #server: string;
  readonly #store: MemoryStore;
  readonly #catalogue: Catalogue;

  constructor({ rulebook, server, tools, now }: TrialOptions) {
    this.#rulebook = rulebook;
    this.#server = server;
    this.now = now;
    this.#store = new MemoryStore(() => this.now);
    this.#catalogue = new Catalogue(
      () => Promise.reject(new Error("There is no server.")),
      () => 0,
    );
    this.#catalogue.observe(tools, this.#catalogue.changes);
  }

  /** A call of a tool; `text` are its arguments, a JSON object. */
  read(tool: string, text: string): TrialCall {
    const written = writeCall(tool, text);
    if (!written.ok) return written;
    const call = readCall(written.message, written.admitted, this.#rulebook);
    return call.ok ? { ...call, written } : call;
  }

  async judge(call: TrialCall, caller: TrialCaller): Promise<Judged> {
    if (!call.ok) {
      return { outcome: "deny", rule: "(refused)", message: call.message, findings: [] };
    }
    // A question that stays open must not stand in the way of later ones.
    const { approvals } = caller.approved ? this.#store : new MemoryStore(() => this.now);
    let asker: Asker | undefined;
    let verdict: Verdict;
    for (let questions = 0; ; questions++) {
      verdict = await judgeCall(call.tool, call.args, {
        rulebook: this.#rulebook,
        store: this.#store,
        catalogue: this.#catalogue,
        who: { grant: caller.grant, server: this.#server },
        now: this.now,
        asker: () => {
          asker ??= askerOf(call.written, approvals);
          return asker;
        },
      });
      if (verdict.outcome !== "ask" || !caller.approved || questions === MOST_QUESTIONS) break;
      await approvals.decide(verdict.approval.id, { approve: true, by: "test", at: this.now });
    }
    return this.#told(verdict);
  }

  /** The steps of the engine's decision on a call at this time, with what its conditions read. */
  steps(call: TrialCall, { grant, approved }: TrialCaller): readonly ExplainStep[] {
    if (!call.ok) return [];
    const live = this.#catalogue.known?.tools.get(call.tool);
    return this.#rulebook.engine.explain(call, {
      grant,
      approved,
      server: this.#server,
      now: this.now,
      ...(live === undefined ? {} : { live }),
    }).steps;
  }

  #told(verdict: Verdict): Judged {
    switch (verdict.outcome) {
      case "allow": {
        if (verdict.reservation !== undefined) this.#store.release(verdict.reservation);
        return { outcome: "allow", rule: "", message: "", findings: verdict.findings };
      }
      case "ask": {
        const { rule = "", source, message = "" } = verdict.approval;
        return {
          outcome: "ask",
          rule,
          message,
          ...(source === undefined ? {} : { source }),
          findings: [],
        };
      }
      default: {
        const { outcome, rule, message, source } = verdict;
        return {
          outcome,
          rule,
          message,
          ...(source === undefined ? {} : { source }),
          findings: [],
        };
      }
    }
  }
}

function askerOf({ message, admitted }: WrittenCall, store: ApprovalStore): Asker {
  const asked = (): void => undefined;
  return new Asker(
    new Approvals({ store, holdMs: 0, local: true, asked }),
    new Questions(store, newDecisionId, { asked }),
    { numbers: admitted.numbers, task: message.params?.task },
  );
}
