import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import {
  type RecordingHttp,
  startRecordingHttp,
} from "../../../fixtures/recording-upstream/http.ts";
import type { Rule } from "../../../fixtures/recording-upstream/script.ts";
import {
  prepareRecordingStdio,
  type RecordingStdio,
} from "../../../fixtures/recording-upstream/stdio.ts";
import {
  ask,
  type HttpProxy,
  initialize,
  messagesOf,
  modern,
  type ProxyOptions,
  send,
  startHttpProxy,
  toolCall,
} from "./proxy.ts";

// Servers in trouble: whoever waits gets a clean answer, and the others are served.

const ALLOW = { version: "1", default: "deny", tools: { get_item: {}, put_item: {} } };

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

async function overHttp(
  options: ProxyOptions = {},
): Promise<{ upstream: RecordingHttp; proxy: HttpProxy; port: number }> {
  const upstream = await startRecordingHttp();
  const proxy = await startHttpProxy(ALLOW, { url: upstream.url }, options);
  cleanUps.push(
    () => upstream.close(),
    () => proxy.close(),
  );
  return { upstream, proxy, port: proxy.port };
}

async function overStdio(): Promise<{ upstream: RecordingStdio; proxy: HttpProxy; port: number }> {
  const upstream = await prepareRecordingStdio();
  const { command, args } = upstream;
  const proxy = await startHttpProxy(ALLOW, { command, args });
  cleanUps.push(
    () => upstream.dispose(),
    () => proxy.close(),
  );
  return { upstream, proxy, port: proxy.port };
}

const bad = (does: Rule["does"]): Rule => ({ when: { tool: "get_item" }, does });
const BAD_CALL = toolCall(1, "get_item");

/** Another client is served while the bad call runs, and after it. */
async function othersAreServed(port: number, headers = {}): Promise<void> {
  const { status, result } = await ask(port, toolCall(2, "put_item", { id: "a" }), headers);
  expect(status).toBe(200);
  expect(result?.isError).not.toBe(true);
}

