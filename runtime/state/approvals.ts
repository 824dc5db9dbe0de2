import type { Approval, ApprovalDecision, ApprovalRequest } from "./store.ts";

/** The record as it stands at `now`: time alone ends what is pending or approved. */
export function approvalAt(record: Approval, now: number): Approval {
  const open = record.state === "pending" || record.state === "approved";
  return open && record.expiresAt <= now ? { ...record, state: "expired" } : record;
}

export function isPending(record: Approval, now: number): boolean {
  return record.state === "pending" && record.expiresAt > now;
}

/** Whether the record, as it stands at `now`, answers an identical call. */
export function isJoinable(record: Approval, now: number): boolean {
  return record.state !== "spent" && record.expiresAt > now;
}

/** Calls share an approval that are the same, of the same grant, and asked about for the same reasons. */
export function joinKey({ grant, server, digest, entries, pin }: ApprovalRequest): string {
  return JSON.stringify([grant, server, digest, [...entries].sort(), pin ?? null]);
}

export function decidedApproval(record: Approval, decision: ApprovalDecision): Approval {
  return {
    ...record,
    state: decision.approve ? "approved" : "denied",
    decidedAt: decision.at,
    decidedBy: decision.by,
    ...(decision.reason !== undefined && { reason: decision.reason }),
  };
}

/** What `list` selects, of records as they stand now. */
export function isListed(
  record: Approval,
  filter: { readonly grant?: string; readonly all?: boolean },
): boolean {
  if (filter.grant !== undefined && record.grant !== filter.grant) return false;
  return filter.all === true || record.state === "pending";
}

export function newestFirst(a: Approval, b: Approval): number {
  return b.askedAt - a.askedAt || (a.id < b.id ? 1 : -1);
}
