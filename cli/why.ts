import { readTrails, type TrailRecord } from "../runtime/index.ts";
import { shown } from "./audit/describe.ts";
import { grantOf, outcomeOf } from "./audit/filter.ts";
import { filesOf } from "./audit/paths.ts";
import { type CliCommand, EXIT_OK, Failure } from "./command.ts";
import { isFile, readText } from "./file.ts";

export const command: CliCommand = {
  declare: (command) =>
    command
      .usage("ID [PATH…]")
      .argument("<id>", "the id that stands in a denial or a pending answer, such as 7F3K2")
      .argument(
        "[path...]",
        "folders of audit trails, or files of them (by mcpp.yaml, else ./audit)",
      )
      .addHelpText("after", "\nSays who asked for what, what was decided, by which rule, and why."),
  run: async ({ args }) => {
    const [given = "", ...paths] = args.flat() as readonly string[];
    const id = given.toUpperCase().replace(/^\((.*)\)$/, "$1");
    if (!/^[0-9A-Z]{5}$/.test(id)) {
      throw new Failure(`\`${shown(given)}\` is no id of a decision; one looks like 7F3K2.`);
    }
    const found = [...matching(readTrails(filesOf(paths)), id)];
    if (found.length === 0) {
      throw new Failure(
        `No record here has the id ${id}. Trails are looked for where \`mcpp.yaml\` says, else in \`./audit\`: \`mcpp why ${id} DIR\` looks elsewhere.`,
      );
    }
    process.stdout.write(found.map(explained).join("\n"));
    return EXIT_OK;
  },
};

function* matching(records: Iterable<TrailRecord>, id: string): Generator<TrailRecord> {
  for (const record of records) {
    if (record.id === id || record.approval === id) yield record;
    else if (record.type === "summary" && Array.isArray(record.ids) && record.ids.includes(id)) {
      yield record;
    }
  }
}

const VERBS: Readonly<Record<string, string>> = {
  allow: "was allowed",
  deny: "was denied",
  hide: "was answered as unknown",
  refuse: "was refused before any policy was asked",
  pending: "was not made, because nobody had answered yet",
  "would-deny": "would have been denied, and was not: the rule or the grant only looks on",
};

/** What has become of a question to a person, as it is kept. */
const STEPS: Readonly<Record<string, string>> = {
  asked: "was asked about",
  approved: "was approved",
  denied: "was denied by a person",
  expired: "is not to be approved any more: the time is over",
  spent: "was made with its approval",
  "given back": "was not made after all, and its approval can be used again",
};

/** A record in plain words. */
function explained(record: TrailRecord): string {
  if (record.type === "approval") return explainedApproval(record);
  const { time, method, tool, name, server, message, rule, source, policy, latency_us } = record;
  const what = [method, tool ?? name]
    .filter((part) => part !== undefined)
    .map(shown)
    .join(" ");
  const verb = VERBS[outcomeOf(record) ?? ""] ?? "was decided";
  const lines = [
    `${what === "" ? "A message" : what} of ${shown(grantOf(record).name)} on ${shown(server)} ${verb}.`,
    ...(message === undefined ? [] : [`  ${shown(message)}`]),
    "",
    row("when", time),
    ...(record.type === "summary"
      ? [row("together", `one of ${shown(record.count)} of this cause, of which no more is kept`)]
      : []),
    ...(rule === undefined ? [] : [row("rule", rule)]),
    ...(source === undefined ? [] : [row("written at", source), ...sourceLine(source)]),
    ...(record.approval === undefined ? [] : [row("approval", record.approval)]),
    ...(record.limits === "unchecked"
      ? [row("limits", "not checked: the state could not be reached")]
      : []),
    ...(record.detail === undefined ? [] : [row("detail", record.detail)]),
    ...argumentRows(record.arguments),
    ...(policy === undefined ? [] : [row("policy", policy)]),
    ...(record.guard === undefined ? [] : [row("guard", record.guard)]),
    ...(latency_us === undefined ? [] : [row("decided in", `${shown(latency_us)} µs`)]),
    row("record", record.seq),
  ];
  return `${lines.join("\n")}\n`;
}

function explainedApproval(record: TrailRecord): string {
  const { time, tool, server, message, rule, source, by, reason, approvers } = record;
  const step = STEPS[String(record.state)] ?? "has an approval";
  const lines = [
    `tools/call ${shown(tool)} of ${shown(grantOf(record).name)} on ${shown(server)} ${step}.`,
    ...(message === undefined ? [] : [`  ${shown(message)}`]),
    "",
    row(
      "when",
      record.state === "approved" || record.state === "denied" ? record.decided_at : time,
    ),
    ...(by === undefined ? [] : [row("by", by)]),
    ...(reason === undefined ? [] : [row("reason", reason)]),
    ...(approvers === undefined ? [] : [row("asked of", listed(approvers))]),
    ...(rule === undefined ? [] : [row("rule", rule)]),
    ...(source === undefined ? [] : [row("written at", source), ...sourceLine(source)]),
    row("record", record.seq),
  ];
  return `${lines.join("\n")}\n`;
}

function listed(value: unknown): string {
  return Array.isArray(value) ? value.map(shown).join(", ") : shown(value);
}

function row(name: string, value: unknown): string {
  return `  ${name.padEnd(11)}${shown(value)}`;
}

function argumentRows(kept: unknown): readonly string[] {
  if (typeof kept !== "object" || kept === null) return [];
  const { values, keys, cut, digest } = kept as Readonly<Record<string, unknown>>;
  return [
    ...(values === undefined ? [] : [row("arguments", values)]),
    ...(keys === undefined ? [] : [row("arguments", keys)]),
    ...(cut === undefined ? [] : [row("cut", cut)]),
    ...(digest === undefined ? [] : [row("digest", digest)]),
  ];
}

/** The line of the policy as it is now; only of files that are policies, whatever a record says. */
function sourceLine(source: unknown): readonly string[] {
  const match = /^(.+\.mcpp):([0-9]{1,7}):[0-9]+$/.exec(String(source));
  if (match === null || !isFile(match[1] as string)) return [];
  const line = readText(match[1] as string).split("\n")[Number(match[2]) - 1];
  return line === undefined ? [] : [`${" ".repeat(13)}│ ${shown(line.trim())}`];
}
