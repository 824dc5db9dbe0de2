import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bundle } from "../fixtures/build.ts";
import {
  freePort,
  type Running,
  start,
  startServer,
  untilListening,
} from "../fixtures/processes.ts";
import { serveHttp } from "./http-serve.ts";
import { folderWith, MCPP, ROOT, serverFile } from "./lines.ts";
import {
  type AnyClient,
  CLIENT_KINDS,
  type ClientKind,
  connect,
  type Place,
} from "./mcp-clients.ts";

// Clients of all kinds through the proxy, over both transports, before servers of both.

const files = folderWith({
  "everything.json": { version: "1", default: "allow", hide: ["get-env"] },
  "modern.json": { version: "1", default: "allow", hide: ["write"] },
});
const EVERYTHING = files.path("everything.json");
const everything = serverFile("everything");
const bin = (name: string): string => join(ROOT, "node_modules/.bin", name);

const running: { stop(): Promise<unknown> }[] = [];
let everythingUrl = "";

beforeAll(async () => {
  const port = await freePort();
  const child = startEverything(port);
  running.push(child);
  await untilListening(port, child);
  everythingUrl = `http://127.0.0.1:${port}/mcp`;
});
afterAll(async () => {
  for (const one of running.reverse()) await one.stop();
  files.remove();
});

function startEverything(port: number): Running {
  // The server takes its port from the environment alone.
  return start(process.execPath, [
    "-e",
    `process.env.PORT = "${port}"; import(${JSON.stringify(everything)});`,
    "everything",
    "streamableHttp",
  ]);
}

/** The proxy in front of server-everything, in each way that it can stand. */
const WAYS: Readonly<Record<string, () => Promise<Place>>> = {
  "stdio to stdio": async () => ({
    command: process.execPath,
    args: [MCPP, "serve", EVERYTHING, "--", process.execPath, everything, "stdio"],
  }),
  "stdio to HTTP": async () => ({
    command: process.execPath,
    args: [MCPP, "serve", EVERYTHING, "--url", everythingUrl],
  }),
  "HTTP to stdio": async () => {
    const proxy = await serveHttp([EVERYTHING, "--", process.execPath, everything, "stdio"]);
    running.push(proxy);
    return proxy;
  },
  "HTTP to HTTP": async () => {
    const proxy = await serveHttp([EVERYTHING, "--url", everythingUrl]);
    running.push(proxy);
    return proxy;
  },
};

const LONG = "trigger-long-running-operation";

/** Initialize, list, call, progress and cancel; and what is hidden is not there. */
async function exercise(client: AnyClient): Promise<void> {
  const tools = await client.tools();
  expect(tools).toContain("echo");
  expect(tools).not.toContain("get-env");
  expect(await client.call("echo", { message: "Grüße" })).toBe("Echo: Grüße");
  const done = await client.call(LONG, { duration: 0.1, steps: 2 }, { onprogress: () => {} });
  expect(done).toContain("completed");
  await hearAndCancel(client, LONG, { duration: 60, steps: 600 });
  await expect(client.call("get-env", {})).rejects.toThrow("Unknown tool: get-env");
  expect(await client.call("get-sum", { a: 1, b: 2 })).toContain("3");
}

/**
 * Hears of a call that runs, and cancels it. Clients tell nothing of the reports that they read together with the
 * answer, which on a busy machine may be all of them: only while a call runs can they be counted.
 */
async function hearAndCancel(
  client: AnyClient,
  tool: string,
  args: Record<string, unknown>,
): Promise<void> {
  let heard = 0;
  const away = new AbortController();
  const onprogress = (): void => {
    heard++;
    if (heard === 3) away.abort();
  };
  const cancelled = client.call(tool, args, { onprogress, signal: away.signal });
  await expect(cancelled).rejects.toThrow();
  expect(heard).toBeGreaterThanOrEqual(3);
}

describe.each(Object.entries(WAYS))("%s", (_, place) => {
  let where: Place;
  beforeAll(async () => {
    where = await place();
  });

  it.each(CLIENT_KINDS)("serves the client of %s", async (kind) => {
    const client = await connect(kind, where);
    try {
      await exercise(client);
    } finally {
      await client.close();
    }
  });
});

