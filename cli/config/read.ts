import type { Diagnostic, Message } from "../../language/index.ts";
import { alternatives, didYouMean, report, type Source, suggest } from "../../language/index.ts";
import { DAY_MS, startOfDay } from "../../policy/index.ts";
import {
  type AuditSettings,
  MAX_MESSAGE,
  NoKey,
  rootKeys,
  SERVER_REQUESTS,
} from "../../runtime/index.ts";
import { durationMs, holdMs } from "../duration.ts";
import { NEVER_FORWARDED } from "../forwarded-headers.ts";
import { isLoopback, parseListenAddress } from "../listen-address.ts";
import { type AdminConfig, type RawAdmin, readAdmin } from "./admin.ts";
import { type RawAudit, readAudit } from "./audit.ts";
import type { ApprovalsConfig, Config, GrantConfig, PolicyFacts, ServerConfig } from "./config.ts";
import { ConfigDocument, type Path } from "./document.ts";
import { type Environment, substituted } from "./environment.ts";
import { claimsOverGrant, guardFindings, ofGuard } from "./guard.ts";
import * as messages from "./messages.ts";
import { shapeProblems } from "./schema.ts";
import { redacted } from "./secrets.ts";

/** What a configuration needs from the world around it. */
export interface ConfigHost<P extends PolicyFacts> {
  readonly env: Environment;
  /** The gateway is about to start with it: every variable must be set. */
  readonly starts: boolean;
  /** The policy at `path`, as the configuration named `from` writes it; one path gives one object. */
  readonly policy: (path: string, from: string) => P;
  /** A path of a state file, as the configuration named `from` writes it. */
  readonly statePath: (path: string, from: string) => string;
  /** Milliseconds since 1970, UTC. */
  readonly now: number;
}

export interface ConfigReading<P extends PolicyFacts> {
  /** Absent when there is an error. */
  readonly config?: Config<P>;
  /** Of the configuration and of the policies that it names, in the order of the text. */
  readonly diagnostics: readonly Diagnostic[];
  /** All policies that it names. */
  readonly policies: readonly P[];
}

/** Reads a gateway's configuration, with everything there is to say about it. Never throws. */
export function readConfig<P extends PolicyFacts>(
  source: Source,
  host: ConfigHost<P>,
): ConfigReading<P> {
  const document = new ConfigDocument(source);
  if (document.problems.length > 0) {
    return {
      policies: [],
      diagnostics: document.problems.map(({ message: problem, span }) =>
        report(messages.configNotYaml, { problem }, source, span),
      ),
    };
  }
  const shown = redacted(document);
  const shape = shapeProblems(document, shown);
  if (shape.length > 0) return { policies: [], diagnostics: inOrder(shape) };
  return new Reader(document, shown, host).read();
}

/** The shape of a configuration as its schema has it. */
interface Raw {
  readonly listen: string;
  readonly hosts?: readonly string[];
  readonly origins?: readonly string[];
  readonly admin?: RawAdmin;
  readonly key?: string | readonly string[];
  readonly state?: string;
  readonly state_fail?: "closed" | "open";
  readonly audit?: RawAudit;
  readonly approvals?: RawApprovals;
  readonly guard?: string;
  readonly max_message?: number;
  readonly rate?: number;
  readonly servers: Readonly<Record<string, RawServer>>;
  readonly grants?: readonly RawGrant[];
}

interface RawApprovals {
  readonly hold?: string | 0;
  readonly webhook?: string;
  readonly approvers?: readonly {
    readonly name: string;
    readonly token: string;
    readonly groups?: readonly string[];
  }[];
}

interface RawServer {
  readonly url?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly timeout?: string;
  readonly forward_headers?: readonly string[];
  readonly command?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly server_requests?: Readonly<Record<string, "pass" | "deny">>;
  readonly unlisted?: "forward";
  readonly methods?: "all";
}

interface RawGrant {
  readonly id?: string;
  readonly name: string;
  readonly token: string;
  readonly servers: Readonly<Record<string, string>>;
  readonly expires?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly mode?: "enforce" | "shadow";
}

