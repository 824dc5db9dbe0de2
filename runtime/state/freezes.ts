import type { Freeze, FreezeScope } from "./store.ts";

/** How long it is known who lifted a freeze (milliseconds). */
export const KEPT_MS = 3_600_000;

export function isSameScope(a: FreezeScope, b: FreezeScope): boolean {
  return a.server === b.server && a.grant === b.grant && a.tool === b.tool;
}

export function firstToEnd(a: Freeze, b: Freeze): number {
  return a.until - b.until || (a.id < b.id ? -1 : 1);
}