describe("other programs", () => {
  let proxy: Awaited<ReturnType<typeof serveHttp>>;
  beforeAll(async () => {
    proxy = await serveHttp([EVERYTHING, "--no-token", "--url", everythingUrl]);
    running.push(proxy);
  });

  async function through(place: Place): Promise<void> {
    const client = await connect("SDK 1", place);
    try {
      await exercise(client);
    } finally {
      await client.close();
    }
  }

  it("the Inspector, over HTTP", async () => {
    const inspect = async (...method: string[]): Promise<unknown> => {
      const args = ["--cli", proxy.url, "--transport", "http", ...method];
      return JSON.parse((await promisify(execFile)(bin("mcp-inspector"), args)).stdout);
    };
    const list = (await inspect("--method", "tools/list")) as { tools: { name: string }[] };
    expect(list.tools.map(({ name }) => name)).not.toContain("get-env");
    const call = ["--method", "tools/call", "--tool-name", "echo", "--tool-arg", "message=hi"];
    expect(await inspect(...call)).toMatchObject({ content: [{ text: "Echo: hi" }] });
  });

  it("mcp-remote before it", () =>
    through({ command: bin("mcp-remote"), args: [proxy.url, "--allow-http"] }));

  it("mcp-remote behind it", () =>
    through({
      command: process.execPath,
      args: [MCPP, "serve", EVERYTHING, "--", bin("mcp-remote"), everythingUrl, "--allow-http"],
    }));

  it("supergateway before it", async () => {
    const port = await freePort();
    const stdio = [process.execPath, MCPP, "serve", EVERYTHING, "--", process.execPath, everything];
    const gateway = start(bin("supergateway"), [
      "--stdio",
      stdio.map((word) => `"${word}"`).join(" "),
      "--outputTransport",
      "streamableHttp",
      "--stateful",
      "--port",
      String(port),
    ]);
    running.push(gateway);
    await untilListening(port, gateway);
    await through({ url: `http://127.0.0.1:${port}/mcp` });
  });

  // In this direction it tells its client nothing of progress, whatever is behind it.
  it.each([
    ["before it", () => [bin("supergateway"), "--streamableHttp", proxy.url]],
    [
      "behind it",
      () => [
        process.execPath,
        ...[MCPP, "serve", EVERYTHING, "--"],
        ...[bin("supergateway"), "--streamableHttp", everythingUrl],
      ],
    ],
  ] as const)("supergateway over stdio %s", async (_, place) => {
    const [command = "", ...args] = place();
    const client = await connect("SDK 1", { command, args });
    try {
      expect(await client.tools()).not.toContain("get-env");
      expect(await client.call("echo", { message: "hi" })).toBe("Echo: hi");
      await expect(client.call("get-env", {})).rejects.toThrow("Unknown tool: get-env");
    } finally {
      await client.close();
    }
  });
});

describe("a server of 2026-07-28", () => {
  const POLICY = files.path("modern.json");
  const ways: Readonly<Record<string, () => Promise<Place>>> = {
    "stdio to stdio": async () => ({
      command: process.execPath,
      args: [MCPP, "serve", POLICY, "--", process.execPath, await program()],
    }),
    "stdio to HTTP": async () => ({
      command: process.execPath,
      args: [MCPP, "serve", POLICY, "--url", await modernUrl()],
    }),
    "HTTP to stdio": async () => {
      const proxy = await serveHttp([POLICY, "--", process.execPath, await program()]);
      running.push(proxy);
      return proxy;
    },
    "HTTP to HTTP": async () => {
      const proxy = await serveHttp([POLICY, "--url", await modernUrl()]);
      running.push(proxy);
      return proxy;
    },
  };
  const program = (): Promise<string> => bundle("test/fixtures/modern-server/main.ts");
  const modernUrl = async (): Promise<string> => {
    const server = await startServer(process.execPath, [await program(), "--http"]);
    running.push(server);
    return server.url;
  };
  const KIND: ClientKind = "SDK 2, auto";

  it.each(Object.entries(ways))(
    "%s: calls, progress, rounds, cancellation, changes",
    async (_, place) => {
      const client = await connect(KIND, await place());
      try {
        const tools = await client.tools();
        expect(tools).toContain("confirm");
        expect(tools).not.toContain("write");
        expect(await client.call("echo", { message: "Grüße" })).toBe("Grüße");
        const done = await client.call("slow", { steps: 5 }, { onprogress: () => {} });
        expect(done).toBe("5 steps");
        expect(await client.call("confirm", { action: "jump" })).toBe("done: jump");
        await hearAndCancel(client, "slow", { steps: 6_000 });
        await expect(client.call("write", {})).rejects.toThrow("Unknown tool: write");
        expect(await client.call("toggle", {})).toBe("added");
        await client.changed;
        expect(await client.tools()).toContain("extra");
      } finally {
        await client.close();
      }
    },
  );
});
