import {
  ARGUMENT_MODES,
  type AuditSettings,
  type AuditTrail,
  AuditUnavailable,
  openTrail,
  type Seals,
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

/** For the start line. */
export function describeAudit(settings: AuditSettings | undefined): string {
  if (settings === undefined) return "";
  return settings.kind === "stdout" ? ", audit to stdout" : `, audit in ${settings.dir}`;
}
