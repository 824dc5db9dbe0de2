import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** Calls of each way that are not counted. */
const WARM = 6_000;
/** The ways take turns, a few calls each, so that a busy machine is busy for all. */
const ROUNDS = 60;
const CALLS = 250;

/** The folder of the bundles: this file is somewhere in it. */
const dist = dirname(process.argv[1] as string);
const modules = join(dist, "../node_modules");

/** Answers each call at once: what is left is the way there and back. */
const SERVER = `
let rest = "";
process.stdin.setEncoding("utf8").on("data", (text) => {
  const lines = (rest + text).split("\\n");
  rest = lines.pop();
  for (const line of lines) {
    const { id, params } = JSON.parse(line);
    process.stdout.write(JSON.stringify({ jsonrpc: "2.0", id, result: { content: [{ type: "text", text: params.arguments.message }] } }) + "\\n");
  }
});`;

/** The floor of every proxy: whole lines, handed on as they are. */
const PASS_THROUGH = `
import { spawn } from "node:child_process";
const child = spawn(process.argv[2], process.argv.slice(3), { stdio: ["pipe", "pipe", "inherit"] });
function lines(from, to) {
  let rest = [];
  from.on("data", (chunk) => {
    let start = 0;
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, start)) {
      to.write(Buffer.concat([...rest, chunk.subarray(start, end + 1)]));
      rest = [];
      start = end + 1;
    }
    if (start < chunk.length) rest.push(chunk.subarray(start));
  });
}
lines(process.stdin, child.stdin);
lines(child.stdout, process.stdout);
process.stdin.on("end", () => child.stdin.end());
child.on("close", () => process.exit(0));`;

/** A proxy made of the SDK's transports. */
const SDK = `
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
const up = new StdioClientTransport({ command: process.argv[2], args: process.argv.slice(3) });
const down = new StdioServerTransport();
up.onmessage = (message) => down.send(message);
down.onmessage = (message) => up.send(message);
process.stdin.on("end", () => up.close().then(() => process.exit(0)));
await up.start();
await down.start();`;

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

