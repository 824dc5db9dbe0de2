import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parsed, type Statement } from "../../language/index.ts";
import { LineProcess, MCPP } from "../end-to-end/lines.ts";
import type { Tool } from "../fixtures/recording-upstream/answers.ts";
import {
  prepareRecordingStdio,
  type RecordingStdio,
} from "../fixtures/recording-upstream/stdio.ts";
import { without } from "./mutants.ts";
import { EXAMPLES, examplesEndingWith, readExample } from "./policies.ts";

/** The folders of the attack book, sorted. */
export const ATTACKS: readonly string[] = examplesEndingWith("policy.mcpp")
  .map((name) => /^attacks[\\/](.+)[\\/]policy\.mcpp$/.exec(name)?.[1])
  .filter((name) => name !== undefined);

/** The name of one of an attack's policies, as `readExample` takes it. */
export function policyOf(attack: string, which: "policy" | "naive" = "policy"): string {
  return join("attacks", attack, `${which}.mcpp`);
}

/** A statement that an attack's page says stops it, and the policy without it. */
export interface Stopper {
  readonly line: number;
  /** Its text, in one line. */
  readonly gone: string;
  readonly without: string;
  /** The same without the claims: the proxy does not start with one that does not hold any more. */
  readonly unclaimed: string;
}

/** The statements whose comment begins with `Stops it`. */
export function stoppersOf(attack: string): readonly Stopper[] {
  const source = readExample(policyOf(attack));
  const { statements } = parsed(source).document;
  const claims = statements.filter(({ kind }) => kind === "claim").map(({ span }) => span);
  return marked(statements).map(({ span }) => ({
    line: source.positionAt(span.start).line,
    gone: source.slice(span).replace(/\s+/g, " "),
    without: without(source, span),
    unclaimed: without(source, span, ...claims),
  }));
}

function marked(statements: readonly Statement[]): readonly Statement[] {
  return statements.flatMap((statement) => {
    const isMarked = statement.doc?.[0]?.startsWith("Stops it") === true;
    const inside =
      statement.kind === "on" || statement.kind === "when" ? marked(statement.body) : [];
    return [...(isMarked ? [statement] : []), ...inside];
  });
}

const ORDERS = join(EXAMPLES, "attacks", "orders.tools.json");

/** The tools of the server of orders, as its list has them. */
export function orderTools(): readonly Tool[] {
  const { tools } = JSON.parse(readFileSync(ORDERS, "utf8")) as { tools: readonly Tool[] };
  return tools.map(({ risk, why, ...tool }) => tool as Tool);
}

/** The server of orders, which records all it receives, and proxies before it; nothing of it is shared with others. */
export class Stage {
  readonly folder = mkdtempSync(join(tmpdir(), "mcpp-attack-"));
  readonly upstream: RecordingStdio;
  readonly #open: LineProcess[] = [];

  private constructor(upstream: RecordingStdio) {
    this.upstream = upstream;
    mkdirSync(join(this.folder, "policy"));
    writeFileSync(join(this.folder, "orders.tools.json"), readFileSync(ORDERS), { mode: 0o644 });
  }

  static async set(tools: readonly Tool[] = orderTools()): Promise<Stage> {
    return new Stage(await prepareRecordingStdio({ tools }));
  }

  /** A policy file beside which `../orders.tools.json` is found. */
  policy(text: string): string {
    const path = join(this.folder, "policy", "policy.mcpp");
    writeFileSync(path, text, { mode: 0o644 });
    return path;
  }

  /** `mcpp serve` with this policy before the server, and a session with it. */
  async proxied(text: string, options: readonly string[] = []): Promise<LineProcess> {
    const session = this.modern(text, options);
    await session.initialize();
    return session;
  }

  /** The same for a client of the 2026-07-28 protocol, which has no session. */
  modern(text: string, options: readonly string[] = []): LineProcess {
    const serve = ["serve", this.policy(text), ...options];
    return this.#start([MCPP, ...serve, "--", this.upstream.command, ...this.upstream.args]);
  }

  /** A session with the server itself: what arrives where nothing stands in between. */
  async direct(): Promise<LineProcess> {
    const session = this.#start(this.upstream.args);
    await session.initialize();
    return session;
  }

  /** The arguments of the calls that have reached the server, in order, as it reads them. */
  reached(tool: string): readonly unknown[] {
    return this.upstream
      .messages()
      .filter(({ method, params }) => method === "tools/call" && params?.name === tool)
      .map(({ params }) => params?.arguments);
  }

  async clear(): Promise<void> {
    for (const process of this.#open.splice(0)) await process.close();
    this.upstream.dispose();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Of the user whose proxies these are: where they count, and keep what waits for a decision. */
  get env(): NodeJS.ProcessEnv {
    return { ...process.env, XDG_STATE_HOME: join(this.folder, "state") };
  }

  #start(args: readonly string[]): LineProcess {
    const session = new LineProcess(process.execPath, args, this.env);
    this.#open.push(session);
    return session;
  }
}

/** The text of one of an attack's policies. */
export function textOf(attack: string, which: "policy" | "naive" = "policy"): string {
  return readExample(policyOf(attack, which)).text;
}
