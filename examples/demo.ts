import { execFile } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { ListRootsRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import color from "picocolors";
import { fileHost } from "../cli/file-host.ts";
import { compile } from "../compiler/index.ts";
import { Source } from "../language/index.ts";
import { serializePolicy } from "../policy/index.ts";

// `npm run demo`: a real server, its tool list, a policy, and what an agent gets to see of all that.

const root = fileURLToPath(new URL("..", import.meta.url));
const mcpp = join(root, "dist/mcpp.js");
const server = join(root, "node_modules/@modelcontextprotocol/server-everything/dist/index.js");
const folder = mkdtempSync(join(tmpdir(), "mcpp-demo-"));
const LIMIT = 10;

try {
  await demo();
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function demo(): Promise<void> {
  step("mcpp pull", "asks a real server for its tools: server-everything");
  const list = join(folder, "everything.tools.json");
  const run = promisify(execFile);
  await run(process.execPath, [mcpp, "pull", "-o", list, "--", process.execPath, server]);
  const all = (JSON.parse(readFileSync(list, "utf8")) as { tools: { name: string }[] }).tools;
  say(`${all.length} tools: ${names(all)}`);

  step("compile", "checks examples/everything.mcpp against that list");
  copyFileSync(join(root, "examples/everything.mcpp"), join(folder, "everything.mcpp"));
  const policyFile = join(folder, "everything.json");
  const text = readFileSync(join(folder, "everything.mcpp"), "utf8");
  for (const line of text.trimEnd().split("\n")) say(color.dim(line));
  const source = new Source(join(folder, "everything.mcpp"), text);
  const { policy, diagnostics } = compile(source, fileHost());
  const errors = diagnostics.filter(({ severity }) => severity === "error");
  if (policy === undefined) throw new Error(errors.map(({ message }) => message).join("\n"));
  writeFileSync(policyFile, serializePolicy(policy), { mode: 0o644 });

  step("mcpp serve", "stands between the agent and the server");
  // What `mcpp pull` can do too: the server offers some tools only to such clients.
  const client = new Client(
    { name: "agent", version: "1" },
    { capabilities: { sampling: {}, elicitation: { form: {}, url: {} }, roots: {} } },
  );
  client.setRequestHandler(ListRootsRequestSchema, () => ({ roots: [] }));
  await client.connect(
    new StdioClientTransport({
      command: process.execPath,
      // Runs of the demo do not count together.
      args: [mcpp, "serve", policyFile, "--state", "memory", "--", process.execPath, server],
      stderr: "ignore",
    }),
  );
  try {
    const seen = (await client.listTools()).tools;
    const hidden = all.filter(({ name }) => !seen.some((tool) => tool.name === name));
    say(`the agent sees ${seen.length} tools; hidden from it: ${color.yellow(names(hidden))}`);
    await calls(client);
  } finally {
    await client.close();
  }
}

async function calls(client: Client): Promise<void> {
  step("a call that the policy allows", "reaches the server");
  expect(await call(client, "get-sum", { a: 2, b: 40 }), "allowed");

  step("a call that a rule denies", "does not, and the agent reads why");
  expect(await call(client, "get-env", {}), "denied");
  expect(
    await call(client, "trigger-long-running-operation", { duration: 60, steps: 3 }),
    "denied",
  );

  step("a tool that is hidden", "does not exist");
  expect(await call(client, "simulate-research-query", { topic: "secrets" }), "unknown");

  step(`the eleventh echo of a minute`, `is one too many: limit ${LIMIT}/minute`);
  // All eleven must fall within one minute of the clock.
  const left = 60_000 - (Date.now() % 60_000);
  if (left < 4_000) await new Promise((resolve) => setTimeout(resolve, left + 50));
  for (let i = 1; i <= LIMIT; i++) {
    const shown = i === 1 || i === LIMIT;
    if (i === 2) say(color.dim(`⋮ and ${LIMIT - 2} more`));
    expect(await call(client, "echo", { message: `number ${i}` }, shown), "allowed");
  }
  expect(await call(client, "echo", { message: "number 11" }), "denied");
  process.stdout.write("\n");
}

type Outcome = "allowed" | "denied" | "unknown";

async function call(
  client: Client,
  name: string,
  args: Record<string, unknown>,
  shown = true,
): Promise<Outcome> {
  const request = `${name} ${JSON.stringify(args)}`;
  try {
    const result = await client.callTool({ name, arguments: args });
    const [first] = result.content as { text?: string }[];
    const text = first?.text ?? "";
    const outcome = text.startsWith("[POLICY DENIED]") ? "denied" : "allowed";
    const mark = outcome === "allowed" ? color.green("✓ allowed") : color.red("✗ denied ");
    if (shown) say(`${mark}  ${request}\n             ${color.dim(text)}`);
    return outcome;
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    say(`${color.yellow("? unknown")}  ${request}\n             ${color.dim(text)}`);
    return "unknown";
  }
}

function expect(outcome: Outcome, wanted: Outcome): void {
  if (outcome !== wanted) throw new Error(`The call should have been ${wanted}.`);
}

function step(title: string, text: string): void {
  process.stdout.write(`\n${color.bold(color.cyan(title))} ${text}\n`);
}

function say(text: string): void {
  process.stdout.write(`  ${text}\n`);
}

function names(tools: readonly { readonly name: string }[]): string {
  return tools.map(({ name }) => name).join(", ");
}
