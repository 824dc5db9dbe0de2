import type { Grant } from "../grants/grant.ts";
import type { DecisionRecord } from "../proxy/governance.ts";
import type { FinishedRequest, Observer } from "../proxy/observe.ts";
import type { MaybePromise } from "../state/store.ts";

/** How messages are carried: over pipes between processes, or over HTTP. */
export type Carrier = "pipe" | "tcp";

/** Between whom a request has gone. */
export interface Place {
  readonly server: string;
  readonly grant: Pick<Grant, "id" | "name">;
  /** From the client to us, and from us to the server. */
  readonly from: Carrier;
  readonly to: Carrier;
}

/** What turns what happens into numbers or spans. Its methods may throw: that is caught before a call could notice. */
export interface Instrument {
  readonly decided: (decision: DecisionRecord, place: Place) => void;
  readonly finished: (request: FinishedRequest, place: Place) => void;
  /** A request was turned away before anybody knew who it is; `cause`: one of a few words of ours. */
  readonly turnedAway: (cause: string) => void;
  /** A saved policy or configuration was taken, or not. */
  readonly reloaded: (outcome: "taken" | "refused") => void;
}

/** What can be read at any moment. Where it cannot be told, it throws or rejects. */
export interface Levels {
  /** Calls that are held for a person in this process. */
  readonly held: () => number;
  /** Questions that wait in the state, those of other processes too. */
  readonly approvals: () => MaybePromise<number>;
  /** Freezes in force. */
  readonly freezes: () => MaybePromise<number>;
  /** Whether the audit trail can be written; undefined where there is none. */
  readonly audit: () => boolean | undefined;
}

/** All instruments as one that never throws. `failed`: told of what goes wrong in them. */
export class Instruments implements Instrument {
  readonly #instruments: readonly Instrument[];
  readonly #failed: (error: unknown) => void;

  constructor(instruments: readonly Instrument[], failed: (error: unknown) => void) {
    this.#instruments = instruments;
    this.#failed = failed;
  }

  /** Who watches what happens between these; undefined where nobody does. */
  observer(place: () => Place): Observer | undefined {
    if (this.#instruments.length === 0) return undefined;
    return {
      decided: (decision) => this.decided(decision, place()),
      finished: (request) => this.finished(request, place()),
    };
  }

  decided(decision: DecisionRecord, place: Place): void {
    this.#each((one) => one.decided(decision, place));
  }

  finished(request: FinishedRequest, place: Place): void {
    this.#each((one) => one.finished(request, place));
  }

  turnedAway(cause: string): void {
    this.#each((one) => one.turnedAway(cause));
  }

  reloaded(outcome: "taken" | "refused"): void {
    this.#each((one) => one.reloaded(outcome));
  }

  #each(tell: (one: Instrument) => void): void {
    for (const one of this.#instruments) {
      try {
        tell(one);
      } catch (error) {
        this.#failed(error);
      }
    }
  }
}
