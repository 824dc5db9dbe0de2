import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Pool } from "undici";

/** The folder of the bundles: this file is somewhere in it. */
const MCPP = join(dirname(process.argv[1] as string), "mcpp.js");

const SESSIONS = 1_000;
/** Calls after the sessions were opened, over all of them. */
const CALLS = 50_000;
const STEPS = 5;
export const IN_FLIGHT = 16;

/** Gives every client that begins a session of its own, and answers each call at once. */
export const SERVER = `
import { createServer } from "node:http";
let sessions = 0;
createServer((request, response) => {
  const chunks = [];
  request.on("data", (chunk) => chunks.push(chunk));
  request.on("end", () => {
    const { id, method, params } = JSON.parse(Buffer.concat(chunks));
    if (id === undefined) { response.writeHead(202).end(); return; }
    const begins = method === "initialize";
    const result = begins
      ? { protocolVersion: "2025-11-25", capabilities: { tools: {} }, serverInfo: { name: "bench", version: "1" } }
      : { content: [{ type: "text", text: params.arguments.message }] };
    response.writeHead(200, {
      "content-type": "application/json",
      ...(begins ? { "mcp-session-id": "session-" + String(++sessions).padStart(28, "0") } : {}),
    });
    response.end(JSON.stringify({ jsonrpc: "2.0", id, result }));
  });
}).listen(Number(process.argv[2]), "127.0.0.1");`;

/** A condition, and limits of which one counts every session by itself. */
const POLICY = {
  version: "1",
  extensions: ["limits.scopes"],
  default: "deny",
  tools: {
    echo: {
      require: [{ conditions: [{ path: "args.amount", op: "lte", value: 100 }] }],
      limits: [
        { counter: "echo_rate", window: "day", max: 1_000_000_000, scope: "grant" },
        { counter: "echo_of_session", window: "day", max: 1_000_000, scope: "session" },
      ],
    },
  },
};

/** What `mcpp serve --listen --url` holds in memory, with many legacy sessions open. */
export async function memoryOfSessions(): Promise<string[][]> {
  const folder = mkdtempSync(join(tmpdir(), "mcpp-bench-"));
  const started: ChildProcess[] = [];
  const run = (...args: string[]): ChildProcess => {
    const child = spawn(process.execPath, args, { stdio: "ignore" });
    started.push(child);
    return child;
  };
  try {
    const [server = 0, own = 0] = [await freePort(), await freePort()];
    writeFileSync(join(folder, "server.mjs"), SERVER);
    writeFileSync(join(folder, "policy.json"), JSON.stringify(POLICY), { mode: 0o644 });
    run(join(folder, "server.mjs"), String(server));
    const proxy = run(
      ...[MCPP, "serve", join(folder, "policy.json"), "--state", "memory", "--no-token"],
      ...["--rate", "1000000", "--listen", `127.0.0.1:${own}`],
      ...["--url", `http://127.0.0.1:${server}/mcp`],
    );
    const client = new Client(own);
    await listening(own);
    const rows = [["HTTP relay", "resident", "target"]];
    const note = (what: string, target = ""): void => {
      rows.push([what, `${residentMiB(proxy.pid)} MiB`, target]);
    };
    note("no session");
    const sessions: string[] = [];
    await inTurn(SESSIONS, async () => {
      sessions.push(await client.begin());
    });
    if (new Set(sessions).size !== SESSIONS) throw new Error("Sessions are shared.");
    note(`${SESSIONS.toLocaleString("en")} sessions`, "≤ 100 MB");
    for (let step = 1; step <= STEPS; step++) {
      await inTurn(CALLS / STEPS, (call) => client.call(call, sessions[call % SESSIONS] as string));
      const calls = ((CALLS / STEPS) * step).toLocaleString("en");
      note(`  after ${calls} calls over all of them`, step === STEPS ? "flat" : "");
    }
    await client.close();
    return rows;
  } finally {
    for (const child of started) child.kill("SIGTERM");
    rmSync(folder, { recursive: true, force: true });
  }
}

export async function inTurn(count: number, one: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < count) await one(next++);
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, lane));
}

class Client {
  readonly #pool: Pool;

  constructor(port: number) {
    this.#pool = new Pool(`http://127.0.0.1:${port}`, { connections: IN_FLIGHT });
  }

  /** The id of a new session. */
  async begin(): Promise<string> {
    const clientInfo = { name: "bench", version: "1" };
    const params = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo };
    const id = await this.#post({ jsonrpc: "2.0", id: 0, method: "initialize", params });
    if (id === undefined) throw new Error("There is no session.");
    await this.#post({ jsonrpc: "2.0", method: "notifications/initialized" }, id);
    return id;
  }

  async call(id: number, session: string): Promise<void> {
    const params = { name: "echo", arguments: { message: `hello ${id}`, amount: 12 } };
    await this.#post({ jsonrpc: "2.0", id, method: "tools/call", params }, session);
  }

  async #post(message: object, session?: string): Promise<string | undefined> {
    const { statusCode, headers, body } = await this.#pool.request({
      method: "POST",
      path: "/mcp",
      headers: {
        accept: "application/json, text/event-stream",
        "content-type": "application/json",
        ...(session === undefined ? {} : { "mcp-session-id": session }),
      },
      body: JSON.stringify(message),
    });
    const text = await body.text();
    if (statusCode >= 300 || text.includes('"isError"') || text.includes('"error"')) {
      throw new Error(`${statusCode}: ${text.slice(0, 300)}`);
    }
    const id = headers["mcp-session-id"];
    return typeof id === "string" ? id : undefined;
  }

  close(): Promise<void> {
    return this.#pool.destroy();
  }
}

/** Empty where the system does not tell. */
export function residentMiB(pid: number | undefined): string {
  try {
    const kilobytes = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    return (Number(kilobytes) / 1_024).toFixed(0);
  } catch {
    return "";
  }
}

export function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

/** Resolves when somebody listens on the port. */
export async function listening(port: number): Promise<void> {
  for (let tries = 0; tries < 400; tries++) {
    if (await accepts(port)) return;
    await sleep(50);
  }
  throw new Error(`Nobody listens on port ${port}.`);
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
