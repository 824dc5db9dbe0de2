import { joinKey } from "../state/approvals.ts";
import type { Approval, ApprovalRequest, ApprovalStore, AskResult } from "../state/store.ts";

/** How often an id is drawn anew that another question has. */
const DRAWS = 8;

export type Put = Approval | "too many" | "gone";

/** Who hears of questions. */
export interface QuestionsTold {
  /** Of a new one: somebody is to be told. */
  readonly asked: (approval: Approval) => void;
  /** Of each one that a call depends on, as it stands, before the call is ruled on. */
  readonly seen?: ((approval: Approval) => void) | undefined;
}

/** The questions about one call: each is put once, and looked up from then on. */
export class Questions {
  readonly #store: ApprovalStore;
  readonly #newId: () => string;
  readonly #told: QuestionsTold;
  /** From what makes a question another one to its id. */
  readonly #known = new Map<string, string>();

  constructor(store: ApprovalStore, newId: () => string, told: QuestionsTold) {
    this.#store = store;
    this.#newId = newId;
    this.#told = told;
  }

  /** The question as it stands: made, joined, or found again. `gone`: nothing is known of it any more. */
  async put(request: Omit<ApprovalRequest, "id">): Promise<Put> {
    const key = joinKey({ ...request, id: "" });
    const known = this.#known.get(key);
    if (known !== undefined) return this.#seen(await this.#store.get(known)) ?? "gone";
    const result = await this.#ask(request, key);
    if (!result.ok) return "too many";
    const { approval, joined } = result;
    this.#known.set(key, approval.id);
    this.#seen(approval);
    if (!joined) this.#told.asked(approval);
    return approval;
  }

  #seen<T extends Approval | undefined>(approval: T): T {
    if (approval !== undefined) this.#told.seen?.(approval);
    return approval;
  }

  /** Ids are short, because people type them: one may be taken, and what has it then is about another call. */
  async #ask(request: Omit<ApprovalRequest, "id">, key: string): Promise<AskResult> {
    for (let draw = 0; draw < DRAWS; draw++) {
      const id = this.#newId();
      if ((await this.#store.get(id)) !== undefined) continue;
      const result = await this.#store.ask({ ...request, id });
      if (!result.ok || joinKey(result.approval) === key) return result;
    }
    return { ok: false, reason: "all full" };
  }
}
