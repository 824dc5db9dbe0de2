/** What the page asks for and what it gets, as JSON. Times are milliseconds since 1970, UTC. */

/** `GET /api/me`: who looks, and what they may do. */
export interface Me {
  readonly version: string;
  /** What this proxy serves, for the title. */
  readonly serves: string;
  /** Who decides with this page; absent for somebody who may only look. */
  readonly name?: string;
  readonly groups?: readonly string[];
  /** Why nobody can decide here, a sentence. */
  readonly nobody?: string;
  /** Whether approvers can sign in. */
  readonly signsIn: boolean;
  /** The names that filters and freezes can be about. */
  readonly servers: readonly string[];
  readonly grants: readonly { readonly id: string; readonly name: string }[];
}

/** A question, without what the call carries. */
export interface Question {
  readonly id: string;
  readonly state: "pending" | "approved" | "denied" | "expired" | "spent";
  readonly server: string;
  readonly tool: string;
  readonly grant: string;
  readonly rule?: string;
  readonly source?: string;
  readonly message?: string;
  /** Groups of which one must decide. */
  readonly approvers?: readonly string[];
  readonly askedAt: number;
  readonly expiresAt: number;
  /** The beginning of the arguments, JSON text that may be cut off anywhere; and how long the whole of it is. */
  readonly preview: string;
  readonly size: number;
  /** Why the one who looks may not decide on it, a sentence; absent where they may. */
  readonly whyNot?: string;
  readonly decidedAt?: number;
  readonly decidedBy?: string;
  readonly reason?: string;
}

/** `GET /api/questions`. */
export interface Questions {
  /** The clock of the proxy. */
  readonly now: number;
  /** Those that wait, the one that ends first in front. */
  readonly waiting: readonly Question[];
  /** The last that were decided or were left to expire, newest first. */
  readonly decided: readonly Question[];
}

/** `GET /api/question?id=`: all of it. */
export interface WholeQuestion extends Question {
  /** JSON text, as it was written. */
  readonly arguments: string;
  /** What is decided on: SHA-256 of the call. */
  readonly digest: string;
}

/** `POST /api/decide`; answered with the question as it then stands. */
export interface Decide {
  readonly id: string;
  readonly digest: string;
  readonly approve: boolean;
  readonly reason: string;
}

/** Any refusal. With `question`: somebody was first, and this is what they decided. */
export interface Refused {
  readonly error: string;
  readonly question?: Question;
}

/** One decision of the proxy. */
export interface Seen {
  readonly number: number;
  readonly id: string;
  readonly at: number;
  readonly outcome: string;
  readonly enforced: boolean;
  readonly grant: string;
  readonly server: string;
  readonly method?: string;
  readonly name?: string;
  readonly rule: string;
  readonly source?: string;
  readonly message: string;
  /** The id of the question to a person that it depends on. */
  readonly approval?: string;
}

/** `GET /api/decisions?after=NUMBER`: the newest first. */
export interface Decisions {
  readonly decisions: readonly Seen[];
}

/** A counter and its limit. */
export interface Bar {
  readonly server: string;
  /** Absent of a counter of all grants together. */
  readonly grant?: string;
  /** The tools that charge it; empty for all. */
  readonly tools: readonly string[];
  readonly counter: string;
  readonly allows: string;
  readonly source?: string;
  readonly shadow: boolean;
  readonly used: number;
  readonly max: number;
  /** What one of several counters is of: the values that the limit counts by. */
  readonly values?: readonly unknown[];
  readonly resetsAt?: number;
}

/** `GET /api/limits`. */
export interface Limits {
  readonly now: number;
  readonly bars: readonly Bar[];
  /** Limits of which nothing was counted here yet, so that no counter of them is known. */
  readonly idle: readonly Omit<Bar, "used" | "max">[];
  /** How many more there are than are shown. */
  readonly more: number;
}

/** `GET /api/audit?tool=&grant=&server=&outcome=&since=&from=`. */
export interface Audit {
  /** Newest first, as they stand in the trail. */
  readonly records: readonly { readonly [member: string]: unknown }[];
  /** Where to go on with older ones; absent at the beginning of the trail. */
  readonly next?: string;
  /** Up to when was looked, ISO 8601; absent where everything was. */
  readonly back?: string;
}

/** `GET /api/freezes`. */
export interface Freezes {
  readonly now: number;
  readonly freezes: readonly Frozen[];
}

export interface Frozen {
  readonly server?: string;
  /** Its id, or its name. */
  readonly grant?: string;
  readonly grantName?: string;
  readonly tool?: string;
  readonly until: number;
  readonly because: string;
  readonly by: string;
}

/** `POST /api/freeze`: an absent scope is everything. `POST /api/unfreeze` takes the scope alone. */
export interface Freezing {
  readonly server?: string;
  readonly grant?: string;
  readonly tool?: string;
  readonly minutes: number;
  readonly because: string;
}
