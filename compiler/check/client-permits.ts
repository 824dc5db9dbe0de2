import { clientPermits } from "../messages/escapes.ts";
import type { BoundRule } from "../program.ts";
import type { Check, CheckContext } from "./check.ts";
import { effectOf, leavesOf, readsOf } from "./leaves.ts";
import { pathText } from "./typing/paths.ts";

/** No call passes because of what the client says of itself. */
export const clientPermitsCheck: Check = {
  name: "client-permits",
  run(context) {
    const seen = new Set<string>();
    for (const rule of context.program.rules) {
      if (!rule.resolved || rule.kind === "hide" || rule.kind === "limit") continue;
      if (!rule.guard.always) context.look(rule, [], () => examine(context, rule, seen));
    }
  },
};

function examine({ report, reported }: CheckContext, rule: BoundRule, seen: Set<string>): void {
  for (const leaf of leavesOf(rule)) {
    if (effectOf(rule, leaf) !== "grants") continue;
    for (const { path } of readsOf(leaf.node)) {
      const key = `${path.span.start} ${rule.source.name}`;
      if (path.root.value !== "client" || seen.has(key)) continue;
      if (reported(rule.source, leaf.node.span)) continue;
      seen.add(key);
      report(clientPermits, { path: pathText(path) }, rule.source, path.span);
    }
  }
}
