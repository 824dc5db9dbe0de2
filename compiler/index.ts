export type * from "./tools/list.ts";
