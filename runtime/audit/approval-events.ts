import type { Approval, ApprovalStore } from "../state/store.ts";
import { keptText, MAX, timeText } from "./text.ts";
import type { AuditTrail } from "./trail.ts";

export interface ApprovalEventsOptions {
  readonly store: Pick<ApprovalStore, "get" | "list">;
  readonly trail: Pick<AuditTrail, "happened">;
  /** Whether the questions about calls to a server are ours to keep. */
  readonly concerns: (server: string) => boolean;
  readonly notice: (text: string) => void;
}

/** What happens to a question, in its order. */
type Step = "asked" | "approved" | "denied" | "expired" | "spent";

/** Between two looks at what is not over (milliseconds). */
const LOOK_MS = 1_000;
/** Questions that are followed at once; the oldest are let go. */
const MAX_FOLLOWED = 2_048;

/**
 * Keeps in the audit trail what becomes of the questions to persons that this process has asked or joined, or has
 * found when it began. Whoever decides does so in the store, mostly in another process: what has happened is told from
 * how a question stands. Nothing is kept twice, but for what is found at the beginning, which may be in an earlier trail.
 */
export class ApprovalEvents {
  readonly #options: ApprovalEventsOptions;
  /** What is kept of a question that is not over. */
  readonly #followed = new Map<string, Step[]>();
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;

  constructor(options: ApprovalEventsOptions) {
    this.#options = options;
  }

  /** Finds what is there already, and follows it. Never rejects. */
  async begin(): Promise<void> {
    this.#timer = setInterval(() => void this.look(), LOOK_MS).unref();
    try {
      const there = await this.#options.store.list({ all: true });
      for (const approval of [...there].reverse()) this.#learn(approval, { at_start: true });
    } catch (error) {
      this.#options.notice(
        `The approvals that are there could not be read, and those decided before this start are not in its audit trail: ${messageOf(error)}`,
      );
    }
  }

  /** A question as it stands now. */
  seen(approval: Approval): void {
    this.#learn(approval, {});
  }

  /** Looks what has become of those that are not over. Never rejects. */
  look(): Promise<void> {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  end(): void {
    clearInterval(this.#timer);
  }

  async #look(): Promise<void> {
    for (const id of [...this.#followed.keys()]) {
      try {
        const approval = await this.#options.store.get(id);
        if (approval === undefined) this.#followed.delete(id);
        else this.seen(approval);
      } catch {
        // The store cannot answer: what has happened is told later.
        return;
      }
    }
  }

  #learn(approval: Approval, more: Readonly<Record<string, unknown>>): void {
    const { id, server } = approval;
    if (!this.#options.concerns(server)) return;
    const kept = this.#followed.get(id) ?? [];
    for (const step of stepsOf(approval)) {
      if (kept.includes(step)) continue;
      kept.push(step);
      this.#happened(step, approval, more);
    }
    // Nothing of the call was sent: the approval may be used again.
    if (approval.state === "approved" && kept.at(-1) === "spent") {
      kept.pop();
      this.#happened("given back", approval, more);
    }
    if (approval.state === "expired") {
      this.#followed.delete(id);
      return;
    }
    this.#followed.set(id, kept);
    if (this.#followed.size > MAX_FOLLOWED) {
      this.#followed.delete(this.#followed.keys().next().value as string);
    }
  }

  #happened(
    step: Step | "given back",
    approval: Approval,
    more: Readonly<Record<string, unknown>>,
  ): void {
    const { id, grant, grantName, server, tool, rule, source, message, approvers } = approval;
    const { askedAt, expiresAt, decidedAt, decidedBy, reason } = approval;
    const decided = step !== "asked" && decidedBy !== undefined;
    this.#options.trail.happened("approval", {
      id,
      state: step,
      grant: { id: grant, name: grantName ?? grant },
      server,
      tool: keptText(tool, MAX.name),
      ...(rule === undefined ? {} : { rule }),
      ...(source === undefined ? {} : { source }),
      ...(message === undefined || message === "" ? {} : { message: keptText(message, MAX.text) }),
      ...(approvers === undefined ? {} : { approvers }),
      ...(decided ? { by: keptText(decidedBy, MAX.name) } : {}),
      ...(decided && reason !== undefined ? { reason: keptText(reason, MAX.text) } : {}),
      asked_at: timeText(askedAt),
      ...(decided && decidedAt !== undefined ? { decided_at: timeText(decidedAt) } : {}),
      expires_at: timeText(expiresAt),
      ...more,
    });
  }
}

/** Everything that must have happened to a question that stands so. */
function stepsOf({ state, decidedBy }: Approval): readonly Step[] {
  switch (state) {
    case "pending":
      return ["asked"];
    case "approved":
      return ["asked", "approved"];
    case "denied":
      return ["asked", "denied"];
    case "spent":
      return ["asked", "approved", "spent"];
    case "expired":
      return decidedBy === undefined ? ["asked", "expired"] : ["asked", "approved", "expired"];
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
