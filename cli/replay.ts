import { Option } from "commander";
import type { Policy } from "../policy/index.ts";
import {
  BrokenTrail,
  both,
  compileEngine,
  limitsNamed,
  NoCall,
  type Past,
  type PastRequest,
  Replay,
  Rulebook,
} from "../runtime/index.ts";
import { type CliCommand, EXIT_FINDINGS, EXIT_OK, Failure } from "./command.ts";
import { type ExplainedPolicy, readPolicy, withoutPins } from "./explain/policy.ts";
import { replayJson } from "./replay/json.ts";
import { replayPretty } from "./replay/pretty.ts";
import { pastOf } from "./replay/source.ts";
import { Tally } from "./replay/tally.ts";
import { wantsColour } from "./report/colour.ts";
import { instantOf } from "./time.ts";

interface ReplayOptions {
  readonly server?: string;
  readonly grant?: string;
  readonly guard?: string;
  readonly tools?: string;
  readonly map?: string;
  readonly at?: string;
  readonly examples: string;
  readonly skipIncomplete?: boolean;
  readonly verify?: boolean;
  readonly format: "pretty" | "json";
}

export const command: CliCommand = {
  declare: (command) =>
    command
      .argument("<audit>", "an audit trail, or a file with one call a line; `-` for stdin")
      .argument("<file>", "a .mcpp file, or a compiled .json")
      .option("--server <id>", "only calls of this server (the policy's server)")
      .option("--grant <name>", "only calls of this grant, by its name or id")
      .option("--guard <file>", "a policy that every call must pass too")
      .option("--skip-incomplete", "count calls aside whose records lack what the policy reads")
      .option("--no-verify", "read a trail whose records do not follow from one another")
      .option("--at <time>", "when calls without a time were made (now)")
      .option("--examples <number>", "how many calls are shown of each change", "3")
      .option("--tools <file>", "a tool list in place of the one that the policy names")
      .option("--map <file>", "the source map of a compiled policy")
      .addOption(
        new Option("--format <format>", "how the result is written")
          .choices(["pretty", "json"])
          .default("pretty"),
      )
      .allowExcessArguments(false)
      .addHelpText("after", "\nEnds with 1 when any call would be decided otherwise than it was."),
  run: async ({ args, options }) => {
    const [audit, file] = args as readonly [string, string];
    return replay(audit, file, options as unknown as ReplayOptions);
  },
};

async function replay(audit: string, file: string, options: ReplayOptions): Promise<number> {
  const { examples, at, guard, skipIncomplete = false, format } = options;
  if (!/^[0-9]{1,4}$/.test(examples)) {
    throw new Failure(`\`--examples ${examples}\` is not a number up to 9999.`);
  }
  const read = await readPolicy({ policy: file, tools: options.tools, map: options.map });
  const above = guard === undefined ? undefined : await readPolicy({ policy: guard });
  const policies = above === undefined ? [read.policy] : [above.policy, read.policy];
  const tally = new Tally(Number(examples));
  const chosen = new Choice(options, read.server);
  const judge = new Replay({
    rulebook: rulebookOf(read, above),
    policies,
    server: options.server ?? read.server ?? "local",
  });
  const past = pastOf(audit, {
    verify: options.verify !== false,
    now: at === undefined ? Date.now() : timeOf(at),
    note: (text) => process.stderr.write(`mcpp: ${text}\n`),
  });
  try {
    for (const one of past) {
      if (!chosen.has(one)) tally.aside.others++;
      else if (one.kind === "call") await judgeCall(one, judge, tally, policies, skipIncomplete);
      else if (one.what === "summary" && !skipIncomplete) throw summarised(one.place, one.count);
      else tally.other(one);
    }
  } catch (error) {
    throw failureOf(error, audit);
  }
  chosen.check(audit);
  const counts = policies.some(hasLimits);
  const statementAt = (place: string) => read.statementAt(place) ?? above?.statementAt(place);
  process.stdout.write(
    format === "json"
      ? replayJson(tally)
      : replayPretty(tally, { colour: wantsColour(process.stdout), statementAt, counts }),
  );
  return tally.changed > 0 ? EXIT_FINDINGS : EXIT_OK;
}

