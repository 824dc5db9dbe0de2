import type { Comparison } from "../../language/index.ts";
import { denyUnder } from "../messages/escapes.ts";
import type { Check } from "./check.ts";
import { effectOf, leavesOf } from "./leaves.ts";

/** `under` says what is permitted; used to forbid, it lets every doubtful spelling pass. */
export const denyUnderCheck: Check = {
  name: "deny-under",
  run({ program, report, reported }) {
    const seen = new Set<string>();
    for (const rule of program.rules) {
      if (!rule.resolved || rule.of !== "tool" || rule.kind === "hide") continue;
      for (const leaf of leavesOf(rule)) {
        if (leaf.node.kind !== "comparison" || leaf.node.operator !== "under") continue;
        // `effectOf` counts the `not`s: a permission `if not … under` is a prohibition by place too.
        if (effectOf(rule, leaf) !== "restrains") continue;
        const key = `${leaf.node.span.start} ${rule.source.name}`;
        if (seen.has(key) || reported(rule.source, leaf.node.span)) continue;
        seen.add(key);
        const place = placeOf(leaf.node);
        report(
          denyUnder,
          { rule: rule.kind, place, sample: sampleOf(place) },
          rule.source,
          leaf.node.span,
        );
      }
    }
  },
};

function placeOf(node: Comparison): string {
  if (node.right.kind === "string") return node.right.value;
  const first = node.right.kind === "list" ? node.right.items[0] : undefined;
  return first?.kind === "string" ? first.value : "it";
}

function sampleOf(place: string): string {
  const url = /^([a-z]+:\/\/)(.*)$/i.exec(place);
  if (url !== null) return `${url[1]}user@${url[2]?.replace(/^\*\./, "www.")}`;
  return `/tmp/..${place.startsWith("/") ? place : `/${place}`}`;
}
