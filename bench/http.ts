import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { Agent, request } from "node:http";
import { dirname, join } from "node:path";
import { quantile } from "./measure.ts";
import { freePort, listening, residentMiB } from "./sessions.ts";

/** Calls of each way before anything is counted: all of its code is compiled then. */
const WARM = 2_500;
/** The ways take turns, a few calls each, so that a busy machine is busy for all. */
const ROUNDS = 10;
const CALLS = 600;
/** Of each turn, until all are in flight again: not counted. */
const FIRST = 100;

/** The folder of the bundles: this file is somewhere in it. */
const dist = dirname(process.argv[1] as string);
const modules = join(dist, "../node_modules");

/** Answers each call at once: what is left is the way there and back. */
const SERVER = `
import { createServer } from "node:http";
createServer((request, response) => {
  const chunks = [];
  request.on("data", (chunk) => chunks.push(chunk));
  request.on("end", () => {
    const { id, method, params } = JSON.parse(Buffer.concat(chunks));
    if (id === undefined) { response.writeHead(202).end(); return; }
    const result = method === "initialize"
      ? { protocolVersion: "2025-11-25", capabilities: { tools: {} }, serverInfo: { name: "bench", version: "1" } }
      : { content: [{ type: "text", text: params.arguments.message }] };
    response.writeHead(200, { "content-type": "application/json", "mcp-session-id": "bench" });
    response.end(JSON.stringify({ jsonrpc: "2.0", id, result }));
  });
}).listen(Number(process.argv[2]), "127.0.0.1");`;

/** The same over stdio, for those that only stand before such servers. */
const STDIO_SERVER = `
let rest = "";
process.stdin.setEncoding("utf8").on("data", (text) => {
  const lines = (rest + text).split("\\n");
  rest = lines.pop();
  for (const line of lines) {
    const { id, method, params } = JSON.parse(line);
    if (id === undefined) continue;
    const result = method === "initialize"
      ? { protocolVersion: "2025-11-25", capabilities: { tools: {} }, serverInfo: { name: "bench", version: "1" } }
      : method === "tools/call" ? { content: [{ type: "text", text: params.arguments.message }] } : {};
    process.stdout.write(JSON.stringify({ jsonrpc: "2.0", id, result }) + "\\n");
  }
});`;

/** The floor of every proxy: requests and answers, piped as they are. */
export const PASS_THROUGH = `
import { Agent, createServer, request } from "node:http";
const agent = new Agent({ keepAlive: true });
createServer((incoming, response) => {
  const outgoing = request({ agent, host: "127.0.0.1", port: process.argv[3], method: incoming.method, path: incoming.url, headers: incoming.headers }, (answer) => {
    response.writeHead(answer.statusCode, answer.headers);
    answer.pipe(response);
  });
  incoming.pipe(outgoing);
}).listen(Number(process.argv[2]), "127.0.0.1");`;

/** Three conditions on the call's arguments and a limit that never binds: nothing is left out. */
const POLICY = {
  version: "1",
  default: "deny",
  tools: {
    echo: {
      require: [
        {
          conditions: [
            { path: "args.message", op: "regex", value: "^[a-z ]+[0-9]*$" },
            { path: "args.amount", op: "lte", value: 100 },
            { path: "args.currency", op: "in", value: ["usd", "eur"] },
          ],
        },
      ],
      limits: [{ counter: "echo_rate", window: "day", max: 1_000_000_000, scope: "grant" }],
    },
  },
};

interface Way {
  readonly name: string;
  readonly port: number;
  readonly command: readonly string[];
  /** What its ratios are taken to. */
  readonly beside: string;
}

export async function run(): Promise<void> {
  // Below the packages that the proxies are taken from.
  const folder = mkdtempSync(join(modules, ".mcpp-bench-"));
  const started: ChildProcess[] = [];
  try {
    const file = (name: string, text: string): string => {
      writeFileSync(join(folder, name), text, { mode: 0o644 });
      return join(folder, name);
    };
    const ways = await waysOf(file);
    for (const { command, port } of ways) started.push(await start(command, port));
    for (const inFlight of [1, 16]) await measure(ways, started, inFlight);
  } finally {
    for (const child of started) child.kill("SIGTERM");
    rmSync(folder, { recursive: true, force: true });
  }
}

async function waysOf(file: (name: string, text: string) => string): Promise<readonly Way[]> {
  const node = process.execPath;
  const ports = await Promise.all(Array.from({ length: 6 }, freePort));
  const [direct = 0, raw = 0, own = 0, ownStdio = 0, proxy = 0, gateway = 0] = ports;
  const policy = file("policy.json", JSON.stringify(POLICY));
  const stdio = [node, file("stdio.mjs", STDIO_SERVER)];
  const serve = (port: number, ...rest: string[]): string[] => [
    ...[node, join(dist, "mcpp.js"), "serve", policy, "--state", "memory", "--no-token"],
    ...["--rate", "1000000", "--listen", `127.0.0.1:${port}`, ...rest],
  ];
  const bin = (name: string): string => join(modules, ".bin", name);
  return [
    {
      name: "direct",
      port: direct,
      beside: "direct",
      command: [node, file("server.mjs", SERVER), String(direct)],
    },
    {
      name: "node:http pass-through",
      port: raw,
      beside: "node:http pass-through",
      command: [node, file("raw.mjs", PASS_THROUGH), String(raw), String(direct)],
    },
    {
      name: "mcpp serve --url",
      port: own,
      beside: "node:http pass-through",
      command: serve(own, "--url", `http://127.0.0.1:${direct}/mcp`),
    },
    {
      name: "mcpp serve -- stdio",
      port: ownStdio,
      beside: "node:http pass-through",
      command: serve(ownStdio, "--", ...stdio),
    },
    {
      name: "mcp-proxy -- stdio",
      port: proxy,
      beside: "node:http pass-through",
      command: [
        bin("mcp-proxy"),
        "--server",
        "stream",
        "--host",
        "127.0.0.1",
        "--port",
        String(proxy),
        "--",
        ...stdio,
      ],
    },
    {
      name: "supergateway -- stdio",
      port: gateway,
      beside: "node:http pass-through",
      command: [
        ...[bin("supergateway"), "--stdio", stdio.join(" "), "--outputTransport", "streamableHttp"],
        ...["--stateful", "--logLevel", "none", "--port", String(gateway)],
      ],
    },
  ];
}

