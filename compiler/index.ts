export type * from "./program.ts";
export type * from "./tools/list.ts";
