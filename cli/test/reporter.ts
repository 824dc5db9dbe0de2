import { reportPretty } from "./pretty.ts";
import type { TestReport } from "./report.ts";

export const TEST_REPORTERS = {
  pretty: reportPretty,
} satisfies Record<string, (report: TestReport) => string>;

export type TestFormat = keyof typeof TEST_REPORTERS;
