import type { Step } from "../../language/index.ts";
import { emptyTest, sameTestName } from "../messages/tests.ts";
import type { Check } from "./check.ts";

/** A test makes calls, and has a name of its own. */
export const testBlocksCheck: Check = {
  name: "test-blocks",
  run({ program, report }) {
    const names = new Map<string, (typeof program.tests)[number]>();
    for (const test of program.tests) {
      const { node, source } = test;
      const { value: name, span } = node.name;
      if (node.faulty !== true && !node.steps.some(calls)) report(emptyTest, {}, source, span);
      const first = names.get(name);
      if (first === undefined) names.set(name, test);
      else {
        const related = [
          { message: "The other test.", source: first.source, span: first.node.name.span },
        ];
        report(sameTestName, { name }, source, span, { related });
      }
    }
  },
};

/** What is broken may have been meant for a call. */
function calls(step: Step): boolean {
  return step.kind === "as" ? step.steps.some(calls) : ["call", "broken"].includes(step.kind);
}