class Reader<P extends PolicyFacts> {
  readonly #document: ConfigDocument;
  /** What diagnostics show. */
  readonly #shown: Source;
  readonly #host: ConfigHost<P>;
  readonly #diagnostics: Diagnostic[] = [];
  readonly #policies = new Set<P>();

  constructor(document: ConfigDocument, shown: Source, host: ConfigHost<P>) {
    this.#document = document;
    this.#shown = shown;
    this.#host = host;
  }

  read(): ConfigReading<P> {
    const { value, diagnostics } = substituted(
      this.#document,
      this.#shown,
      this.#host.env,
      this.#host.starts,
    );
    this.#diagnostics.push(...diagnostics);
    const raw = value as Raw;
    const keys = this.#keys(raw);
    const servers = new Map(
      Object.entries(raw.servers).map(([name, server]) => [name, this.#server(name, server)]),
    );
    const audit = raw.audit === undefined ? undefined : this.#audit(raw.audit);
    const guard = raw.guard === undefined ? undefined : this.#policy(raw.guard, ["guard"]);
    const grants = (raw.grants ?? []).map((grant, index) => this.#grant(grant, index, servers));
    this.#distinct(raw.grants ?? []);
    const approvals = this.#approvals(raw, keys.length > 0);
    const admin = raw.admin === undefined ? undefined : this.#admin(raw, raw.admin);
    if (grants.length === 0) this.#report(messages.noGrant, {}, ["servers"], "key");
    const listen = this.#listen(raw, keys.length > 0);
    const found = [...inOrder(this.#diagnostics), ...this.#ofPolicies(guard, grants)];
    if (listen === undefined || found.some(({ severity }) => severity === "error")) {
      return { diagnostics: found, policies: [...this.#policies] };
    }
    return {
      diagnostics: found,
      policies: [...this.#policies],
      config: {
        listen,
        hosts: raw.hosts ?? [],
        origins: raw.origins ?? [],
        ...(admin === undefined ? {} : { admin }),
        keys,
        ...(raw.state === undefined ? {} : { state: this.#state(raw.state) }),
        ...(raw.state_fail === "open" ? { stateFail: "open" } : {}),
        ...(audit === undefined ? {} : { audit }),
        approvals,
        ...(guard === undefined ? {} : { guard }),
        maxMessage: raw.max_message ?? MAX_MESSAGE,
        rate: raw.rate ?? DEFAULT_RATE,
        // Without errors each is there.
        servers: servers as Map<string, ServerConfig>,
        grants,
      },
    };
  }

  #listen(raw: Raw, hasKey: boolean): Config["listen"] | undefined {
    // A variable has no place here, which was said.
    if (raw.listen.includes("${")) return undefined;
    const address = parseListenAddress(raw.listen);
    if (address === undefined) {
      const problem = "`listen` must be HOST:PORT, such as `127.0.0.1:8420`.";
      this.#report(messages.wrongValue, { problem }, ["listen"]);
      return undefined;
    }
    if (isLoopback(address)) return address;
    const missing = [
      ...((raw.grants ?? []).length === 0 ? ["grants"] : []),
      ...(raw.state === undefined ? ["state"] : []),
      ...(hasKey || raw.key !== undefined ? [] : ["key"]),
    ];
    for (const name of missing) {
      const parameters = { listen: raw.listen, missing: name };
      this.#report(messages.reachableByOthers, parameters, ["listen"]);
    }
    return address;
  }

  #keys({ key }: Raw): Uint8Array[] {
    const several = Array.isArray(key);
    const texts = key === undefined ? [] : ([key].flat() as readonly string[]);
    return texts.flatMap((text, index) => {
      const path = several ? ["key", index] : ["key"];
      // A variable that is not set was reported.
      if (text === "") return [];
      try {
        return rootKeys(text);
      } catch (error) {
        if (!(error instanceof NoKey)) throw error;
        this.#report(messages.weakKey, { problem: error.message }, path);
        return [];
      }
    });
  }

  #state(text: string): string {
    const prefix = "sqlite:";
    if (!text.startsWith(prefix)) return text;
    return prefix + this.#host.statePath(text.slice(prefix.length), this.#document.source.name);
  }

  #audit(raw: RawAudit): AuditSettings | undefined {
    const read = readAudit(raw, (dir) => this.#host.statePath(dir, this.#document.source.name));
    if ("settings" in read) return read.settings;
    for (const { problem, path } of read.problems) {
      this.#report(messages.wrongValue, { problem }, path, "key");
    }
    return undefined;
  }

  #admin({ listen, approvals, grants = [] }: Raw, raw: RawAdmin): AdminConfig | undefined {
    const approvers = approvals?.approvers ?? [];
    const read = readAdmin(raw, {
      listen,
      hasApprovers: approvers.length > 0,
      tokens: new Map([
        ...grants.map(({ token, name }) => [token, `the grant \`${name}\``] as const),
        ...approvers.map(({ token, name }) => [token, `the approver \`${name}\``] as const),
      ]),
    });
    if ("settings" in read) return read.settings;
    for (const { path, ...found } of read.findings) {
      if ("problem" in found) this.#report(messages.wrongValue, found, path);
      else this.#report(messages.reachableByOthers, found, path);
    }
    return undefined;
  }

  #server(name: string, raw: RawServer): ServerConfig | undefined {
    const path: Path = ["servers", name];
    const { url, command, server_requests = {} } = raw;
    if ((url === undefined) === (command === undefined)) {
      this.#report(messages.urlOrCommand, { name, both: url !== undefined }, path, "key");
      return undefined;
    }
    const refusedRequests = new Set(
      SERVER_REQUESTS.filter((kind) => server_requests[kind] === "deny"),
    );
    const opens = { unlisted: raw.unlisted === "forward", methods: raw.methods === "all" };
    const common = { name, refusedRequests, opens };
    if (command !== undefined) {
      this.#refuseKeys(path, raw, ["headers", "timeout", "forward_headers"], "url");
      const [program = "", ...args] = command;
      if (program === "") {
        const problem = "The first item of `command` is the program to start.";
        this.#report(messages.wrongValue, { problem }, [...path, "command"]);
      }
      return { ...common, kind: "command", command: program, args, env: raw.env ?? {} };
    }
    this.#refuseKeys(path, raw, ["env"], "command");
    const at = this.#url(url as string, [...path, "url"]);
    const timeoutMs = durationMs(raw.timeout ?? "10m");
    if (timeoutMs === undefined) {
      const problem = "`timeout` must be between 1ms and 24 days.";
      this.#report(messages.wrongValue, { problem }, [...path, "timeout"]);
    }
    for (const [header, text] of Object.entries(raw.headers ?? {})) {
      // biome-ignore lint/suspicious/noControlCharactersInRegex: a header that holds them would end early
      if (!/[\u0000-\u0008\u000a-\u001f\u007f]/.test(text)) continue;
      const problem = `The header \`${header}\` holds a control character.`;
      this.#report(messages.wrongValue, { problem }, [...path, "headers", header]);
    }
    const forwardHeaders = this.#forwardHeaders(raw.forward_headers ?? [], path);
    if (at === undefined || timeoutMs === undefined) return undefined;
    const headers = raw.headers ?? {};
    return { ...common, kind: "url", url: at, headers, timeoutMs, forwardHeaders };
  }

  #url(text: string, path: Path): URL | undefined {
    const url = URL.canParse(text) ? new URL(text) : undefined;
    if (url !== undefined && url.username === "" && url.password === "") return url;
    const problem =
      url === undefined
        ? "`url` must be an http or https URL."
        : "`url` must hold no user name and no password; send them with `headers`.";
    if (!text.includes("${")) this.#report(messages.wrongValue, { problem }, path);
    return undefined;
  }

  #forwardHeaders(names: readonly string[], path: Path): ReadonlySet<string> {
    for (const [index, name] of names.entries()) {
      if (!NEVER_FORWARDED.has(name.toLowerCase())) continue;
      const problem = `The header \`${name}\` of clients is never forwarded.`;
      this.#report(messages.wrongValue, { problem }, [...path, "forward_headers", index]);
    }
    return new Set(names.map((name) => name.toLowerCase()));
  }

  #refuseKeys(path: Path, raw: object, keys: readonly string[], needs: string): void {
    for (const key of keys) {
      if (key in raw)
        this.#report(messages.misplacedSetting, { key, needs }, [...path, key], "key");
    }
  }

  // Grants -----------------------------------------------------------------------------------------

  #grant(raw: RawGrant, index: number, servers: ReadonlyMap<string, unknown>): GrantConfig<P> {
    const path: Path = ["grants", index];
    const policies = new Map<string, P>();
    for (const [server, file] of Object.entries(raw.servers)) {
      const place: Path = [...path, "servers", server];
      if (!servers.has(server)) {
        const hint = didYouMean(suggest(server, servers.keys()));
        const parameters = { name: server, grant: raw.name };
        this.#report(messages.unknownServer, parameters, place, "key", hint);
        continue;
      }
      const policy = this.#policy(file, place);
      policies.set(server, policy);
      const names = policy.server;
      if (names !== undefined && names !== server) {
        this.#report(messages.otherServer, { policy: file, names, server }, place);
      }
    }
    const { labels = {} } = raw;
    this.#labels(labels, [...policies.values()], path);
    const expiresAt = this.#expiry(raw, path);
    return {
      id: raw.id ?? raw.name,
      name: raw.name,
      token: raw.token.slice("sha256:".length),
      policies,
      ...(expiresAt === undefined ? {} : { expiresAt }),
      labels,
      shadow: raw.mode === "shadow",
    };
  }

  /** A grant ends with the end of its last day. */
  #expiry({ expires, name }: RawGrant, path: Path): number | undefined {
    if (expires === undefined) return undefined;
    const start = startOfDay(expires);
    if (start === undefined) {
      this.#report(messages.notADay, { text: expires }, [...path, "expires"]);
      return undefined;
    }
    const end = start + DAY_MS;
    if (end <= this.#host.now) {
      this.#report(messages.expired, { grant: name, day: expires }, [...path, "expires"]);
    }
    return end;
  }

