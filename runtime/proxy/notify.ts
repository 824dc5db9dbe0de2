import type { Admitted, Message } from "./admit.ts";
import type { Governance } from "./governance.ts";
import { judgeOther } from "./kinds.ts";
import { type Recorded, recordRuling } from "./records.ts";
import { openTasks } from "./tasks.ts";

/**
 * Whether a notification of the client goes to the server; the policy rules on it, and that is recorded. The task ids
 * of one that passes are the server's own then.
 */
export function passes(
  { method, params }: Extract<Message, { kind: "notification" }>,
  admitted: Admitted,
  governance: Governance,
): boolean {
  const rulebook = governance.rulebook();
  const { ruling, reached } = judgeOther(method, params, rulebook);
  if (ruling.outcome !== "allow" || ruling.findings.length > 0) {
    const name = reached?.name;
    const subject = { method, ...(name === undefined ? {} : { name }) };
    const recorded = recordRuling(governance, subject, ruling, !rulebook.shadow);
    // It is no call: that it is kept on a disk is not waited for.
    if (!(recorded instanceof Promise) && forbids(recorded)) return false;
  }
  if (ruling.outcome !== "allow" && !rulebook.shadow) return false;
  openTasks(admitted, governance);
  return true;
}

function forbids({ ruling, enforced }: Recorded): boolean {
  return ruling.outcome !== "allow" && enforced;
}
