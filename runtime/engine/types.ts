import type { Json } from "../../policy/index.ts";
import type { Charge } from "../state/store.ts";

/** One `tools/call`, already admitted: `args` is the object that will be forwarded. */
export interface Call {
  readonly tool: string;
  readonly args: { readonly [key: string]: Json };
}

/** Everything else that a decision may read. The engine has no clock, no store and no network. */
export interface Context {
  readonly grant: {
    /** Random, never reused; `local` without grants. The scope value of counters. */
    readonly id: string;
    readonly name: string;
    readonly labels: { readonly [name: string]: string };
  };
  /** Absent counts as the grant. */
  readonly session?: string;
  /** The server id, first element of every counter's identity. */
  readonly server: string;
  readonly client?: { readonly name?: string; readonly version?: string };
  /** Milliseconds since 1970, UTC: the one clock reading of the decision. */
  readonly now: number;
  /** The live definition of the tool, where the policy needs it. */
  readonly live?: LiveTool;
  /** True when the `ask_if` entries of this call were answered by a person. */
  readonly approved?: boolean;
}

/** What the catalogue knows of a called tool. */
export type LiveTool =
  | { readonly state: "listed"; readonly definition: Json }
  /** Not in the live list. */
  | { readonly state: "absent" }
  /** Listed twice with different definitions. */
  | { readonly state: "ambiguous" }
  /** The list is not to be had. */
  | { readonly state: "unavailable" };

export interface Decision {
  /** `ask`: held for approval (step 8). `hide`: answered as an unknown tool. */
  readonly outcome: "allow" | "deny" | "hide" | "ask";
  /** A JSON pointer into the policy, or a name in parentheses such as `(default deny)`; "" when allowed. */
  readonly rule: string;
  /** For the model: what was refused and what would be allowed. "" when allowed. */
  readonly message: string;
  /** `file:line:column` of the rule's statement, with a source map. */
  readonly source?: string;
  /** What must be reserved before an allowed call is forwarded, in the order of step 9; also of an `ask`, to be peeked. */
  readonly charges: readonly LimitCharge[];
  /** Of an `ask`. */
  readonly ask?: AskFor;
  /** What shadow rules would have decided; their counters are in `shadowCharges`. */
  readonly shadow: readonly ShadowFinding[];
  readonly shadowCharges: readonly LimitCharge[];
}

/** A charge with what a denial needs to say. */
export interface LimitCharge extends Charge {
  /** `/tools/T/limits/COUNTER` or `/all_tools/limits/COUNTER`. */
  readonly rule: string;
  readonly source?: string;
  readonly counter: string;
  readonly message?: string;
}

export interface AskFor {
  /** Pointers of the matching `ask_if` entries. */
  readonly entries: readonly string[];
  readonly approvers?: readonly string[];
  readonly timeoutSeconds: number;
}

export interface ShadowFinding {
  readonly outcome: "deny" | "ask";
  readonly rule: string;
  readonly message: string;
}
