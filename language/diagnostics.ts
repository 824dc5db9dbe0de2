import type { Source, Span } from "./source.ts";

export type Severity = "error" | "warning" | "info";

/** What the compiler found, ready to be shown by the command line or an editor. */
export interface Diagnostic {
  /** Stable, such as `MCPP201`. */
  readonly code: string;
  readonly severity: Severity;
  /** A few words, the same for every diagnostic of its code: `unknown tool`. */
  readonly title: string;
  /** One plain sentence with names in backticks. */
  readonly message: string;
  /** What to do about it, a sentence. */
  readonly hint?: string;
  readonly source: Source;
  readonly span: Span;
  readonly related?: readonly Related[];
  /** Edits that mend it, best first; each alone removes the diagnostic. */
  readonly fixes?: readonly Fix[];
  /** `unnecessary`: an editor may grey the text out. */
  readonly tags?: readonly "unnecessary"[];
}

/** Another place that explains the diagnostic. */
export interface Related {
  readonly message: string;
  readonly source: Source;
  readonly span: Span;
}

/** A machine-applicable mend. Its edits do not overlap. */
export interface Fix {
  /** An imperative: ``Change to `create_refund` ``. */
  readonly title: string;
  readonly edits: readonly Edit[];
}

export interface Edit {
  /** Absent: the file of the diagnostic. */
  readonly source?: Source;
  readonly span: Span;
  readonly text: string;
}

/** An entry of the catalogue: everything about a diagnostic that does not depend on the place. */
export interface Message<P> {
  readonly code: string;
  readonly severity: Severity;
  readonly title: string;
  readonly message: (parameters: P) => string;
  readonly hint?: (parameters: P) => string | undefined;
  /** For the reference: what it means, why it matters and what to do; Markdown, in full sentences. */
  readonly explanation: string;
  /** A policy that gives this diagnostic, and the same policy mended. */
  readonly example: MessageExample;
}

export interface MessageExample {
  readonly fails: string;
  readonly passes: string;
  /** A tool list (`{server, tools}`) that both are checked against; absent: without one. */
  readonly tools?: object;
  /** True when the failing example is checked without the tool list. */
  readonly failsWithoutTools?: true;
  /** The compilation target of both; absent: `mcpp`. */
  readonly target?: "policylayer";
  /** Other files that the examples import, by path. */
  readonly files?: Readonly<Record<string, string>>;
}

/** Declares one entry; its parameters' type is checked wherever it is reported. */
export function message<P extends object>(entry: Message<P>): Message<P> {
  return entry;
}

/** What a report may add to its catalogue entry. */
export interface ReportExtras {
  readonly related?: readonly Related[];
  readonly fixes?: readonly Fix[];
  readonly tags?: readonly "unnecessary"[];
  /** Where one mistake weighs differently by its place (an empty glob in an imported file). */
  readonly severity?: Severity;
  /** In place of the entry's own hint, such as a did-you-mean. */
  readonly hint?: string;
}

/** Makes the diagnostic of a catalogue entry at a place. */
export function report<P>(
  entry: Message<P>,
  parameters: P,
  source: Source,
  span: Span,
  extras: ReportExtras = {},
): Diagnostic {
  const hint = extras.hint ?? entry.hint?.(parameters);
  return {
    code: entry.code,
    severity: extras.severity ?? entry.severity,
    title: entry.title,
    message: entry.message(parameters),
    ...(hint === undefined ? {} : { hint }),
    source,
    span,
    ...(extras.related === undefined ? {} : { related: extras.related }),
    ...(extras.fixes === undefined ? {} : { fixes: extras.fixes }),
    ...(extras.tags === undefined ? {} : { tags: extras.tags }),
  };
}
