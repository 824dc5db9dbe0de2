import { basename } from "node:path";
import { ARGUMENT_MODES, type ArgumentMode } from "../audit/arguments.ts";
import { BrokenTrail, type FollowOptions, followChain } from "../audit/follow-chain.ts";
import { KnownArguments } from "../audit/known-arguments.ts";
import type { TrailRecord } from "../audit/line.ts";
import { byTime, chainsOf } from "../audit/read.ts";
import type { TrailFile } from "../audit/trails.ts";
import type { Past, PastDecision, PastRequest } from "./past.ts";

/** The calls in audit trails, in the order of time. Throws `BrokenTrail`, and what reading throws. */
export function callsInTrails(
  files: readonly TrailFile[],
  options: FollowOptions,
): Generator<Past, void> {
  return byTime(chainsOf(files).map((own) => callsInChain(own, options)));
}

function* callsInChain(files: readonly TrailFile[], options: FollowOptions): Generator<Past, void> {
  const place = basename(files[0]?.path ?? "");
  let mode: ArgumentMode = "none";
  let open: { readonly record: TrailRecord; readonly findings: TrailRecord[] } | undefined;
  const close = function* (): Generator<Past, void> {
    if (open !== undefined) yield pastOf(open.record, open.findings, mode, place);
    open = undefined;
  };
  for (const record of followChain(files, options)) {
    if (record.type === "start") mode = modeOf(record.arguments) ?? mode;
    // What shadow rules found stands right after its call.
    if (open !== undefined && record.id === open.record.id && record.enforced === false) {
      open.findings.push(record);
      continue;
    }
    yield* close();
    if (record.type === "decision") {
      mode = modeOf(member(record.arguments, "mode")) ?? mode;
      open = { record, findings: [] };
    } else if (record.type === "summary") {
      yield {
        kind: "other",
        time: record.time,
        place: placeOf(record, place),
        what: record.rule === "(refused)" ? "refused" : "summary",
        count: Number(record.count ?? 0),
        ...aboutWhom(record),
      };
    }
  }
  yield* close();
}

function modeOf(value: unknown): ArgumentMode | undefined {
  return ARGUMENT_MODES.find((mode) => mode === value);
}

function placeOf({ seq }: TrailRecord, file: string): string {
  return `record ${seq} of \`${file}\``;
}

function pastOf(
  record: TrailRecord,
  findings: readonly TrailRecord[],
  mode: ArgumentMode,
  file: string,
): Past {
  const { time, method, tool, id, enforced, outcome } = record;
  const place = placeOf(record, file);
  if (outcome === "refuse" || method !== "tools/call" || typeof tool !== "string") {
    const what = outcome === "refuse" ? "refused" : "request";
    return { kind: "other", time, place, what, count: 1, ...aboutWhom(record) };
  }
  const now = Date.parse(time);
  if (Number.isNaN(now)) throw new BrokenTrail(`The time of ${place} is none.`);
  const { grant, ...whom } = aboutWhom(record);
  const made = outcome === "allow" || enforced === false;
  const shadow = enforced === false ? decisionOf(record) : gravest(findings.map(decisionOf));
  const past: PastRequest = {
    kind: "call",
    time,
    now,
    place,
    ...(typeof id === "string" && { id }),
    grant: { id: "local", name: "local", ...grant, labels: labelsOf(record) },
    ...whom,
    ...(typeof record.session === "string" && { session: record.session }),
    ...(isRecord(record.client) && { client: clientOf(record.client) }),
    tool,
    known: new KnownArguments(record.arguments, mode),
    made,
    continued: record.continued === true,
    done: made && outcome !== "allow" ? ALLOWED : decisionOf(record),
    ...(shadow !== undefined && { shadow }),
  };
  return past;
}

const ALLOWED: PastDecision = { outcome: "allow", rule: "", message: "" };

/** Rules of a decision that waited for a person, or could not wait. */
const ASKED =
  /^(?:\(guard\) )?\/tools\/[^/]*\/ask_if\/[0-9]+$|^\((?:too many pending|approval used)\)$/;

function decisionOf({ outcome, rule, message, source, approval }: TrailRecord): PastDecision {
  const asked = approval !== undefined;
  if (outcome === "allow") return asked ? { ...ALLOWED, outcome: "ask" } : ALLOWED;
  const why = typeof rule === "string" ? rule : "";
  return {
    outcome: outcome === "hide" ? "hide" : asked || ASKED.test(why) ? "ask" : "deny",
    rule: why,
    message: typeof message === "string" ? message : "",
    ...(typeof source === "string" && { source }),
  };
}

function gravest(findings: readonly PastDecision[]): PastDecision | undefined {
  return findings.find(({ outcome }) => outcome !== "ask") ?? findings[0];
}

function aboutWhom({ server, grant, rule }: TrailRecord): {
  readonly server?: string;
  readonly grant?: { readonly id: string; readonly name: string };
  readonly rule?: string;
} {
  const { id, name } = isRecord(grant) ? grant : {};
  return {
    ...(typeof server === "string" && { server }),
    ...(typeof id === "string" && typeof name === "string" && { grant: { id, name } }),
    ...(typeof rule === "string" && { rule }),
  };
}

function labelsOf({ grant }: TrailRecord): Readonly<Record<string, string>> {
  const labels: Record<string, string> = Object.create(null);
  for (const [name, value] of Object.entries(member(grant, "labels") ?? {})) {
    if (typeof value === "string") labels[name] = value;
  }
  return labels;
}

function clientOf({ name, version }: Readonly<Record<string, unknown>>): PastRequest["client"] {
  return {
    ...(typeof name === "string" && { name }),
    ...(typeof version === "string" && { version }),
  };
}

function member(value: unknown, name: string): unknown {
  return isRecord(value) ? value[name] : undefined;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
