import type { Diagnostic } from "../../language/index.ts";

/** What a reporter writes: the text of stdout, with its last line break. */
export type Reporter = (report: Report) => string;

export interface Report {
  /** In the order in which they are to be shown. */
  readonly diagnostics: readonly Diagnostic[];
  /** How many files were looked at, imports aside. */
  readonly files: number;
  /** Whether escape sequences for colours may be used. */
  readonly colour: boolean;
}

export interface Summary {
  readonly errors: number;
  readonly warnings: number;
  readonly infos: number;
}

export function summarise(diagnostics: readonly Diagnostic[]): Summary {
  const count = (wanted: Diagnostic["severity"]): number =>
    diagnostics.filter(({ severity }) => severity === wanted).length;
  return { errors: count("error"), warnings: count("warning"), infos: count("info") };
}
