import { readFileSync } from "node:fs";
import { type CliCommand, EXIT_OK, Failure } from "./command.ts";
import { collect, describeTarget, targetOf } from "./connect.ts";
import { writeAtomically } from "./file.ts";
import { pullList } from "./pull-list.ts";

export const command: CliCommand = {
  declare: (command) =>
    command
      .usage("[-o FILE] [--no-docs] (-- COMMAND [ARG…] | --url URL [--header 'K: V'])")
      .option("-o, --output <file>", "write to this file instead of stdout")
      .option("--no-docs", "leave out titles, descriptions and other prose")
      .option("--url <url>", "a server that speaks Streamable HTTP")
      .option("--header <line>", "send this header with every request; may be repeated", collect)
      .allowExcessArguments(false),

  run: async (invocation) => {
    const target = targetOf(invocation);
    if (target === undefined) {
      throw new Failure(
        "Say which server: `mcpp pull -o tools.json -- COMMAND` or `mcpp pull --url URL`.",
      );
    }
    const { output, docs } = invocation.options as { output?: string; docs: boolean };
    const progress = process.stderr.isTTY
      ? (text: string) => process.stderr.write(`mcpp: ${text}\n`)
      : () => {};
    const pulled = await pullList(target, progress);
    const { annotate, stripDocs } = await import("../compiler/index.ts");
    const previous = output === undefined ? undefined : previousList(output);
    const annotated = annotate(pulled, previous);
    // Such a list cannot be pinned, and says so.
    const list = docs ? annotated : { ...stripDocs(annotated), docs: false };
    const text = `${JSON.stringify(list, undefined, 2)}\n`;
    if (output === undefined || output === "-") {
      process.stdout.write(text);
    } else {
      writeAtomically(output, text);
      const count = pulled.tools.length;
      process.stderr.write(
        `mcpp: saved ${count} ${count === 1 ? "tool" : "tools"} of ${pulled.server?.name ?? describeTarget(target)} to ${output}\n`,
      );
    }
    return EXIT_OK;
  },
};

/** The list that is about to be replaced, for the classes that a person chose in it. */
function previousList(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return undefined;
  }
}
