import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Pool } from "undici";
import { PASS_THROUGH } from "./http.ts";
import { printTable, quantile } from "./measure.ts";
import { freePort, IN_FLIGHT, inTurn, listening, residentMiB, SERVER } from "./sessions.ts";

const MCPP = join(dirname(process.argv[1] as string), "mcpp.js");

const GRANTS = 50;
const SESSIONS = 1_000;
/** How long each way is under load, in turns (milliseconds). */
const LOAD_MS = 60_000;
const TURN_MS = 5_000;
/** Calls of one grant while another one sends the worst that it may. */
const QUIET_CALLS = 1_000;

const POLICY = {
  version: "1",
  default: "deny",
  tools: {
    echo: {
      require: [{ conditions: [{ path: "args.amount", op: "lte", value: 100 }] }],
      limits: [{ counter: "echo_rate", window: "day", max: 1_000_000_000, scope: "grant" }],
    },
  },
};

type Start = (...args: string[]) => ChildProcess;
type Write = (name: string, text: string) => string;

/** A gateway with many grants and sessions under load, and one grant beside another that sends the worst it may. */
export async function run(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "mcpp-bench-"));
  const started: ChildProcess[] = [];
  const start: Start = (...args) => {
    const child = spawn(process.execPath, args, { stdio: ["ignore", "ignore", "ignore", "ipc"] });
    started.push(child);
    return child;
  };
  const write: Write = (name, text) => {
    writeFileSync(join(folder, name), text, { mode: 0o600 });
    return join(folder, name);
  };
  try {
    const ports = await Promise.all([freePort(), freePort(), freePort(), freePort()]);
    const [server, other, raw, own] = ports;
    write("policy.json", JSON.stringify(POLICY));
    start(write("server.mjs", SERVER), String(server));
    start(write("other.mjs", SERVER), String(other));
    const through = start(write("raw.mjs", PASS_THROUGH), String(raw), String(server));
    const config = write("mcpp.yaml", configuration(own, server, other));
    const gateway = start(MCPP, "serve", "--config", config);
    const ways = [
      { name: "node:http pass-through", process: through, calls: new Calls(raw, "/mcp") },
      { name: "mcpp serve --config", process: gateway, calls: new Calls(own, "/mcp/bench") },
    ];
    for (const { calls } of ways) await calls.begin();
    await underLoad(ways);
    await besideAnother(own, start, write);
    for (const { calls } of ways) await calls.close();
  } finally {
    for (const child of started) child.kill("SIGTERM");
    rmSync(folder, { recursive: true, force: true });
  }
}

const tokenOf = (grant: number): string => `bench-token-${grant}-${"x".repeat(32)}`;

function configuration(port: number, server: number, other: number): string {
  const grants = Array.from({ length: GRANTS }, (_, grant) => {
    const digest = createHash("sha256").update(tokenOf(grant)).digest("hex");
    return `  - { id: grant_of_bench_${grant}, name: g${grant}, token: "sha256:${digest}", servers: { bench: ./policy.json, other: ./policy.json } }\n`;
  });
  return `listen: 127.0.0.1:${port}
state: memory
rate: 1000000
servers:
  bench: { url: "http://127.0.0.1:${server}/mcp" }
  other: { url: "http://127.0.0.1:${other}/mcp" }
grants:
${grants.join("")}`;
}

interface Way {
  readonly name: string;
  readonly process: ChildProcess;
  readonly calls: Calls;
}

async function underLoad(ways: readonly Way[]): Promise<void> {
  const times = ways.map((): number[] => []);
  const spent = ways.map(() => 0);
  for (let turn = 0; turn * TURN_MS < LOAD_MS; turn++) {
    for (const [index, { calls }] of ways.entries()) {
      const began = performance.now();
      times[index]?.push(...(await calls.during(TURN_MS)));
      spent[index] = (spent[index] ?? 0) + performance.now() - began;
    }
  }
  const p99 = times.map((all) => quantile(all, 0.99));
  printTable([
    [
      `${GRANTS} grants, ${SESSIONS} sessions, ${IN_FLIGHT} in flight`,
      "calls/s",
      "p50",
      "p99",
      "of pass-through",
      "memory",
    ],
    ...ways.map(({ name, process }, index) => [
      name,
      (((times[index] ?? []).length / (spent[index] ?? 1)) * 1_000).toFixed(0),
      `${quantile(times[index] ?? [], 0.5).toFixed(1)} ms`,
      `${(p99[index] ?? 0).toFixed(1)} ms`,
      `${((p99[index] ?? 0) / (p99[0] ?? 1)).toFixed(1)}× p99`,
      `${residentMiB(process.pid)} MiB`,
    ]),
  ]);
}