async function judgeCall(
  past: PastRequest,
  judge: Replay,
  tally: Tally,
  policies: readonly Policy[],
  skipIncomplete: boolean,
): Promise<void> {
  const replayed = await judge.judge(past);
  switch (replayed.kind) {
    case "judged": {
      const { decision } = replayed;
      const allowed = decision.outcome === "allow" || decision.outcome === "ask";
      if (allowed && isSameLimit(past, policies)) tally.recounted++;
      tally.judged(past, decision);
      return;
    }
    case "circumstance":
      tally.circumstance(replayed.rule);
      return;
    case "incomplete":
      if (!skipIncomplete) throw new Failure(`${replayed.message} ${SKIP}`);
      tally.aside.incomplete++;
  }
}

/** Whether it was refused by a limit that the policy still has, as it was. */
function isSameLimit({ made, done }: PastRequest, policies: readonly Policy[]): boolean {
  if (made) return false;
  return limitsNamed(done.rule, policies).some(({ max }) =>
    done.message.includes(`The limit is ${max} `),
  );
}

const SKIP = "`--skip-incomplete` counts such calls aside.";

function summarised(place: string, count: number): Failure {
  const sentence = `${place.charAt(0).toUpperCase()}${place.slice(1)} stands for ${count} refusals of one cause, of which no more is kept.`;
  return new Failure(`${sentence} ${SKIP}`);
}

/** Definitions of the past are not in a trail, so that pins cannot be compared. */
function rulebookOf(read: ExplainedPolicy, above: ExplainedPolicy | undefined): Rulebook {
  const policy = withoutPins(read.policy);
  const engine = compileEngine(policy, { map: read.map });
  if (above === undefined) return new Rulebook(policy, engine);
  const guard = withoutPins(above.policy);
  const stands = compileEngine(guard, { map: above.map, guard: true });
  return new Rulebook(policy, both(stands, engine), { guard });
}

/** Which calls a policy is asked about: those of one server, and of one grant where one is named. */
class Choice {
  readonly #grant: string | undefined;
  /** Where neither the policy nor an option names one, the first that is met. */
  #server: string | undefined;
  readonly #named: boolean;
  readonly #met = new Set<string>();
  #taken = 0;

  constructor({ server, grant }: ReplayOptions, ofPolicy: string | undefined) {
    this.#grant = grant;
    this.#server = server ?? ofPolicy;
    this.#named = this.#server !== undefined;
  }

  has({ kind, server, grant }: Past): boolean {
    if (server !== undefined) {
      if (this.#met.size < MAX_NAMED) this.#met.add(server);
      this.#server ??= server;
      if (server !== this.#server) {
        if (this.#named) return false;
        throw new Failure(
          `There are calls of several servers, such as ${list(this.#met)}: name the one that the policy is for with \`--server\`.`,
        );
      }
    }
    const wanted = this.#grant;
    if (wanted !== undefined && grant?.name !== wanted && grant?.id !== wanted) return false;
    if (kind === "call") this.#taken++;
    return true;
  }

  /** Throws `Failure` where there was nothing to judge. */
  check(audit: string): void {
    if (this.#taken > 0) return;
    if (this.#met.size > 0 && this.#server !== undefined && !this.#met.has(this.#server)) {
      throw new Failure(
        `\`${audit}\` holds no call of the server \`${this.#server}\`; it holds calls of ${list(this.#met)}. \`--server\` names another.`,
      );
    }
    const whom = this.#grant === undefined ? "" : ` of the grant \`${this.#grant}\``;
    throw new Failure(`\`${audit}\` holds no call${whom} that could be judged again.`);
  }
}

/** Servers that a message names. */
const MAX_NAMED = 8;

function list(names: ReadonlySet<string>): string {
  return [...names].map((name) => `\`${name}\``).join(", ");
}

function hasLimits({ tools = {}, all_tools }: Policy): boolean {
  return (
    (all_tools?.limits.length ?? 0) > 0 ||
    Object.values(tools).some(({ limits = [] }) => limits.length > 0)
  );
}

function timeOf(text: string): number {
  const time = instantOf(text);
  if (time !== undefined) return time;
  throw new Failure(
    `\`--at ${text}\` is not a time with its offset from UTC, such as 2026-11-23T10:00+01:00 or 2026-11-23T09:00Z.`,
  );
}

function failureOf(error: unknown, audit: string): unknown {
  if (error instanceof NoCall) return new Failure(`\`${audit}\`: ${error.message}`);
  if (error instanceof BrokenTrail) {
    return new Failure(
      `${error.message} \`mcpp audit verify\` says more; \`--no-verify\` judges what is there.`,
    );
  }
  return error;
}