  #labels(labels: Readonly<Record<string, string>>, policies: readonly P[], path: Path): void {
    const known = policies.filter((policy) => policy.labels !== undefined);
    for (const [label, value] of Object.entries(labels)) {
      const place: Path = [...path, "labels", label];
      const declaring = known.filter((policy) => policy.labels?.has(label));
      const [first] = known;
      if (declaring.length === 0 && first !== undefined && known.length === policies.length) {
        const hint = didYouMean(
          suggest(
            label,
            known.flatMap((one) => [...(one.labels?.keys() ?? [])]),
          ),
        );
        const parameters = { label, policy: first.path };
        this.#report(messages.undeclaredLabel, parameters, place, "key", hint);
      }
      const refusing = declaring.find(
        (policy) => policy.labels?.get(label)?.includes(value) === false,
      );
      const values = refusing?.labels?.get(label);
      if (values === undefined) continue;
      const parameters = { label, value, allowed: alternatives(values) };
      this.#report(
        messages.wrongLabel,
        parameters,
        place,
        "value",
        didYouMean(suggest(value, values)),
      );
    }
  }

  #distinct(grants: readonly RawGrant[]): void {
    for (const what of ["name", "id", "token"] as const) {
      const seen = new Map<string, string>();
      for (const [index, grant] of grants.entries()) {
        const value = what === "id" ? (grant.id ?? grant.name) : grant[what];
        const first = seen.get(value);
        if (first === undefined) {
          seen.set(value, grant.name);
          continue;
        }
        // A grant without an id has that of its name, which was said.
        if (what === "id" && grant.id === undefined && first === grant.name) continue;
        this.#report(messages.grantTwice, { what, value, first }, ["grants", index, what]);
      }
    }
  }

  /** `hasKey`: there is a key that outlives the process. */
  #approvals({ approvals = {}, grants = [], key }: Raw, hasKey: boolean): ApprovalsConfig {
    const webhook =
      approvals.webhook === undefined
        ? undefined
        : this.#webhook(approvals.webhook, hasKey || key !== undefined);
    const held = holdMs(String(approvals.hold ?? "20s"));
    if (held === undefined) {
      const problem = "`hold` must be 0, or between 1ms and 24 days.";
      this.#report(messages.wrongValue, { problem }, ["approvals", "hold"]);
    }
    const names = new Set<string>();
    const tokens = new Map(
      grants.map(({ name, token }) => [
        token,
        { first: name, whose: "grant" as "grant" | "approver" },
      ]),
    );
    const approvers = (approvals.approvers ?? []).map(({ name, token, groups = [] }, index) => {
      const place: Path = ["approvals", "approvers", index];
      const twice = (what: "name" | "token", first: string, whose: "grant" | "approver"): void =>
        this.#report(messages.approverTwice, { what, value: name, first, whose }, [...place, what]);
      if (names.has(name)) twice("name", name, "approver");
      names.add(name);
      const other = tokens.get(token);
      if (other !== undefined) twice("token", other.first, other.whose);
      else tokens.set(token, { first: name, whose: "approver" });
      return { name, token: token.slice("sha256:".length), groups };
    });
    return { holdMs: held ?? 0, ...(webhook === undefined ? {} : { webhook }), approvers };
  }

  #webhook(text: string, hasKey: boolean): URL | undefined {
    const path: Path = ["approvals", "webhook"];
    const wrong = (problem: string): undefined => {
      this.#report(messages.wrongValue, { problem }, path);
    };
    if (!hasKey) {
      return wrong("`webhook` needs a `key`: its receiver could not know what is signed by us.");
    }
    // A variable that is not set was reported.
    if (text === "") return undefined;
    const url = URL.canParse(text) ? new URL(text) : undefined;
    const local = url?.protocol === "http:" && LOOPBACK.has(url.hostname);
    if (url === undefined || (url.protocol !== "https:" && !local)) {
      return wrong("`webhook` must be an https URL; http is for this machine alone.");
    }
    if (url.username !== "" || url.password !== "") {
      return wrong("`webhook` must not hold a user or a password: it is signed.");
    }
    return url;
  }

  #policy(path: string, place: Path): P {
    const { source } = this.#document;
    const policy = this.#host.policy(path, source.name);
    this.#policies.add(policy);
    if (policy.problem !== undefined) {
      this.#report(messages.policyUnreadable, { path, problem: policy.problem }, place);
    }
    return policy;
  }

  #ofPolicies(guard: P | undefined, grants: readonly GrantConfig<P>[]): readonly Diagnostic[] {
    const under = [...this.#policies].filter((policy) => policy !== guard);
    const found = under.flatMap(({ diagnostics, ofClaims = [] }) => [...diagnostics, ...ofClaims]);
    if (guard === undefined) return found;
    return [
      ...found,
      ...ofGuard(guard),
      ...guardFindings(guard, under),
      ...grants.flatMap((grant) => claimsOverGrant(guard, grant)),
    ];
  }

  #report<M>(
    entry: Message<M>,
    parameters: M,
    path: Path,
    what: "key" | "value" = "value",
    hint?: string,
  ): void {
    const span = what === "key" ? this.#document.spanOfKey(path) : this.#document.spanOf(path);
    const extras = hint === undefined ? {} : { hint };
    this.#diagnostics.push(report(entry, parameters, this.#shown, span, extras));
  }
}

const DEFAULT_RATE = 200;
const LOOPBACK: ReadonlySet<string> = new Set(["127.0.0.1", "localhost", "[::1]"]);

function inOrder(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  return [...diagnostics].sort((a, b) => a.span.start - b.span.start || (a.code < b.code ? -1 : 1));
}
