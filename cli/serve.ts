import { createHash, randomUUID } from "node:crypto";
import { constants } from "node:os";
import { resolve, sep } from "node:path";
import type { Carrier, Governance, Openings, Place } from "../runtime/index.ts";
import {
  bridgeToHttp,
  ChildNotStarted,
  compileEngine,
  type Exit,
  HttpUpstream,
  NoKey,
  noLoad,
  proxyStdio,
  Rounds,
  Rulebook,
  RulesInForce,
  rootKeys,
  SERVER_REQUESTS,
  Seals,
  type ServerRequest,
  serverEnvironment,
  startChild,
  Tasks,
} from "../runtime/index.ts";
import type { RunningAdmin } from "./admin/serve.ts";
import { type CliCommand, EXIT_FAILED, EXIT_OK, Failure, type Invocation } from "./command.ts";
import { collect, describeTarget, type Target, targetOf } from "./connect.ts";
import { durationMs, holdMs } from "./duration.ts";
import { NEVER_FORWARDED } from "./forwarded-headers.ts";
import { grantOf } from "./grant-options.ts";
import type { SavedFiles } from "./reload/saved-files.ts";
import { asks, localApprovals, whoDecides } from "./serve-approvals.ts";
import {
  type AuditEvents,
  type AuditOptions,
  auditEvents,
  auditSettings,
  describeAudit,
  openAudit,
} from "./serve-audit.ts";
import { answerWithFailure } from "./serve-failure.ts";
import { type HttpOptions, serveHttp } from "./serve-http.ts";
import { childLog, serveLog } from "./serve-log.ts";
import { type LoadedPolicy, loadPolicy, PolicyErrors } from "./serve-policy.ts";
import { counts, openState, WITHOUT_LIMITS } from "./serve-state.ts";
import { startTelemetry } from "./serve-telemetry.ts";

export const command: CliCommand = {
  declare: (command) =>
    command
      .usage("(POLICY [options] (-- COMMAND [ARG…] | --url URL [--header 'K: V']) | --config FILE)")
      .argument("[policy]", "a .mcpp file, or a compiled .json")
      .option("--config <file>", "serve a gateway: many servers and many grants")
      .option("--as <name>", "the grant that calls are made under (local)")
      .option("--label <name=value>", "a label of the grant; may be repeated", collect)
      .option("--name <id>", "the server id that counters belong to")
      .option(
        "--state <store>",
        "where counters are: memory, sqlite:PATH or redis://… (a file in your state folder)",
      )
      .option(
        "--state-fail <how>",
        "`open`: while the state cannot be reached, make calls without their limits",
      )
      .option(
        "--hold <duration>",
        "how long a call that needs an approval is held before it is answered for; 0 answers at once",
        "20s",
      )
      .option("--url <url>", "a server that speaks Streamable HTTP")
      .option("--header <line>", "send this header to the server; may be repeated", collect)
      .option("--listen <host:port>", "serve Streamable HTTP on this address instead of stdio")
      .option("--no-token", "with --listen: let everybody on this machine in")
      .option(
        "--allow-host <host>",
        "with --listen: accept this Host too; may be repeated",
        collect,
      )
      .option(
        "--allow-origin <origin>",
        "with --listen: let web pages of this origin in; may be repeated",
        collect,
      )
      .option(
        "--forward-header <name>",
        "with --listen: pass this header of clients to the server; may be repeated",
        collect,
      )
      .option(
        "--rate <number>",
        "with --listen: messages a second of one grant, twice that at once",
        "200",
      )
      .option("--timeout <duration>", "how long a server may take to answer over HTTP", "10m")
      .option(
        "--refuse-request <kind>",
        "do not pass on the server's requests of this kind: sampling, elicitation or roots; may be repeated",
        collect,
      )
      .option(
        "--unlisted <how>",
        "`forward`: calls of names that the server does not list are judged like all others",
      )
      .option(
        "--methods <which>",
        "`all`: methods that MCP does not define pass, even if the policy denies by default",
      )
      .option("--admin <host:port>", "serve a page on which calls are approved and watched")
      .option("--audit <dir>", "record every decision in this folder, before it takes effect")
      .option(
        "--audit-arguments <mode>",
        "what records keep of arguments: none, keys, judged or full (judged)",
      )
      .option("--audit-stdout", "with --listen: record every decision on stdout")
      .option("--shadow", "decide and log, but forbid nothing that the policy forbids")
      .addHelpText(
        "after",
        "\nWithout --listen our stdin and stdout are the client's: put this in place of COMMAND in an MCP client.",
      )
      .allowExcessArguments(false),
  run: serve,
};

