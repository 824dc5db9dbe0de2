import { request } from "node:http";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { CallToolResultSchema } from "@modelcontextprotocol/sdk/types.js";
import { afterEach, describe, expect, it } from "vitest";
import { serverFile } from "../../../end-to-end/lines.ts";
import { prepareRecordingStdio } from "../../../fixtures/recording-upstream/stdio.ts";
import { cuttable } from "./cuttable.ts";
import {
  ask,
  initialize,
  messagesOf,
  type ProxyOptions,
  type Rpc,
  send,
  startHttpProxy,
  toolCall,
} from "./proxy.ts";

// Streams of a session over a child process that break, and go on.

const ALLOW = { version: "1", default: "allow" };

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

/** A stream of events, read until its connection is broken or ends. */
interface Events {
  readonly ids: string[];
  readonly messages: Rpc[];
  readonly text: () => string;
  readonly status: Promise<number>;
  readonly ended: Promise<void>;
  break(): void;
}

function stream(
  port: number,
  { method = "POST", headers = {}, body }: { method?: string; headers?: object; body?: unknown },
): Events {
  const ids: string[] = [];
  const messages: Rpc[] = [];
  let text = "";
  let read = 0;
  const sent = request({
    host: "127.0.0.1",
    port,
    path: "/mcp",
    method,
    headers: {
      accept: "application/json, text/event-stream",
      "content-type": "application/json",
      ...headers,
    },
  });
  sent.on("error", () => {});
  let headed = (_: number): void => {};
  const status = new Promise<number>((resolve) => {
    headed = resolve;
  });
  const ended = new Promise<void>((resolve) => {
    sent.on("close", resolve);
    sent.on("response", (response) => {
      headed(response.statusCode ?? 0);
      response.on("error", () => {});
      response.setEncoding("utf8");
      response.on("data", (part: string) => {
        text += part;
        const whole = text.lastIndexOf("\n\n");
        for (const event of text.slice(read, Math.max(whole, read)).split("\n\n")) {
          for (const line of event.split("\n")) {
            if (line.startsWith("id: ")) ids.push(line.slice(4));
            if (line.startsWith("data: {")) messages.push(JSON.parse(line.slice(6)) as Rpc);
          }
        }
        read = Math.max(whole, read);
      });
    });
  });
  sent.end(body === undefined ? undefined : JSON.stringify(body));
  return { ids, messages, text: () => text, status, ended, break: () => sent.destroy() };
}

const progress = (n: number) => ({
  jsonrpc: "2.0",
  method: "notifications/progress",
  params: { progressToken: "token", progress: n },
});

function callWithProgress(id: number, name: string): object {
  const call = toolCall(id, name) as { params: object };
  return { ...call, params: { ...call.params, _meta: { progressToken: "token" } } };
}

async function recording(policy: unknown = ALLOW, options: ProxyOptions = {}) {
  const upstream = await prepareRecordingStdio();
  const proxy = await startHttpProxy(policy, upstream, options);
  cleanUps.push(
    () => upstream.dispose(),
    () => proxy.close(),
  );
  return { upstream, proxy, port: proxy.port };
}

