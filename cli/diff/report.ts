import type { Change, Undecided } from "../../compiler/index.ts";
import { diffJson } from "./json.ts";
import { diffMarkdown } from "./markdown.ts";
import { diffPretty } from "./pretty.ts";

/** What a comparison has come to. */
export interface DiffReport {
  readonly before: string;
  readonly after: string;
  /** There was no policy before. */
  readonly isNew: boolean;
  readonly changes: readonly Change[];
  readonly undecided: readonly Undecided[];
  /** Whether escape sequences for colours may be used. */
  readonly colour: boolean;
}

export type DiffFormat = "pretty" | "json" | "markdown";

export const REPORTS: Readonly<Record<DiffFormat, (report: DiffReport) => string>> = {
  pretty: diffPretty,
  json: diffJson,
  markdown: diffMarkdown,
};
