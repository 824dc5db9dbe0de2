import type { KnownArguments } from "../audit/known-arguments.ts";
import type { Context } from "../engine/types.ts";

/** A decision as it was recorded. */
export interface PastDecision {
  /** `ask`: a person was asked, whatever came of it. */
  readonly outcome: "allow" | "ask" | "deny" | "hide";
  /** "" when allowed. */
  readonly rule: string;
  readonly message: string;
  readonly source?: string;
}

/** What stands in a trail or a list of calls, in the order of time. */
export type Past = PastRequest | PastOther;

/** A call, and what was done with it. */
export interface PastRequest {
  readonly kind: "call";
  /** RFC 3339, UTC. */
  readonly time: string;
  readonly now: number;
  /** Where it stands, for people: `record 12 of FILE`. */
  readonly place: string;
  /** Of the decision. */
  readonly id?: string;
  readonly grant: Context["grant"];
  readonly session?: string;
  readonly client?: Context["client"];
  /** The server id. */
  readonly server?: string;
  readonly tool: string;
  readonly known: KnownArguments;
  /** The arguments as JSON, where they are known as they were written. */
  readonly text?: string;
  /** It was forwarded to its server. */
  readonly made: boolean;
  /** A further round of a call that was charged and approved before. */
  readonly continued: boolean;
  /** What was really done. */
  readonly done: PastDecision;
  /** What rules, a grant or a policy that only looked on would have done, where they would have done otherwise. */
  readonly shadow?: PastDecision;
}

/** What no policy can be asked about again. */
export interface PastOther {
  readonly kind: "other";
  readonly time: string;
  readonly place: string;
  /** `request`: of another method; `refused`: before any policy was asked; `summary`: of which no more is kept. */
  readonly what: "request" | "refused" | "summary";
  /** How many of them. */
  readonly count: number;
  readonly server?: string;
  readonly grant?: { readonly id: string; readonly name: string };
  readonly rule?: string;
}
