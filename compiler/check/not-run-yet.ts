import { notRunYet } from "../messages/coverage.ts";
import type { Check } from "./check.ts";

/** What is read but has no effect yet says so. */
export const notRunYetCheck: Check = {
  name: "not-run-yet",
  run({ program, report }) {
    const here = program.claims.filter((bound) => !bound.imported);
    const [first] = here;
    if (first === undefined) return;
    report(notRunYet, { count: here.length }, first.source, first.node.span);
  },
};
