import { Option } from "commander";
import { diffPolicies } from "../compiler/index.ts";
import { type CliCommand, EXIT_FINDINGS, EXIT_OK, Failure } from "./command.ts";
import { type DiffFormat, REPORTS } from "./diff/report.ts";
import { readAtRevision } from "./diff/revision.ts";
import { emptySide, type ReadSide, readSide } from "./diff/side.ts";
import { engineJudge } from "./judge.ts";
import { wantsColour } from "./report/colour.ts";

interface DiffOptions {
  readonly tools?: string;
  readonly git?: string;
  readonly failOn: "any" | "wider";
  readonly format: DiffFormat;
}

export const command: CliCommand = {
  declare: (command) =>
    command
      .argument("<file...>", "two policies, the old one first; with --git one")
      .option("--tools <file>", "a tool list in place of the ones that the policies name")
      .option("--git <revision>", "compare with the file as it was, such as main or HEAD~1")
      .addOption(
        new Option("--fail-on <what>", "what to end with 1 for")
          .choices(["any", "wider"])
          .default("any"),
      )
      .addOption(
        new Option("--format <format>", "how the differences are written")
          .choices(Object.keys(REPORTS))
          .default("pretty"),
      )
      .addHelpText(
        "after",
        "\nEnds with 1 when any call is decided differently, with --fail-on wider only when\nsomething becomes possible or easier, or could not be excluded.",
      ),

  run: async ({ args, options }) => {
    const { tools, git, failOn, format } = options as unknown as DiffOptions;
    const [before, after] = sidesOf(args, git, tools);
    const { changes, undecided } = diffPolicies(before.side, after.side, engineJudge());
    process.stdout.write(
      REPORTS[format]({
        before: before.name,
        after: after.name,
        isNew: before.isNew,
        changes,
        undecided,
        colour: wantsColour(process.stdout),
      }),
    );
    const grave = failOn === "any" ? changes : changes.filter((one) => one.direction === "wider");
    return grave.length > 0 || undecided.length > 0 ? EXIT_FINDINGS : EXIT_OK;
  },
};

function sidesOf(
  args: readonly string[],
  git: string | undefined,
  tools: string | undefined,
): readonly [ReadSide, ReadSide] {
  const [first, second, ...others] = args as [string, ...string[]];
  if (git !== undefined) {
    if (second !== undefined) {
      throw new Failure("`--git REV` compares one file with its own past: name one file.");
    }
    const now = readSide(first, tools);
    const files = readAtRevision(git, first);
    const name = `${first} at ${git}`;
    return [files === undefined ? emptySide(name) : readSide(first, tools, { name, files }), now];
  }
  if (second === undefined || others.length > 0) {
    throw new Failure(
      "`mcpp diff` compares two policies: `mcpp diff OLD NEW`, or `mcpp diff --git REV FILE`.",
    );
  }
  return [readSide(first, tools), readSide(second, tools)];
}
