export type * from "./engine/types.ts";
export * from "./state/store.ts";
