import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { DROPPED, REFUSAL_POLICY, REFUSED } from "../../../end-to-end/refused.ts";
import { startRecordingHttp } from "../../../fixtures/recording-upstream/http.ts";
import type { Message, Rule } from "../../../fixtures/recording-upstream/script.ts";
import { prepareRecordingStdio } from "../../../fixtures/recording-upstream/stdio.ts";
import {
  ask,
  type Behind,
  type HttpProxy,
  initialize,
  messagesOf,
  modern,
  type Sent,
  send,
  startHttpProxy,
  toolCall,
} from "./proxy.ts";

// What is refused before any policy, over HTTP: nothing reaches the server, no counter moves, and the next good
// call works.

interface Upstream {
  readonly behind: Behind;
  messages(): readonly Message[];
  clear(): void;
  play(...rules: readonly Rule[]): void;
  end(): Promise<void>;
}

const UPSTREAMS: readonly (readonly [name: string, start: () => Promise<Upstream>])[] = [
  [
    "an HTTP server",
    async () => {
      const upstream = await startRecordingHttp();
      return { ...upstream, behind: { url: upstream.url }, end: () => upstream.close() };
    },
  ],
  [
    "a stdio server",
    async () => {
      const upstream = await prepareRecordingStdio();
      const { command, args } = upstream;
      return { ...upstream, behind: { command, args }, end: async () => upstream.dispose() };
    },
  ],
];

