import type { Policy } from "../policy/index.ts";
import { type Approval, Approvals, keyFor, type StateStore, Webhook } from "../runtime/index.ts";
import type { Config } from "./config/config.ts";
import type { ServeLog } from "./serve-log.ts";

/** Hears of each question that a call depends on. */
export type Seen = (approval: Approval) => void;

/** The local user decides, in another process. Undefined where the state is in this one alone. */
export function localApprovals(
  store: StateStore,
  holdMs: number,
  log: ServeLog,
  seen: Seen,
): Approvals | undefined {
  if (store.name === "memory") return undefined;
  return new Approvals({ store: store.approvals, holdMs, local: true, asked: tellIn(log), seen });
}

/** Those decide that the configuration names. Undefined where it names nobody, or they could not be heard. */
export function gatewayApprovals(
  { approvals: { holdMs, approvers } }: Config,
  store: StateStore,
  log: ServeLog,
  webhook: Webhook | undefined,
  seen: Seen,
): Approvals | undefined {
  if (approvers.length === 0) return undefined;
  if (store.name === "memory") {
    log.notice(
      "the state is in the memory of this process, where no approver can decide: calls that need an approval are denied; name a `state`",
    );
    return undefined;
  }
  const tell = tellIn(log);
  const asked = (approval: Approval): void => {
    tell(approval);
    void webhook?.tell(approval);
  };
  return new Approvals({ store: store.approvals, holdMs, local: false, asked, seen });
}

/** What is told of new questions. Undefined where nothing is configured. */
export function webhookOf(
  { approvals: { webhook: url }, keys: [root] }: Config,
  { notice }: ServeLog,
  page: (id: string) => string | undefined,
): Webhook | undefined {
  if (url === undefined || root === undefined) return undefined;
  return new Webhook({ url, key: keyFor("webhook", root), now: Date.now, notice, page });
}

/** Whether a policy has a person asked about any call. */
export function asks({ tools = {} }: Policy): boolean {
  return Object.values(tools).some(({ ask_if = [] }) => ask_if.length > 0);
}

/** Who decides on the calls of a single server, a clause for its start. */
export function whoDecides(approvals: Approvals | undefined, listens: boolean): string {
  if (approvals !== undefined) {
    return "calls that need an approval wait for `mcpp approvals approve ID` of this user; an agent that can run commands as this user can approve its own calls";
  }
  return listens
    ? "calls that need an approval are denied: with `--listen` nobody can approve them; a gateway with `approvals` in its configuration can have approvers"
    : "calls that need an approval are denied: the state is in the memory of this process, where nobody can approve them; name another `--state`";
}

function tellIn(log: ServeLog): (approval: Approval) => void {
  return ({ id, tool, server, grantName, grant, approvers }) => {
    const by = approvers === undefined ? "" : ` by one of ${approvers.join(", ")}`;
    log.notice(
      `approval ${id} is asked for${by}: \`${tool}\` on ${server} as ${grantName ?? grant}; see \`mcpp approvals show ${id}\``,
    );
  };
}
