import { createHash, randomBytes } from "node:crypto";
import { Argument } from "commander";
import { renderDiagnostic, Source } from "../language/index.ts";
import { newToken } from "../runtime/index.ts";
import { type CliCommand, EXIT_OK, Failure, type Invocation } from "./command.ts";
import type { Config, GrantConfig, PolicyFacts } from "./config/config.ts";
import { entryText, type GrantEntry, withGrant, withoutGrant, withToken } from "./config/edit.ts";
import { loadConfig } from "./config/load.ts";
import { type ConfigReading, readConfig } from "./config/read.ts";
import { collect } from "./connect.ts";
import { readText, writeAtomically } from "./file.ts";
import { labelsOf } from "./grant-options.ts";

const ACTIONS = ["add", "list", "rotate", "revoke"] as const;
type Action = (typeof ACTIONS)[number];

export const command: CliCommand = {
  declare: (command) =>
    command
      .usage("add|list|rotate|revoke [NAME] [options]")
      .addArgument(new Argument("<action>", "what to do").choices(ACTIONS))
      .argument("[name]", "the grant")
      .option("--config <file>", "the configuration of the gateway", "mcpp.yaml")
      .option(
        "--server <name=policy>",
        "add: a server that the grant may use, and the policy for it; may be repeated",
        collect,
      )
      .option("--expires <day>", "add: its last day, such as 2027-01-31")
      .option("--label <name=value>", "add: a label that policies read; may be repeated", collect)
      .option("--shadow", "add: decide and record, but forbid nothing that the policy forbids")
      .option("--print", "add, rotate: print what would be written, and write nothing")
      .option("--format <format>", "list: pretty or json", "pretty")
      .addHelpText(
        "after",
        "\nA token is shown once, and stored as a digest. A gateway that runs takes the change up by itself.",
      ),
  run: async (invocation) => {
    const [action, name] = invocation.args as [Action, string | undefined];
    if (action === "list") {
      if (name !== undefined) throw new Failure("`mcpp grant list` takes no name.");
      return list(invocation);
    }
    if (name === undefined) throw new Failure(`Say which grant: \`mcpp grant ${action} NAME\`.`);
    return CHANGES[action](name, invocation);
  },
};

interface GrantOptions {
  readonly config: string;
  readonly server?: readonly string[];
  readonly expires?: string;
  readonly label?: readonly string[];
  readonly shadow?: boolean;
  readonly print?: boolean;
  readonly format: string;
}

const CHANGES: Readonly<
  Record<Exclude<Action, "list">, (name: string, invocation: Invocation) => number>
> = {
  add: (name, { options }) => {
    const {
      config,
      server = [],
      expires,
      label,
      shadow,
      print,
    } = options as unknown as GrantOptions;
    const token = newToken();
    const labels = labelsOf(label);
    const entry: GrantEntry = {
      id: `g_${randomBytes(12).toString("base64url")}`,
      name,
      token: digestOf(token),
      servers: serversOf(server),
      ...(expires === undefined ? {} : { expires }),
      ...(Object.keys(labels).length === 0 ? {} : { labels }),
      ...(shadow === true ? { mode: "shadow" } : {}),
    };
    if (print === true) {
      process.stdout.write(entryText(entry));
    } else {
      change(config, (text) => withGrant(text, entry), entryText(entry), true);
    }
    return shown(name, token, print);
  },
  rotate: (name, { options }) => {
    const { config, print } = options as unknown as GrantOptions;
    grantIn(config, name);
    const token = newToken();
    const digest = digestOf(token);
    if (print === true) process.stdout.write(`token: ${digest}\n`);
    else change(config, (text) => withToken(text, name, digest), `token: ${digest}\n`);
    return shown(name, token, print);
  },
  revoke: (name, { options }) => {
    const { config } = options as unknown as GrantOptions;
    grantIn(config, name);
    change(config, (text) => withoutGrant(text, name), undefined);
    process.stderr.write(`The grant \`${name}\` is revoked.\n`);
    return EXIT_OK;
  },
};

function list({ options }: Invocation): number {
  const { config, format } = options as unknown as GrantOptions;
  if (format !== "pretty" && format !== "json") {
    throw new Failure(`\`--format ${format}\`: the formats are pretty and json.`);
  }
  const grants = listed(config, readText(config)).grants.map(rowOf);
  process.stdout.write(
    format === "json" ? `${JSON.stringify({ grants }, null, 2)}\n` : table(grants),
  );
  return EXIT_OK;
}

interface Row {
  readonly name: string;
  readonly id: string;
  readonly servers: Readonly<Record<string, string>>;
  readonly expires?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly mode: "enforce" | "shadow";
  readonly state: "active" | "expired";
}

