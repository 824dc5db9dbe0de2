import type { Approval } from "../state/store.ts";
import type { Refused } from "./admit.ts";
import { newDecisionId } from "./denials.ts";
import type { DecisionRecord, Governance } from "./governance.ts";
import type { Ruling } from "./judge.ts";

/** What a decision is about. */
export interface Subject {
  readonly method: string;
  /** Tool, resource or prompt. */
  readonly name?: string;
}

/** Records a ruling; the id is what its answer names. `enforced`: false when it is only recorded. */
export function recordRuling(
  governance: Governance,
  subject: Subject,
  ruling: Ruling,
  enforced: boolean,
): string {
  const id = newDecisionId();
  const at = governance.now();
  if (ruling.outcome === "allow") {
    const allowed = { id, at, outcome: "allow", enforced: true, rule: "", message: "" } as const;
    const record: Draft = about(subject, allowed);
    if (ruling.approved !== undefined) record.detail = ruling.approved.map(approvedBy).join(" ");
    governance.record(record);
    for (const { rule, message, source } of ruling.findings) {
      const found = about(subject, { id, at, outcome: "deny", enforced: false, rule, message });
      if (source !== undefined) found.source = source;
      governance.record(found);
    }
    return id;
  }
  const { outcome, rule, message, source, detail } = ruling;
  const record = about(subject, { id, at, outcome, enforced, rule, message });
  if (source !== undefined) record.source = source;
  if (detail !== undefined) record.detail = detail;
  governance.record(record);
  return id;
}

function approvedBy({ id, decidedBy = "a person", reason }: Approval): string {
  return `Approved by ${decidedBy} (${id})${reason === undefined ? "." : `: ${reason}`}`;
}

type Draft = { -readonly [key in keyof DecisionRecord]: DecisionRecord[key] };

// Filled in place: this is on the way of every call, and spreading costs more than the rest of it.
function about({ method, name }: Subject, draft: Draft): Draft {
  draft.method = method;
  if (name !== undefined) draft.name = name;
  return draft;
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
