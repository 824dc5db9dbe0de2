/**
 * The JSON policy, version "1": what the compiler writes and the runtime reads. Fields beyond the core are
 * extensions and stand only in documents whose `extensions` lists them. `policy.schema.json` says the same
 * for other readers.
 */

export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [key: string]: Json };

export const EXTENSIONS = [
  "ask_if",
  "conditions.context",
  "conditions.default",
  "conditions.lists",
  "conditions.logic",
  "conditions.paths",
  "conditions.time",
  "conditions.under",
  "limits.concurrent",
  "limits.message",
  "limits.scopes",
  "limits.sum",
  "limits.when",
  "limits.windows",
  "patterns",
  "pins",
  "prompts",
  "resources",
  "shadow",
  "unlisted",
  "validate",
] as const;

export type Extension = (typeof EXTENSIONS)[number];

export interface Policy {
  readonly version: "1";
  /** Sorted. Absent in a core document. */
  readonly extensions?: readonly Extension[];
  readonly default: "allow" | "deny";
  /** Extension `unlisted`: what becomes of live tools that `tools` does not list. */
  readonly unlisted?: "deny" | "hide";
  /** Extension `validate`. */
  readonly validate?: "declared" | "strict";
  /** Exact names; `"*"` alone is every tool; other globs with extension `patterns`. */
  readonly hide?: readonly string[];
  /** Extension `patterns`: live globs. */
  readonly deny_tools?: { readonly [glob: string]: DenyTools };
  readonly all_tools?: { readonly limits: readonly LimitEntry[] };
  readonly tools?: { readonly [name: string]: ToolPolicy };
  /** Extension `resources`. */
  readonly resources?: KindPolicy;
  /** Extension `prompts`. */
  readonly prompts?: KindPolicy;
}

export interface DenyTools {
  readonly on_deny?: string;
  readonly shadow?: true;
}

export interface ToolPolicy {
  /** Extension `pins`: `sha256:` and 64 hexadecimal digits. */
  readonly pin?: string;
  /** Extension `validate`. */
  readonly input_schema?: Json;
  readonly require?: readonly RuleEntry[];
  readonly deny_if?: readonly RuleEntry[];
  /** Extension `ask_if`. */
  readonly ask_if?: readonly AskEntry[];
  readonly limits?: readonly LimitEntry[];
}

export interface RuleEntry {
  readonly conditions: readonly ConditionEntry[];
  readonly on_deny?: string;
  readonly shadow?: true;
}

export interface AskEntry extends RuleEntry {
  readonly approvers?: readonly string[];
  readonly timeout_seconds?: number;
}

/** Extension `resources` or `prompts`. */
export interface KindPolicy {
  readonly default: "allow" | "deny";
  readonly allow?: readonly string[];
  readonly deny?: readonly string[];
  readonly hide?: readonly string[];
}

export type CalendarUnit = "second" | "minute" | "hour" | "day" | "week" | "month";

export interface LimitEntry {
  readonly counter: string;
  /** Absent iff `concurrent`. */
  readonly window?: CalendarUnit;
  /** Extension `limits.windows`; absent means calendar windows. */
  readonly algorithm?: "sliding";
  /** Extension `limits.windows`; with `sliding` only: the window is this many units. */
  readonly every?: number;
  /** Extension `limits.concurrent`. */
  readonly concurrent?: true;
  /** Extension `limits.sum`: the argument that is added up; absent means calls are counted. */
  readonly increment_from?: PathJson;
  readonly max: number;
  readonly scope: "grant" | "session" | "server";
  /** Extension `limits.scopes`: arguments whose values have counters of their own. */
  readonly key?: readonly PathJson[];
  /** Extension `limits.when`: it counts only calls that meet all of these. */
  readonly when?: readonly ConditionEntry[];
  /** Extension `limits.message`. */
  readonly on_deny?: string;
  readonly shadow?: true;
}

/**
 * Where a value is: `args.customer.id`, or its keys as a list (extension `conditions.paths`) when a step is
 * an index or a key that is empty, all digits or holds a dot. The first step is `args`, `grant`, `client` or
 * the variable of an enclosing list condition.
 */
export type PathJson = string | readonly (string | number)[];

export type ConditionEntry =
  | CompareEntry
  | AnyEntry
  | AllEntry
  | SomeEntry
  | EveryEntry
  | DuringEntry
  | BeforeEntry
  | AfterEntry;

export type Operator =
  | "eq"
  | "neq"
  | "lt"
  | "lte"
  | "gt"
  | "gte"
  | "in"
  | "not_in"
  | "exists"
  | "regex"
  | "contains"
  /** Extension `conditions.under`. */
  | "under";

export interface CompareEntry {
  readonly path: PathJson;
  readonly op: Operator;
  /** Absent iff `path2`. */
  readonly value?: Json;
  /** Extension `conditions.context`: compared with this instead of a literal. */
  readonly path2?: PathJson;
  /** `length`: extension `conditions.lists`; `host`: extension `conditions.under`. Applies to `path`. */
  readonly of?: "length" | "host";
  /** Extension `conditions.default`: the value of `path` when it is missing. */
  readonly else?: Json;
  /** Extension `conditions.logic`: the result is turned round when a value is present. */
  readonly negate?: true;
}

/** Extension `conditions.logic`. */
export interface AnyEntry {
  readonly any: readonly ConditionEntry[];
}

/** Extension `conditions.logic`. */
export interface AllEntry {
  readonly all: readonly ConditionEntry[];
}

/** Extension `conditions.lists`. */
export interface SomeEntry {
  readonly some: PathJson;
  readonly as: string;
  readonly where: ConditionEntry;
}

/** Extension `conditions.lists`. */
export interface EveryEntry {
  readonly every: PathJson;
  readonly as: string;
  readonly where: ConditionEntry;
}

/** Extension `conditions.time`; `negate` by extension `conditions.logic`. */
export interface DuringEntry {
  readonly during: During;
  readonly negate?: true;
}

export interface During {
  readonly days?: readonly ("mon" | "tue" | "wed" | "thu" | "fri" | "sat" | "sun")[];
  /** `08:00`, inclusive. With `to` before or equal `from` the span passes midnight. */
  readonly from?: string;
  /** `18:00`, exclusive; `24:00` is the end of the day. */
  readonly to?: string;
  /** An IANA time zone; absent means UTC. */
  readonly zone?: string;
}

/** Extension `conditions.time`: before the start of that day, UTC. */
export interface BeforeEntry {
  readonly before: string;
  readonly negate?: true;
}

/** Extension `conditions.time`: after the end of that day, UTC. */
export interface AfterEntry {
  readonly after: string;
  readonly negate?: true;
}

/** From JSON pointers into the policy to `file:line:column` of the statement behind them. */
export type SourceMap = { readonly [pointer: string]: string };
