export type { ClaimResult, ClaimVerdict, ClaimWorld } from "./analysis/claims.ts";
export { proveFor } from "./analysis/claims.ts";
export { callText, contextText, timeText } from "./analysis/describe-call.ts";
export type { Change, DiffSide, PolicyDiff, Undecided } from "./analysis/diff.ts";
export { diffPolicies } from "./analysis/diff.ts";
export { catalogue } from "./catalogue.ts";
export type { Compilation, CompileOptions } from "./compile.ts";
export { check, claimDiagnostics, compile } from "./compile.ts";
export type { Host, Judge, JudgedCall, JudgedOutcome } from "./host.ts";
export type { Target } from "./lower/target.ts";
export { TARGETS } from "./lower/target.ts";
export { noToolList } from "./messages/lowering.ts";
export type * from "./program.ts";
export type { Candidate, CandidateKind } from "./query/candidates.ts";
export type { CompiledPart } from "./query/compiled.ts";
export { compiledParts } from "./query/compiled.ts";
export type { Completions } from "./query/complete.ts";
export { completionsAt } from "./query/complete.ts";
export type {
  CoverableCondition,
  CoverableGuard,
  CoverableRule,
} from "./query/coverable.ts";
export { coverableOf } from "./query/coverable.ts";
export type { Mention, MentionKind } from "./query/mentions.ts";
export { mentionAt, mentionsIn, mentionsOf } from "./query/mentions.ts";
export { operatorsFor } from "./query/operators.ts";
export type { Refactoring } from "./query/refactor.ts";
export { governUnmentioned, refactorings } from "./query/refactor.ts";
export type { NextKey, PathScope, TypeAtPath } from "./query/scope.ts";
export {
  keysBelow,
  scopeAt,
  toolsAt,
  toolsOfItem,
  toolsOfTargets,
  typeOfPath,
} from "./query/scope.ts";
export { limitInWords, rateInWords } from "./query/words.ts";
export { raiseIntercept } from "./raise/intercept.ts";
export type { RaiseOptions } from "./raise/policy.ts";
export { raisePolicy } from "./raise/policy.ts";
export type { Notice, Raised } from "./raise/writer.ts";
export { isName, written } from "./resolve/targets.ts";
export { accepts, jsonEqual, membersOf, union } from "./tools/algebra.ts";
export { annotate, stripDocs } from "./tools/annotate.ts";
export { describe, describeOptional } from "./tools/describe.ts";
export type { Drift } from "./tools/drift.ts";
export { driftOf } from "./tools/drift.ts";
export type * from "./tools/list.ts";
export type { Found, Lookup, NoSuchIndex, NoSuchKey, NotWalkable } from "./tools/lookup.ts";
export { itemOf, lookup, withoutNull } from "./tools/lookup.ts";
export { RISK_CLASSES, readToolList, toolSpans } from "./tools/read.ts";
export type { Classification, RiskSeverity } from "./tools/risk.ts";
export { classify, isGraver } from "./tools/risk.ts";
export { typeOf } from "./tools/schema.ts";
export type { StarterOptions } from "./tools/starter.ts";
export { starterPolicy } from "./tools/starter.ts";
export type * from "./tools/types.ts";
