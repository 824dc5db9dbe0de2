import picocolors from "picocolors";
import { visible } from "../../language/index.ts";
import type { PastDecision } from "../../runtime/index.ts";
import type { ExplainedPolicy } from "../explain/policy.ts";
import { firstLine, shorten } from "../statement.ts";
import type { Aside, Change, Example, Tally, Watched } from "./tally.ts";

export interface ReplayReportOptions {
  readonly colour: boolean;
  readonly statementAt: ExplainedPolicy["statementAt"];
  /** The policy has limits. */
  readonly counts: boolean;
}

type Colours = ReturnType<typeof picocolors.createColors>;

/** For a person at a terminal. */
export function replayPretty(tally: Tally, options: ReplayReportOptions): string {
  const colours = picocolors.createColors(options.colour);
  const parts = [
    ...tally.changes.map((change) => changeLines(change, options, colours)),
    watchedLines(tally.watched, colours),
    [summary(tally, colours), ...notes(tally, options).map((text) => colours.dim(text))].join("\n"),
  ];
  return `${parts.filter((part) => part !== "").join("\n\n")}\n`;
}

function summary({ calls, changed, from, to, changes }: Tally, colours: Colours): string {
  const what = `${count(calls, "call")} judged again`;
  const span = from === undefined ? "" : colours.dim(` (${short(from)} to ${short(to ?? from)})`);
  if (changed === 0) return `${colours.green(`${what}, all decided as before`)}.${span}`;
  const of = (direction: Change["direction"]): number =>
    changes.filter((one) => one.direction === direction).reduce((sum, one) => sum + one.count, 0);
  const directions = (["wider", "narrower", "other"] as const)
    .filter((direction) => of(direction) > 0)
    .map((direction) => `${of(direction)} ${direction === "other" ? "in another way" : direction}`);
  const differ = `${changed} decided otherwise: ${directions.join(", ")}`;
  return `${what}, ${colours.bold(differ)}.${span}`;
}

function changeLines(
  change: Change,
  { statementAt }: ReplayReportOptions,
  colours: Colours,
): string {
  const { tool, before, after, direction, rule, source, examples } = change;
  const paint = { wider: colours.red, narrower: colours.yellow, other: colours.cyan }[direction];
  const title = `${paint(direction)} ${colours.bold(visible(tool))}  ${before} → ${after}  ${count(change.count, "call")}`;
  const statement = source === undefined ? undefined : statementAt(source);
  const text = statement === undefined ? rule : firstLine(statement);
  const verb = after === "allow" ? "no longer: " : "";
  const by =
    text === ""
      ? []
      : [
          `  ${verb}${visible(text)}${source === undefined ? "" : colours.dim(`  ${visible(source)}`)}`,
        ];
  const left = change.count - examples.length;
  const more = left > 0 && examples.length > 0 ? [colours.dim(`    and ${left} more`)] : [];
  return [title, ...by, ...examples.flatMap((one) => exampleLines(one, colours)), ...more].join(
    "\n",
  );
}

function exampleLines(example: Example, colours: Colours): readonly string[] {
  const { id, place, time, grant, before, after, shadow } = example;
  const call = shorten(JSON.stringify(example.arguments));
  const message = after.outcome === "allow" ? before.message : after.message;
  return [
    `    ${colours.cyan(visible(id ?? place))}  ${colours.dim(`${short(time)}  ${visible(grant)}`)}  ${visible(call)}`,
    ...(message === "" ? [] : [`      ${colours.dim(visible(shorten(message, 200)))}`]),
    ...(shadow === undefined
      ? []
      : [`      ${colours.dim(`what only looked on: ${said(shadow)}`)}`]),
  ];
}

function said({ outcome, rule }: PastDecision): string {
  return `${outcome}${rule === "" ? "" : ` by ${visible(rule)}`}`;
}

function watchedLines(watched: readonly Watched[], colours: Colours): string {
  if (watched.length === 0) return "";
  const lines = watched.map(({ tool, outcome, rule, count: all, same }) => {
    const agree =
      same === all
        ? colours.green("so does this policy")
        : same === 0
          ? "this policy does not"
          : `this policy does for ${same} of them`;
    return `  ${visible(tool)}  ${outcome} by ${visible(rule)}: ${count(all, "call")}, ${agree}`;
  });
  return [colours.bold("done, but what only looked on would have said"), ...lines].join("\n");
}

function notes({ aside, recounted }: Tally, { counts }: ReplayReportOptions): readonly string[] {
  return [
    ...asideOf(aside),
    ...(recounted > 0
      ? [
          `${count(recounted, "call")} that a limit refused ${recounted === 1 ? "is" : "are"} allowed, perhaps because the limit had counted calls that are not here.`,
        ]
      : []),
    ...(counts ? ["Limits were counted from empty, and running calls ended at once."] : []),
  ];
}

function asideOf({ requests, refused, others, incomplete, circumstances }: Aside): string[] {
  const rules = Object.entries(circumstances).map(([rule, number]) => `${number} ${visible(rule)}`);
  const parts = [
    ...(requests > 0 ? [`${count(requests, "request")} of other methods`] : []),
    ...(refused > 0 ? [`${refused} refused before any policy`] : []),
    ...(others > 0 ? [`${count(others, "record")} of other servers or grants`] : []),
    ...(incomplete > 0 ? [`${count(incomplete, "call")} without what the policy reads`] : []),
    ...(rules.length > 0 ? [`refused whatever the policy says: ${rules.join(", ")}`] : []),
  ];
  return parts.length === 0 ? [] : [`Left aside: ${parts.join("; ")}.`];
}

function short(time: string): string {
  return time.replace(".000Z", "Z");
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
