import {
  ApprovalEvents,
  ARGUMENT_MODES,
  type AuditSettings,
  type AuditTrail,
  AuditUnavailable,
  FreezeEvents,
  type Freezes,
  openTrail,
  type Seals,
  type StateStore,
} from "../runtime/index.ts";
import { Failure } from "./command.ts";
import type { ServeLog } from "./serve-log.ts";

export interface AuditOptions {
  readonly audit?: string;
  readonly auditArguments?: string;
  readonly auditStdout?: boolean;
  readonly listen?: string;
}

/** What the options of `mcpp serve` ask for; undefined for no audit trail. Throws `Failure`. */
export function auditSettings(options: AuditOptions): AuditSettings | undefined {
  const { audit: dir, auditArguments, auditStdout = false, listen } = options;
  if (auditStdout && listen === undefined) {
    throw new Failure("`--audit-stdout` goes with `--listen`: without it stdout is the client's.");
  }
  if (dir !== undefined && auditStdout) {
    throw new Failure("`--audit` and `--audit-stdout` exclude each other.");
  }
  const mode = ARGUMENT_MODES.find((name) => name === auditArguments);
  if (auditArguments !== undefined && mode === undefined) {
    throw new Failure(
      `\`--audit-arguments ${auditArguments}\`: the modes are ${ARGUMENT_MODES.join(", ")}.`,
    );
  }
  const common = mode === undefined ? {} : { arguments: mode };
  if (auditStdout) return { kind: "stdout", ...common };
  if (dir !== undefined) return { kind: "folder", dir, ...common };
  if (mode !== undefined) throw new Failure("`--audit-arguments` goes with `--audit DIR`.");
  return undefined;
}

/** Begins the audit trail; undefined when none is asked for. Throws `Failure`. */
export function openAudit(
  settings: AuditSettings | undefined,
  seals: Seals,
  log: ServeLog,
  start: Readonly<Record<string, unknown>>,
): AuditTrail | undefined {
  if (settings === undefined) return undefined;
  try {
    return openTrail(settings, {
      key: seals.auditKey,
      now: Date.now,
      // An alarm must not be lost among lines that are left out.
      notice: log.tell,
      start: { version: MCPP_VERSION, ...start },
    });
  } catch (error) {
    if (error instanceof AuditUnavailable) throw new Failure(error.message);
    throw error;
  }
}

export interface AuditEvents {
  /** Questions to persons; absent where nobody can be asked. */
  readonly approvals: ApprovalEvents | undefined;
  readonly end: () => void;
}

export interface AuditEventsOptions {
  readonly audit: AuditTrail | undefined;
  readonly store: StateStore;
  readonly freezes: Freezes;
  /** Whether persons can be asked. */
  readonly asks: boolean;
  /** Whether a server is served here. */
  readonly concerns: (server: string) => boolean;
  readonly log: ServeLog;
}

/** Begins to keep what others do through the state: decisions on calls, and freezes. */
export function auditEvents(options: AuditEventsOptions): AuditEvents {
  const { audit: trail, store, freezes, asks, concerns, log } = options;
  if (trail === undefined) return { approvals: undefined, end: () => {} };
  const frozen = new FreezeEvents({ freezes, trail, concerns, now: Date.now });
  void frozen.begin();
  const approvals = asks
    ? new ApprovalEvents({ store: store.approvals, trail, concerns, notice: log.notice })
    : undefined;
  void approvals?.begin();
  return {
    approvals,
    end: () => {
      frozen.end();
      approvals?.end();
    },
  };
}

/** For the start line. */
export function describeAudit(settings: AuditSettings | undefined): string {
  if (settings === undefined) return "";
  return settings.kind === "stdout" ? ", audit to stdout" : `, audit in ${settings.dir}`;
}
