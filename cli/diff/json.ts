import type { Change } from "../../compiler/index.ts";
import { callJson } from "../report/call-json.ts";
import type { DiffReport } from "./report.ts";

/** For programs; stable. */
export function diffJson({ changes, undecided }: DiffReport): string {
  const report = {
    changes: changes.map(changeOf),
    ...(undecided.length > 0 && {
      undecided: undecided.map(({ name, before, after, why }) => ({
        tool: name,
        before,
        after,
        why,
      })),
    }),
    equivalent: changes.length === 0 && undecided.length === 0,
  };
  return `${JSON.stringify(report, null, 2)}\n`;
}

function changeOf({ of, name, what, before, after, direction, toCome, call }: Change) {
  return {
    [of]: name,
    what,
    before,
    after,
    direction,
    ...(toCome && { to_come: true }),
    ...(call !== undefined && { call: callJson(call) }),
  };
}
