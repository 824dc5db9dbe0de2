import { Option } from "commander";
import { didYouMean, suggest } from "../language/index.ts";
import type { Json, Policy, SourceMap } from "../policy/index.ts";
import { pointer } from "../policy/index.ts";
import {
  both,
  type Context,
  compileEngine,
  type ExplainedCall,
  explainCall,
  openStore,
  Rulebook,
  readCallText,
  type StateStore,
  toolsOf,
} from "../runtime/index.ts";
import { type CliCommand, EXIT_OK, Failure, sentenceOf } from "./command.ts";
import { collect } from "./connect.ts";
import { explainJson } from "./explain/json.ts";
import {
  type ExplainedPolicy,
  type LabelRules,
  readPolicy,
  withoutPins,
} from "./explain/policy.ts";
import { explainPretty } from "./explain/pretty.ts";
import { remediesFor } from "./explain/remedies.ts";
import type { Remedies } from "./explain/remedy/search.ts";
import { isFile, readText } from "./file.ts";
import { grantOf } from "./grant-options.ts";
import { wantsColour } from "./report/colour.ts";
import { instantOf } from "./time.ts";

interface ExplainOptions {
  readonly as?: string;
  readonly label?: readonly string[];
  readonly session?: string;
  readonly at?: string;
  readonly name?: string;
  readonly state: string;
  readonly tools?: string;
  readonly map?: string;
  readonly guard?: string;
  readonly format: "pretty" | "json";
}

export const command: CliCommand = {
  declare: (command) =>
    command
      .argument("<file>", "a .mcpp file, or a compiled .json")
      .argument("<tool>", "the tool that is called")
      .argument("[arguments]", "its arguments, a JSON object; `-` for stdin", "{}")
      .option("--as <grant>", "the grant that calls (local)")
      .option("--label <name=value>", "a label of the grant; may be repeated", collect)
      .option("--session <id>", "the session that calls")
      .option("--at <time>", "when, such as 2026-11-23T10:00+01:00 (now)")
      .option("--state <store>", "where counters are: memory, sqlite:PATH or redis://…", "memory")
      .option("--name <id>", "the server id that counters belong to (the policy's server)")
      .option("--tools <file>", "a tool list in place of the one that the policy names")
      .option("--map <file>", "the source map of a compiled policy")
      .option("--guard <file>", "a policy that every call must pass too")
      .addOption(
        new Option("--format <format>", "how the decision is written")
          .choices(["pretty", "json"])
          .default("pretty"),
      )
      .allowExcessArguments(false),
  run: async ({ args, options }) => {
    const [file, tool, text = "{}"] = args as readonly [string, string, string?];
    return explain(file, tool, text, options as unknown as ExplainOptions);
  },
};

async function explain(
  file: string,
  tool: string,
  text: string,
  options: ExplainOptions,
): Promise<number> {
  const grant = grantOf(options);
  const now = options.at === undefined ? Date.now() : timeOf(options.at);
  const read = await readPolicy({ policy: file, tools: options.tools, map: options.map });
  checkLabels(grant.labels, read.labels);
  const { policy, tools, map } = read;
  const known = tools !== undefined;
  const enforced = known ? policy : withoutPins(policy);
  const above =
    options.guard === undefined ? undefined : await readPolicy({ policy: options.guard });
  const rulebook = rulebookOf(enforced, map, above);
  const call = readCallText(tool, text === "-" ? readText("-") : text, rulebook);
  if (!call.ok) throw new Failure(`This call would not reach the policy. ${call.message}`);
  const server = options.name ?? read.server ?? "local";
  if (options.state !== "memory" && options.name === undefined && read.server === undefined) {
    throw new Failure(
      "Counters belong to a server: give its id with `--name`, as `mcpp serve` shows it.",
    );
  }
  const context: Context = {
    grant,
    server,
    now,
    ...(options.session !== undefined && { session: options.session }),
  };
  const store = await openState(options.state);
  let explained: ExplainedCall;
  let remedies: Remedies;
  try {
    const view = store.forServer(server);
    const list = known ? { tools: toolsOf(tools) } : {};
    explained = await explainCall(call, { rulebook, store: view, context, ...list });
    remedies = await remediesFor({
      tool,
      args: call.args,
      explained,
      rulebook,
      store: view,
      context,
      read,
      guard: above?.policy,
    });
  } catch (error) {
    throw new Failure(`The state could not be read: ${sentenceOf(error)}`);
  } finally {
    await store.close();
  }
  const told = placed(withPinNote(explained, policy, tool, known), read, tool);
  if (options.format === "json") process.stdout.write(explainJson(told, remedies));
  else {
    const hint = hintFor(tool, told, read);
    const colour = wantsColour(process.stdout);
    process.stdout.write(
      explainPretty(told, {
        tool,
        context,
        colour,
        statementAt: (place) => read.statementAt(place) ?? above?.statementAt(place),
        remedies,
        ...(hint !== undefined && { hint }),
      }),
    );
  }
  return EXIT_OK;
}

