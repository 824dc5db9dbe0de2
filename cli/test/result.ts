import type { Source, Span } from "../../language/index.ts";
import type { ExplainStep, Judged } from "../../runtime/index.ts";

/** What became of one `test` block. */
export interface TestResult {
  readonly name: string;
  readonly source: Source;
  readonly span: Span;
  /** Of its name. */
  readonly nameSpan: Span;
  /** How many calls were judged, repetitions counted. */
  readonly calls: number;
  /** In the order of the steps; none when it has passed. */
  readonly failures: readonly TestFailure[];
  /** How long it took (milliseconds). */
  readonly took: number;
}

/** A step that was decided otherwise than it says. */
export interface TestFailure {
  readonly source: Source;
  readonly span: Span;
  /** The call as it is written, without what is expected. */
  readonly callSpan: Span;
  readonly expected: Expectation;
  readonly actual: Judged;
  /** The place of the statement that decided, such as `refunds.mcpp:9:3`; absent where there is none. */
  readonly decidedBy?: string;
  /** Of `N x`: which of them was the first, and how many were decided otherwise. */
  readonly repeated?: { readonly first: number; readonly failed: number; readonly of: number };
  /** The steps of the decision. */
  readonly steps: readonly ExplainStep[];
  readonly caller: Caller;
}

export interface Expectation {
  readonly outcome: Judged["outcome"];
  /** Text that the message of the denial must contain. */
  readonly message?: string;
}

/** Who called, when and with what: enough to ask `mcpp explain` about it. */
export interface Caller {
  readonly tool: string;
  /** JSON. */
  readonly arguments: string;
  readonly grant: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Milliseconds since 1970, UTC. */
  readonly now: number;
}