interface ServeOptions extends AuditOptions {
  readonly config?: string;
  readonly as?: string;
  readonly label?: readonly string[];
  readonly name?: string;
  readonly state?: string;
  readonly stateFail?: string;
  readonly hold: string;
  readonly admin?: string;
  readonly shadow?: boolean;
  readonly unlisted?: string;
  readonly methods?: string;
  readonly refuseRequest?: readonly string[];
  readonly listen?: string;
  readonly token: boolean;
  readonly allowHost?: readonly string[];
  readonly allowOrigin?: readonly string[];
  readonly forwardHeader?: readonly string[];
  readonly rate: string;
  readonly timeout: string;
}

async function serve(invocation: Invocation): Promise<number> {
  const options = invocation.options as unknown as ServeOptions;
  const [path] = invocation.args;
  if (options.config !== undefined) return gatewayOf(options.config, invocation);
  const target = targetOf(invocation);
  if (path === undefined) {
    throw new Failure(
      "Say under which policy, `mcpp serve POLICY …`, or `mcpp serve --config FILE`.",
    );
  }
  if (target === undefined) {
    throw new Failure(
      "Say which server: `mcpp serve POLICY -- COMMAND [ARG…]` or `mcpp serve POLICY --url URL`.",
    );
  }
  const http = httpOptions(options);
  const settings = auditSettings(options);
  const grant = grantOf(options);
  const opens = openingsOf(options);
  const stateFail = stateFailOf(options);
  const held = holdOf(options.hold);
  const serveAdmin = options.admin === undefined ? undefined : await import("./admin/serve.ts");
  const page = serveAdmin?.adminOption(options.admin as string);
  const seals = sealsOf(process.env.MCPP_KEY);
  let loaded: LoadedPolicy;
  try {
    loaded = await loadPolicy(path);
  } catch (error) {
    if (!(error instanceof PolicyErrors)) throw error;
    process.stderr.write(`${error.report}\nmcpp: ${error.message}\n`);
    if (http === undefined) {
      await answerWithFailure(error.message, process.stdin, process.stdout);
    }
    return EXIT_FAILED;
  }
  const shadow = options.shadow === true;
  const rulebookOf = ({ policy, map, tools }: LoadedPolicy): Rulebook =>
    new Rulebook(policy, compileEngine(policy, { ...(map === undefined ? {} : { map }), shadow }), {
      pinned: tools,
      opens,
      shadow,
    });
  const rules = new RulesInForce(rulebookOf(loaded));
  const server = options.name ?? loaded.server ?? digestOf(target);
  const { store, where, freezes, freezeStore } = await openState(
    options.state,
    counts(loaded.policy),
  );
  const log = serveLog(process.stderr);
  let events: AuditEvents | undefined;
  const approvals =
    http === undefined
      ? localApprovals(store, held, log, (approval) => events?.approvals?.seen(approval))
      : undefined;
  const watched = serveAdmin?.watching();
  const own = store.forServer(server);
  const counters = watched?.charged.watch(own, grant.id, server) ?? own;
  const audit = openAudit(settings, seals, log, {
    config: path,
    ...rules.rulebook.digests,
    server,
    grants: [{ id: grant.id, name: grant.name }],
    ...(shadow ? { shadow } : {}),
  });
  const concerns = (name: string): boolean => name === server;
  events = auditEvents({ audit, store, freezes, asks: approvals !== undefined, concerns, log });
  const telemetry = await startTelemetry({
    ...{ store, approvals, freezes, audit, seals, log, concerns },
    metrics: page !== undefined,
  });
  const from: Carrier = http === undefined ? "pipe" : "tcp";
  const place: Place = { server, grant, from, to: target.kind === "url" ? "tcp" : "pipe" };
  const governance: Governance = {
    rulebook: () => rules.rulebook,
    store: counters,
    server,
    grant,
    refusedRequests: refusedOf(options),
    approvals,
    freezes,
    stateFail,
    rounds: new Rounds(seals, { server, grant: grant.id }, counters, Date.now),
    // There is one grant: whatever the server runs for us is its.
    load: noLoad(),
    tasks: new Tasks(seals, { server, grant: grant.id }, true),
    now: Date.now,
    record: (record) => {
      log.record(record);
      watched?.recent.decided(record, grant, server);
      return audit?.decided(record, grant, server);
    },
    observer: telemetry.instruments.observer(() => place),
    notice: log.notice,
  };
  log.notice(
    `serving ${describeTarget(target)} under ${path} as ${grant.name}, server id ${server}, ${where}${describeAudit(settings)}${shadow ? ", shadow: nothing is forbidden" : ""}`,
  );
  if (stateFail === "open") log.notice(WITHOUT_LIMITS);
  if (asks(loaded.policy)) log.notice(whoDecides(approvals, http !== undefined));
  let saved: SavedFiles | undefined;
  const kept = options.state !== undefined || counts(loaded.policy);
  const reloaded = (outcome: "taken" | "refused"): void => telemetry.instruments.reloaded(outcome);
  // Loaded aside: nobody waits for it.
  const watching = import("./reload/policy.ts").then(({ reloading }) => {
    saved = reloading({ path, loaded, rules, rulebookOf, log, audit, kept, reloaded });
  });
  let admin: RunningAdmin | undefined;
  try {
    if (serveAdmin !== undefined && watched !== undefined && page !== undefined) {
      admin = await serveAdmin.startAdmin(page, {
        ...{ watched, store, log, audit, auditSettings: settings, routes: telemetry.routes },
        people: serveAdmin.localPeople(approvals),
        freezes: freezeStore,
        inForce: () => [{ grant, server, rulebook: rules.rulebook }],
        serves: path,
        known: () => ({ servers: [server], grants: [{ id: grant.id, name: grant.name }] }),
        signsIn: () => false,
      });
    }
    if (http !== undefined) {
      return await serveHttp(governance, rules, seals, target, {
        ...http,
        hangup: () => saved?.now(),
        turnedAway: (cause) => {
          telemetry.instruments.turnedAway(cause);
          audit?.turnedAway(cause);
        },
      });
    }
    const end = async (): Promise<void> => {
      events?.end();
      audit?.end();
      await telemetry.end();
    };
    if (target.kind === "url") return await bridge(governance, rules, target, options, end);
    return await run(governance, rules, target.command, target.args, end);
  } finally {
    await admin?.close();
    await watching;
    saved?.close();
    events.end();
    audit?.end();
    await telemetry.end();
    log.end();
    await store.close();
  }
}

