import type { Span } from "../../language/index.ts";
import { notRunYet } from "../messages/coverage.ts";
import type { Bound } from "../program.ts";
import type { Check } from "./check.ts";

/** What is read but has no effect yet says so. */
export const notRunYetCheck: Check = {
  name: "not-run-yet",
  run({ program, report }) {
    const notice = (
      what: "test" | "claim",
      all: readonly Bound<{ readonly span: Span }>[],
    ): void => {
      const here = all.filter((bound) => !bound.imported);
      const [first] = here;
      if (first === undefined) return;
      report(notRunYet, { what, count: here.length }, first.source, first.node.span);
    };
    notice("test", program.tests);
    notice("claim", program.claims);
  },
};