export async function run(): Promise<void> {
  // Below the packages that the SDK proxy imports.
  const folder = mkdtempSync(join(modules, ".mcpp-bench-"));
  try {
    const file = (name: string, text: string): string => {
      writeFileSync(join(folder, name), text, { mode: 0o644 });
      return join(folder, name);
    };
    const server = [process.execPath, file("server.mjs", SERVER)];
    const policy = file("policy.json", JSON.stringify(POLICY));
    const ways: Record<string, string[]> = {
      direct: server,
      "raw pass-through": [process.execPath, file("raw.mjs", PASS_THROUGH), ...server],
      "mcpp serve": [
        ...[process.execPath, join(dist, "mcpp.js"), "serve", policy, "--state", "memory", "--"],
        ...server,
      ],
      "mcpp, audit on": [
        ...[process.execPath, join(dist, "mcpp.js"), "serve", policy, "--state", "memory"],
        ...["--audit", join(folder, "audit"), "--", ...server],
      ],
      "SDK transports": [process.execPath, file("sdk.mjs", SDK), ...server],
    };
    for (const inFlight of [1, 16]) await measure(ways, inFlight);
    await measureStart(ways);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Contender {
  readonly name: string;
  readonly calls: Calls;
  /** Microseconds of every call, and of the middle one of each round. */
  readonly each: number[];
  readonly middles: number[];
  readonly perSecond: number[];
}

async function measure(ways: Record<string, string[]>, inFlight: number): Promise<void> {
  const contenders: Contender[] = Object.entries(ways).map(([name, command]) => {
    return { name, calls: new Calls(command), each: [], middles: [], perSecond: [] };
  });
  for (const { calls } of contenders) await callMany(calls, WARM, inFlight);
  const before = contenders.map(({ calls }) => calls.cpu());
  for (let round = 0; round < ROUNDS; round++) {
    for (const { calls, each, middles, perSecond } of contenders) {
      const began = performance.now();
      const times = await callMany(calls, CALLS, inFlight);
      perSecond.push((CALLS * 1_000) / (performance.now() - began));
      middles.push(quantile(times, 0.5));
      each.push(...times);
    }
  }
  const cpu = contenders.map(({ calls }, index) => calls.cpu() - (before[index] as number));
  await Promise.all(contenders.map(({ calls }) => calls.close()));

  const added = (name: string): number => {
    const [direct] = contenders;
    const own = contenders.find((contender) => contender.name === name);
    const more = own?.middles.map((middle, round) => middle - (direct?.middles[round] ?? 0));
    return quantile(more ?? [], 0.5);
  };
  const floor = added("raw pass-through");
  const columns = ["p50 µs", "p99 µs", "added p50", "of the floor's", "CPU µs a call", "calls/s"];
  console.log(
    `${`${inFlight} in flight`.padEnd(18)}${columns.map((c) => c.padStart(15)).join("")}`,
  );
  for (const [index, { name, each, middles, perSecond }] of contenders.entries()) {
    const row = [
      quantile(middles, 0.5).toFixed(0),
      quantile(each, 0.99).toFixed(0),
      index === 0 ? "" : added(name).toFixed(0),
      index === 0 ? "" : `${(added(name) / floor).toFixed(2)}×`,
      ((cpu[index] as number) / (ROUNDS * CALLS)).toFixed(0),
      quantile(perSecond, 0.5).toFixed(0),
    ];
    console.log(`${name.padEnd(18)}${row.map((cell) => cell.padStart(15)).join("")}`);
  }
  console.log();
}

async function measureStart(ways: Record<string, string[]>): Promise<void> {
  console.log(`${"start".padEnd(18)}${"ms to 1st answer".padStart(16)}${"added".padStart(16)}`);
  let direct = 0;
  for (const [name, command] of Object.entries(ways)) {
    const each: number[] = [];
    for (let i = 0; i < 7; i++) {
      const began = performance.now();
      const calls = new Calls(command);
      await calls.next();
      each.push(performance.now() - began);
      await calls.close();
    }
    const middle = quantile(each, 0.5);
    if (name === "direct") direct = middle;
    const added = name === "direct" ? "" : (middle - direct).toFixed(0);
    console.log(`${name.padEnd(18)}${middle.toFixed(0).padStart(16)}${added.padStart(16)}`);
  }
}

/** The microseconds of so many calls. */
async function callMany(calls: Calls, count: number, inFlight: number): Promise<number[]> {
  const each: number[] = [];
  let left = count;
  const worker = async (): Promise<void> => {
    while (left-- > 0) {
      const sent = performance.now();
      await calls.next();
      each.push((performance.now() - sent) * 1_000);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, worker));
  return each;
}

/** A client that costs as little as it can. */
class Calls {
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #waiting = new Map<number, () => void>();
  #rest = "";
  #last = 0;

  constructor([command, ...args]: readonly string[]) {
    this.#process = spawn(command as string, args);
    this.#process.stderr.resume();
    this.#process.stdout.setEncoding("utf8").on("data", (text: string) => {
      const lines = (this.#rest + text).split("\n");
      this.#rest = lines.pop() as string;
      for (const line of lines) {
        const { id, result } = JSON.parse(line) as { id: number; result?: { isError?: boolean } };
        if (result === undefined || result.isError === true) throw new Error(line);
        this.#waiting.get(id)?.();
        this.#waiting.delete(id);
      }
    });
  }

  next(): Promise<void> {
    const id = ++this.#last;
    const params = {
      name: "echo",
      arguments: { message: `hello number ${id}`, amount: 42, currency: "eur" },
    };
    const text = JSON.stringify({ jsonrpc: "2.0", id, method: "tools/call", params });
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      this.#process.stdin.write(`${text}\n`);
    });
  }

  /** Microseconds of processor time so far, all threads together; NaN where the system does not tell. */
  cpu(): number {
    const tasks = `/proc/${this.#process.pid}/task`;
    try {
      const nanoseconds = readdirSync(tasks).map((task) =>
        Number(readFileSync(join(tasks, task, "schedstat"), "utf8").split(" ")[0]),
      );
      return nanoseconds.reduce((sum, one) => sum + one, 0) / 1_000;
    } catch {
      return Number.NaN;
    }
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#process.once("close", () => resolve());
      this.#process.stdin.end();
    });
  }
}

function quantile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}