/** A gateway, whose settings are all in its configuration. */
async function gatewayOf(file: string, { args, options, rest }: Invocation): Promise<number> {
  const others = Object.keys(options).filter(
    (name) => name !== "config" && !(name in DEFAULTS && options[name] === DEFAULTS[name]),
  );
  if (args.length > 0 || rest !== undefined || others.length > 0) {
    const what = args[0] ?? (rest === undefined ? `--${others[0]}` : "--");
    throw new Failure(`\`${what}\` does not go with \`--config\`: it is set in the configuration.`);
  }
  const { serveGateway } = await import("./serve-gateway.ts");
  return serveGateway(file);
}

/** What options are that were not given. */
const DEFAULTS: Readonly<Record<string, unknown>> = {
  rate: "200",
  timeout: "10m",
  hold: "20s",
  token: true,
};

/** Without a key what we seal ends with this process. */
function sealsOf(key: string | undefined): Seals {
  if (key === undefined) return new Seals();
  try {
    return new Seals(rootKeys(key));
  } catch (error) {
    if (!(error instanceof NoKey)) throw error;
    throw new Failure(
      `The environment variable MCPP_KEY is not a key: ${error.message}. \`openssl rand -base64 32\` makes one; several stand with a comma between them, the one in use first.`,
    );
  }
}

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

async function run(
  governance: Governance,
  rules: RulesInForce,
  command: string,
  args: readonly string[],
  end: () => Promise<void>,
): Promise<number> {
  const child = await startChild({
    command,
    args,
    env: serverEnvironment(process.env),
    ...childLog(),
  }).catch((error: unknown) => {
    throw error instanceof ChildNotStarted ? new Failure(error.message) : error;
  });
  let received: NodeJS.Signals | undefined;
  for (const signal of SIGNALS) {
    process.on(signal, () => {
      received ??= signal;
      void child.end(signal);
    });
  }
  const exit = await proxyStdio({
    governance,
    rules,
    child,
    input: process.stdin,
    output: process.stdout,
    log: process.stderr,
    session: randomUUID(),
  });
  for (const signal of SIGNALS) process.removeAllListeners(signal);
  // A signal may be our end.
  await end();
  return exitStatus(exit, received);
}

