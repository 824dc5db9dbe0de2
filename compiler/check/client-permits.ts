import { clientPermits } from "../messages/escapes.ts";
import type { Check } from "./check.ts";
import { effectOf, leavesOf, readsOf } from "./leaves.ts";
import { pathText } from "./typing/paths.ts";

/** No call passes because of what the client says of itself. */
export const clientPermitsCheck: Check = {
  name: "client-permits",
  run({ program, report, reported }) {
    const seen = new Set<string>();
    for (const rule of program.rules) {
      if (!rule.resolved || rule.kind === "hide" || rule.kind === "limit") continue;
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
  },
};