async function measure(
  ways: readonly Way[],
  processes: readonly ChildProcess[],
  inFlight: number,
): Promise<void> {
  const times = new Map(ways.map(({ name }) => [name, [] as number[]]));
  const rates = new Map(ways.map(({ name }) => [name, [] as number[]]));
  const used = ways.map(() => 0);
  const sessions: Session[] = [];
  for (const { port } of ways) sessions.push(await begin(port, inFlight));
  for (const session of sessions) await callMany(session, inFlight, WARM);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [index, { name }] of ways.entries()) {
      const before = processorMs(processes[index]?.pid);
      const { each, perSecond } = await callMany(sessions[index] as Session, inFlight, CALLS);
      used[index] = (used[index] ?? 0) + processorMs(processes[index]?.pid) - before;
      times.get(name)?.push(...each);
      rates.get(name)?.push(perSecond);
    }
  }
  for (const { agent } of sessions) agent.destroy();
  const rate = (name: string): number => quantile(rates.get(name) ?? [], 0.5);
  const columns = ["calls/s", "of pass-through", "p50 µs", "p99 µs", "CPU µs/call", "MB"];
  console.log(
    `${`${inFlight} in flight`.padEnd(24)}${columns.map((c) => c.padStart(16)).join("")}`,
  );
  for (const [index, { name, beside }] of ways.entries()) {
    const row = [
      rate(name).toFixed(0),
      name === "direct" ? "" : `${(rate(name) / rate(beside)).toFixed(2)}×`,
      quantile(times.get(name) ?? [], 0.5).toFixed(0),
      quantile(times.get(name) ?? [], 0.99).toFixed(0),
      (((used[index] ?? 0) * 1_000) / (CALLS * ROUNDS)).toFixed(0),
      residentMiB(processes[index]?.pid),
    ];
    console.log(`${name.padEnd(24)}${row.map((cell) => cell.padStart(16)).join("")}`);
  }
  console.log();
}

/** A client that has shaken hands, and keeps its connections. */
interface Session {
  readonly port: number;
  readonly agent: Agent;
  readonly headers: Record<string, string>;
}

async function begin(port: number, inFlight: number): Promise<Session> {
  const agent = new Agent({ keepAlive: true, maxSockets: inFlight });
  const id = await post(port, agent, {}, initialize());
  const headers: Record<string, string> = id === undefined ? {} : { "mcp-session-id": id };
  await post(port, agent, headers, { jsonrpc: "2.0", method: "notifications/initialized" });
  return { port, agent, headers };
}

async function callMany(
  { port, agent, headers }: Session,
  inFlight: number,
  calls: number,
): Promise<{ readonly each: readonly number[]; readonly perSecond: number }> {
  const each: number[] = [];
  let next = 0;
  let began = 0;
  const one = async (): Promise<void> => {
    while (next < calls) {
      const id = next++;
      if (id === FIRST) began = performance.now();
      const sent = performance.now();
      await post(port, agent, headers, call(id));
      if (id >= FIRST) each.push((performance.now() - sent) * 1_000);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, one));
  const perSecond = each.length / ((performance.now() - began) / 1_000);
  return { each, perSecond };
}

function initialize(): object {
  const clientInfo = { name: "bench", version: "1" };
  const params = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo };
  return { jsonrpc: "2.0", id: "init", method: "initialize", params };
}

function call(id: number): object {
  const args = { message: `hello ${id}`, amount: 12, currency: "eur" };
  return { jsonrpc: "2.0", id, method: "tools/call", params: { name: "echo", arguments: args } };
}

/** Sends one message and reads its answer to the end; resolves with the session id, if there is one. */
function post(
  port: number,
  agent: Agent,
  headers: Record<string, string>,
  message: object,
): Promise<string | undefined> {
  const body = JSON.stringify(message);
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        ...{ agent, host: "127.0.0.1", port, path: "/mcp", method: "POST" },
        headers: {
          ...headers,
          accept: "application/json, text/event-stream",
          "content-type": "application/json",
          "content-length": Buffer.byteLength(body),
        },
      },
      (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (part: string) => {
          text += part;
        });
        response.on("end", () => {
          const fine = (response.statusCode ?? 500) < 300 && !text.includes('"isError"');
          if (!fine) reject(new Error(`${response.statusCode}: ${text.slice(0, 300)}`));
          const id = response.headers["mcp-session-id"];
          resolve(typeof id === "string" ? id : undefined);
        });
      },
    );
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}

async function start(
  [command = "", ...args]: readonly string[],
  port: number,
): Promise<ChildProcess> {
  const child = spawn(command, args, { stdio: "ignore" });
  try {
    await listening(port);
    return child;
  } catch (error) {
    child.kill();
    throw new Error(`\`${[command, ...args].join(" ")}\` did not start.`, { cause: error });
  }
}

/** Processor time of a process so far, its children aside; 0 where it is not to be had. */
function processorMs(pid: number | undefined): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
    // In ticks of 10 ms: user and system time (proc_pid_stat(5), 14 and 15).
    return (Number(fields[11]) + Number(fields[12])) * 10;
  } catch {
    return 0;
  }
}
