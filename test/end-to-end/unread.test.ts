import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { afterEach, expect, it } from "vitest";
import { folderWith, MCPP, toolCall } from "./lines.ts";

// Clients need not read our stderr (MCP, § stdio), and need not read our stdout to the end.

/** Writes 4 MB to stderr, or to stdout what is no message, for each call. Answers pings. */
const SERVER = `
require("node:readline").createInterface({ input: process.stdin }).on("line", (line) => {
  const { id, method, params } = JSON.parse(line);
  const noise = "noise ".repeat(700_000) + "\\n";
  if (params?.name === "stderr") process.stderr.write(noise);
  if (params?.name === "noise") process.stdout.write(noise);
  const text = params?.name === "large" ? noise : "";
  console.log(JSON.stringify({ jsonrpc: "2.0", id, result: { content: [{ type: "text", text }] } }));
});`;

const cleanUps: (() => unknown)[] = [];
afterEach(() => {
  for (const cleanUp of cleanUps.splice(0).reverse()) cleanUp();
});

function started(): ChildProcessWithoutNullStreams {
  const policy = { version: "1", default: "deny", tools: { stderr: {}, noise: {}, large: {} } };
  const files = folderWith({ "policy.json": policy });
  const command = ["--", process.execPath, "-e", SERVER];
  const proxy = spawn(process.execPath, [MCPP, "serve", files.path("policy.json"), ...command]);
  cleanUps.push(files.remove, () => proxy.kill("SIGKILL"));
  return proxy;
}

function say(proxy: ChildProcessWithoutNullStreams, message: object): void {
  proxy.stdin.write(`${JSON.stringify(message)}\n`);
}

async function answers(proxy: ChildProcessWithoutNullStreams, count: number): Promise<unknown[]> {
  const ids: unknown[] = [];
  for await (const line of createInterface({ input: proxy.stdout })) {
    ids.push((JSON.parse(line) as { id: unknown }).id);
    if (ids.length === count) break;
  }
  return ids;
}

function ended(proxy: ChildProcessWithoutNullStreams): Promise<number | null> {
  return new Promise((resolve) => proxy.once("exit", resolve));
}

it.each(["stderr", "noise"])(
  "a stderr that is never read does not bring the proxy to a stand (%s)",
  async (name) => {
    const proxy = started();
    const calls = [1, 2, 3, 4];
    for (const id of calls) say(proxy, toolCall(id, name));
    // Denials are logged there, too.
    say(proxy, toolCall(5, "denied"));
    say(proxy, { jsonrpc: "2.0", id: 6, method: "ping" });
    expect((await answers(proxy, 6)).sort()).toEqual([...calls, 5, 6]);
    proxy.stdin.end();
    expect(await ended(proxy)).toBe(0);
  },
);

it("a stderr whose reader is gone ends nothing", async () => {
  const proxy = started();
  proxy.stderr.destroy();
  for (const id of [1, 2, 3]) say(proxy, toolCall(id, "denied"));
  say(proxy, { jsonrpc: "2.0", id: 4, method: "ping" });
  expect(await answers(proxy, 4)).toEqual([1, 2, 3, 4]);
  proxy.stdin.end();
  expect(await ended(proxy)).toBe(0);
});

it("a client that reads no answers does not keep the proxy from being ended", async () => {
  const proxy = started();
  const end = new Promise((resolve) => proxy.once("exit", resolve));
  say(proxy, toolCall(1, "stderr"));
  for (const id of [2, 3]) say(proxy, toolCall(id, "large"));
  await new Promise((resolve) => proxy.stdout.once("readable", resolve));
  proxy.kill("SIGTERM");
  await end;
});
