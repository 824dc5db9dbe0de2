import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** Calls of each measurement, the first `WARM` not counted. */
const CALLS = 15_000;
const WARM = 5_000;
/** The ways take turns, so that a busy machine is busy for all. */
const ROUNDS = 3;

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
      "SDK transports": [process.execPath, file("sdk.mjs", SDK), ...server],
    };
    for (const inFlight of [1, 16]) await measure(ways, inFlight);
    await measureStart(ways);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measure(ways: Record<string, string[]>, inFlight: number): Promise<void> {
  const times = new Map(Object.keys(ways).map((name) => [name, [] as number[]]));
  const rates = new Map(Object.keys(ways).map((name) => [name, [] as number[]]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, command] of Object.entries(ways)) {
      const { each, perSecond } = await callMany(command, inFlight);
      times.get(name)?.push(...each);
      rates.get(name)?.push(perSecond);
    }
  }
  const at = (name: string, part: number): number => quantile(times.get(name) ?? [], part);
  const floor = at("raw pass-through", 0.5) - at("direct", 0.5);
  const columns = ["p50 µs", "p99 µs", "added p50", "of the floor's", "calls/s"];
  console.log(
    `${`${inFlight} in flight`.padEnd(18)}${columns.map((c) => c.padStart(16)).join("")}`,
  );
  for (const name of Object.keys(ways)) {
    const added = at(name, 0.5) - at("direct", 0.5);
    const row = [
      at(name, 0.5).toFixed(0),
      at(name, 0.99).toFixed(0),
      name === "direct" ? "" : added.toFixed(0),
      name === "direct" ? "" : `${(added / floor).toFixed(2)}×`,
      quantile(rates.get(name) ?? [], 0.5).toFixed(0),
    ];
    console.log(`${name.padEnd(18)}${row.map((cell) => cell.padStart(16)).join("")}`);
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
      await calls.call(1);
      each.push(performance.now() - began);
      await calls.close();
    }
    const middle = quantile(each, 0.5);
    if (name === "direct") direct = middle;
    const added = name === "direct" ? "" : (middle - direct).toFixed(0);
    console.log(`${name.padEnd(18)}${middle.toFixed(0).padStart(16)}${added.padStart(16)}`);
  }
}

async function callMany(
  command: readonly string[],
  inFlight: number,
): Promise<{ each: number[]; perSecond: number }> {
  const calls = new Calls(command);
  const each: number[] = [];
  let next = 0;
  let began = 0;
  const worker = async (): Promise<void> => {
    while (next < CALLS) {
      const id = ++next;
      if (id === WARM) began = performance.now();
      const sent = performance.now();
      await calls.call(id);
      if (id > WARM) each.push((performance.now() - sent) * 1_000);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, worker));
  const seconds = (performance.now() - began) / 1_000;
  await calls.close();
  return { each, perSecond: (CALLS - WARM) / seconds };
}

/** A client that costs as little as it can. */
class Calls {
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #waiting = new Map<number, () => void>();
  #rest = "";

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

  call(id: number): Promise<void> {
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
