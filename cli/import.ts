import { type Raised, raiseIntercept, raisePolicy } from "../compiler/index.ts";
import { format, parse, Source } from "../language/index.ts";
import { validatePolicy } from "../policy/index.ts";
import { type CliCommand, EXIT_OK, Failure } from "./command.ts";
import { readText } from "./file.ts";
import { parseJson } from "./json.ts";

export const command: CliCommand = {
  declare: (command) =>
    command
      .argument("<file>", "a policy as JSON, or the YAML of Intercept; `-` for stdin")
      .allowExcessArguments(false),

  run: async ({ args }) => {
    const path = args[0] as string;
    const { text, notices } = raise(path, readText(path));
    const { document, diagnostics } = parse(new Source(path, text));
    process.stdout.write(diagnostics.length === 0 ? format(document) : text);
    for (const { at, message } of notices) {
      process.stderr.write(`mcpp: ${at === "" ? "" : `at \`${at}\`: `}${message}\n`);
    }
    return EXIT_OK;
  },
};

function raise(path: string, text: string): Raised {
  if (!/^\uFEFF?\s*\{/.test(text)) {
    const raised = raiseIntercept(text);
    if ("problem" in raised) throw new Failure(`\`${path}\` cannot be imported: ${raised.problem}`);
    return raised;
  }
  const validated = validatePolicy(parseJson(path, text));
  if ("policy" in validated) return raisePolicy(validated.policy);
  const [first, ...more] = validated.problems;
  const place = first?.pointer === "" ? "" : ` at \`${first?.pointer}\`:`;
  const others = more.length === 0 ? "" : ` (and ${more.length} more)`;
  throw new Failure(`\`${path}\` is not a valid policy:${place} ${first?.message}${others}`);
}
