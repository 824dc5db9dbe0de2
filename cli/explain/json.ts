import type { ExplainedCall } from "../../runtime/index.ts";
import type { Remedies } from "./remedy/search.ts";
import { remediesJson } from "./remedy-lines.ts";

/** For programs; stable. Times are RFC 3339 in UTC; `resets_at` is null where nothing says when. */
export function explainJson(explained: ExplainedCall, remedies: Remedies): string {
  const { outcome, rule, message, source, ask, retryAfterMs, shadow, steps, limits } = explained;
  const report = {
    outcome,
    rule,
    message,
    ...(source !== undefined && { source }),
    ...(retryAfterMs !== undefined && { retry_after_ms: retryAfterMs }),
    ...(ask !== undefined && {
      ask: {
        ...(ask.approvers !== undefined && { approvers: ask.approvers }),
        timeout_seconds: ask.timeoutSeconds,
      },
    }),
    steps: steps.map(({ check, result, message: why, source: place, conditions }) => ({
      check,
      result,
      ...(why !== undefined && { message: why }),
      ...(place !== undefined && { source: place }),
      ...(conditions !== undefined && conditions.length > 0 && { conditions }),
    })),
    limits: limits.map(({ counter, max, used, resetsAt }) => ({
      counter,
      max,
      used,
      resets_at: resetsAt === undefined ? null : new Date(resetsAt).toISOString(),
    })),
    ...(shadow.length > 0 && { shadow }),
    ...(outcome !== "allow" && { remedies: remediesJson(remedies), always: remedies.always }),
  };
  return `${JSON.stringify(report, null, 2)}\n`;
}
