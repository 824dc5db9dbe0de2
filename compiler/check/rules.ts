import type { Check } from "./check.ts";

/** Every check, in the order in which they run: causes before their consequences. */
export const rules: readonly Check[] = [];
