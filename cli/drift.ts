import { Option } from "commander";
import type { Drift } from "../compiler/index.ts";
import type { Diagnostic } from "../language/index.ts";
import type { Json, Policy } from "../policy/index.ts";
import { compileEngine } from "../runtime/index.ts";
import { type CliCommand, EXIT_FINDINGS, EXIT_OK, Failure } from "./command.ts";
import { collect, describeTarget, targetOf } from "./connect.ts";
import { writeAtomically } from "./file.ts";
import { pullList } from "./pull-list.ts";

export const command: CliCommand = {
  declare: (command) =>
    command
      .usage("FILE [--accept TOOL…] (-- COMMAND [ARG…] | --url URL [--header 'K: V'])")
      .argument("<file>", "a .mcpp file that names its tool list")
      .option("--accept <tool...>", "take these tools as they are now into the tool list")
      .option("--url <url>", "a server that speaks Streamable HTTP")
      .option("--header <line>", "send this header with every request; may be repeated", collect)
      .addOption(
        new Option("--format <format>", "how differences are written")
          .choices(["pretty", "json"])
          .default("pretty"),
      )
      .allowExcessArguments(false),

  run: async (invocation) => {
    const target = targetOf(invocation);
    const [path = ""] = invocation.args;
    if (target === undefined) {
      throw new Failure(
        `Say which server: \`mcpp drift ${path} -- COMMAND\` or \`mcpp drift ${path} --url URL\`.`,
      );
    }
    const { accept = [], format } = invocation.options as {
      accept?: readonly string[];
      format: "pretty" | "json";
    };
    const found = await compare(path, (progress) => pullList(target, progress));
    const accepted = acceptTools(found, accept);
    const left = found.drift.filter((drift) => !accepted.includes(drift));
    process.stdout.write(
      format === "json"
        ? `${JSON.stringify(jsonOf(found, accepted), undefined, 2)}\n`
        : pretty(found, accepted, describeTarget(target)),
    );
    return left.length > 0 || found.broken.length > 0 ? EXIT_FINDINGS : EXIT_OK;
  },
};

interface Comparison {
  readonly drift: readonly Drift[];
  readonly policy: Policy;
  /** What the policy's text says of the live tools that it does not say of the saved ones: errors. */
  readonly broken: readonly Diagnostic[];
  readonly live: readonly Json[];
  /** The tool list file. */
  readonly file: string;
  readonly saved: string;
}

type Pull = (progress: (text: string) => void) => Promise<{ readonly tools: readonly Json[] }>;

async function compare(path: string, pull: Pull): Promise<Comparison> {
  const [{ annotate, driftOf, stripDocs }, { Source }, { compileFile }] = await Promise.all([
    import("../compiler/index.ts"),
    import("../language/index.ts"),
    import("./policy-file.ts"),
  ]);
  const before = compileFile(path, undefined);
  const { source, list } = before.program.tools;
  if (source === undefined || list === undefined) {
    throw new Failure(
      `\`${path}\` names no tool list that can be read; \`server NAME tools "FILE"\` names one, and \`mcpp pull -o FILE\` makes it.`,
    );
  }
  if (before.policy === undefined) {
    throw new Failure(`\`${path}\` does not compile; \`mcpp check ${path}\` says why.`);
  }
  const progress = process.stderr.isTTY
    ? (text: string) => process.stderr.write(`mcpp: ${text}\n`)
    : () => {};
  const pulled = annotate(await pull(progress), JSON.parse(source.text));
  // A list without prose can only be compared with one that has none.
  const live = (list.docs === false ? stripDocs(pulled) : pulled).tools;
  const known = new Set(before.diagnostics.map(({ code, message }) => `${code} ${message}`));
  const liveList = new Source(`${source.name} (live)`, JSON.stringify({ ...list, tools: live }));
  const after = compileFile(path, liveList);
  return {
    drift: driftOf(list.tools as unknown as readonly Json[], live),
    policy: before.policy,
    broken: after.diagnostics.filter(
      ({ severity, code, message }) => severity === "error" && !known.has(`${code} ${message}`),
    ),
    live,
    file: source.name,
    saved: source.text,
  };
}

