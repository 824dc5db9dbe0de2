import { kindLeftOpen } from "../messages/coverage.ts";
import type { ToolList } from "../tools/list.ts";
import type { Check } from "./check.ts";
import { statementAfter } from "./edits.ts";
import { placeOfPolicy } from "./standing.ts";

/** Where the server offers resources or prompts, the policy says what becomes of them. */
export const kindsLeftOpenCheck: Check = {
  name: "kinds-left-open",
  run({ program, report, sound }) {
    const { list } = program.tools;
    if (list === undefined || !sound()) return;
    for (const kind of ["resource", "prompt"] as const) {
      if (program.defaults[kind].governed || !offers(list, kind)) continue;
      const { source, span } = placeOfPolicy(program);
      const stated = program.defaults.tool.stated;
      const anchor = stated !== undefined && stated.source === source ? stated.node.span : span;
      report(kindLeftOpen, { kind }, source, span, {
        fixes: (["deny", "allow"] as const).map((effect) => ({
          title: `Add \`default ${effect} ${kind}s\``,
          edits: [statementAfter(source, anchor, `default ${effect} ${kind}s`)],
        })),
      });
    }
  },
};

function offers(list: ToolList, kind: "resource" | "prompt"): boolean {
  if (kind === "prompt") {
    return (list.prompts ?? []).length > 0 || list.capabilities?.prompts !== undefined;
  }
  const listed = [...(list.resources ?? []), ...(list.resourceTemplates ?? [])];
  return listed.length > 0 || list.capabilities?.resources !== undefined;
}
