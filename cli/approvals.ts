import { Argument } from "commander";
import type { Approval } from "../runtime/index.ts";
import { approverIn, whyNot } from "./approvals/approver.ts";
import { approvalJson, approvalTable, shownApproval } from "./approvals/show.ts";
import { type CliCommand, EXIT_FINDINGS, EXIT_OK, Failure, type Invocation } from "./command.ts";
import {
  isThere,
  onSharedState,
  type SharedState,
  type SharedStateOptions,
} from "./shared-state.ts";

const ACTIONS = ["list", "show", "approve", "deny"] as const;
type Action = (typeof ACTIONS)[number];

export const command: CliCommand = {
  declare: (command) =>
    command
      .usage("list|show|approve|deny [ID] [options]")
      .addArgument(new Argument("<action>", "what to do").choices(ACTIONS))
      .argument("[id]", "the approval, as `list` and the answer to the call name it")
      .option("--reason <text>", "approve, deny: why; a refusal's reason is read by the model")
      .option("--all", "list: those that were decided or have expired within the hour, too")
      .option(
        "--state <store>",
        "the state of the proxy: sqlite:PATH or redis://… (the file in your state folder)",
      )
      .option(
        "--config <file>",
        "the configuration of a gateway; MCPP_APPROVER_TOKEN says who you are",
      )
      .option("--format <format>", "list, show: pretty or json", "pretty"),
  run: async (invocation) => {
    const [action, id] = invocation.args as [Action, string | undefined];
    const options = optionsOf(invocation, action);
    if (action === "list") {
      if (id !== undefined) throw new Failure("`mcpp approvals list` takes no id.");
      return list(options);
    }
    if (id === undefined) throw new Failure(`Say which: \`mcpp approvals ${action} ID\`.`);
    if (!isThere(options)) throw unknown(id);
    return onSharedState(options, async (shared) => {
      const approval = await find(id, shared);
      if (action === "show") return show(approval, options);
      return decide(approval, action === "approve", options.reason, shared);
    });
  },
};

interface Options extends SharedStateOptions {
  readonly reason?: string;
  readonly all?: boolean;
  readonly format: "pretty" | "json";
}

/** What the model reads, and a store keeps (characters). */
const MAX_REASON = 2_000;

function optionsOf({ options }: Invocation, action: Action): Options {
  const given = options as unknown as Options;
  if (given.format !== "pretty" && given.format !== "json") {
    throw new Failure(`\`--format ${given.format}\`: the formats are pretty and json.`);
  }
  if (given.reason !== undefined && action !== "approve" && action !== "deny") {
    throw new Failure("`--reason` goes with `approve` and `deny`.");
  }
  if (given.all === true && action !== "list") throw new Failure("`--all` goes with `list`.");
  if ((given.reason ?? "").length > MAX_REASON) {
    throw new Failure(`A reason may have ${MAX_REASON} characters.`);
  }
  return given;
}

async function list(options: Options): Promise<number> {
  const filter = { all: options.all === true };
  const approvals = isThere(options)
    ? await onSharedState(options, async ({ store }) => store.approvals.list(filter))
    : [];
  process.stdout.write(
    options.format === "json" ? approvalJson({ approvals }) : approvalTable(approvals, Date.now()),
  );
  return EXIT_OK;
}

function show(approval: Approval, { format }: Options): number {
  process.stdout.write(
    format === "json" ? approvalJson({ approval }) : shownApproval(approval, Date.now()),
  );
  return EXIT_OK;
}

async function decide(
  approval: Approval,
  approve: boolean,
  given: string | undefined,
  shared: SharedState,
): Promise<number> {
  const approver = approverIn(shared.config, process.env);
  const refusal = whyNot(approver, approval, shared.config);
  if (refusal !== undefined) throw new Failure(refusal);
  const reason = given?.trim() ?? "";
  const decision = {
    approve,
    by: approver.name,
    at: Date.now(),
    ...(reason === "" ? {} : { reason }),
  };
  const decided = await shared.store.approvals.decide(approval.id, decision);
  if (decided === undefined) throw new Failure(`The time of ${approval.id} is over.`);
  if (decided.decidedBy !== decision.by || decided.decidedAt !== decision.at) {
    process.stderr.write(`mcpp: ${alreadyDecided(decided)}\n`);
    return EXIT_FINDINGS;
  }
  process.stdout.write(shownApproval(decided, decision.at));
  return EXIT_OK;
}

function alreadyDecided({ id, state, decidedBy, decidedAt, reason }: Approval): string {
  const what = state === "denied" ? "denied" : "approved";
  const at = new Date(decidedAt ?? 0).toISOString().slice(0, 19).replace("T", " ");
  const why = reason === undefined ? "" : `: ${reason}`;
  const used = state === "spent" ? " The call was made." : "";
  return `${id} was ${what} already by ${decidedBy} at ${at} UTC${why}.${used}`;
}

async function find(id: string, { store }: SharedState): Promise<Approval> {
  const found = await store.approvals.get(typed(id));
  if (found === undefined) throw unknown(id);
  return found;
}

/** Crockford's base 32: case does not count, nor which of the letters that look alike was read. */
function typed(id: string): string {
  return id.trim().toUpperCase().replaceAll("O", "0").replace(/[IL]/g, "1");
}

function unknown(id: string): Failure {
  return new Failure(
    `There is no approval \`${id}\`; \`mcpp approvals list\` shows those that wait. Is it another \`--state\` or \`--config\`?`,
  );
}