describe("a stream of a session over a child", () => {
  it("goes on after the last event that was read, and brings nothing of other streams", async () => {
    const { upstream, port } = await recording();
    const session = await initialize(port);
    upstream.play(
      {
        when: { tool: "get_item" },
        does: { kind: "send", messages: [progress(1), progress(2)], answer: false },
      },
      { when: { tool: "put_item" }, does: { kind: "send", messages: [progress(9)] } },
      { when: { method: "ping" }, does: { kind: "send", messages: [progress(3)] } },
    );
    const first = stream(port, { headers: session, body: callWithProgress(1, "get_item") });
    await expect.poll(() => first.messages.length).toBe(2);
    first.break();
    await first.ended;
    // Its only request has gone, and is still waited for: what is about it is kept for it.
    upstream.play({
      when: { tool: "put_item" },
      does: {
        kind: "send",
        messages: [
          progress(3),
          { jsonrpc: "2.0", id: 1, result: { content: [{ type: "text", text: "late" }] } },
        ],
      },
    });
    const other = await ask(port, toolCall(2, "put_item"), session);
    expect(other.id).toBe(2);
    const resume = (last: string | undefined) =>
      stream(port, { method: "GET", headers: { ...session, "last-event-id": last } });
    // The priming event, two reports, and with the same id the same again.
    expect(first.ids).toHaveLength(3);
    for (const [from, expected] of [
      [0, [1, 2, 3]],
      [1, [2, 3]],
      [2, [3]],
      [2, [3]],
    ] as const) {
      const again = resume(first.ids[from]);
      await again.ended;
      expect(await again.status).toBe(200);
      expect(again.messages.slice(0, -1)).toEqual(expected.map(progress));
      expect(again.messages.at(-1)).toMatchObject({
        id: 1,
        result: { content: [{ text: "late" }] },
      });
      const nothing = resume(again.ids.at(-1));
      await nothing.ended;
      expect(await nothing.status).toBe(204);
    }
  });

  it("goes on live when its answer has not come yet", async () => {
    const { upstream, port } = await recording();
    const session = await initialize(port);
    upstream.play(
      {
        when: { tool: "get_item" },
        does: { kind: "send", messages: [progress(1)], answer: false },
      },
      {
        when: { tool: "put_item" },
        does: { kind: "send", messages: [{ jsonrpc: "2.0", id: 1, result: { content: [] } }] },
      },
    );
    const first = stream(port, { headers: session, body: callWithProgress(1, "get_item") });
    await expect.poll(() => first.messages.length).toBe(1);
    first.break();
    await first.ended;
    const again = stream(port, {
      method: "GET",
      headers: { ...session, "last-event-id": first.ids.at(-1) },
    });
    expect(await again.status).toBe(200);
    await ask(port, toolCall(2, "put_item"), session);
    await again.ended;
    expect(again.messages).toMatchObject([{ id: 1, result: { content: [] } }]);
  });

  it("begins with a priming event from 2025-11-25 on, and for nobody before", async () => {
    const { upstream, port } = await recording(ALLOW, { caps: { streamMs: 1 } });
    upstream.play({ when: { tool: "get_item" }, does: { kind: "hang" } });
    const session = await initialize(port);
    const body = toolCall(1, "get_item");
    const primed = stream(port, { headers: session, body });
    await expect.poll(() => primed.text()).toMatch(/^id: mcpp1\.[\w.-]+\ndata: \n\n$/);
    const unasked = stream(port, { method: "GET", headers: session });
    await expect.poll(() => unasked.text()).toMatch(/^id: mcpp1\.[\w.-]+\ndata: \n\n$/);
    for (const one of [primed, unasked]) one.break();
    await Promise.all([primed.ended, unasked.ended]);

    const older = { ...session, "mcp-protocol-version": "2025-06-18" };
    upstream.play({
      when: { tool: "put_item" },
      does: { kind: "send", messages: [progress(1)] },
    });
    const unprimed = stream(port, { headers: older, body: callWithProgress(2, "put_item") });
    await unprimed.ended;
    expect(unprimed.text()).toMatch(/^id: mcpp1\.[\w.-]+\nevent: message\ndata: \{/);
    expect(unprimed.ids).toHaveLength(2);
  });

  it("is not begun for a client that cannot read one", async () => {
    const { upstream, port } = await recording(ALLOW, { caps: { streamMs: 1 } });
    const session = await initialize(port);
    upstream.play({ when: { tool: "get_item" }, does: { kind: "slow", milliseconds: 50 } });
    const headers = { ...session, accept: "application/json" };
    const answer = await ask(port, toolCall(1, "get_item"), headers);
    expect(answer.headers["content-type"]).toBe("application/json");
    expect(answer).toMatchObject({ id: 1, status: 200 });
  });

  it("what was said unasked while nobody listened comes to the next who does", async () => {
    const { upstream, port } = await recording();
    const session = await initialize(port);
    const changed = { jsonrpc: "2.0", method: "notifications/tools/list_changed" };
    const log = (data: string) => ({
      jsonrpc: "2.0",
      method: "notifications/message",
      params: { level: "info", data },
    });
    const first = stream(port, { method: "GET", headers: session });
    expect(await first.status).toBe(200);
    upstream.play({ when: { tool: "get_item" }, does: { kind: "send", messages: [log("a")] } });
    await ask(port, toolCall(1, "get_item"), session);
    await expect.poll(() => first.messages).toEqual([log("a")]);
    first.break();
    await first.ended;
    upstream.play({
      when: { method: "notifications/roots/list_changed" },
      does: { kind: "send", messages: [changed, log("b")] },
    });
    await ask(port, { jsonrpc: "2.0", method: "notifications/roots/list_changed" }, session);
    await expect.poll(() => upstream.messages().at(-1)?.method).toContain("roots");
    const resumed = stream(port, {
      method: "GET",
      headers: { ...session, "last-event-id": first.ids.at(-1) },
    });
    await expect.poll(() => resumed.messages).toEqual([changed, log("b")]);
    // The connection that was resumed from is let go, and the new one is the only one.
    const again = stream(port, {
      method: "GET",
      headers: { ...session, "last-event-id": first.ids.at(-1) },
    });
    await expect.poll(() => again.messages).toEqual([changed, log("b")]);
    await resumed.ended;
    expect((await send(port, { method: "GET", headers: session })).status).toBe(409);
    again.break();
  });

  it("is not resumed by ids of other sessions, other servers, or nobody's", async () => {
    const { upstream, port } = await recording(ALLOW, { caps: { startMs: 1 } });
    upstream.play({ when: { tool: "get_item" }, does: { kind: "send", messages: [progress(1)] } });
    const [one, two] = [await initialize(port), await initialize(port)];
    const first = stream(port, { headers: one, body: callWithProgress(1, "get_item") });
    await first.ended;
    const id = first.ids[0] as string;
    const elsewhere = await recording();
    const third = await initialize(elsewhere.port);
    for (const [where, session, last] of [
      [port, two, id],
      [port, one, `${id}x`],
      [port, one, "1"],
      [port, one, one["mcp-session-id"]],
      [elsewhere.port, third, id],
    ] as const) {
      const headers = { ...session, "last-event-id": last };
      expect((await send(where, { method: "GET", headers })).status).toBe(404);
    }
    const headers = { ...one, "last-event-id": id };
    expect(messagesOf(await send(port, { method: "GET", headers }))).toHaveLength(2);
  });

  it("brings lists as the policy in force at that time lets them be seen", async () => {
    const hides = (...names: string[]) => ({ version: "1", default: "allow", hide: names });
    const { upstream, proxy, port } = await recording(hides("put_item"));
    const session = await initialize(port);
    upstream.play({
      when: { method: "tools/list" },
      does: { kind: "send", messages: [progress(1)] },
    });
    const list = { jsonrpc: "2.0", id: 5, method: "tools/list" };
    const body = { ...list, params: { _meta: { progressToken: "token" } } };
    const first = stream(port, { headers: session, body });
    await first.ended;
    const names = ({ messages }: Events) => messages.at(-1)?.result?.tools?.map(({ name }) => name);
    expect(names(first)).toEqual(["get_item", "delete_item"]);
    const resume = async () => {
      const headers = { ...session, "last-event-id": first.ids[0] };
      const again = stream(port, { method: "GET", headers });
      await again.ended;
      return names(again);
    };
    proxy.reload(hides("put_item", "delete_item"));
    expect(await resume()).toEqual(["get_item"]);
    proxy.reload(hides());
    expect(await resume()).toEqual(["get_item", "delete_item"]);
  });

  it("keeps the answer when more is said than is kept", async () => {
    const { upstream, port } = await recording();
    const session = await initialize(port);
    const many = Array.from({ length: 1_000 }, (_, n) => progress(n));
    upstream.play({ when: { tool: "get_item" }, does: { kind: "send", messages: many } });
    const first = stream(port, { headers: session, body: callWithProgress(1, "get_item") });
    await first.ended;
    expect(first.messages).toHaveLength(1_001);
    const headers = { ...session, "last-event-id": first.ids[0] };
    const again = messagesOf(await send(port, { method: "GET", headers }));
    expect(again).toHaveLength(256);
    expect(again.at(-1)).toMatchObject({ id: 1, result: {} });
    expect(again.at(-2)).toEqual(progress(999));
  });

  it("ends when its request is cancelled", async () => {
    const { upstream, port } = await recording();
    const session = await initialize(port);
    upstream.play({ when: { tool: "get_item" }, does: { kind: "hang" } });
    const call = stream(port, { headers: session, body: toolCall(1, "get_item") });
    await expect.poll(() => upstream.messages().at(-1)?.method).toBe("tools/call");
    const cancel = { method: "notifications/cancelled", params: { requestId: 1 } };
    await ask(port, { jsonrpc: "2.0", ...cancel }, session);
    await call.ended;
    expect(call.messages).toEqual([]);
  });
});

describe("the client of the SDK", () => {
  it("gets every report and the answer of a call, however often its connections break", async () => {
    const server = { command: process.execPath, args: [serverFile("everything"), "stdio"] };
    const proxy = await startHttpProxy(ALLOW, server, { caps: { streamMs: 1 } });
    const way = await cuttable(proxy.port);
    const client = new Client({ name: "test", version: "1" });
    cleanUps.push(
      () => proxy.close(),
      () => way.close(),
      () => client.close(),
    );
    const transport = new StreamableHTTPClientTransport(
      new URL(`http://127.0.0.1:${way.port}/mcp`),
      {
        reconnectionOptions: {
          initialReconnectionDelay: 20,
          maxReconnectionDelay: 100,
          reconnectionDelayGrowFactor: 1.5,
          maxRetries: 50,
        },
      },
    );
    await client.connect(transport as Transport);
    const heard: number[] = [];
    const tokens = new Set<string>();
    const params = {
      name: "trigger-long-running-operation",
      arguments: { duration: 3, steps: 10 },
    };
    const result = await client.request({ method: "tools/call", params }, CallToolResultSchema, {
      onresumptiontoken: (token) => tokens.add(token),
      onprogress: ({ progress: n }) => {
        heard.push(n);
        if (n === 2 || n === 6) way.cut();
      },
    });
    expect(result.content).toMatchObject([{ text: expect.stringContaining("completed") }]);
    expect(heard).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(tokens.size).toBeGreaterThanOrEqual(11);
  });
});