/** What the policy in force does with calls of a tool, as the server lists it now. */
function decisionOf({ tool, kind }: Drift, { policy, live }: Comparison): string {
  if (kind === "gone") return "no call of it reaches anything";
  const definition = live.find((one) => nameOf(one) === tool) ?? null;
  const { outcome, rule } = compileEngine(policy).decide(
    { tool, args: {} },
    {
      grant: { id: "local", name: "local", labels: {} },
      server: "",
      now: Date.now(),
      live: kind === "ambiguous" ? { state: "ambiguous" } : { state: "listed", definition },
    },
  );
  if (rule === "(hidden)") return "hidden";
  if (rule === "(default deny)" && outcome === "hide") return "hidden";
  if (rule.startsWith("(") || rule.startsWith("/deny_tools/")) return `denied: ${rule}`;
  const { require = [], deny_if = [], ask_if = [], limits = [] } = policy.tools?.[tool] ?? {};
  const conditional = require.length + deny_if.length + ask_if.length + limits.length > 0;
  return conditional ? "decided by its rules" : "allowed";
}

function nameOf(tool: Json): string | undefined {
  const { name } = (tool ?? {}) as { readonly name?: Json };
  return typeof name === "string" ? name : undefined;
}

/** Takes tools into the saved list; the differences that are settled so. */
function acceptTools(found: Comparison, names: readonly string[]): readonly Drift[] {
  if (names.length === 0) return [];
  const accepted = names.flatMap((name) => {
    const drift = found.drift.filter(
      (one) => one.tool === name || (one.kind === "renamed" && one.from === name),
    );
    if (drift.length > 0) return drift;
    throw new Failure(`\`--accept ${name}\`: no tool of this name differs from the tool list.`);
  });
  if (accepted.some(({ kind }) => kind === "ambiguous")) {
    throw new Failure("A tool that is listed twice cannot be accepted: nobody knows which it is.");
  }
  const list = JSON.parse(found.saved) as Json;
  const tools = (list as { readonly tools?: Json } | null)?.tools;
  if (!Array.isArray(tools)) {
    throw new Failure(`\`${found.file}\` has no \`tools\` that could be changed.`);
  }
  const live = new Map(found.live.map((tool) => [nameOf(tool), tool]));
  const gone = new Set(
    accepted.flatMap((drift) =>
      drift.kind === "renamed" ? [drift.from] : drift.kind === "gone" ? [drift.tool] : [],
    ),
  );
  const taken = new Set(accepted.map(({ tool }) => tool).filter((tool) => !gone.has(tool)));
  const kept = (tools as readonly Json[])
    .filter((tool) => !gone.has(nameOf(tool) ?? ""))
    .map((tool) => (taken.has(nameOf(tool) ?? "") ? (live.get(nameOf(tool)) ?? tool) : tool));
  const there = new Set(kept.map(nameOf));
  const added = [...taken]
    .filter((name) => !there.has(name))
    .flatMap((name) => live.get(name) ?? []);
  const text = JSON.stringify({ ...(list as object), tools: [...kept, ...added] }, undefined, 2);
  writeAtomically(found.file, `${text}\n`);
  return accepted;
}

function jsonOf(found: Comparison, accepted: readonly Drift[]): object {
  return {
    drift: found.drift.map((drift) => ({
      ...drift,
      decision: decisionOf(drift, found),
      accepted: accepted.includes(drift),
    })),
    broken: found.broken.map(({ code, message, source, span }) => ({
      code,
      message,
      file: source.name,
      ...source.positionAt(span.start),
    })),
    equivalent: found.drift.length === 0 && found.broken.length === 0,
  };
}

function pretty(found: Comparison, accepted: readonly Drift[], server: string): string {
  const lines = found.drift.map((drift) => {
    const done = accepted.includes(drift) ? "; accepted" : "";
    return `${subjectOf(drift)}: ${decisionOf(drift, found)}${done}`;
  });
  for (const { code, message, source, span } of found.broken) {
    const { line, column } = source.positionAt(span.start);
    lines.push(`breaks   ${source.name}:${line}:${column} ${code} ${message}`);
  }
  if (lines.length === 0) lines.push(`${server} is as ${found.file} says.`);
  return `${lines.join("\n")}\n`;
}

function subjectOf(drift: Drift): string {
  switch (drift.kind) {
    case "renamed":
      return `renamed  ${drift.from} → ${drift.tool}`;
    case "changed":
      return `changed  ${drift.tool} (${drift.changed.join(", ")})`;
    case "ambiguous":
      return `twice    ${drift.tool}`;
    default:
      return `${drift.kind.padEnd(8)} ${drift.tool}`;
  }
}
