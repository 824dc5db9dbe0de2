import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { afterAll, describe, expect, it } from "vitest";
import { folderWith, LineProcess, MCPP, ROOT, serve, serverFile, toolCall } from "./lines.ts";

// The real servers of npm, with and without the proxy: what is allowed is equal byte for byte, what is denied
// is denied, what is hidden is not there. With the SDK's client, the Inspector, and plain lines.

const work = folderWith({ "note.txt": "A note.\n" });
afterAll(work.remove);

interface Case {
  readonly name: "everything" | "filesystem" | "memory";
  readonly server: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  readonly allowed: readonly [tool: string, args: object][];
  readonly denied: readonly [tool: string, args: object];
  readonly hidden: string;
}

const CASES: readonly Case[] = [
  {
    name: "everything",
    server: [process.execPath, serverFile("everything")],
    allowed: [
      ["echo", { message: "Grüße, 世界" }],
      ["get-sum", { a: 1, b: 2.5 }],
      ["get-tiny-image", {}],
      ["get-structured-content", { location: "New York" }],
    ],
    denied: ["get-env", {}],
    hidden: "toggle-simulated-logging",
  },
  {
    name: "filesystem",
    server: [process.execPath, serverFile("filesystem"), work.path("")],
    allowed: [
      ["read_text_file", { path: work.path("note.txt") }],
      ["list_directory", { path: work.path("") }],
      ["read_text_file", { path: "/etc/passwd" }],
    ],
    denied: ["write_file", { path: work.path("new.txt"), content: "x" }],
    hidden: "move_file",
  },
  {
    name: "memory",
    server: [process.execPath, serverFile("memory")],
    env: { ...process.env, MEMORY_FILE_PATH: work.path("memory.jsonl") },
    allowed: [
      ["read_graph", {}],
      ["search_nodes", { query: "x" }],
    ],
    denied: ["delete_entities", { entityNames: ["x"] }],
    hidden: "create_relations",
  },
];

describe.each(CASES)("server-$name", ({ name, server, env = process.env, ...calls }) => {
  const [deniedTool, deniedArgs] = calls.denied;
  const files = folderWith({
    "policy.json": {
      version: "1",
      default: "deny",
      hide: [calls.hidden],
      tools: Object.fromEntries(calls.allowed.map(([tool]) => [tool, {}])),
    },
  });
  afterAll(files.remove);
  const [command, ...args] = server as [string, ...string[]];
  const proxied = [MCPP, "serve", files.path("policy.json"), "--", ...server];

  async function rawLines(process: LineProcess): Promise<string[]> {
    await process.initialize();
    const lines: string[] = [];
    for (const [index, [tool, toolArgs]] of calls.allowed.entries()) {
      process.send(toolCall(index, tool, toolArgs));
      for (;;) {
        const line = await process.line();
        if (!line.includes(`"id":${index}`)) continue;
        lines.push(line);
        break;
      }
    }
    await process.close();
    return lines;
  }

  it("gives the same bytes for calls that are allowed", async () => {
    const direct = await rawLines(new LineProcess(command, args, env));
    const through = await rawLines(serve(files.path("policy.json"), server, [], env));
    expect(direct).toHaveLength(calls.allowed.length);
    expect(through).toEqual(direct);
  });

  it("serves the SDK's client", async () => {
    const connect = async (file: string, fileArgs: readonly string[]): Promise<Client> => {
      const client = new Client({ name: "test", version: "1" });
      await client.connect(
        new StdioClientTransport({
          command: file,
          args: [...fileArgs],
          env: env as Record<string, string>,
          stderr: "ignore",
        }),
      );
      return client;
    };
    const direct = await connect(command, args);
    const through = await connect(process.execPath, proxied);
    try {
      expect(through.getServerVersion()).toEqual(direct.getServerVersion());
      const all = (await direct.listTools()).tools;
      expect(all.map((tool) => tool.name)).toContain(calls.hidden);
      expect((await through.listTools()).tools).toEqual(
        all.filter((tool) => tool.name !== calls.hidden),
      );
      for (const [tool, toolArgs] of calls.allowed) {
        const call = { name: tool, arguments: { ...toolArgs } };
        expect(await through.callTool(call)).toEqual(await direct.callTool(call));
      }
      const denied = await through.callTool({ name: deniedTool, arguments: { ...deniedArgs } });
      expect(denied).toMatchObject({
        isError: true,
        content: [{ type: "text", text: expect.stringMatching(/^\[POLICY DENIED\] /) }],
      });
      await expect(through.callTool({ name: calls.hidden, arguments: {} })).rejects.toMatchObject({
        code: -32602,
        message: expect.stringContaining(`Unknown tool: ${calls.hidden}`),
      });
    } finally {
      await Promise.all([direct.close(), through.close()]);
    }
  });

  it("serves the Inspector", async () => {
    const inspect = async (
      target: readonly string[],
      method: readonly string[],
    ): Promise<unknown> => {
      const file = join(ROOT, "node_modules/.bin/mcp-inspector");
      const run = promisify(execFile)(file, ["--cli", ...target, ...method], { env });
      return JSON.parse((await run).stdout);
    };
    // The Inspector takes what begins with a dash for itself, so the command is a script.
    const script = folderWith({
      "proxied.mjs": `process.argv.splice(2, 0, ...${JSON.stringify(proxied.slice(1))});\nawait import(${JSON.stringify(MCPP)});\n`,
    });
    try {
      const target = [process.execPath, script.path("proxied.mjs")];
      const list = (await inspect(target, ["--method", "tools/list"])) as {
        tools: { name: string }[];
      };
      const names = list.tools.map((tool) => tool.name);
      expect(names).not.toContain(calls.hidden);
      expect(names).toContain(deniedTool);
      const [tool, toolArgs] = calls.allowed[0] as (typeof calls.allowed)[number];
      const pairs = Object.entries(toolArgs).flatMap(([key, value]) => [
        "--tool-arg",
        `${key}=${value}`,
      ]);
      const call = ["--method", "tools/call", "--tool-name", tool, ...pairs];
      expect(await inspect(target, call)).toEqual(await inspect(server, call));
    } finally {
      script.remove();
    }
  });

  it(`is what \`mcpp pull\` saves`, async () => {
    const run = await promisify(execFile)(
      process.execPath,
      [MCPP, "pull", "-o", files.path(`${name}.json`), "--", ...server],
      { env },
    );
    expect(run.stdout).toBe("");
    expect(run.stderr).toMatch(/saved \d+ tools of /);
    const { default: saved } = (await import(files.path(`${name}.json`), {
      with: { type: "json" },
    })) as { default: { tools: { name: string; risk: string }[]; protocol: string } };
    const saw = saved.tools.map((tool) => tool.name);
    expect(saw).toEqual(expect.arrayContaining([calls.hidden, deniedTool]));
    expect(saved.protocol).toBe("2025-11-25");
    expect(saved.tools.every(({ risk }) => risk !== undefined)).toBe(true);
  });
});
