import { harmless } from "../../runtime/index.ts";
import type { Tally } from "./tally.ts";

/** For programs; stable. */
export function replayJson(tally: Tally): string {
  const { calls, changed, from, to, changes, watched, aside } = tally;
  const report = {
    calls,
    changed,
    ...(from !== undefined && { from, to }),
    changes,
    ...(watched.length > 0 && { shadow: watched }),
    aside,
  };
  const lines = JSON.stringify(report, null, 2).split("\n");
  return `${lines.map(harmless).join("\n")}\n`;
}
