#!/usr/bin/env node
import { Command, CommanderError } from "commander";
import {
  type CliCommand,
  EXIT_FAILED,
  EXIT_OK,
  Failure,
  type Invocation,
  sentenceOf,
} from "./command.ts";

interface Entry {
  readonly summary: string;
  /** Loaded only when it is used: `serve` must start fast. */
  readonly load: () => Promise<{ readonly command: CliCommand }>;
}

/** One line a command, in the order of `mcpp --help`; each is a file of its name. */
const COMMANDS: Readonly<Record<string, Entry>> = {
  init: {
    summary: "write a starter policy for a server",
    load: () => import("./init.ts"),
  },
  pull: {
    summary: "save a server's tool list",
    load: () => import("./pull.ts"),
  },
  check: {
    summary: "type-check policies and configurations",
    load: () => import("./check.ts"),
  },
  compile: {
    summary: "compile a policy to JSON",
    load: () => import("./compile.ts"),
  },
  fmt: {
    summary: "format policies in place",
    load: () => import("./fmt.ts"),
  },
  import: {
    summary: "turn policy JSON, or Intercept YAML, into a policy",
    load: () => import("./import.ts"),
  },
  test: {
    summary: "run the tests of policies on a virtual clock",
    load: () => import("./test.ts"),
  },
  explain: {
    summary: "say what a policy decides on a call, and why",
    load: () => import("./explain.ts"),
  },
  replay: {
    summary: "judge recorded calls again under a policy, and say what would change",
    load: () => import("./replay.ts"),
  },
  diff: {
    summary: "say which calls two policies decide differently",
    load: () => import("./diff.ts"),
  },
  drift: {
    summary: "compare a server with the tool list of a policy",
    load: () => import("./drift.ts"),
  },
  grant: {
    summary: "add, list, rotate and revoke the grants of a gateway",
    load: () => import("./grant.ts"),
  },
  audit: {
    summary: "read and verify audit trails",
    load: () => import("./audit.ts"),
  },
  why: {
    summary: "say why a call was decided as it was, by the id in its denial",
    load: () => import("./why.ts"),
  },
  approvals: {
    summary: "list, show, approve and deny calls that wait for a person",
    load: () => import("./approvals.ts"),
  },
  freeze: {
    summary: "stop calls for a while, in every proxy on the same state",
    load: () => import("./freeze.ts"),
  },
  unfreeze: {
    summary: "let calls go on that were frozen",
    load: () => import("./unfreeze.ts"),
  },
  lsp: {
    summary: "answer an editor: the language server",
    load: () => import("./lsp.ts"),
  },
  serve: {
    summary: "put a policy in front of a server",
    load: () => import("./serve.ts"),
  },
};

async function main(argv: readonly string[]): Promise<number> {
  // What stands after `--` is the server's command line and none of our options.
  const split = argv.indexOf("--");
  const own = split === -1 ? argv : argv.slice(0, split);
  const rest = split === -1 ? undefined : argv.slice(split + 1);

  let work: (() => Promise<number>) | undefined;
  const program = new Command("mcpp")
    .description("Policy as code for MCP tool calls.")
    .version(MCPP_VERSION, "-V, --version", "print the version")
    .helpOption("-h, --help", "show help")
    .helpCommand(false)
    .configureOutput({ outputError: (text, write) => write(usageSentence(text)) })
    .showHelpAfterError("(mcpp --help shows the commands)")
    .exitOverride();
  const asked = own.find((word) => !word.startsWith("-"));
  for (const [name, entry] of Object.entries(COMMANDS)) {
    const command = program
      .command(name)
      .description(entry.summary)
      .helpOption("-h, --help", "show help")
      .showHelpAfterError(`(mcpp ${name} --help shows the options)`)
      .exitOverride();
    if (name !== asked) continue;
    const loaded = await entry.load();
    loaded.command.declare(command);
    command.action(() => {
      const invocation: Invocation = {
        args: command.args,
        options: command.opts(),
        ...(rest === undefined ? {} : { rest }),
      };
      work = () => loaded.command.run(invocation);
    });
  }
  if (own.length === 0) {
    program.outputHelp({ error: true });
    return EXIT_FAILED;
  }
  program.parse([...own], { from: "user" });
  return work === undefined ? EXIT_OK : work();
}

/** Commander's `error: unknown option '--x'` and its suggestion, as a sentence like all others. */
function usageSentence(text: string): string {
  const [first = "", ...suggestion] = text
    .trim()
    .replace(/^error: /, "")
    .split("\n");
  const sentence = sentenceOf(first.charAt(0).toUpperCase() + first.slice(1));
  const more = suggestion.map((line) => ` ${line.replace(/^\((.*)\)$/, "$1")}`).join("");
  return `mcpp: ${sentence}${more}\n`.replace(/'([^']+)'/g, "`$1`");
}

async function run(): Promise<number> {
  try {
    return await main(process.argv.slice(2));
  } catch (error) {
    // Commander has printed its own message.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT_OK : EXIT_FAILED;
    if (error instanceof Failure) {
      process.stderr.write(`mcpp: ${error.message}\n`);
      return EXIT_FAILED;
    }
    const detail = process.env.MCPP_DEBUG && error instanceof Error ? `\n${error.stack}` : "";
    process.stderr.write(`mcpp: internal error: ${sentenceOf(error)}${detail}\n`);
    return EXIT_FAILED;
  }
}

// A reader that went away (`mcpp … | head`) is no error, and no success either: the exit code stays what it
// is. What else keeps the results from being written, such as a full disk, is.
let unwritten: Error | undefined;
const lose = (error: NodeJS.ErrnoException): void => {
  if (error.code !== "EPIPE" && error.code !== "ERR_STREAM_DESTROYED") unwritten ??= error;
};
process.stdout.on("error", lose);
// Whoever stops reading what is logged ends nothing: a proxy serves on.
process.stderr.on("error", () => {});
/** How long a reader of our stderr that does not read keeps the process (milliseconds). */
const LAST_WORDS_MS = 2_000;
const code = await run();
// Both must have left before the process ends; then nothing may hold it.
process.stdout.write("", (error) => {
  if (error) lose(error);
  const failure =
    unwritten === undefined ? "" : `mcpp: stdout could not be written: ${sentenceOf(unwritten)}\n`;
  const end = (): void => process.exit(failure === "" ? code : EXIT_FAILED);
  process.stderr.write(failure, end);
  setTimeout(end, LAST_WORDS_MS);
});