async function bridge(
  governance: Governance,
  rules: RulesInForce,
  { url, headers }: Extract<Target, { kind: "url" }>,
  { timeout }: ServeOptions,
  end: () => Promise<void>,
): Promise<number> {
  const ended = new AbortController();
  let received: NodeJS.Signals | undefined;
  for (const signal of SIGNALS) {
    process.once(signal, () => {
      received ??= signal;
      ended.abort();
    });
  }
  await bridgeToHttp({
    governance,
    rules,
    upstream: new HttpUpstream({ url, headers, timeoutMs: millisecondsOf(timeout) }),
    input: process.stdin,
    output: process.stdout,
    session: randomUUID(),
    signal: ended.signal,
  });
  for (const signal of SIGNALS) process.removeAllListeners(signal);
  await end();
  return received === undefined
    ? EXIT_OK
    : exitStatus({ signal: received, forced: false }, received);
}

/** Ours is the server's; a signal that ended it ends us too. */
function exitStatus(exit: Exit, received: NodeJS.Signals | undefined): number {
  const signal = exit.forced ? received : exit.signal;
  if (signal === undefined) return exit.forced ? 0 : (exit.code ?? EXIT_FAILED);
  if (process.platform !== "win32" && signal !== "SIGKILL") process.kill(process.pid, signal);
  return 128 + (constants.signals[signal] ?? 0);
}

function refusedOf({ refuseRequest = [] }: ServeOptions): ReadonlySet<ServerRequest> {
  return new Set(
    refuseRequest.map((kind) => {
      const known = SERVER_REQUESTS.find((name) => name === kind);
      if (known !== undefined) return known;
      throw new Failure(
        `\`--refuse-request ${kind}\`: the kinds are ${SERVER_REQUESTS.join(", ")}.`,
      );
    }),
  );
}

/** What stays closed unless it is asked for by name. */
function openingsOf({ unlisted, methods }: ServeOptions): Openings {
  if (unlisted !== undefined && unlisted !== "forward") {
    throw new Failure(`\`--unlisted ${unlisted}\`: the one word that stands there is \`forward\`.`);
  }
  if (methods !== undefined && methods !== "all") {
    throw new Failure(`\`--methods ${methods}\`: the one word that stands there is \`all\`.`);
  }
  return { unlisted: unlisted !== undefined, methods: methods !== undefined };
}

function stateFailOf({ stateFail }: ServeOptions): "open" | undefined {
  if (stateFail === undefined || stateFail === "open") return stateFail;
  throw new Failure(`\`--state-fail ${stateFail}\`: the one word that stands there is \`open\`.`);
}

/** Absent without `--listen`. */
function httpOptions(options: ServeOptions): HttpOptions | undefined {
  const { listen, token, allowHost = [], allowOrigin = [], forwardHeader = [] } = options;
  if (listen === undefined) {
    for (const name of ["allowHost", "allowOrigin", "forwardHeader"] as const) {
      if (options[name] !== undefined) {
        throw new Failure(
          `\`--${name.replace(/[A-Z]/, "-$&").toLowerCase()}\` goes with \`--listen\`.`,
        );
      }
    }
    if (!token) throw new Failure("`--no-token` goes with `--listen`.");
    return undefined;
  }
  return {
    listen,
    token,
    allowHost,
    allowOrigin,
    forwardHeader: new Set(forwardHeader.map(forwardable)),
    messagesPerSecond: rateOf(options.rate),
    timeoutMs: millisecondsOf(options.timeout),
  };
}

function forwardable(name: string): string {
  const lower = name.toLowerCase();
  if (!/^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(lower)) {
    throw new Failure(`\`--forward-header ${name}\` is not the name of a header.`);
  }
  if (NEVER_FORWARDED.has(lower)) {
    throw new Failure(`The header \`${name}\` of clients is never forwarded.`);
  }
  return lower;
}

function rateOf(text: string): number {
  if (/^[1-9][0-9]{0,6}$/.test(text)) return Number(text);
  throw new Failure(`\`--rate ${text}\` is not a whole number of messages a second.`);
}

function holdOf(text: string): number {
  const ms = holdMs(text);
  if (ms !== undefined) return ms;
  throw new Failure(`\`--hold ${text}\` is not a duration such as 20s, or 0.`);
}

function millisecondsOf(duration: string): number {
  const ms = durationMs(duration);
  if (ms !== undefined) return ms;
  throw new Failure(`\`--timeout ${duration}\` is not a duration such as 30s or 10m.`);
}

/** The server id of a server that nobody has named. */
function digestOf(target: Target): string {
  const digest = createHash("sha256").update(
    JSON.stringify(
      target.kind === "url"
        ? [target.url.origin + target.url.pathname]
        : [resolved(target.command), ...target.args],
    ),
  );
  return `sha256:${digest.digest("hex")}`;
}

function resolved(command: string): string {
  return command.includes(sep) || command.includes("/") ? resolve(command) : command;
}
