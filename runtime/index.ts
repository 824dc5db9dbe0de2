export { ChargedCounters } from "./admin/charged.ts";
export { RecentDecisions } from "./admin/decisions.ts";
export type { InForce } from "./admin/limits.ts";
export type { PageFile } from "./admin/page-files.ts";
export { type PageOptions, pageRoutes } from "./admin/page-routes.ts";
export type { AdminPeople, Person } from "./admin/people.ts";
export { type AdminAnswer, type AdminRoute, type Asked, jsonAnswer } from "./admin/route.ts";
export { type AdminOptions, AdminServer } from "./admin/server.ts";
export type { TrailFilter, TrailOptions } from "./admin/trail.ts";
export { Approvals, type ApprovalsOptions, SILENT_HOLD_MS } from "./approvals/approvals.ts";
export { Freezes } from "./approvals/freezes.ts";
export { legible, legibleDocument } from "./approvals/legible.ts";
export { Webhook } from "./approvals/webhook.ts";
export { ApprovalEvents, type ApprovalEventsOptions } from "./audit/approval-events.ts";
export { ARGUMENT_MODES, type ArgumentMode, type KeptArguments } from "./audit/arguments.ts";
export { AuditUnavailable } from "./audit/files.ts";
export { BrokenTrail } from "./audit/follow-chain.ts";
export { FreezeEvents, type FreezeEventsOptions } from "./audit/freeze-events.ts";
export { harmless, type TrailRecord } from "./audit/line.ts";
export { type FileLine, linesIn } from "./audit/lines.ts";
export { type AuditSettings, openTrail } from "./audit/open.ts";
export { readTrails, recordsIn } from "./audit/read.ts";
export { SessionDigests } from "./audit/session-digests.ts";
export type { AuditTrail } from "./audit/trail.ts";
export {
  type ChainReport,
  type Head,
  type TrailFile,
  trailFiles,
  verifyTrails,
} from "./audit/trails.ts";
export type { Fault } from "./audit/verify.ts";
export { compileEngine } from "./engine/decide.ts";
export { both } from "./engine/guard.ts";
export { denyLimit, describeSpan, type NotReserved } from "./engine/limit-denial.ts";
export { lookingOn } from "./engine/looking-on.ts";
export {
  type Observation,
  type Outcomes,
  observeCondition,
  observeConditions,
} from "./engine/observe.ts";
export type { EngineOptions } from "./engine/tools.ts";
export type * from "./engine/types.ts";
export { uriProblem } from "./engine/uri.ts";
export { type Grant, type Grants, newToken, openGrant, tokenGrant } from "./grants/grant.ts";
export { type GrantInForce, type Lost, Snapshot } from "./grants/snapshot.ts";
export type { Message } from "./proxy/admit.ts";
export { readCallText } from "./proxy/call-text.ts";
export {
  type ExplainedCall,
  explainCall,
  type LimitState,
  toolsOf,
} from "./proxy/explain.ts";
export {
  type DecisionRecord,
  type Governance,
  SERVER_REQUESTS,
  type ServerRequest,
} from "./proxy/governance.ts";
export { type BridgeOptions, bridgeToHttp } from "./proxy/http/bridge.ts";
export {
  ChildBackend,
  type ChildBackendOptions,
} from "./proxy/http/child-backend.ts";
export { ChildPlaces } from "./proxy/http/child-places.ts";
export type { Backend, Route, Routes } from "./proxy/http/front.ts";
export { Gateway, type GatewayOptions, type GatewayServer } from "./proxy/http/gateway.ts";
export { HttpLink, type LinkHandlers, type LinkOptions } from "./proxy/http/link.ts";
export { HttpRelay, type RelayOptions } from "./proxy/http/relay.ts";
export { oneServer } from "./proxy/http/routes.ts";
export { HttpServer, type HttpServerOptions } from "./proxy/http/server.ts";
export type { FinishedRequest, Observer, TraceHeaders } from "./proxy/observe.ts";
export { type Load, noLoad } from "./proxy/requests.ts";
export { Rounds } from "./proxy/rounds.ts";
export { type Openings, Rulebook } from "./proxy/rulebook.ts";
export { RulesInForce } from "./proxy/rules-in-force.ts";
export { scan } from "./proxy/scan.ts";
export { keyFor, NoKey, rootKeys, Seals } from "./proxy/seal.ts";
export { type Oversized, type Ports, Session } from "./proxy/session.ts";
export { MAX_MESSAGE, MAX_SERVER_MESSAGE, proxyStdio, type StdioProxy } from "./proxy/stdio.ts";
export { Tasks } from "./proxy/tasks.ts";
export {
  type Judged,
  Trial,
  type TrialCall,
  type TrialOptions,
} from "./proxy/trial.ts";
export { limitsNamed, Replay, type Replayed } from "./replay/compare.ts";
export type { NewDecision } from "./replay/judge-again.ts";
export { callsInList, NoCall } from "./replay/listed-calls.ts";
export type { Past, PastDecision, PastOther, PastRequest } from "./replay/past.ts";
export { callsInTrails } from "./replay/trail-calls.ts";
export { type OpenOptions, openStore } from "./state/open.ts";
export * from "./state/store.ts";
export { windowEnd, windowStart } from "./state/windows.ts";
export type { Carrier, Instrument, Instruments, Levels, Place } from "./telemetry/instrument.ts";
export { openTelemetry, type Telemetry, type TelemetryOptions } from "./telemetry/telemetry.ts";
export {
  Child,
  ChildNotStarted,
  type ChildOptions,
  type Exit,
  serverEnvironment,
  startChild,
} from "./transport/child.ts";
export { LineConnection } from "./transport/connection.ts";
export type { ListenAddress } from "./transport/http/listener.ts";
export { HttpUpstream, type UpstreamOptions } from "./transport/http/upstream.ts";
export { writeLog } from "./transport/log.ts";
