import { type Approval, describeSpan, legible, legibleDocument } from "../../runtime/index.ts";

/** All text of calls is foreign: it is shown with everything escaped that could hide or imitate something. */

export function approvalJson(value: {
  readonly approval?: Approval;
  readonly approvals?: readonly Approval[];
}): string {
  const { approval, approvals } = value;
  const document =
    approval === undefined ? { approvals: (approvals ?? []).map(rowOf) } : rowOf(approval);
  return `${legibleDocument(JSON.stringify(document))}\n`;
}

function rowOf(approval: Approval): object {
  return {
    id: approval.id,
    state: approval.state,
    server: approval.server,
    tool: approval.tool,
    grant: approval.grantName ?? approval.grant,
    grant_id: approval.grant,
    arguments: JSON.parse(approval.arguments) as unknown,
    digest: approval.digest,
    rule: approval.rule,
    source: approval.source,
    message: approval.message,
    approvers: approval.approvers,
    local: approval.local === true,
    asked_at: timeOf(approval.askedAt),
    expires_at: timeOf(approval.expiresAt),
    decided_at: approval.decidedAt === undefined ? undefined : timeOf(approval.decidedAt),
    decided_by: approval.decidedBy,
    reason: approval.reason,
  };
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}

export function approvalTable(approvals: readonly Approval[], now: number): string {
  if (approvals.length === 0) return "Nothing waits for an approval.\n";
  const cells = approvals.map((approval) => [
    approval.id,
    stateOf(approval, now),
    legible(approval.tool),
    legible(approval.server),
    legible(approval.grantName ?? approval.grant),
    legible((approval.approvers ?? ["any approver"]).join(", ")),
  ]);
  const widths = [0, 1, 2, 3, 4].map((column) =>
    Math.max(...cells.map((row) => (row[column] as string).length)),
  );
  return cells
    .map(
      (row) =>
        `${row
          .map((cell, column) => cell.padEnd(widths[column] ?? 0))
          .join("  ")
          .trimEnd()}\n`,
    )
    .join("");
}

/** One approval with everything that an approver decides on. */
export function shownApproval(approval: Approval, now: number): string {
  const { id, tool, server, grant, grantName, rule, source, message, approvers, local } = approval;
  const { decidedBy, reason, digest } = approval;
  const who = local === true ? "the user of this machine" : "any approver";
  const rows: readonly (readonly [string, string | undefined])[] = [
    ["tool", `${tool} on ${server}`],
    ["grant", grantName ?? grant],
    ["rule", [rule, source].filter((part) => part !== undefined).join(" at ")],
    ["says", message],
    ["decides", approvers === undefined || local === true ? who : approvers.join(", ")],
    ["decided by", decidedBy],
    ["reason", reason],
    ["digest", digest],
  ];
  const lines = rows.flatMap(([name, text]) =>
    text === undefined || text === "" ? [] : [`  ${name.padEnd(10)}  ${legible(text)}`],
  );
  const asked = legibleDocument(approval.arguments).replaceAll("\n", "\n  ");
  return `${id}  ${stateOf(approval, now)}\n${lines.join("\n")}\n  arguments\n  ${asked}\n`;
}

function stateOf({ state, expiresAt }: Approval, now: number): string {
  const left = `${describeSpan(expiresAt - now)} left`;
  switch (state) {
    case "pending":
      return left;
    case "approved":
      return `approved, ${left}`;
    case "spent":
      return "approved, the call was made";
    default:
      return state;
  }
}