function rowOf({ id, name, policies, expiresAt, labels, shadow }: GrantConfig): Row {
  return {
    name,
    id,
    servers: Object.fromEntries([...policies].map(([server, { path }]) => [server, path])),
    // The last day, not the moment after it.
    ...(expiresAt === undefined
      ? {}
      : { expires: new Date(expiresAt - 1).toISOString().slice(0, 10) }),
    labels,
    mode: shadow ? "shadow" : "enforce",
    state: expiresAt !== undefined && expiresAt <= Date.now() ? "expired" : "active",
  };
}

function table(rows: readonly Row[]): string {
  if (rows.length === 0) return "There is no grant. Add one with `mcpp grant add`.\n";
  const cells = rows.map(({ name, servers, expires, labels, mode, state }) => [
    name,
    Object.entries(servers)
      .map(([server, policy]) => `${server}=${policy}`)
      .join(" "),
    state === "expired" ? `expired ${expires}` : (expires ?? "no expiry"),
    [
      ...Object.entries(labels).map(([key, value]) => `${key}=${value}`),
      ...(mode === "shadow" ? ["(shadow)"] : []),
    ].join(" "),
  ]);
  const widths = [0, 1, 2].map((column) =>
    Math.max(...cells.map((row) => (row[column] as string).length)),
  );
  return cells
    .map(
      (row) =>
        `${row
          .map((cell, column) => cell.padEnd(widths[column] ?? 0))
          .join("  ")
          .trimEnd()}\n`,
    )
    .join("");
}

/** Changes the file, if what comes of it is sound; `entry` is what a person would write by hand. */
function change(
  path: string,
  edit: (text: string) => string | undefined,
  entry: string | undefined,
  added = false,
): void {
  const text = readText(path);
  const edited = edit(text);
  if (edited === undefined) {
    throw new Failure(
      `\`${path}\` is laid out in a way that is not changed by itself; nothing was written.${entry === undefined ? " Take the grant out by hand." : ` Put this in by hand:\n${entry.trimEnd()}`}`,
    );
  }
  // A new grant must be one that can be served; a token must be revocable whatever else is wrong.
  if (added) served(path, edited);
  else listed(path, edited);
  writeAtomically(path, edited);
}

/** The configuration, without a look into its policies. Throws `Failure` with its errors. */
function listed(path: string, text: string): Config {
  return sound(
    path,
    readConfig(new Source(path, text), {
      env: process.env,
      starts: false,
      now: Date.now(),
      statePath: (state) => state,
      policy: (policy) => ({ path: policy, diagnostics: [] }),
    }),
  );
}

/** The configuration with its policies. Throws `Failure` with the errors of both. */
function served(path: string, text: string): Config {
  return sound(path, loadConfig(new Source(path, text), process.env, false));
}

function sound(path: string, { config, diagnostics }: ConfigReading<PolicyFacts>): Config {
  if (config !== undefined) return config;
  const errors = diagnostics.filter(({ severity }) => severity === "error");
  throw new Failure(
    `\`${path}\` is not sound so; nothing was written.\n\n${errors.map((one) => renderDiagnostic(one)).join("\n\n")}`,
  );
}

function grantIn(path: string, name: string): GrantConfig {
  const { grants } = listed(path, readText(path));
  const found = grants.find((grant) => grant.name === name);
  if (found !== undefined) return found;
  const names = grants.map((grant) => `\`${grant.name}\``).join(", ");
  throw new Failure(
    `There is no grant \`${name}\` in \`${path}\`${names === "" ? "" : `; there are ${names}`}.`,
  );
}

function serversOf(pairs: readonly string[]): Record<string, string> {
  const servers: Record<string, string> = {};
  for (const pair of pairs) {
    const at = pair.indexOf("=");
    if (at < 1 || at === pair.length - 1) {
      throw new Failure(`\`--server ${pair}\` is not of the form NAME=POLICY.`);
    }
    const name = pair.slice(0, at);
    if (Object.hasOwn(servers, name)) throw new Failure(`The server \`${name}\` is given twice.`);
    servers[name] = pair.slice(at + 1);
  }
  if (pairs.length === 0) {
    throw new Failure("Say which server the grant may use: `--server NAME=POLICY`.");
  }
  return servers;
}

function digestOf(token: string): string {
  return `sha256:${createHash("sha256").update(token).digest("hex")}`;
}

/** The one time that a token is shown: on stdout, unless the entry stands there. */
function shown(name: string, token: string, print: boolean | undefined): number {
  process.stderr.write(
    `The token of \`${name}\`, shown this once; clients send  Authorization: Bearer TOKEN\n`,
  );
  (print === true ? process.stderr : process.stdout).write(`${token}\n`);
  return EXIT_OK;
}
