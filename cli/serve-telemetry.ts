import {
  type Approvals,
  type AuditTrail,
  type Freezes,
  openTelemetry,
  type Seals,
  SessionDigests,
  type StateStore,
  type Telemetry,
} from "../runtime/index.ts";
import type { ServeLog } from "./serve-log.ts";

export interface ServeTelemetryOptions {
  readonly store: StateStore;
  readonly approvals: Approvals | undefined;
  readonly freezes: Freezes;
  readonly audit: AuditTrail | undefined;
  readonly seals: Seals;
  readonly log: ServeLog;
  /** Whether there is an admin address, to serve metrics on. */
  readonly metrics: boolean;
  /** Whether a server is served here. */
  readonly concerns: (server: string) => boolean;
}

/** What watches a proxy: what the environment and the configuration ask for. Never rejects. */
export function startTelemetry(options: ServeTelemetryOptions): Promise<Telemetry> {
  const { store, approvals, freezes, audit, seals, log, metrics, concerns } = options;
  const sessions = new SessionDigests(seals.auditKey);
  return openTelemetry({
    env: process.env,
    metrics,
    version: MCPP_VERSION,
    levels: {
      held: () => approvals?.decisions.waiting ?? 0,
      approvals: async () => {
        const waiting = approvals === undefined ? [] : await store.approvals.list();
        return waiting.filter(({ server }) => concerns(server)).length;
      },
      freezes: async () => {
        const inForce = await freezes.list(Date.now());
        return inForce.filter(({ server }) => server === undefined || concerns(server)).length;
      },
      audit: () => audit?.writable,
    },
    session: (id) => sessions.of(id),
    notice: log.notice,
  });
}
