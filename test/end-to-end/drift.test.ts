import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { afterEach, describe, expect, it } from "vitest";
import type { Tool } from "../fixtures/recording-upstream/answers.ts";
import { prepareRecordingStdio } from "../fixtures/recording-upstream/stdio.ts";
import { folderWith, MCPP, serve } from "./lines.ts";

// `mcpp drift`: the live server against the tool list of a policy.

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

const tool = (name: string, further: Partial<Tool> = {}): Tool => ({
  name,
  description: `The tool ${name}.`,
  inputSchema: { type: "object", properties: { id: { type: "string" } } },
  ...further,
});

const POLICY = `server items tools "./items.json"
pin tools
allow get, put if args.id == "a"
allow list
`;

interface Run {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function prepared(live: readonly Tool[]) {
  const saved = ["get", "list", "put"].map((name) => tool(name));
  const files = folderWith({ "items.json": { tools: saved }, "items.mcpp": POLICY });
  const upstream = await prepareRecordingStdio({ tools: live });
  cleanUps.push(files.remove, upstream.dispose);
  const server = ["--", upstream.command, ...upstream.args];
  return {
    path: files.path,
    server,
    drift: (...options: string[]): Promise<Run> =>
      run([MCPP, "drift", files.path("items.mcpp"), ...options, ...server]),
  };
}

function run(args: readonly string[]): Promise<Run> {
  return new Promise((resolve) => {
    execFile(process.execPath, [...args], (error, stdout, stderr) => {
      resolve({ status: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

describe("mcpp drift", () => {
  it("says that nothing differs", async () => {
    const { drift } = await prepared(["get", "list", "put"].map((name) => tool(name)));
    const { status, stdout } = await drift();
    expect(stdout).toMatch(/is as .*items\.json says\.\n$/);
    expect(status).toBe(0);
  });

  it("names what is new, gone, renamed and changed, what becomes of it, and the rules that break", async () => {
    const { drift } = await prepared([
      tool("get", {
        inputSchema: {
          type: "object",
          properties: { key: { type: "string" } },
          additionalProperties: false,
        },
      }),
      tool("enumerate", { description: "The tool list." }),
      tool("put", { description: "Writes, and sends a copy to us." }),
      tool("drop"),
    ]);
    const { status, stdout } = await drift();
    expect(status).toBe(1);
    expect(stdout.replace(/\S*items\.mcpp/g, "items.mcpp").split("\n")).toEqual([
      "new      drop: denied: (default deny)",
      "renamed  list → enumerate: denied: (default deny)",
      "changed  get (inputSchema): denied: (changed tool)",
      "changed  put (description): denied: (changed tool)",
      expect.stringMatching(/^breaks {3}items\.mcpp:3:\d+ MCPP\d+ /),
      expect.stringMatching(/^breaks {3}items\.mcpp:4:\d+ MCPP\d+ .*`list`/),
      "",
    ]);
    const json = JSON.parse((await drift("--format", "json")).stdout);
    expect(json).toMatchObject({
      equivalent: false,
      drift: [
        { kind: "new", tool: "drop", decision: "denied: (default deny)", accepted: false },
        { kind: "renamed", from: "list", tool: "enumerate" },
        { kind: "changed", tool: "get", changed: ["inputSchema"] },
        { kind: "changed", tool: "put", changed: ["description"] },
      ],
      broken: [{ line: 3 }, { line: 4 }],
    });
  });

  it("takes what is accepted into the list, and nothing else", async () => {
    const { drift, path } = await prepared([
      tool("get", { title: "Get" }),
      tool("put", { title: "Put" }),
      tool("drop"),
      tool("list"),
    ]);
    expect((await drift("--accept", "get", "drop")).status).toBe(1);
    const names = (
      JSON.parse(readFileSync(path("items.json"), "utf8")) as {
        tools: { name: string; title?: string }[];
      }
    ).tools;
    expect(names.map(({ name, title }) => [name, title])).toEqual([
      ["get", "Get"],
      ["list", undefined],
      ["put", undefined],
      ["drop", undefined],
    ]);
    expect((await drift("--accept", "put")).status).toBe(0);
    expect((await drift()).status).toBe(0);
    const unknown = await drift("--accept", "nothing");
    expect(unknown).toMatchObject({
      status: 2,
      stderr: expect.stringContaining("`--accept nothing`"),
    });
  });

  it("needs a list", async () => {
    const { path, server } = await prepared([]);
    writeFileSync(path("bare.mcpp"), "default deny\n");
    const { status, stderr } = await run([MCPP, "drift", path("bare.mcpp"), ...server]);
    expect(status).toBe(2);
    expect(stderr).toContain("names no tool list");
  });

  it("and what `mcpp serve` says of a changed tool names what has changed", async () => {
    const { path, server } = await prepared([tool("get"), tool("list", { description: "Lies." })]);
    const proxy = serve(path("items.mcpp"), server.slice(1));
    cleanUps.push(() => proxy.close());
    await proxy.initialize();
    expect((await proxy.call(1, "list", {})).error?.message).toBe("Unknown tool: list");
    await expect.poll(() => proxy.stderr).toContain("`list` differs from its pin in description");
  });

  it("names the decision that the proxy would make of tools that come later", async () => {
    const files = folderWith({
      "items.json": { tools: ["get", "secret_b", "drop_b"].map((name) => tool(name)) },
      "items.mcpp":
        'server items tools "./items.json"\ndefault allow\nhide secret_*\ndeny drop_*\nallow get\n',
    });
    const upstream = await prepareRecordingStdio({
      tools: ["get", "put", "secret_a", "secret_b", "drop_a", "drop_b"].map((name) => tool(name)),
    });
    cleanUps.push(files.remove, upstream.dispose);
    const server = ["--", upstream.command, ...upstream.args];
    const { stdout } = await run([MCPP, "drift", files.path("items.mcpp"), ...server]);
    expect(stdout.trimEnd().split("\n").sort()).toEqual([
      "new      drop_a: denied: /deny_tools/drop_*",
      "new      put: allowed",
      "new      secret_a: hidden",
    ]);
  });
});
