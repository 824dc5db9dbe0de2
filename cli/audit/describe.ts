import { visible } from "../../language/index.ts";
import type { TrailRecord } from "../../runtime/index.ts";
import { grantOf, outcomeOf } from "./filter.ts";

/** What a line of a terminal shows of one text (characters). */
const MAX_TEXT = 300;

/** A record as one line for a person. */
export function describeRecord(record: TrailRecord): string {
  const when = shown(record.time);
  switch (record.type) {
    case "decision":
      return [when, shown(record.id), decision(record)].join("  ");
    case "summary":
      return `${when}  ${shown(record.count)} more ${decision(record)} (${shown(record.from)} to ${shown(record.to)})`;
    case "turned_away":
      return `${when}  turned away: ${pairs(record.causes)}`;
    case "reload":
      return `${when}  reload: ${shown(record.message)}`;
    case "approval":
      return `${when}  ${shown(record.id)}  approval ${approval(record)}`;
    case "freeze":
      return `${when}  frozen by ${shown(record.by)} until ${shown(record.until)}: ${shown(record.because)} [${scope(record.scope)}]`;
    case "unfreeze":
      return `${when}  no longer frozen [${scope(record.scope)}]${record.lifted_by === undefined ? "" : `, lifted by ${shown(record.lifted_by)}`}`;
    case "grant_ended":
      return `${when}  the grant ${shown(grantOf(record).name)} is let in no more${record.server === undefined ? "" : ` on ${shown(record.server)}`}: ${shown(record.why)}`;
    case "start":
      return `${when}  start: mcpp ${shown(record.version)} serves ${shown(record.config)}`;
    default:
      return `${when}  ${shown(record.type)}`;
  }
}

function decision(record: TrailRecord): string {
  const { method, tool, name, server, rule, source, message } = record;
  const subject = [method, tool ?? name]
    .filter((part) => part !== undefined)
    .map(shown)
    .join(" ");
  const why = [rule, source]
    .filter((part) => part !== undefined)
    .map(shown)
    .join(", ");
  const text = message === undefined ? "" : `: ${shown(message)}`;
  const who = shown(grantOf(record).name);
  return `${outcomeOf(record) ?? "?"} ${who} on ${shown(server)} ${subject}${text}${why === "" ? "" : ` [${why}]`}`;
}

function approval(record: TrailRecord): string {
  const { state, by, reason, server, tool } = record;
  const who = by === undefined ? "" : ` by ${shown(by)}`;
  const why = reason === undefined ? "" : `: ${shown(reason)}`;
  return `${shown(state)}${who}, ${shown(grantOf(record).name)} on ${shown(server)} ${shown(tool)}${why}`;
}

/** `tool pay, server shop`; `all calls` of one without any. */
function scope(value: unknown): string {
  return pairs(value) || "all calls";
}

/** `token 12, host 1`. */
export function pairs(counts: unknown): string {
  if (typeof counts !== "object" || counts === null) return shown(counts);
  return Object.entries(counts)
    .map(([name, count]) => `${shown(name)} ${shown(count)}`)
    .join(", ");
}

/** Harmless in a terminal, on one line, and not too long. */
export function shown(value: unknown): string {
  const text = typeof value === "string" ? value : (JSON.stringify(value) ?? "");
  const short = text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text;
  return visible(short).replaceAll("\n", "\\n");
}
