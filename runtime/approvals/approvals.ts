import type { ApprovalStore } from "../state/store.ts";
import type { QuestionsTold } from "./questions.ts";
import { DecisionWatch } from "./watch.ts";

/** How long a call is held at most whose client did not ask to hear of its progress (milliseconds). */
export const SILENT_HOLD_MS = 20_000;

export interface ApprovalsOptions extends QuestionsTold {
  readonly store: ApprovalStore;
  /** How long a call is held; 0: it is answered at once (milliseconds). */
  readonly holdMs: number;
  /** The local user decides, and nobody else. */
  readonly local: boolean;
}

/** How persons are asked about calls; one for all servers and grants of a process. */
export class Approvals {
  readonly local: boolean;
  readonly told: QuestionsTold;
  readonly decisions: DecisionWatch;
  readonly #holdMs: number;

  constructor({ store, holdMs, local, asked, seen }: ApprovalsOptions) {
    this.local = local;
    this.told = { asked, seen };
    this.decisions = new DecisionWatch(store);
    this.#holdMs = holdMs;
  }

  /** `hears`: the client hears of progress, and so does not take a long wait for a failure. */
  holdMs(hears: boolean): number {
    return hears ? this.#holdMs : Math.min(this.#holdMs, SILENT_HOLD_MS);
  }
}