/** Under a guard a call must pass both. */
function rulebookOf(policy: Policy, map: SourceMap, above: ExplainedPolicy | undefined): Rulebook {
  const engine = compileEngine(policy, { map });
  if (above === undefined) return new Rulebook(policy, engine);
  const guard = withoutPins(above.policy);
  const stands = compileEngine(guard, { map: above.map, guard: true });
  return new Rulebook(policy, both(stands, engine), { guard });
}

function timeOf(text: string): number {
  const time = instantOf(text);
  if (time !== undefined) return time;
  throw new Failure(
    `\`--at ${text}\` is not a time with its offset from UTC, such as 2026-11-23T10:00+01:00 or 2026-11-23T09:00Z.`,
  );
}

/** A misspelt label would be explained as a missing one, so it is refused. */
function checkLabels(labels: Context["grant"]["labels"], rules: LabelRules): void {
  for (const [name, value] of Object.entries(labels)) {
    if ("read" in rules) {
      if (!rules.read.has(name)) {
        process.stderr.write(`mcpp: no condition of the policy reads the label \`${name}\`.\n`);
      }
      continue;
    }
    const { declared } = rules;
    if (!declared.has(name)) {
      const names = [...declared.keys()];
      const others =
        names.length === 0
          ? "it declares none"
          : `it declares ${names.map((one) => `\`${one}\``).join(", ")}`;
      throw new Failure(
        [`The policy declares no label \`${name}\`; ${others}.`, didYouMean(suggest(name, names))]
          .filter((part) => part !== undefined)
          .join(" "),
      );
    }
    const values = declared.get(name);
    if (values !== undefined && !values.includes(value)) {
      throw new Failure(
        `The label \`${name}\` cannot be \`${value}\`; its values are ${values.map((one) => `\`${one}\``).join(", ")}.`,
      );
    }
  }
}

/** Says that a pin was taken to agree, where it could not be compared. */
function withPinNote(
  explained: ExplainedCall,
  { tools = {} }: Policy,
  tool: string,
  known: boolean,
): ExplainedCall {
  const pinned = Object.hasOwn(tools, tool) && tools[tool]?.pin !== undefined;
  const at = explained.steps.findIndex(
    ({ check, result }) => check === "permitted" && result === "pass",
  );
  if (known || !pinned || at < 0) return explained;
  const note = {
    check: "pinned definition",
    result: "skip",
    message: "The definition is taken to be unchanged: `--tools FILE` would compare it.",
  } as const;
  return { ...explained, steps: explained.steps.toSpliced(at + 1, 0, note) };
}

/** An allowed call is allowed by the statement that opens the tool. */
function placed(explained: ExplainedCall, { map }: ExplainedPolicy, tool: string): ExplainedCall {
  const at = pointer("tools", tool);
  const opened = Object.hasOwn(map, at) ? map[at] : undefined;
  if (opened === undefined) return explained;
  return {
    ...explained,
    ...(explained.outcome === "allow" && explained.source === undefined && { source: opened }),
    steps: explained.steps.map((step) =>
      step.check === "permitted" && step.result === "pass" && step.source === undefined
        ? { ...step, source: opened }
        : step,
    ),
  };
}

/** For a tool that neither the policy nor the server knows. */
function hintFor(
  tool: string,
  { outcome, rule }: ExplainedCall,
  { policy, tools }: ExplainedPolicy,
): string | undefined {
  if (outcome === "allow" || !["(unknown tool)", "(default deny)"].includes(rule)) return undefined;
  const names = [...Object.keys(policy.tools ?? {}), ...(tools ?? []).map(nameOf)];
  return didYouMean(suggest(tool, names));
}

function nameOf(tool: Json): string {
  return (tool as { readonly name: string }).name;
}

async function openState(spec: string): Promise<StateStore> {
  const path = spec.startsWith("sqlite:") ? spec.slice("sqlite:".length) : undefined;
  // Opening would make it.
  if (path !== undefined && path !== "" && !isFile(path)) {
    throw new Failure(`There is no state file \`${path}\`.`);
  }
  try {
    return await openStore(spec);
  } catch (error) {
    throw new Failure(`The state could not be opened: ${sentenceOf(error)}`);
  }
}