/** One grant calls, first alone and then beside another that keeps the largest and most splintered bodies in flight. */
async function besideAnother(port: number, start: Start, write: Write): Promise<void> {
  const calls = new Calls(port, "/mcp/bench", 1);
  await calls.begin();
  await calls.many(QUIET_CALLS);
  const quiet = await calls.many(QUIET_CALLS);
  // A process and a server of their own: how those cope is not measured.
  const worst = start(write("worst.mjs", WORST), String(port), "/mcp/other", tokenOf(1));
  await once(worst, "message");
  const beside = await calls.many(QUIET_CALLS);
  const sent = once(worst, "message");
  worst.send("end");
  const [count] = await sent;
  await calls.close();
  const [alone, other] = [quantile(quiet, 0.99), quantile(beside, 0.99)];
  console.log();
  printTable([
    ["one grant, one call at a time", "p50", "p99", "of quiet", "target"],
    ["alone", `${quantile(quiet, 0.5).toFixed(1)} ms`, `${alone.toFixed(1)} ms`, "", ""],
    [
      `beside ${IN_FLIGHT} bodies of 4 MiB of another (${count} sent)`,
      `${quantile(beside, 0.5).toFixed(1)} ms`,
      `${other.toFixed(1)} ms`,
      `${(other / alone).toFixed(1)}× p99`,
      "≤ 10×",
    ],
  ]);
}

/** Keeps bodies in flight with as many values as may be, in as many bytes as may be, each of them to be unescaped. */
const WORST = `
import { Agent, request } from "node:http";
const [port, path, token] = process.argv.slice(2);
const agent = new Agent({ keepAlive: true, maxSockets: ${IN_FLIGHT} });
const post = (body, session) => new Promise((resolve, reject) => {
  const headers = {
    authorization: "Bearer " + token,
    accept: "application/json, text/event-stream",
    "content-type": "application/json",
    "content-length": body.length,
    ...(session === undefined ? {} : { "mcp-session-id": session }),
  };
  request({ host: "127.0.0.1", port, path, method: "POST", headers, agent }, (answer) => {
    answer.resume().on("end", () => resolve(answer.headers["mcp-session-id"]));
  }).on("error", reject).end(body);
});
const message = (method, params, id = "worst") => JSON.stringify({ jsonrpc: "2.0", id, method, params });
const clientInfo = { name: "worst", version: "1" };
const session = await post(Buffer.from(message("initialize", { protocolVersion: "2025-11-25", capabilities: {}, clientInfo })));
const text = "\\u0061" + "b".repeat(196);
const list = Array.from({ length: 19_900 }, () => "LITERAL");
const bodyOf = (lane) => Buffer.from(message("tools/call", { name: "echo", arguments: { message: "x", amount: 1, list } }, lane)
  .replaceAll("LITERAL", text));
let going = true;
let sent = 0;
process.on("message", () => { going = false; });
process.send("begins");
await Promise.all(Array.from({ length: ${IN_FLIGHT} }, async (_, lane) => {
  const body = bodyOf(lane);
  while (going) { await post(body, session); sent++; }
}));
process.send(sent);
process.disconnect();
agent.destroy();
`;

/** Clients of one way: its sessions, spread over the grants. */
class Calls {
  readonly #pool: Pool;
  readonly #port: number;
  readonly #path: string;
  readonly #count: number;
  readonly #first: number;
  readonly #sessions: Record<string, string>[] = [];
  #next = 0;

  constructor(port: number, path: string, count = SESSIONS, first = 0) {
    this.#pool = new Pool(`http://127.0.0.1:${port}`, { connections: IN_FLIGHT });
    this.#port = port;
    this.#path = path;
    this.#count = count;
    this.#first = first;
  }

  async begin(): Promise<void> {
    await listening(this.#port);
    await inTurn(this.#count, async (index) => {
      const headers = { authorization: `Bearer ${tokenOf((this.#first + index) % GRANTS)}` };
      const params = {
        protocolVersion: "2025-11-25",
        capabilities: {},
        clientInfo: { name: "bench", version: "1" },
      };
      const answer = await this.#post(
        JSON.stringify({ jsonrpc: "2.0", id: "init", method: "initialize", params }),
        headers,
      );
      const id = answer.headers["mcp-session-id"];
      if (typeof id !== "string") throw new Error(`No session: ${answer.text}`);
      this.#sessions.push({ ...headers, "mcp-session-id": id });
    });
  }

  /** Calls over all sessions for so long; how long each took (milliseconds). */
  async during(ms: number): Promise<number[]> {
    const end = performance.now() + ms;
    const times: number[] = [];
    const lane = async (): Promise<void> => {
      while (performance.now() < end) times.push(await this.#call());
    };
    await Promise.all(Array.from({ length: IN_FLIGHT }, lane));
    return times;
  }

  /** One call after another. */
  async many(count: number): Promise<number[]> {
    const times: number[] = [];
    for (let call = 0; call < count; call++) times.push(await this.#call());
    return times;
  }

  async close(): Promise<void> {
    await this.#pool.destroy();
  }

  async #call(): Promise<number> {
    const id = this.#next++;
    const args = { message: `hello ${id}`, amount: 12 };
    const params = { name: "echo", arguments: args };
    const body = JSON.stringify({ jsonrpc: "2.0", id, method: "tools/call", params });
    const began = performance.now();
    const { text } = await this.#post(body, this.#sessions[id % this.#sessions.length] ?? {});
    if (!text.includes('"content"') || text.includes("isError"))
      throw new Error(text.slice(0, 300));
    return performance.now() - began;
  }

  async #post(body: string, headers: Record<string, string>) {
    const answer = await this.#pool.request({
      method: "POST",
      path: this.#path,
      headers: {
        ...headers,
        accept: "application/json, text/event-stream",
        "content-type": "application/json",
      },
      body,
    });
    return { headers: answer.headers, text: await answer.body.text() };
  }
}
