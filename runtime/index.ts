export { compileEngine } from "./engine/decide.ts";
export { denyLimit, describeSpan, type NotReserved } from "./engine/limit-denial.ts";
export type { EngineOptions } from "./engine/tools.ts";
export type * from "./engine/types.ts";
export { uriProblem } from "./engine/uri.ts";
export { type OpenOptions, openStore } from "./state/open.ts";
export * from "./state/store.ts";
export { windowEnd, windowStart } from "./state/windows.ts";
