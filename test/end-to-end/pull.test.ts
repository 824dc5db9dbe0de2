import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { pullList } from "../../cli/pull-list.ts";
import { bundle } from "../fixtures/build.ts";
import { type ModernServer, startModernServer } from "../fixtures/modern-server/http.ts";
import { freePort, start, untilListening } from "../fixtures/processes.ts";
import { startRecordingHttp } from "../fixtures/recording-upstream/http.ts";
import { prepareRecordingStdio } from "../fixtures/recording-upstream/stdio.ts";
import { MCPP, serverFile } from "./lines.ts";

vi.stubGlobal("MCPP_VERSION", "0");

// `mcpp pull` from a server of the 2026-07-28 protocol, and from one that speaks the revisions before, too.

const TOOLS = ["confirm", "echo", "slow", "toggle", "write"];

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "mcpp-pull-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Saved {
  readonly protocol: string;
  readonly server: { readonly name: string };
  readonly tools: readonly { readonly name: string; readonly risk?: string }[];
}

async function pull(...target: string[]): Promise<Saved> {
  return pullOf("modern-server", ...target);
}

async function pullOf(name: string, ...target: string[]): Promise<Saved> {
  const path = join(folder, "tools.json");
  const run = await promisify(execFile)(process.execPath, [MCPP, "pull", "-o", path, ...target]);
  expect(run.stdout).toBe("");
  expect(run.stderr).toContain(`tools of ${name} to`);
  const saved = JSON.parse(readFileSync(path, "utf8")) as Saved;
  rmSync(path);
  return saved;
}

describe.each([
  ["of the modern era alone", false],
  ["of both eras", true],
])("pulls from a server %s", (_, legacy) => {
  const flags = legacy ? ["--legacy"] : [];

  it("over stdio", async () => {
    const main = await bundle("test/fixtures/modern-server/main.ts");
    expectList(await pull("--", process.execPath, main, ...flags));
  });

  it("over HTTP", async () => {
    const server: ModernServer = await startModernServer({ legacy });
    try {
      expectList(await pull("--url", server.url));
    } finally {
      await server.close();
    }
  });
});

describe("pulls from a server that wants a handshake", () => {
  it.each([
    ["everything", "mcp-servers/everything", ["stdio"], 13],
    ["filesystem", "secure-filesystem-server", ["."], 14],
    ["memory", "memory-server", [], 9],
  ] as const)("over stdio: %s", async (name, called, args, tools) => {
    const saved = await pullOf(called, "--", process.execPath, serverFile(name), ...args);
    expect(saved.protocol).toBe("2025-11-25");
    expect(saved.tools.length).toBeGreaterThanOrEqual(tools);
  });

  it("over HTTP", async () => {
    const port = await freePort();
    const everything = serverFile("everything");
    // The server takes its port from the environment alone.
    const server = start(process.execPath, [
      "-e",
      `process.env.PORT = "${port}"; import(${JSON.stringify(everything)});`,
      "everything",
      "streamableHttp",
    ]);
    try {
      await untilListening(port, server);
      const saved = await pullOf("mcp-servers/everything", "--url", `http://127.0.0.1:${port}/mcp`);
      expect(saved.protocol).toBe("2025-11-25");
      expect(saved.tools.length).toBeGreaterThanOrEqual(13);
    } finally {
      await server.stop();
    }
  });

  it.each([
    ["says nothing to the first question", { kind: "hang" }],
    ["ends at the first question", { kind: "close", code: 3 }],
    [
      "answers the first question as it answers all",
      { kind: "replace", message: { jsonrpc: "2.0", result: {} } },
    ],
  ] as const)("and %s", async (_, does) => {
    const upstream = await prepareRecordingStdio({ eras: "legacy" });
    upstream.play({ when: { method: "server/discover" }, does });
    try {
      const { command, args } = upstream;
      const { protocol, tools } = await pullList({ kind: "command", command, args }, () => {}, 500);
      expect(protocol).toBe("2025-11-25");
      expect(tools).toHaveLength(3);
    } finally {
      upstream.dispose();
    }
  });
});

it("says why a server of the modern era refuses", async () => {
  const upstream = await startRecordingHttp();
  const error = { code: -32022, message: "Unsupported protocol version" };
  upstream.play({
    when: { method: "server/discover" },
    does: { kind: "replace", message: { jsonrpc: "2.0", error } },
  });
  try {
    const target = { kind: "url", url: new URL(upstream.url), headers: {} } as const;
    await expect(pullList(target)).rejects.toThrow("Unsupported protocol version");
    expect(upstream.messages().map(({ method }) => method)).toEqual(["server/discover"]);
  } finally {
    await upstream.close();
  }
});

function expectList(saved: Saved): void {
  expect(saved.server.name).toBe("modern-server");
  expect(saved.tools.map(({ name }) => name).sort()).toEqual(TOOLS);
  expect(saved.tools.every(({ risk }) => risk !== undefined)).toBe(true);
  // Of two that it speaks, the newer one.
  expect(saved.protocol).toBe("2026-07-28");
}
