export type * from "./engine/types.ts";
export { type OpenOptions, openStore } from "./state/open.ts";
export * from "./state/store.ts";
export { windowEnd, windowStart } from "./state/windows.ts";
