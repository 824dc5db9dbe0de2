import type { Refused } from "./admit.ts";
import { newDecisionId } from "./denials.ts";
import type { Governance } from "./governance.ts";
import type { Ruling } from "./judge.ts";

/** What a decision is about. */
export interface Subject {
  readonly method: string;
  /** Tool, resource or prompt. */
  readonly name?: string;
}

/** Records a ruling; the id is what its answer names. */
export function recordRuling(governance: Governance, subject: Subject, ruling: Ruling): string {
  const { record, shadow } = governance;
  const id = newDecisionId();
  const base = {
    id,
    at: governance.now(),
    method: subject.method,
    ...(subject.name === undefined ? {} : { name: subject.name }),
  };
  if (ruling.outcome === "allow") {
    record({ ...base, outcome: "allow", enforced: true, rule: "", message: "" });
    for (const { rule, message, source } of ruling.findings) {
      const where = source === undefined ? {} : { source };
      record({ ...base, outcome: "deny", enforced: false, rule, message, ...where });
    }
    return id;
  }
  const { outcome, rule, message, source, detail } = ruling;
  record({
    ...base,
    outcome,
    enforced: !shadow,
    rule,
    message,
    ...(source === undefined ? {} : { source }),
    ...(detail === undefined ? {} : { detail }),
  });
  return id;
}

/** Records what was refused before any policy was asked. */
export function recordRefusal(governance: Governance, { message }: Pick<Refused, "message">): void {
  governance.record({
    id: newDecisionId(),
    at: governance.now(),
    outcome: "refuse",
    enforced: true,
    rule: "(refused)",
    message,
  });
}
