import { reportJson } from "./json.ts";
import { reportJunit } from "./junit.ts";
import { reportPretty } from "./pretty.ts";
import type { TestReport } from "./report.ts";

export const TEST_REPORTERS = {
  pretty: reportPretty,
  json: reportJson,
  junit: reportJunit,
} satisfies Record<string, (report: TestReport) => string>;

export type TestFormat = keyof typeof TEST_REPORTERS;
