export type * from "./ast.ts";
export * from "./diagnostics.ts";
export * from "./source.ts";
