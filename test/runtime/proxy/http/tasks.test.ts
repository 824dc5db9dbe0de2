import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { CallToolResultSchema, ElicitRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import { afterEach, describe, expect, it } from "vitest";
import { Seals } from "../../../../runtime/index.ts";
import { serverFile } from "../../../end-to-end/lines.ts";
import { freePort, start, untilListening } from "../../../fixtures/processes.ts";
import { startRecordingHttp } from "../../../fixtures/recording-upstream/http.ts";
import { ask, type Behind, type HttpProxy, initialize, modern, startHttpProxy } from "./proxy.ts";

// Tasks over HTTP, with the client of the SDK and a server that runs some; and those of other grants.

const ALLOW = { version: "1", default: "allow" };
/** What a server is asked for in place of a task that is not the grant's. */
const NONE = expect.stringMatching(/^none-/);
const OTHER = { id: "other", name: "other", labels: {} };

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

async function proxied(...args: Parameters<typeof startHttpProxy>): Promise<HttpProxy> {
  const proxy = await startHttpProxy(...args);
  cleanUps.push(() => proxy.close());
  return proxy;
}

async function connected(url: string): Promise<Client> {
  const client = new Client(
    { name: "test", version: "1" },
    {
      capabilities: {
        elicitation: { form: {} },
        tasks: { requests: { elicitation: { create: {} } } },
      },
    },
  );
  client.setRequestHandler(ElicitRequestSchema, () => ({
    action: "accept",
    content: { interpretation: "technical" },
  }));
  await client.connect(new StreamableHTTPClientTransport(new URL(url)) as Transport);
  cleanUps.push(() => client.close());
  return client;
}

const everything = serverFile("everything");
const WAYS: Readonly<Record<string, () => Promise<Behind>>> = {
  "a command": async () => ({ command: process.execPath, args: [everything, "stdio"] }),
  "a URL": async () => {
    const port = await freePort();
    const server = start(process.execPath, [
      "-e",
      `process.env.PORT = "${port}"; import(${JSON.stringify(everything)});`,
      "everything",
      "streamableHttp",
    ]);
    cleanUps.push(() => server.stop());
    await untilListening(port, server);
    return { url: `http://127.0.0.1:${port}/mcp` };
  },
};

describe.each(Object.entries(WAYS))("tasks of server-everything behind %s", (_, behind) => {
  it("are made, asked after, listed and answered", async () => {
    const { url } = await proxied(ALLOW, await behind());
    const client = await connected(url);
    const { tasks } = client.experimental;
    const stream = tasks.callToolStream(
      { name: "simulate-research-query", arguments: { topic: "python", ambiguous: false } },
      CallToolResultSchema,
      { task: { ttl: 60_000 } },
    );
    let id = "";
    const seen: string[] = [];
    for await (const message of stream) {
      seen.push(message.type);
      if (message.type === "taskCreated") id = message.task.taskId;
      if (message.type === "taskStatus") expect(message.task.taskId).toBe(id);
      if (message.type === "error") throw message.error;
      if (message.type === "result") expect(JSON.stringify(message.result)).toContain("python");
    }
    expect(seen[0]).toBe("taskCreated");
    expect(seen.at(-1)).toBe("result");
    expect(id).toMatch(/^mcpp1\./);
    expect((await tasks.getTask(id)).status).toBe("completed");
    expect((await tasks.listTasks()).tasks.map(({ taskId }) => taskId)).toContain(id);
    const result = await tasks.getTaskResult(id, CallToolResultSchema);
    expect(result._meta?.["io.modelcontextprotocol/related-task"]).toEqual({ taskId: id });
    await expect(tasks.getTask("unknown")).rejects.toThrow("Task not found");
  });
});

describe("a task of another grant", () => {
  const task = (taskId: string) => ({ taskId, status: "working", ttl: 1, createdAt: "" });

  async function twoGrants() {
    const upstream = await startRecordingHttp();
    cleanUps.push(() => upstream.close());
    const seals = new Seals();
    const options = { seals, alone: false };
    const one = await proxied(ALLOW, { url: upstream.url }, options);
    const two = await proxied(ALLOW, { url: upstream.url }, { ...options, grant: OTHER });
    return { upstream, one: one.port, two: two.port };
  }

  it("is unknown before 2026-07-28, and not listed", async () => {
    const { upstream, one, two } = await twoGrants();
    const answers = (method: string, result: object) =>
      upstream.play({
        when: { method },
        does: { kind: "replace", message: { jsonrpc: "2.0", result } },
      });
    const [mine, others] = [await initialize(one), await initialize(two)];
    answers("tools/call", { task: task("raw-1") });
    const params = { name: "get_item", arguments: {}, task: { ttl: 1 } };
    const call = { jsonrpc: "2.0", id: 1, method: "tools/call", params };
    const made = await ask(one, call, mine);
    const { taskId } = (made.result as { task: { taskId: string } }).task;
    expect(taskId).toMatch(/^mcpp1\./);
    upstream.clear();
    for (const method of ["tasks/get", "tasks/result", "tasks/cancel", "tasks/update"]) {
      for (const id of [taskId, "raw-1"]) {
        const about = { jsonrpc: "2.0", id: 2, method, params: { taskId: id } };
        await ask(two, about, others);
        expect(upstream.messages()).toMatchObject([{ method, params: { taskId: NONE } }]);
        upstream.clear();
      }
    }
    answers("tasks/list", { tasks: [task("raw-1"), task("raw-2")] });
    const list = { jsonrpc: "2.0", id: 3, method: "tasks/list" };
    expect((await ask(two, list, others)).result).toEqual({ tasks: [] });
    expect((await ask(one, list, mine)).result).toEqual({ tasks: [task(taskId)] });
  });

  it("is unknown since 2026-07-28, and its own header names the server's id", async () => {
    const { upstream, one, two } = await twoGrants();
    upstream.play({
      when: { method: "tools/call" },
      does: {
        kind: "replace",
        message: { jsonrpc: "2.0", result: { resultType: "task", ...task("raw-1") } },
      },
    });
    const call = modern(1, "tools/call", { name: "get_item", arguments: {} });
    const made = await ask(one, call.message, call.headers);
    const { taskId } = made.result as unknown as { taskId: string };
    expect(made.result).toMatchObject({ resultType: "task", ...task(taskId) });
    expect(taskId).toMatch(/^mcpp1\./);
    upstream.clear();
    for (const method of ["tasks/get", "tasks/update", "tasks/cancel"]) {
      const { message, headers } = modern(2, method, { taskId });
      const named = { ...headers, "mcp-name": taskId };
      await ask(two, message, named);
      expect(upstream.messages()).toMatchObject([{ method, params: { taskId: NONE } }]);
      expect(upstream.requests.at(-1)?.headers).toContainEqual(["mcp-name", NONE]);
      upstream.clear();
      await ask(one, message, named);
      expect(upstream.messages()).toMatchObject([{ method, params: { taskId: "raw-1" } }]);
      expect(upstream.requests.at(-1)?.headers).toContainEqual(["mcp-name", "raw-1"]);
      upstream.clear();
    }
  });
});
