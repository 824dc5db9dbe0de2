import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { printTable } from "./measure.ts";

/** The folder of the bundles: this file is somewhere in it. */
const MCPP = join(dirname(process.argv[1] as string), "mcpp.js");
const STARTS = 15;

/** Answers the first line at once, and does nothing else. */
const SERVER = `
process.stdin.once("data", (line) => {
  const { id } = JSON.parse(line);
  process.stdout.write(JSON.stringify({ jsonrpc: "2.0", id, result: { content: [] } }) + "\\n");
});`;

/** The least that any proxy in Node adds: another Node. */
const PASS_THROUGH = `
import { spawn } from "node:child_process";
spawn(process.argv[2], process.argv.slice(3), { stdio: "inherit" }).on("close", () => process.exit(0));`;

const CALL = {
  jsonrpc: "2.0",
  id: 1,
  method: "tools/call",
  params: { name: "tool_7", arguments: { amount: 5, branch: "feat/x" } },
};

/** A hundred tools with conditions and a limit. */
function source(more = ""): string {
  const tools = Array.from(
    { length: 100 },
    (_, index) => `allow tool_${index} limit 60/minute per grant
deny tool_${index} unless args.amount <= 100 and args.branch starts with "feat/"`,
  );
  return `${more}${tools.join("\n")}\n`;
}

function toolList(): string {
  const tools = Array.from({ length: 100 }, (_, index) => ({
    name: `tool_${index}`,
    inputSchema: {
      type: "object",
      properties: { amount: { type: "number" }, branch: { type: "string", pattern: "^[a-z/]+$" } },
      required: ["amount", "branch"],
    },
  }));
  return JSON.stringify({ server: { name: "bench" }, tools });
}

export async function run(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "mcpp-bench-"));
  try {
    const file = (name: string, text: string): string => {
      writeFileSync(join(folder, name), text, { mode: 0o644 });
      return join(folder, name);
    };
    const compiled = (name: string, text: string): string => {
      const output = join(folder, `${name}.json`);
      const policy = file(`${name}.mcpp`, text);
      const { status, stderr } = spawnSync(
        process.execPath,
        [MCPP, "compile", policy, "-o", output],
        { encoding: "utf8" },
      );
      if (status !== 0) throw new Error(stderr);
      return output;
    };
    file("tools.json", toolList());
    const server = [file("server.mjs", SERVER)];
    const serve = (policy: string, ...options: string[]): string[] => [
      MCPP,
      "serve",
      policy,
      ...options,
      "--",
      process.execPath,
      ...server,
    ];
    const plain = compiled("plain", source());
    const listed = 'server bench tools "./tools.json"\n';
    const validating = compiled("validating", source(`${listed}validate arguments\n`));
    const ways: Readonly<Record<string, readonly string[]>> = {
      "the server by itself": server,
      "another Node before it": [file("floor.mjs", PASS_THROUGH), process.execPath, ...server],
      "mcpp serve, compiled": serve(plain, "--state", "memory"),
      "  with counters in SQLite": serve(plain, "--state", `sqlite:${join(folder, "state.db")}`),
      "  that validates 100 schemas": serve(validating, "--state", "memory"),
      "mcpp serve, from text": serve(join(folder, "plain.mcpp"), "--state", "memory"),
    };
    const times = new Map(Object.keys(ways).map((name) => [name, [] as number[]]));
    for (let start = 0; start < STARTS; start++) {
      for (const [name, args] of Object.entries(ways))
        times.get(name)?.push(await firstAnswer(args));
    }
    print(times);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Milliseconds from starting the process to the first byte of the answer. */
function firstAnswer(args: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const started = performance.now();
    const child = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "ignore"] });
    let took: number | undefined;
    child.stdout.once("data", (bytes: Buffer) => {
      took = performance.now() - started;
      if (!bytes.includes("result") || bytes.includes("isError")) {
        reject(new Error(`The call was not forwarded: ${bytes}`));
      }
      child.stdin.end();
    });
    child.once("close", () => {
      if (took === undefined) reject(new Error(`${args.join(" ")} gave no answer.`));
      else resolve(took);
    });
    child.stdin.write(`${JSON.stringify(CALL)}\n`);
  });
}

function print(times: ReadonlyMap<string, readonly number[]>): void {
  const sorted = (name: string) => [...(times.get(name) ?? [])].sort((a, b) => a - b);
  const [bare] = times.keys();
  const at = (name: string, part: number): number =>
    sorted(name)[Math.floor((STARTS - 1) * part)] ?? Number.NaN;
  printTable([
    ["to the first answer", "best", "median", "best, added", "target"],
    ...[...times.keys()].map((name) => [
      name,
      `${at(name, 0).toFixed(0)} ms`,
      `${at(name, 0.5).toFixed(0)} ms`,
      name === bare ? "" : `${(at(name, 0) - at(bare as string, 0)).toFixed(0)} ms`,
      name === "mcpp serve, compiled" ? "≤ 150 ms" : "",
    ]),
  ]);
}
