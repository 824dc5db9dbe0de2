import { existsSync } from "node:fs";
import { basename, dirname, relative, resolve, sep } from "node:path";
import { type CliCommand, EXIT_OK, Failure } from "./command.ts";
import { collect, targetOf } from "./connect.ts";
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
    const { annotate, readToolList, starterPolicy } = await import("../compiler/index.ts");
    const { Source } = await import("../language/index.ts");

    if (target !== undefined && output === "-") {
      throw new Failure(
        "A policy on stdout would be without its tool list: give `-o FILE`, or save the list first with `mcpp pull`.",
      );
    }
    const policyBefore = output === undefined || output === "-" ? [] : [output];
    refuseExisting(policyBefore, force);

    let listText: string;
    let listPath = tools;
    if (target === undefined) {
      listText = readText(tools as string);
    } else {
      const { pullList } = await import("./pull-list.ts");
      const progress = process.stderr.isTTY
        ? (text: string) => process.stderr.write(`mcpp: ${text}\n`)
        : () => {};
      const pulled = await pullList(target, progress);
      listText = `${JSON.stringify(annotate(pulled), undefined, 2)}\n`;
    }
    const { list, diagnostics } = readToolList(
      new Source(listPath ?? "the server's tool list", listText),
    );
    const error = diagnostics.find(({ severity }) => severity === "error");
    if (list === undefined || error !== undefined) {
      const at = error === undefined ? undefined : error.source.positionAt(error.span.start);
      const place = at === undefined ? "" : `${error?.source.name}:${at.line}:${at.column}: `;
      throw new Failure(`${place}${error?.message ?? "The tool list could not be read."}`);
    }

    const policyPath = output ?? `${slug(list.server?.name ?? fileStem(listPath))}.mcpp`;
    listPath ??= `${policyPath.replace(/\.mcpp$/, "")}.tools.json`;
    refuseExisting(
      [policyPath, ...(target === undefined ? [] : [listPath])].filter((path) => path !== "-"),
      force,
    );
    const folder = policyPath === "-" ? "." : dirname(policyPath);
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
