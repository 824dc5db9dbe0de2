import type { Approvals } from "../approvals/approvals.ts";
import type { Freezes } from "../approvals/freezes.ts";
import type { Context } from "../engine/types.ts";
import type { MaybePromise, StateStore } from "../state/store.ts";
import type { JsonObject } from "./admit.ts";
import type { Observer } from "./observe.ts";
import type { Load } from "./requests.ts";
import type { Rounds } from "./rounds.ts";
import type { Rulebook } from "./rulebook.ts";
import type { Tasks } from "./tasks.ts";

/** What a session is governed by, the same for all sessions of a grant on a server. */
export interface Governance {
  /** The policy in force now; each decision takes one and keeps to it. */
  readonly rulebook: () => Rulebook;
  readonly store: StateStore;
  /** The server id, first element of every counter's identity. */
  readonly server: string;
  readonly grant: Context["grant"];
  /** Requests of the server to the client that are not passed on. */
  readonly refusedRequests: ReadonlySet<ServerRequest>;
  /** The `requestState` of requests that take several rounds. */
  readonly rounds: Rounds;
  /** The ids of its tasks on the server. */
  readonly tasks: Tasks;
  /** How a person is asked about a call; absent: nobody can be. */
  readonly approvals?: Approvals | undefined;
  /** What is stopped by hand; absent: nothing can be. */
  readonly freezes?: Freezes | undefined;
  /** Calls whose limits cannot be checked are made, and marked; absent: they are denied. */
  readonly stateFail?: "open" | undefined;
  /** What the grant has in flight, on all servers and connections together. */
  readonly load: Load;
  /** Milliseconds since 1970, UTC. */
  readonly now: () => number;
  /**
   * Keeps a record of a decision. Where it throws, or what it gives rejects, the record is not kept, and what was to
   * be forwarded is denied.
   */
  readonly record: (record: DecisionRecord) => MaybePromise<void>;
  /** Who watches what happens; absent: nobody. */
  readonly observer?: Observer | undefined;
  /** Something that an operator should know, a sentence. */
  readonly notice: (text: string) => void;
}

/** What a server may ask of a client, as a policy's owner names it. */
export const SERVER_REQUESTS = ["sampling", "elicitation", "roots"] as const;
export type ServerRequest = (typeof SERVER_REQUESTS)[number];

/** One decision. */
export interface DecisionRecord {
  readonly id: string;
  /** Of a call, the clock reading that it was judged by. */
  readonly at: number;
  /** `refuse`: before any policy was asked. `pending`: not made, because a person has not answered yet. */
  readonly outcome: "allow" | "deny" | "hide" | "refuse" | "pending";
  /** False when it was only recorded. */
  readonly enforced: boolean;
  readonly method?: string;
  /** Tool, resource or prompt. */
  readonly name?: string;
  readonly rule: string;
  readonly message: string;
  readonly source?: string;
  /** For the operator only. */
  readonly detail?: string;
  /** The id of the question to a person that it depends on. */
  readonly approval?: string;
  /** What it was decided by. */
  readonly rulebook?: Rulebook;
  /** Of a request that has a session, its id as it is known here. */
  readonly session?: string;
  /** What its client calls itself. */
  readonly client?: Context["client"];
  /** A further round of a call that was charged and approved before. */
  readonly continued?: true;
  /** As they were judged; not to be changed. */
  readonly args?: JsonObject;
  /** How long the decision has taken (milliseconds). */
  readonly took?: number;
  /** Its limits could not be checked, and it was made all the same, as was asked for. */
  readonly unchecked?: true;
  /** For observers: `name` is one that the server lists or the policy names. */
  readonly listed?: boolean;
}
