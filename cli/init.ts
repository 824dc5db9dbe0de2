import { existsSync } from "node:fs";
import { basename, dirname, relative, resolve, sep } from "node:path";
import type { ToolList } from "../compiler/index.ts";
import { type CliCommand, EXIT_OK, Failure } from "./command.ts";
import { collect, type Target, targetOf } from "./connect.ts";
import { readText, writeAtomically } from "./file.ts";

export const command: CliCommand = {
  declare: (command) =>
    command
      .usage("[-o FILE] (-- COMMAND [ARG…] | --url URL [--header 'K: V'] | --tools FILE)")
      .option("-o, --output <file>", "write the policy to this file (default: SERVER.mcpp)")
      .option("--tools <file>", "a tool list that was saved before")
      .option("--url <url>", "a server that speaks Streamable HTTP")
      .option("--header <line>", "send this header with every request; may be repeated", collect)
      .option("--force", "overwrite files that exist")
      .allowExcessArguments(false),

  run: async (invocation) => {
    const { output, tools, force } = invocation.options as {
      output?: string;
      tools?: string;
      force?: boolean;
    };
    const target = targetOf(invocation);
    if ((target === undefined) === (tools === undefined)) {
      throw new Failure(
        "Say which server, in one way: `mcpp init -- COMMAND`, `mcpp init --url URL` or `mcpp init --tools FILE`.",
      );
    }
    if (target !== undefined && output === "-") {
      throw new Failure(
        "A policy on stdout would be without its tool list: give `-o FILE`, or save the list first with `mcpp pull`.",
      );
    }
    if (output !== undefined && tools !== undefined && resolve(output) === resolve(tools)) {
      throw new Failure("`-o` and `--tools` name the same file.");
    }
    // What is known to exist is said before a server is started.
    if (output !== undefined) {
      refuseExisting(filesOf(output, target === undefined ? undefined : listBeside(output)), force);
    }

    const listText = target === undefined ? readText(tools as string) : await pulledText(target);
    const list = await readList(tools ?? "the server's tool list", listText);
    let listPath = tools;
    const policyPath = output ?? `${slug(list.server?.name ?? fileStem(listPath))}.mcpp`;
    listPath ??= listBeside(policyPath);
    refuseExisting(filesOf(policyPath, target === undefined ? undefined : listPath), force);
    const folder = policyPath === "-" ? "." : dirname(policyPath);
    const { starterPolicy } = await import("../compiler/index.ts");
    const text = starterPolicy(list, {
      tools: relativePath(folder, listPath),
      server: fileStem(listPath),
    });

    if (target !== undefined) writeAtomically(listPath, listText);
    if (policyPath === "-") {
      process.stdout.write(text);
      return EXIT_OK;
    }
    writeAtomically(policyPath, text);
    const count = list.tools.length;
    process.stderr.write(
      `mcpp: wrote ${policyPath} for ${count} ${count === 1 ? "tool" : "tools"}${
        target === undefined ? "" : ` and their list ${listPath}`
      }\nmcpp: read it, change what you know better, then try \`mcpp check ${policyPath}\`\n`,
    );
    return EXIT_OK;
  },
};

/** The tool list file of a running server. */
async function pulledText(target: Target): Promise<string> {
  const [{ annotate }, { pullList }] = await Promise.all([
    import("../compiler/index.ts"),
    import("./pull-list.ts"),
  ]);
  const progress = process.stderr.isTTY
    ? (text: string) => process.stderr.write(`mcpp: ${text}\n`)
    : () => {};
  return `${JSON.stringify(annotate(await pullList(target, progress)), undefined, 2)}\n`;
}

async function readList(name: string, text: string): Promise<ToolList> {
  const [{ readToolList }, { Source }] = await Promise.all([
    import("../compiler/index.ts"),
    import("../language/index.ts"),
  ]);
  const { list, diagnostics } = readToolList(new Source(name, text));
  const error = diagnostics.find(({ severity }) => severity === "error");
  if (error !== undefined) {
    const { line, column } = error.source.positionAt(error.span.start);
    throw new Failure(`${name}:${line}:${column}: ${error.message}`);
  }
  if (list === undefined) throw new Failure(`\`${name}\` could not be read.`);
  return list;
}

/** Where a pulled list is saved. */
function listBeside(policyPath: string): string {
  return `${policyPath.replace(/\.mcpp$/, "")}.tools.json`;
}

/** The files that are going to be written. */
function filesOf(policyPath: string, listPath: string | undefined): string[] {
  return [policyPath, listPath].filter((path) => path !== undefined && path !== "-") as string[];
}

function refuseExisting(paths: readonly string[], force: boolean | undefined): void {
  const existing = paths.find((path) => existsSync(path));
  if (existing === undefined || force === true) return;
  throw new Failure(
    `\`${existing}\` exists; give another file with \`-o\`, or \`--force\` to overwrite it.`,
  );
}

function slug(name: string): string {
  const words = name.toLowerCase().match(/[a-z0-9]+/g) ?? [];
  return words.join("-").slice(0, 60) || "policy";
}

function fileStem(path: string | undefined): string {
  return basename(path ?? "server").replace(/(?:\.tools)?\.json$/, "");
}

/** With slashes, and a dot in front, so that it reads as a path on every system. */
function relativePath(folder: string, path: string): string {
  const from = relative(resolve(folder), resolve(path)).split(sep).join("/");
  return from.startsWith(".") || from.startsWith("/") ? from : `./${from}`;
}
