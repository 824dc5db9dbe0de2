import type { Context, Decision } from "../engine/types.ts";
import { readCallText } from "../proxy/call-text.ts";
import { Catalogue } from "../proxy/catalogue.ts";
import { type Bench, judgeCall, type Verdict } from "../proxy/judge.ts";
import type { Rulebook } from "../proxy/rulebook.ts";
import { MemoryStore } from "../state/memory.ts";
import type { Approval, MaybePromise } from "../state/store.ts";

/** A call as it was recorded. */
export interface PastCall {
  readonly tool: string;
  /** Its arguments as JSON. */
  readonly text: string;
  readonly who: Omit<Context, "now" | "live" | "approved">;
  /** When it was judged, in milliseconds since 1970. */
  readonly now: number;
  /** A person who is asked about it approves. */
  readonly approved: boolean;
  /** A further round of a call that was charged and approved before. */
  readonly continued?: boolean;
}

/** What is decided on a past call. `refuse`: it would not reach a policy. */
export interface NewDecision {
  readonly outcome: "allow" | "ask" | "deny" | "hide" | "refuse";
  /** "" when allowed. */
  readonly rule: string;
  readonly message: string;
  readonly source?: string;
}

/**
 * Judges past calls again, in their order, by the judge of the proxy: with a clock that stands where it stood for each
 * call, and limits that count from empty. Calls end at once, and definitions are
 * taken to agree with their pins: `rulebook` has none.
 */
export class JudgeAgain {
  readonly #rulebook: Rulebook;
  readonly #store: MemoryStore;
  #now = 0;
  #questions = 0;

  constructor(rulebook: Rulebook) {
    this.#rulebook = rulebook;
    this.#store = new MemoryStore(() => this.#now);
  }

  async judge(call: PastCall): Promise<NewDecision> {
    const { tool, text, who, now } = call;
    this.#now = now;
    const read = readCallText(tool, text, this.#rulebook);
    if (!read.ok) return { outcome: "refuse", rule: "(refused)", message: read.message };
    let asked: Decision | undefined;
    const asker: ReturnType<NonNullable<Bench["asker"]>> = {
      ask: (decision, _call, _bench, approved) => {
        asked ??= decision;
        return call.approved ? approved(this.#approve(decision, call)) : refusal(decision);
      },
    };
    const verdict = await judgeCall(tool, read.args, {
      rulebook: this.#rulebook,
      store: this.#store,
      catalogue: serving(tool),
      who,
      now,
      asker: () => asker,
      ...(call.continued === true && { continues: () => true }),
    });
    return this.#conclude(verdict, asked);
  }

  #conclude(verdict: Verdict, asked: Decision | undefined): NewDecision {
    if (verdict.outcome === "ask") throw new Error("A past call is not held.");
    if (verdict.outcome === "allow") {
      if (verdict.reservation !== undefined) this.#store.release(verdict.reservation);
      return asked === undefined ? { outcome: "allow", rule: "", message: "" } : asking(asked);
    }
    const { outcome, rule, message, source } = verdict;
    if (asked !== undefined && rule === asked.rule) return asking(asked);
    return { outcome, rule, message, ...(source !== undefined && { source }) };
  }

  /** The approval that was given to the call, to be spent on it. */
  #approve({ ask, rule, message }: Decision, { tool, who, now }: PastCall): Approval {
    const id = `past ${++this.#questions}`;
    const question = {
      id,
      grant: who.grant.id,
      server: who.server,
      tool,
      digest: id,
      entries: ask?.names ?? [],
      rule,
      message,
      arguments: "",
      askedAt: now,
      expiresAt: now + 1_000,
    };
    this.#store.approvals.ask(question);
    const decision = { approve: true, by: "", at: now };
    return this.#store.approvals.decide(id, decision) ?? { ...question, state: "expired" };
  }
}

function asking({ rule, message, source }: Decision): NewDecision {
  return { outcome: "ask", rule, message, ...(source !== undefined && { source }) };
}

function refusal({ rule, message }: Decision): MaybePromise<Verdict> {
  return { outcome: "deny", rule, message };
}

/** The live tools: the one that is called, as it was there to be called. */
function serving(tool: string): Catalogue {
  const catalogue = new Catalogue(
    () => Promise.reject(new Error("Nobody is asked for a past list.")),
    () => 0,
  );
  catalogue.observe([{ name: tool }], catalogue.changes);
  return catalogue;
}
