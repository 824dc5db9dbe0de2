import { Argument } from "commander";
import {
  type ChainReport,
  harmless,
  readTrails,
  type TrailRecord,
  verifyTrails,
} from "../runtime/index.ts";
import { checkpointOf, readCheckpoint } from "./audit/checkpoint.ts";
import { describeRecord, shown } from "./audit/describe.ts";
import { type FilterOptions, filterOf } from "./audit/filter.ts";
import { filesOf, trailPaths } from "./audit/paths.ts";
import { statsOf, statsPretty } from "./audit/stats.ts";
import { follow } from "./audit/tail.ts";
import { type CliCommand, EXIT_FINDINGS, EXIT_OK, Failure } from "./command.ts";
import { writeAtomically } from "./file.ts";
import { untilEnded } from "./signals.ts";

const ACTIONS = ["tail", "query", "stats", "verify", "checkpoint"] as const;
type Action = (typeof ACTIONS)[number];

export const command: CliCommand = {
  declare: (command) =>
    command
      .usage("tail|query|stats|verify|checkpoint [PATH…] [options]")
      .addArgument(new Argument("<action>", "what to do").choices(ACTIONS))
      .argument(
        "[path...]",
        "folders of audit trails, or files of them (by mcpp.yaml, else ./audit)",
      )
      .option("--tool <name>", "tail, query, stats: only calls of this tool")
      .option("--grant <name>", "tail, query, stats: only this grant, by its name or id")
      .option("--server <name>", "tail, query, stats: only this server")
      .option(
        "--outcome <outcome>",
        "tail, query, stats: allow, deny, hide, refuse, pending or would-deny",
      )
      .option("--since <time>", "tail, query, stats: a span such as 30m or 7d, or a time")
      .option("-n, --lines <number>", "tail: how many records to begin with", "10")
      .option("--checkpoint <file>", "verify: against the heads that were saved in it")
      .option("--strict", "verify: a chain that does not end with a stop is a finding too")
      .option("-o, --output <file>", "checkpoint: write it there instead of to stdout")
      .option("--format <format>", "tail, stats, verify: pretty or json", "pretty")
      .addHelpText(
        "after",
        "\nquery prints records as they are, one JSON object a line. verify ends with 1 when anything is not as it was written.",
      ),
  run: async ({ args, options }) => {
    const [action, ...paths] = args.flat() as [Action, ...string[]];
    const given = options as unknown as AuditOptions;
    if (given.format !== undefined && given.format !== "pretty" && given.format !== "json") {
      throw new Failure(`\`--format ${given.format}\`: the formats are pretty and json.`);
    }
    return RUN[action](paths, given);
  },
};

interface AuditOptions extends FilterOptions {
  readonly lines?: string;
  readonly checkpoint?: string;
  readonly strict?: boolean;
  readonly output?: string;
  readonly format?: string;
}

type Run = (paths: readonly string[], options: AuditOptions) => number | Promise<number>;

const RUN: Readonly<Record<Action, Run>> = { tail, query, stats, verify, checkpoint };

async function tail(paths: readonly string[], options: AuditOptions): Promise<number> {
  const { lines = "10", format } = options;
  if (!/^[0-9]{1,6}$/.test(lines)) throw new Failure(`\`--lines ${lines}\` is not a number.`);
  const wanted = filterOf(options, Date.now());
  filesOf(paths);
  const ended = new AbortController();
  void untilEnded().then(() => ended.abort());
  // Whoever reads us has gone.
  process.stdout.once("error", () => ended.abort());
  const show = (record: TrailRecord): void => {
    process.stdout.write(`${format === "json" ? jsonLine(record) : describeRecord(record)}\n`);
  };
  await follow(trailPaths(paths), Number(lines), wanted, show, ended.signal);
  return EXIT_OK;
}

function query(paths: readonly string[], options: AuditOptions): number {
  const wanted = filterOf(options, Date.now());
  for (const record of readTrails(filesOf(paths))) {
    if (wanted(record)) process.stdout.write(`${jsonLine(record)}\n`);
  }
  return EXIT_OK;
}

function stats(paths: readonly string[], options: AuditOptions): number {
  const wanted = filterOf(options, Date.now());
  const counted = statsOf(matching(readTrails(filesOf(paths)), wanted));
  process.stdout.write(
    options.format === "json" ? `${harmless(JSON.stringify(counted))}\n` : statsPretty(counted),
  );
  return EXIT_OK;
}

function* matching(
  records: Iterable<TrailRecord>,
  wanted: (record: TrailRecord) => boolean,
): Generator<TrailRecord> {
  for (const record of records) if (wanted(record)) yield record;
}

function verify(paths: readonly string[], options: AuditOptions): number {
  const { checkpoint: file, strict = false, format } = options;
  const heads = file === undefined ? [] : readCheckpoint(file);
  const reports = verifyTrails(filesOf(paths), heads);
  const found = reports.some(({ faults, stopped }) => faults.length > 0 || (strict && !stopped));
  process.stdout.write(
    format === "json"
      ? `${harmless(JSON.stringify({ chains: reports, sound: !found }))}\n`
      : reports.map(describeChain).join(""),
  );
  return found ? EXIT_FINDINGS : EXIT_OK;
}

function checkpoint(paths: readonly string[], { output }: AuditOptions): number {
  const reports = verifyTrails(filesOf(paths));
  if (reports.some(({ faults }) => faults.some(({ kind }) => kind !== "torn"))) {
    process.stderr.write(`mcpp: these trails are not sound, and there is no checkpoint of them.\n`);
    process.stderr.write(reports.map(describeChain).join(""));
    return EXIT_FINDINGS;
  }
  const text = `${JSON.stringify(checkpointOf(reports, Date.now()), null, 2)}\n`;
  if (output === undefined) process.stdout.write(text);
  else writeAtomically(output, text);
  return EXIT_OK;
}

function describeChain({ chain, records, files, stopped, faults }: ChainReport): string {
  const size = `${records} ${records === 1 ? "record" : "records"} in ${files.length} ${files.length === 1 ? "file" : "files"}`;
  const end = stopped
    ? ""
    : "; it has no end: its process runs, was killed, or its end was cut off";
  const lines = faults.map(
    ({ file, kind, message }) => `  ${kind}  ${shown(file)}: ${shown(message)}`,
  );
  const verdict = faults.length === 0 ? "sound" : "NOT SOUND";
  return `${[`${verdict}  ${shown(chain)}  ${size}${end}`, ...lines].join("\n")}\n`;
}

function jsonLine(record: TrailRecord): string {
  return harmless(JSON.stringify(record));
}
