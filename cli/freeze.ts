import { randomUUID } from "node:crypto";
import { userInfo } from "node:os";
import type { Command } from "commander";
import { didYouMean, suggest } from "../language/index.ts";
import type { FreezeScope } from "../runtime/index.ts";
import { type CliCommand, EXIT_OK, Failure } from "./command.ts";
import type { Config } from "./config/config.ts";
import { durationMs } from "./duration.ts";
import { onSharedState, type SharedStateOptions } from "./shared-state.ts";

export const command: CliCommand = {
  declare: (command) =>
    scopeOptions(command)
      .option("--for <duration>", "how long, such as 30m or 2h")
      .option("--because <text>", "why; it is told to whoever calls")
      .addHelpText(
        "after",
        "\nWithout --server, --grant and --tool all calls are stopped. `mcpp unfreeze` lifts it before its time.",
      ),
  run: async ({ options }) => {
    const given = options as unknown as FreezeOptions;
    const ms = given.for === undefined ? undefined : durationMs(given.for);
    if (ms === undefined) {
      throw new Failure(
        "Say for how long: `--for` takes a duration such as 30m or 2h, at most 24 days.",
      );
    }
    const because = given.because?.trim() ?? "";
    if (because === "") throw new Failure("Say why: `--because TEXT`.");
    return onSharedState(given, async ({ store, config }) => {
      const scope = scopeOf(given, config);
      const until = Date.now() + ms;
      await store.freezes.freeze({
        ...scope,
        id: randomUUID(),
        until,
        because,
        by: userInfo().username,
      });
      const end = new Date(until).toISOString().slice(0, 19).replace("T", " ");
      process.stdout.write(`Frozen until ${end} UTC: ${describeScope(scope)}.\n`);
      return EXIT_OK;
    });
  },
};

export interface ScopeOptions extends SharedStateOptions {
  readonly server?: string;
  readonly grant?: string;
  readonly tool?: string;
}

interface FreezeOptions extends ScopeOptions {
  readonly for?: string;
  readonly because?: string;
}

/** The options of `freeze` and `unfreeze` that say what is meant, and where. */
export function scopeOptions(command: Command): Command {
  return command
    .option("--server <name>", "calls to this server only")
    .option("--grant <name>", "calls of this grant only")
    .option("--tool <name>", "calls of this tool only")
    .option(
      "--state <store>",
      "the state of the proxies: sqlite:PATH or redis://… (the file in your state folder)",
    )
    .option("--config <file>", "the configuration of a gateway");
}

/** Names that a configuration does not have stop nothing, and are refused. Throws `Failure`. */
export function scopeOf(
  { server, grant, tool }: ScopeOptions,
  config: Config | undefined,
): FreezeScope {
  for (const [option, value] of Object.entries({ server, grant, tool })) {
    if (value === "") throw new Failure(`\`--${option}\` needs a name.`);
  }
  if (config !== undefined) {
    known("server", server, [...config.servers.keys()]);
    known(
      "grant",
      grant,
      config.grants.map(({ name }) => name),
    );
  }
  // By its id: names may be given to others.
  const id = config?.grants.find(({ name }) => name === grant)?.id ?? grant;
  return {
    ...(server === undefined ? {} : { server }),
    ...(id === undefined ? {} : { grant: id }),
    ...(tool === undefined ? {} : { tool }),
  };
}

function known(what: string, name: string | undefined, names: readonly string[]): void {
  if (name === undefined || names.includes(name)) return;
  const hint = didYouMean(suggest(name, names));
  throw new Failure(
    `There is no ${what} \`${name}\` in the configuration.${hint === undefined ? "" : ` ${hint}`}`,
  );
}

export function describeScope({ server, grant, tool }: FreezeScope): string {
  const parts = [
    tool === undefined ? "all calls" : `calls of \`${tool}\``,
    ...(server === undefined ? [] : [`to \`${server}\``]),
    ...(grant === undefined ? [] : [`of the grant \`${grant}\``]),
  ];
  return parts.join(" ");
}