describe("an HTTP server that", () => {
  it.each<readonly [string, Rule["does"], number, RegExp, ProxyOptions]>([
    ["closes the connection", { kind: "close" }, 502, /broke/, {}],
    ["never answers", { kind: "hang" }, 504, /in time/, { timeoutMs: 100 }],
    ["never ends its answer", { kind: "hang", head: true }, 502, /in time/, { timeoutMs: 100 }],
    ["answers with garbage", { kind: "garbage", text: "\u0000{]" }, 502, /not JSON/, {}],
    ["answers with 100 MB", { kind: "huge", bytes: 100_000_000 }, 502, /too large/, {}],
  ])("%s", async (_, does, status, message, options) => {
    const { upstream, port } = await overHttp(options);
    upstream.play(bad(does));
    const waiting = ask(port, BAD_CALL);
    await othersAreServed(port);
    const answer = await waiting;
    expect(answer).toMatchObject({ id: 1, status, error: { code: -32603 } });
    expect(answer.error?.message).toMatch(message);
    await othersAreServed(port);
  });

  it.each([true, false])("sends half an event (breaking off: %s)", async (breaks) => {
    const { upstream, port } = await overHttp();
    upstream.play(bad({ kind: "half event", breaks }));
    const answer = await send(port, { body: JSON.stringify(BAD_CALL) });
    expect(messagesOf(answer)).toMatchObject([{ id: 1, error: { code: -32603 } }]);
    await othersAreServed(port);
  });

  it("sends an event that is too large", async () => {
    const { upstream, port } = await overHttp({ maxServerMessage: 1024 * 1024 });
    const text = "x".repeat(3 * 1024 * 1024);
    upstream.play(
      bad({
        kind: "send",
        messages: [{ jsonrpc: "2.0", method: "notifications/message", params: { text } }],
      }),
    );
    const answer = await send(port, { body: JSON.stringify(BAD_CALL) });
    expect(messagesOf(answer)).toMatchObject([
      { id: 1, error: { message: expect.stringContaining("too large") } },
    ]);
    await othersAreServed(port);
  });

  it("is slow, byte by byte", async () => {
    const { upstream, port } = await overHttp();
    upstream.play(bad({ kind: "drip", bytes: 7 }));
    const waiting = ask(port, BAD_CALL);
    await othersAreServed(port);
    expect((await waiting).result?.isError).not.toBe(true);
  });

  it("ends its stream after an event with an id lets the client resume", async () => {
    const { upstream, port } = await overHttp();
    const priming = {
      kind: "status",
      status: 200,
      headers: { "content-type": "text/event-stream" },
      body: "id: 1\nretry: 10\ndata: \n\n",
    } as const;
    upstream.play(bad(priming));
    const { body, status } = await send(port, { body: JSON.stringify(BAD_CALL) });
    expect(status).toBe(200);
    expect(body).toMatch(/^id: mcpp1\.\S+\nretry: 10\ndata: \n\n$/);
  });

  it("is not there", async () => {
    const { upstream, port, proxy } = await overHttp();
    await upstream.close();
    const answer = await ask(port, BAD_CALL);
    expect(answer).toMatchObject({
      id: 1,
      status: 502,
      error: { message: expect.stringContaining("cannot be reached") },
    });
    expect(JSON.stringify(answer)).not.toContain(upstream.url);
    cleanUps.length = 0;
    await proxy.close();
  });

  it("is not charged for what never reached it", async () => {
    const upstream = await startRecordingHttp();
    const limited = {
      version: "1",
      default: "deny",
      tools: { get_item: { limits: [{ counter: "c", window: "day", max: 1, scope: "grant" }] } },
    };
    const proxy = await startHttpProxy(limited, { url: upstream.url });
    cleanUps.push(() => proxy.close());
    await upstream.close();
    for (const id of [1, 2]) {
      expect((await ask(proxy.port, toolCall(id, "get_item"))).status).toBe(502);
    }
  });

  it("answers with a result and an error gives nothing back", async () => {
    const upstream = await startRecordingHttp();
    const sum = {
      counter: "paid",
      window: "day",
      max: 10,
      scope: "grant",
      increment_from: "args.amount",
    };
    const proxy = await startHttpProxy(
      {
        version: "1",
        default: "deny",
        extensions: ["limits.sum"],
        tools: { put_item: { limits: [sum] } },
      },
      { url: upstream.url },
    );
    cleanUps.push(
      () => upstream.close(),
      () => proxy.close(),
    );
    const error = { code: -32601, message: "no" };
    upstream.play({ does: { kind: "replace", message: { jsonrpc: "2.0", result: {}, error } } });
    await ask(proxy.port, toolCall(1, "put_item", { amount: 10 }));
    const second = await ask(proxy.port, toolCall(2, "put_item", { amount: 1 }));
    expect(second.result?.isError).toBe(true);
    expect(upstream.messages()).toHaveLength(1);
  });

  it("never ends the stream of a request that it has answered is not waited for", async () => {
    const server = createServer((request, response) => {
      request.resume().on("end", () => {
        response.writeHead(200, { "content-type": "text/event-stream" });
        response.write('data: {"jsonrpc":"2.0","id":1,"result":{"content":[]}}\n\n');
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const proxy = await startHttpProxy(ALLOW, { url: `http://127.0.0.1:${port}/mcp` });
    cleanUps.push(
      () => server.closeAllConnections(),
      () => server.close(),
      () => proxy.close(),
    );
    const answer = await send(proxy.port, { body: JSON.stringify(toolCall(1, "put_item")) });
    expect(messagesOf(answer)).toMatchObject([{ id: 1, result: { content: [] } }]);
  });

  it("goes on with its answer is told when the client goes away", async () => {
    const { upstream, port } = await overHttp();
    upstream.play(bad({ kind: "hang" }));
    const away = new AbortController();
    const waiting = send(port, { body: JSON.stringify(BAD_CALL), signal: away.signal });
    await expect.poll(() => upstream.requests.length).toBe(1);
    away.abort();
    await expect(waiting).rejects.toThrow();
    await expect.poll(() => upstream.abandoned()).toBe(1);
  });
});

describe("a stdio server that", () => {
  it.each<readonly [string, Rule["does"], RegExp]>([
    ["ends", { kind: "close", code: 3 }, /exit status 3/],
    ["answers with a batch", { kind: "batch" }, /batch/],
    ["answers with a line of 100 MB", { kind: "huge", bytes: 100_000_000 }, /too large/],
  ])("%s", async (_, does, message) => {
    const { upstream, port } = await overStdio();
    const session = await initialize(port);
    upstream.play(bad(does));
    const answer = await ask(port, BAD_CALL, session);
    expect(answer).toMatchObject({ id: 1, status: 200, error: { code: -32603 } });
    expect(answer.error?.message).toMatch(message);
    upstream.play();
    const other = await initialize(port);
    await othersAreServed(port, other);
  });

  it("ends is over for its client, who can begin anew", async () => {
    const { upstream, port } = await overStdio();
    const session = await initialize(port);
    upstream.play({ ...bad({ kind: "close" }), times: 1 });
    await ask(port, BAD_CALL, session);
    expect((await ask(port, BAD_CALL, session)).status).toBe(404);
  });

  it("never answers is ended with the session", async () => {
    const { upstream, port } = await overStdio();
    const session = await initialize(port);
    upstream.play(bad({ kind: "hang" }));
    const waiting = ask(port, BAD_CALL, session);
    await expect.poll(() => upstream.messages().length).toBe(3);
    expect((await send(port, { method: "DELETE", headers: session })).status).toBe(200);
    expect((await waiting).error?.code).toBe(-32603);
    expect(upstream.lines().at(-1)?.event).toBe("end");
  });
});

describe("clients without a session share a child, and", () => {
  const call = (id: number | string, tool: string, meta = {}) =>
    modern(id, "tools/call", { name: tool, arguments: { id: "a" }, _meta: meta });
  const post = async (port: number, { message, headers }: ReturnType<typeof modern>) =>
    messagesOf(await send(port, { body: JSON.stringify(message), headers }));

  it("each gets its own answer under its own id", async () => {
    const { upstream, port } = await overStdio();
    const answers = await Promise.all(
      [1, "1", 1, 2].map((id, index) =>
        post(
          port,
          modern(id, "tools/call", { name: "get_item", arguments: { id: String(index) } }),
        ),
      ),
    );
    for (const [index, messages] of answers.entries()) {
      expect(messages).toHaveLength(1);
      expect(messages[0]?.id).toBe([1, "1", 1, 2][index]);
      expect(messages[0]?.result?.content?.[0]?.text).toContain(`"id":"${index}"`);
    }
    expect(upstream.lines().filter(({ event }) => event === "start")).toHaveLength(1);
    const ids = upstream.messages().map(({ id }) => id);
    expect(new Set(ids).size).toBe(4);
  });

  it("progress goes to the one who asked, under its own token", async () => {
    const { upstream, port } = await overStdio();
    const progress = (token: unknown) => ({
      jsonrpc: "2.0",
      method: "notifications/progress",
      params: { progressToken: token, progress: 1 },
    });
    // The first request has the number 1 inside; nobody has 99 or "t".
    upstream.play({
      times: 1,
      when: { tool: "get_item" },
      does: { kind: "send", messages: [progress(1), progress(99), progress("t")] },
    });
    const messages = await post(port, call(7, "get_item", { progressToken: "t" }));
    expect(messages).toMatchObject([progress("t"), { id: 7 }]);
  });

  it("what belongs to nobody goes to nobody", async () => {
    const { upstream, port } = await overStdio();
    const unasked = [
      { jsonrpc: "2.0", method: "notifications/message", params: { level: "info", data: "x" } },
      { jsonrpc: "2.0", id: "s1", method: "sampling/createMessage", params: {} },
      { jsonrpc: "2.0", id: 55, result: { tools: [] } },
    ];
    upstream.play({ times: 1, does: { kind: "send", messages: unasked } });
    expect(await post(port, call(7, "get_item"))).toMatchObject([{ id: 7 }]);
    await expect
      .poll(() => upstream.messages().at(-1))
      .toMatchObject({ id: "s1", error: { code: -32601 } });
  });

  it("one who goes away cancels its own request", async () => {
    const { upstream, port } = await overStdio();
    upstream.play(bad({ kind: "hang" }));
    const away = new AbortController();
    const { message, headers } = call(7, "get_item");
    const waiting = send(port, { body: JSON.stringify(message), headers, signal: away.signal });
    await expect.poll(() => upstream.messages().length).toBe(1);
    const inside = upstream.messages()[0]?.id;
    away.abort();
    await expect(waiting).rejects.toThrow();
    await expect
      .poll(() => upstream.messages().at(-1))
      .toMatchObject({ method: "notifications/cancelled", params: { requestId: inside } });
    expect(await post(port, call(8, "put_item"))).toMatchObject([{ id: 8 }]);
  });

  it("subscriptions are told apart", async () => {
    const { port, upstream } = await overStdio();
    const away = new AbortController();
    const { message, headers } = modern("sub", "subscriptions/listen", {
      notifications: { toolsListChanged: true },
    });
    const response = await fetch(`http://127.0.0.1:${port}/mcp`, {
      method: "POST",
      headers: {
        ...headers,
        accept: "application/json, text/event-stream",
        "content-type": "application/json",
      },
      body: JSON.stringify(message),
      signal: away.signal,
    });
    const reader = response.body?.getReader();
    const { value } = (await reader?.read()) ?? {};
    const text = Buffer.from(value ?? []).toString();
    expect(text).toContain('"io.modelcontextprotocol/subscriptionId":"sub"');
    away.abort();
    await expect.poll(() => upstream.messages().at(-1)?.method).toBe("notifications/cancelled");
  });
});

describe("the end of the proxy", () => {
  it("lets what runs come to its end, and takes nothing new", async () => {
    const { upstream, port, proxy } = await overHttp();
    upstream.play(bad({ kind: "slow", milliseconds: 200 }));
    const waiting = ask(port, BAD_CALL);
    await expect.poll(() => upstream.requests.length).toBe(1);
    const closing = proxy.close(5_000);
    await expect(ask(port, toolCall(2, "put_item"))).rejects.toThrow();
    expect((await waiting).status).toBe(200);
    await closing;
  });

  it("ends streams that have no end of their own", async () => {
    const { upstream, port, proxy } = await overHttp();
    const session = await initialize(port);
    const stream = send(port, {
      method: "GET",
      headers: { ...session, accept: "text/event-stream" },
    });
    await expect.poll(() => upstream.openStreams()).toBe(1);
    await proxy.close(5_000);
    expect((await stream).status).toBe(200);
  });
});
