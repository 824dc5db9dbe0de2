import type { JsonObject } from "../proxy/admit.ts";
import type { Governance } from "../proxy/governance.ts";
import type { Hearing } from "../proxy/hear.ts";
import type { Ruling } from "../proxy/judge.ts";
import { progressToken } from "../proxy/progress.ts";
import type { MaybePromise } from "../state/store.ts";
import type { Asking } from "./ask.ts";

/** Who waits for a call that is held. */
export interface Caller {
  /** Aborts when it has cancelled, or nothing more can reach it. */
  readonly signal: AbortSignal;
  readonly connected: () => boolean;
  /** Sends it a notification. */
  readonly tell: (notification: JsonObject) => void;
}

/** Between two notifications of progress (milliseconds). */
const PROGRESS_MS = 5_000;

/**
 * Holds a call until a person has decided on it or it has waited long enough. On its release it is judged again in
 * full, under what is in force then. Never rejects.
 */
export async function hold(
  hearing: Hearing,
  first: Asking,
  governance: Governance,
  caller: Caller,
): Promise<Ruling> {
  const { approvals } = governance;
  const { params } = hearing;
  const token = progressToken(params);
  // A task is answered for at once: its caller does not wait for what becomes of it.
  const ms = params?.task === undefined ? (approvals?.holdMs(token !== undefined) ?? 0) : 0;
  if (approvals === undefined || ms === 0) return first.pending;
  const end = performance.now() + ms;
  const left = (): number => Math.max(end - performance.now(), 0);
  let asking = first;
  const quiet = token === undefined ? undefined : progress(token, caller, left, () => asking);
  try {
    for (;;) {
      const { approval, rulebook } = asking;
      const heard = await approvals.decisions.wait(approval.id, {
        ms: left(),
        signal: caller.signal,
        stale: () => governance.rulebook() !== rulebook || isFrozen(hearing, governance),
      });
      if (heard !== "changed" || isGone(caller)) return asking.pending;
      const verdict = await hearing.judgeAgain();
      if (verdict.outcome !== "ask") {
        if (verdict.outcome !== "allow" || !isGone(caller)) return verdict;
        await giveBack(verdict.reservation, governance);
        return asking.pending;
      }
      asking = verdict;
    }
  } finally {
    clearInterval(quiet);
  }
}

function isGone({ signal, connected }: Caller): boolean {
  return signal.aborted || !connected();
}

function isFrozen({ name }: Hearing, governance: Governance): MaybePromise<boolean> {
  const { freezes, server, grant, now } = governance;
  if (freezes === undefined || name === undefined) return false;
  const found = freezes.find({ server, grant, tool: name }, now());
  return found instanceof Promise
    ? found.then((freeze) => freeze !== undefined)
    : found !== undefined;
}

/** Nobody waits for the call any more, and nothing of it was sent. */
async function giveBack(reservation: string | undefined, governance: Governance): Promise<void> {
  if (reservation === undefined) return;
  try {
    await governance.store.refund(reservation, "all");
  } catch {
    governance.notice("What a call was charged that was not made could not be given back.");
  }
}

/**
 * Tells a caller that its call waits. The numbers are the seconds left, below zero: what the server will say of its own
 * progress goes on from there, because progress only ever grows (MCP, § Progress).
 */
function progress(
  token: string | number,
  { tell }: Caller,
  left: () => number,
  asking: () => Asking,
): NodeJS.Timeout {
  const say = (): void => {
    if (left() === 0) return;
    const { approval } = asking();
    tell({
      jsonrpc: "2.0",
      method: "notifications/progress",
      params: {
        progressToken: token,
        progress: -Math.ceil(left() / 1_000),
        message: `Waiting for the approval ${approval.id}`,
      },
    });
  };
  say();
  return setInterval(say, PROGRESS_MS);
}
