import type { TrailRecord } from "../../runtime/index.ts";
import { Failure } from "../command.ts";
import { durationMs } from "../duration.ts";

export interface FilterOptions {
  readonly tool?: string;
  readonly grant?: string;
  readonly server?: string;
  readonly outcome?: string;
  readonly since?: string;
}

const OUTCOMES = ["allow", "deny", "hide", "refuse", "pending", "would-deny"] as const;

/**
 * Whether a record is asked for. A grant is named by its name or its id; `would-deny` is what was only recorded. Throws
 * `Failure` for an option that says nothing.
 */
export function filterOf(options: FilterOptions, now: number): (record: TrailRecord) => boolean {
  const { tool, grant, server, outcome, since } = options;
  if (outcome !== undefined && !OUTCOMES.some((known) => known === outcome)) {
    throw new Failure(`\`--outcome ${outcome}\`: the outcomes are ${OUTCOMES.join(", ")}.`);
  }
  const from = since === undefined ? undefined : new Date(sinceOf(since, now)).toISOString();
  return (record) => {
    if (from !== undefined && record.time < from) return false;
    if (tool !== undefined && record.tool !== tool) return false;
    if (server !== undefined && record.server !== server) return false;
    if (outcome !== undefined && outcomeOf(record) !== outcome) return false;
    if (grant === undefined) return true;
    const { id, name } = grantOf(record);
    return id === grant || name === grant;
  };
}

/** `would-deny` of what was not enforced. */
export function outcomeOf({ outcome, enforced }: TrailRecord): string | undefined {
  if (typeof outcome !== "string") return undefined;
  return enforced === false && outcome !== "allow" ? "would-deny" : outcome;
}

export function grantOf({ grant }: TrailRecord): {
  readonly id?: unknown;
  readonly name?: unknown;
} {
  return typeof grant === "object" && grant !== null ? grant : {};
}

const DAY_MS = 86_400_000;

/** A span before now, such as `90m` or `7d`, or a time in ISO 8601. */
export function sinceOf(text: string, now: number): number {
  const days = /^([0-9]{1,5})d$/.exec(text)?.[1];
  if (days !== undefined) return now - Number(days) * DAY_MS;
  const ms = durationMs(text);
  if (ms !== undefined) return now - ms;
  const at = /^[0-9]{4}-[0-9]{2}-[0-9]{2}(T|$)/.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(at)) return at;
  throw new Failure(
    `\`--since ${text}\` is neither a span such as 30m, 12h or 7d, nor a time such as 2027-01-31 or 2027-01-31T09:00:00Z.`,
  );
}
