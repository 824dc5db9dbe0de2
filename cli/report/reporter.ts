import { reportGithub } from "./github.ts";
import { reportJson } from "./json.ts";
import { reportPretty } from "./pretty.ts";
import type { Reporter } from "./report.ts";
import { reportSarif } from "./sarif.ts";

export const REPORTERS = {
  pretty: reportPretty,
  json: reportJson,
  sarif: reportSarif,
  github: reportGithub,
} satisfies Record<string, Reporter>;

export type ReportFormat = keyof typeof REPORTERS;