describe.each(UPSTREAMS)("before %s, refused", (_, start) => {
  let upstream: Upstream;
  let proxy: HttpProxy;
  let session: Record<string, string>;

  beforeAll(async () => {
    upstream = await start();
    proxy = await startHttpProxy(REFUSAL_POLICY, upstream.behind);
    session = await initialize(proxy.port);
    await ask(proxy.port, toolCall("ready", "add"), session);
    upstream.clear();
  });
  afterEach(() => upstream.clear());
  afterAll(async () => {
    await proxy.close();
    await upstream.end();
  });

  async function nextGoodCallAlone(): Promise<void> {
    const good = await ask(proxy.port, toolCall("good", "add", { a: 1 }), session);
    expect(good.status).toBe(200);
    expect(good.error).toBeUndefined();
    expect(good.result?.isError).not.toBe(true);
    expect(upstream.messages()).toEqual([toolCall("good", "add", { a: 1 })]);
  }

  it.each(REFUSED)("%s", async (_, line, code, named) => {
    const answer = await send(proxy.port, { body: line, headers: session });
    const [message] = messagesOf(answer);
    if (answer.status === 413) {
      // It was not read, so its id is not known.
      expect(Buffer.byteLength(line)).toBeGreaterThan(4 * 1024 * 1024);
      expect(message).toMatchObject({ id: null, error: { code: -32600 } });
    } else {
      expect(answer.status).toBe(400);
      expect(message).toMatchObject({ id: named ? 7 : null, error: { code } });
    }
    expect(message?.error?.message).toMatch(/^[A-Z`].*[.]$/s);
    await nextGoodCallAlone();
  });

  it.each(DROPPED.filter(([name]) => name !== "an answer that nobody asked for"))(
    "%s",
    async (_, line) => {
      const { status } = await send(proxy.port, { body: line, headers: session });
      expect([202, 400]).toContain(status);
      await nextGoodCallAlone();
    },
  );

  const body = JSON.stringify(toolCall(7, "add"));
  const call = modern(7, "tools/call", { name: "add", arguments: {} });
  const modernBody = JSON.stringify(call.message);
  const wrong = (headers: Record<string, string | string[] | undefined>): Sent => ({
    body: modernBody,
    headers: { ...call.headers, ...headers },
  });
  it.each<readonly [name: string, status: number, code: number, sent: Sent]>([
    ["a foreign Host", 403, -32600, { body, headers: { host: "evil.example" } }],
    [
      "a Host that only begins like ours",
      403,
      -32600,
      { body, headers: { host: "localhost.evil" } },
    ],
    ["two Hosts", 400, -32600, { body, headers: { host: ["localhost", "evil.example"] } }],
    ["a foreign Origin", 403, -32600, { body, headers: { origin: "http://evil.example" } }],
    ["an opaque Origin", 403, -32600, { body, headers: { origin: "null" } }],
    ["an Origin of another port", 403, -32600, { body, headers: { origin: "http://localhost:1" } }],
    ["another path", 404, -32600, { body, path: "/" }],
    ["a path below", 404, -32600, { body, path: "/mcp/" }],
    ["a path with a query", 404, -32600, { body, path: "/mcp?x=1" }],
    ["a path in another case", 404, -32600, { body, path: "/MCP" }],
    ["another method", 405, -32600, { body, method: "PUT" }],
    ["no content type", 415, -32600, { body, headers: { "content-type": undefined } }],
    ["a form", 415, -32600, { body, headers: { "content-type": "text/plain" } }],
    [
      "another charset",
      415,
      -32600,
      { body, headers: { "content-type": "application/json; charset=utf-16" } },
    ],
    [
      "two content types",
      400,
      -32600,
      { body, headers: { "content-type": ["application/json", "application/json"] } },
    ],
    ["a compressed body", 415, -32600, { body, headers: { "content-encoding": "gzip" } }],
    [
      "an endless body",
      413,
      -32600,
      { chunks: [...Array(5)].map(() => Buffer.alloc(1024 * 1024, 32)) },
    ],
    ["no body", 400, -32700, { body: "" }],
    ["a session of nobody", 404, -32600, { body, headers: { "mcp-session-id": "abc" } }],
    ["two sessions", 400, -32600, { body, headers: { "mcp-session-id": ["a", "b"] } }],
    ["another method in the header", 400, -32020, wrong({ "mcp-method": "tools/list" })],
    [
      "another case of the method in the header",
      400,
      -32020,
      wrong({ "mcp-method": "Tools/Call" }),
    ],
    ["no method in the header", 400, -32020, wrong({ "mcp-method": undefined })],
    ["two methods in the header", 400, -32600, wrong({ "mcp-method": ["tools/call", "ping"] })],
    ["another name in the header", 400, -32020, wrong({ "mcp-name": "echo" })],
    ["no name in the header", 400, -32020, wrong({ "mcp-name": undefined })],
    ["a name in broken Base64", 400, -32020, wrong({ "mcp-name": "=?base64?YWRk" })],
    ["a name in loose Base64", 400, -32020, wrong({ "mcp-name": "=?base64?YWRkZR==?=" })],
    ["another version in the header", 400, -32020, wrong({ "mcp-protocol-version": "2025-11-25" })],
    ["no version in the header", 400, -32020, wrong({ "mcp-protocol-version": undefined })],
    ["two parameters of one name", 400, -32600, wrong({ "mcp-param-x": ["1", "2"] })],
    [
      "an answer in the modern era",
      400,
      -32600,
      {
        body: '{"jsonrpc":"2.0","id":7,"result":{}}',
        headers: { "mcp-protocol-version": "2026-07-28" },
      },
    ],
  ])("%s", async (_, status, code, sent) => {
    const answer = await send(proxy.port, sent);
    expect(answer.status).toBe(status);
    expect(messagesOf(answer)[0]?.error?.code).toBe(code);
    await nextGoodCallAlone();
  });

  it("an id in flight in the session, and the call in flight is answered all the same", async () => {
    upstream.play({ when: { tool: "add" }, times: 1, does: { kind: "slow", milliseconds: 200 } });
    const first = ask(proxy.port, toolCall(1, "add", { a: 1 }), session);
    await expect.poll(() => upstream.messages().length).toBe(1);
    const second = await ask(proxy.port, toolCall(1, "add", { a: 2 }), session);
    expect(second).toMatchObject({ id: null, error: { code: -32600 } });
    expect(await first).toMatchObject({ id: 1, status: 200 });
    expect(upstream.messages()).toEqual([toolCall(1, "add", { a: 1 })]);
  });

  // Last: the limit is one call a day, and none of all the above has used it.
  it("has not moved a counter", async () => {
    const echo = (id: number) => ask(proxy.port, toolCall(id, "echo", { user_id: "a" }), session);
    expect((await echo(1)).result?.isError).not.toBe(true);
    expect((await echo(2)).result).toMatchObject({
      isError: true,
      _meta: { "dev.mcpp/decision": { outcome: "deny", rule: "/tools/echo/limits/echo_rate" } },
    });
  });
});
