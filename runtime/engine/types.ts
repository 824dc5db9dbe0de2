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
  /**
   * Which `ask_if` entries of this call were answered by a person: all of them, or those of these names, as
   * `AskFor.names` has them. Entries that name different approvers need a decision each.
   */
  readonly approved?: boolean | readonly string[];
  /** False when the clock cannot be trusted; conditions that read it are then errors. */
  readonly clockReliable?: boolean;
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
  /** What it allows, for people: `10 per minute`. */
  readonly allows: string;
  /** Of a limit that counts by values of the call, which they are. */
  readonly values?: readonly Json[];
}

/** A limit of a policy, as it stands for one grant on one server whatever is called. */
export interface StandingLimit {
  /** Absent of a limit of all tools. */
  readonly tool?: string;
  readonly rule: string;
  readonly source?: string;
  readonly counter: string;
  readonly scope: "grant" | "session" | "server";
  /** It refuses nothing. */
  readonly shadow: boolean;
  readonly allows: string;
  /** Its counter, charged with all that fits; absent where the call says which of several it is. */
  readonly charge?: LimitCharge;
}

export interface AskFor {
  /** Pointers of the matching entries that one decision of these approvers answers. */
  readonly entries: readonly string[];
  /** The same entries by what they say: their conditions and approvers. A policy that is loaded anew keeps them. */
  readonly names: readonly string[];
  readonly approvers?: readonly string[];
  readonly timeoutSeconds: number;
}

export interface ShadowFinding {
  readonly outcome: "deny" | "ask";
  readonly rule: string;
  readonly message: string;
}

/** What `Engine.decideKind` says of a resource's URI or a prompt's name. */
export interface KindDecision {
  readonly outcome: "allow" | "deny" | "hide";
  readonly rule: string;
  readonly message: string;
  readonly source?: string;
}

export type Kind = "resources" | "prompts";

/** The denial of a call whose limit has no room, or whose counters cannot be had. */
export interface LimitDenial {
  readonly outcome: "deny";
  readonly rule: string;
  readonly message: string;
  readonly source?: string;
  readonly retryAfterMs?: number;
}

/** One check of a decision, in the order of evaluation. */
export interface ExplainStep {
  /** What was looked at, a few words: `hidden`, `arguments`, or a rule's pointer. */
  readonly check: string;
  readonly result: "pass" | "deny" | "hide" | "ask" | "count" | "skip" | "shadow";
  /** A sentence, where the result needs one. */
  readonly message?: string;
  readonly source?: string;
  /** The conditions that were evaluated, with what they read. */
  readonly conditions?: readonly ConditionSeen[];
}

export interface ConditionSeen {
  /** The condition as it would be written in a policy's text. */
  readonly text: string;
  /** The path that was read, as in a policy's text; absent where the condition reads the clock. */
  readonly path?: string;
  /** What was read; absent when missing. */
  readonly value?: Json;
  /** The path that it was compared with, in place of a literal, and what was read there. */
  readonly other?: { readonly path: string; readonly value?: Json };
  /** What the clock said, where the condition reads it: `sat 10:05 in Europe/Berlin`, `2026-11-28`. */
  readonly clock?: string;
  /** Of a condition that is made of others, how: `any` and `every` are of the elements of a list. */
  readonly group?: "and" | "or" | "any" | "every";
  /** Those of them that were evaluated, until the result could change no more; of a list, at most 50 elements. */
  readonly parts?: readonly ConditionSeen[];
  /** Of a part: the index of the element that it is about. */
  readonly element?: number;
  readonly result: "true" | "false" | "error";
}

export interface Explanation extends Decision {
  readonly steps: readonly ExplainStep[];
}

/** A compiled policy. Pure: the same call and context give the same decision. */
export interface Engine {
  decide(call: Call, context: Context): Decision;
  /** The same decision, with every step on the way. */
  explain(call: Call, context: Context): Explanation;
  /** Whether a tool stays in a list that the client sees; `definition` is the listed tool. */
  visible(tool: string, definition?: Json): boolean;
  /** Whether a decision about this tool needs `Context.live`. */
  needsLive(tool: string): boolean;
  /** Whether the policy says anything about resources or prompts. */
  governs(kind: Kind): boolean;
  decideKind(kind: Kind, name: string): KindDecision;
  /** Whether a resource, template or prompt stays in a list that the client sees. */
  visibleKind(kind: Kind, name: string): boolean;
  /**
   * The arguments that decisions about this tool read, as steps below `args`; `*` is each element of a
   * list. An empty path is the arguments as a whole.
   */
  reads(tool: string): readonly (readonly (string | number)[])[];
  /** All its limits, for a grant on a server. */
  limits(context: Pick<Context, "server" | "grant">): readonly StandingLimit[];
}
