export { type LanguageServerOptions, serveLanguage } from "./server.ts";
export type { RanTest, TestRunner } from "./test-runs.ts";
