import { annotationsContradict } from "../messages/coverage.ts";
import { classify } from "../tools/risk.ts";
import type { Check } from "./check.ts";
import { closedOf, placeOfPolicy } from "./standing.ts";

/** The server's hints about tools that the policy permits agree with everything else that is known of them. */
export const annotationsContradictCheck: Check = {
  name: "annotations-contradict",
  run({ program, report }) {
    const tools = (program.tools.list?.tools ?? [])
      .filter((tool) => tool.risk_by !== "hand" && closedOf(program, tool.name) === undefined)
      .flatMap((tool) => {
        const [why] = classify(tool).contradictions;
        return why === undefined ? [] : [{ name: tool.name, why }];
      });
    if (tools.length === 0) return;
    const { source, span } = placeOfPolicy(program);
    report(annotationsContradict, { tools }, source, span);
  },
};
