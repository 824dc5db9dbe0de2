import { afterEach, describe, expect, it } from "vitest";
import { Seals } from "../../../../runtime/index.ts";
import {
  type RecordingHttp,
  startRecordingHttp,
} from "../../../fixtures/recording-upstream/http.ts";
import type { Behaviour } from "../../../fixtures/recording-upstream/script.ts";
import {
  ask,
  type HttpProxy,
  initialize,
  LOCAL,
  messagesOf,
  modern,
  type ProxyOptions,
  send,
  startHttpProxy,
  toolCall,
} from "./proxy.ts";

// What a hostile client or server may try over HTTP, and that nothing comes of it.

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

async function started(
  policy: unknown,
  options: ProxyOptions = {},
): Promise<{ upstream: RecordingHttp; proxy: HttpProxy; port: number }> {
  const upstream = await startRecordingHttp();
  const proxy = await startHttpProxy(policy, { url: upstream.url }, options);
  cleanUps.push(
    () => upstream.close(),
    () => proxy.close(),
  );
  return { upstream, proxy, port: proxy.port };
}

const ONE_A_DAY = {
  version: "1",
  default: "deny",
  tools: {
    put_item: {
      deny_if: [{ conditions: [{ path: "args.amount", op: "gt", value: 100 }] }],
      limits: [{ counter: "put", window: "day", max: 1, scope: "grant" }],
    },
    get_item: {},
  },
};
const HIDES = { version: "1", default: "allow", hide: ["delete_item"] };
const INPUT = {
  resultType: "input_required",
  inputRequests: { ok: { method: "elicitation/create", params: { message: "Sure?" } } },
};

/** The server asks for input at the first call of the tool, with this state. */
function asksFirst(upstream: RecordingHttp, state?: unknown): void {
  upstream.play({
    when: { method: "tools/call" },
    times: 1,
    does: {
      kind: "replace",
      message: {
        jsonrpc: "2.0",
        result: { ...INPUT, ...(state === undefined ? {} : { requestState: state }) },
      },
    },
  });
}

async function put(
  port: number,
  id: number,
  further: Record<string, unknown> = {},
  args: object = { id: "a", amount: 1 },
) {
  const { message, headers } = modern(id, "tools/call", {
    name: "put_item",
    arguments: args,
    ...further,
  });
  return ask(port, message, headers);
}

const RESPONSES = { ok: { action: "accept" } };

describe("a request of several rounds", () => {
  it("is charged once, and the server gets its own state back byte for byte", async () => {
    const { upstream, port } = await started(ONE_A_DAY);
    const state = 'AAECAwQ=.\u00fc\ud83d\ude00 \\"';
    asksFirst(upstream, state);
    const first = await put(port, 1);
    expect(first.result).toMatchObject(INPUT);
    const own = first.result?.requestState as string;
    expect(own).toMatch(/^mcpp1\.[\w-]+\.[\w-]+$/);
    const second = await put(port, 2, { requestState: own, inputResponses: RESPONSES });
    expect(second.result).toMatchObject({ resultType: "complete" });
    expect(second.result?.isError).not.toBe(true);
    expect(upstream.messages().at(-1)?.params).toMatchObject({
      requestState: state,
      inputResponses: RESPONSES,
    });
    expect((await put(port, 3)).result?.isError).toBe(true);
  });

  it("has no state on the way to a server that sent none", async () => {
    const { upstream, port } = await started(ONE_A_DAY);
    asksFirst(upstream);
    const requestState = (await put(port, 1)).result?.requestState;
    await put(port, 2, { requestState, inputResponses: RESPONSES });
    expect(upstream.messages()).toHaveLength(2);
    expect(upstream.messages()[1]?.params).not.toHaveProperty("requestState");
  });

  it("is judged again", async () => {
    const { upstream, port } = await started(ONE_A_DAY);
    asksFirst(upstream, "s");
    const requestState = (await put(port, 1)).result?.requestState as string;
    upstream.clear();
    const other = await put(port, 2, { requestState }, { id: "a", amount: 101 });
    expect(other.error?.code).toBe(-32602);
    expect(upstream.messages()).toEqual([]);
  });

  it("that is played again is a new call, and is charged anew", async () => {
    const { upstream, port } = await started(ONE_A_DAY);
    asksFirst(upstream, "s");
    const requestState = (await put(port, 1)).result?.requestState;
    expect((await put(port, 2, { requestState })).result?.isError).not.toBe(true);
    upstream.clear();
    const replayed = await put(port, 3, { requestState });
    expect(replayed.result).toMatchObject({
      isError: true,
      _meta: { "dev.mcpp/decision": { rule: "/tools/put_item/limits/put" } },
    });
    expect(upstream.messages()).toEqual([]);
  });

  it("with answers but no state is a new call", async () => {
    const { upstream, port } = await started(ONE_A_DAY);
    await put(port, 1);
    upstream.clear();
    expect((await put(port, 2, { inputResponses: RESPONSES })).result?.isError).toBe(true);
    expect(upstream.messages()).toEqual([]);
  });

  const foreign = new Seals();
  const content = { m: "tools/call", n: "put_item", d: "", c: "x", r: 1, x: 9e15 };
  const bound = { server: "test", grant: LOCAL.id };
  it.each<readonly [string, (own: string) => unknown]>([
    ["the server's own", () => "s"],
    ["one of another key", () => foreign.seal("round", bound, content)],
    [
      "one with another content",
      (own) =>
        own.replace(
          /\.[\w-]+\./,
          `.${Buffer.from(JSON.stringify(content)).toString("base64url")}.`,
        ),
    ],
    ["one with its end cut off", (own) => own.slice(0, -1)],
    ["one with an addition", (own) => `${own}.x`],
    ["one with padding", (own) => `${own}=`],
    ["none of text", () => ({ s: 1 })],
    ["an empty one", () => ""],
  ])("is refused with a state that is forged: %s", async (_, forge) => {
    const { upstream, port } = await started(ONE_A_DAY);
    asksFirst(upstream, "s");
    const own = (await put(port, 1)).result?.requestState as string;
    upstream.clear();
    const refused = await put(port, 2, { requestState: forge(own) });
    expect(refused.error?.code).toBe(-32602);
    expect(upstream.messages()).toEqual([]);
    // The true one still works.
    expect((await put(port, 3, { requestState: own })).result?.isError).not.toBe(true);
  });

  it("is refused with the state of another tool, other arguments, another purpose, or too late", async () => {
    const seals = new Seals();
    const { upstream, port, proxy } = await started(ONE_A_DAY, { seals });
    asksFirst(upstream, "s");
    const own = (await put(port, 1)).result?.requestState as string;
    upstream.clear();
    const get = modern(2, "tools/call", {
      name: "get_item",
      arguments: { id: "a", amount: 1 },
      requestState: own,
    });
    expect((await ask(port, get.message, get.headers)).error?.code).toBe(-32602);
    expect((await put(port, 3, { requestState: own }, { id: "b" })).error?.code).toBe(-32602);
    const session = seals.seal("session", bound, content);
    expect((await put(port, 4, { requestState: session })).error?.code).toBe(-32602);
    const body = Buffer.from(own.split(".")[1] as string, "base64url").toString();
    const old = { ...JSON.parse(body), x: proxy.governance.now() - 1 };
    expect(
      (await put(port, 5, { requestState: seals.seal("round", bound, old) })).error?.code,
    ).toBe(-32602);
    const other = seals.seal("round", { server: "test", grant: "other" }, JSON.parse(body));
    expect((await put(port, 6, { requestState: other })).error?.code).toBe(-32602);
    expect(upstream.messages()).toEqual([]);
  });

  it("ends after 16", async () => {
    const { upstream, port } = await started(ONE_A_DAY);
    upstream.play({
      when: { method: "tools/call" },
      does: {
        kind: "replace",
        message: { jsonrpc: "2.0", result: { ...INPUT, requestState: "s" } },
      },
    });
    let requestState: unknown;
    let rounds = 0;
    for (let id = 1; id < 30; id++) {
      const { result } = await put(port, id, requestState === undefined ? {} : { requestState });
      if (result?.isError === true) {
        expect(result.content?.[0]?.text).toContain("more than 16 times");
        break;
      }
      rounds++;
      requestState = result?.requestState;
    }
    expect(rounds).toBe(16);
  });

  it.each(["elicitation", "sampling", "roots"] as const)(
    "does not ask the client for %s that is refused",
    async (kind) => {
      const method = {
        elicitation: "elicitation/create",
        sampling: "sampling/createMessage",
        roots: "roots/list",
      }[kind];
      const { upstream, port } = await started(ONE_A_DAY, { refused: [kind] });
      upstream.play({
        does: {
          kind: "replace",
          message: {
            jsonrpc: "2.0",
            result: { resultType: "input_required", inputRequests: { x: { method, params: {} } } },
          },
        },
      });
      const { result } = await put(port, 1);
      expect(result).toMatchObject({ isError: true, resultType: "complete" });
      expect(JSON.stringify(result)).not.toContain("inputRequests");
    },
  );
});

describe("a legacy server's request to the client", () => {
  const asks = { jsonrpc: "2.0", id: "s1", method: "elicitation/create", params: { message: "?" } };

  it("passes with its id, and the answer goes back", async () => {
    const { upstream, port } = await started(ONE_A_DAY);
    const session = await initialize(port);
    upstream.play({
      times: 1,
      when: { method: "tools/call" },
      does: { kind: "send", messages: [asks] },
    });
    const answer = await send(port, {
      body: JSON.stringify(toolCall(1, "get_item")),
      headers: session,
    });
    expect(messagesOf(answer)).toMatchObject([asks, { id: 1 }]);
    const reply = { jsonrpc: "2.0", id: "s1", result: { action: "decline" } };
    expect((await ask(port, reply, session)).status).toBe(202);
    expect(upstream.messages().at(-1)).toEqual(reply);
  });

  it("that is refused is answered by the proxy", async () => {
    const { upstream, port } = await started(ONE_A_DAY, { refused: ["elicitation"] });
    const session = await initialize(port);
    upstream.play({
      times: 1,
      when: { method: "tools/call" },
      does: { kind: "send", messages: [asks] },
    });
    const answer = await send(port, {
      body: JSON.stringify(toolCall(1, "get_item")),
      headers: session,
    });
    expect(messagesOf(answer)).toMatchObject([{ id: 1 }]);
    await expect
      .poll(() => upstream.messages().at(-1))
      .toMatchObject({ id: "s1", error: { code: -32601 } });
    const { headers } = upstream.requests.at(-1) ?? { headers: [] };
    expect(headers.map(([name]) => name.toLowerCase())).toContain("mcp-session-id");
  });
});

describe("a list", () => {
  const tools = ["get_item", "delete_item"].map((name) => ({
    name,
    inputSchema: { type: "object" },
  }));
  const list = { jsonrpc: "2.0", id: 99, result: { tools } };

  it("that comes by resumption is filtered", async () => {
    const { upstream, port } = await started(HIDES);
    const session = await initialize(port);
    upstream.play({
      when: { http: "GET" },
      does: { kind: "send", messages: [list], answer: false },
    });
    const streamed = await send(port, {
      method: "GET",
      headers: { ...session, accept: "text/event-stream" },
    });
    expect(messagesOf(streamed)).toMatchObject([
      { id: 99, result: { tools: [{ name: "get_item" }] } },
    ]);
    expect(streamed.body).not.toContain("delete_item");
  });

  it("that comes in an answer to something else is filtered", async () => {
    const { upstream, port } = await started(HIDES);
    upstream.play({
      when: { method: "ping" },
      does: { kind: "replace", message: { jsonrpc: "2.0", result: { tools } } },
    });
    const { result } = await ask(port, { jsonrpc: "2.0", id: 1, method: "ping" });
    expect(result?.tools).toMatchObject([{ name: "get_item" }]);
  });

  it("that is filtered is nobody else's, and not for long", async () => {
    const { port } = await started(HIDES);
    const { message, headers } = modern(1, "tools/list");
    const { result } = await ask(port, message, headers);
    expect(result).toMatchObject({ cacheScope: "private", ttlMs: 60_000 });
    expect(result?.tools).toHaveLength(2);
  });

  it("in a batch reaches nobody", async () => {
    const { upstream, port } = await started(HIDES);
    upstream.play({ when: { method: "tools/list" }, does: { kind: "batch" } });
    const answer = await ask(port, { jsonrpc: "2.0", id: 1, method: "tools/list" });
    expect(answer).toMatchObject({ id: 1, status: 502, error: { code: -32603 } });
    upstream.play({ when: { method: "ping" }, does: { kind: "send", messages: [[list]] } });
    const streamed = await send(port, { body: '{"jsonrpc":"2.0","id":2,"method":"ping"}' });
    expect(messagesOf(streamed)).toMatchObject([{ id: 2, result: {} }]);
    expect(streamed.body).not.toContain("delete_item");
  });

  it("in an event of another id reaches nobody", async () => {
    const { upstream, port } = await started(HIDES);
    upstream.play({ when: { method: "ping" }, does: { kind: "send", messages: [list] } });
    const streamed = await send(port, { body: '{"jsonrpc":"2.0","id":2,"method":"ping"}' });
    expect(messagesOf(streamed).map(({ id }) => id)).toEqual([2]);
  });
});

describe("a server that", () => {
  const PING = '{"jsonrpc":"2.0","id":1,"method":"ping"}';
  const redirects = (status: number): Behaviour => ({
    kind: "status",
    status,
    headers: { location: "http://127.0.0.1:1/stolen" },
  });
  it.each<readonly [string, number, Behaviour, RegExp]>([
    ["moves for good", 502, redirects(301), /redirect/],
    ["redirects and keeps the method", 502, redirects(307), /redirect/],
    ["redirects for good and keeps the method", 502, redirects(308), /redirect/],
    ["compresses its answer", 502, { kind: "gzip" }, /compressed/],
    [
      "challenges with 401",
      502,
      {
        kind: "status",
        status: 401,
        headers: { "www-authenticate": 'Bearer resource_metadata="http://evil.example"' },
      },
      /upstream credentials/,
    ],
    ["forbids with 403", 502, { kind: "status", status: 403, body: "no" }, /upstream credentials/],
    [
      "answers with a page",
      502,
      { kind: "status", status: 200, headers: { "content-type": "text/html" }, body: "<html>" },
      /not JSON/,
    ],
    ["answers with nothing", 502, { kind: "status", status: 200 }, /did not answer/],
    ["fails with a page", 502, { kind: "status", status: 500, body: "<html>" }, /status 500/],
    [
      "does not know the session",
      404,
      { kind: "status", status: 404, body: "Not found" },
      /status 404/,
    ],
    [
      "answers with text of another encoding",
      502,
      { kind: "garbage", text: '{"jsonrpc":"2.0","id":1,"result":"' },
      /not JSON/,
    ],
    [
      "answers somebody else",
      502,
      { kind: "replace", message: { jsonrpc: "2.0", id: 2, result: {} } },
      /did not answer/,
    ],
  ])("%s", async (_, status, does, message) => {
    const { upstream, port } = await started(HIDES);
    upstream.play({ times: 1, does });
    const answer = await send(port, { body: PING });
    expect(answer.status).toBe(status);
    expect(messagesOf(answer)[0]).toMatchObject({
      id: 1,
      error: { message: expect.stringMatching(message) },
    });
    for (const name of ["location", "www-authenticate", "content-encoding"]) {
      expect(answer.headers).not.toHaveProperty(name);
    }
    expect((await ask(port, JSON.parse(PING))).status).toBe(200);
  });

  it("sets cookies and other headers is not heard", async () => {
    const { upstream, port } = await started(HIDES);
    const headers = {
      "set-cookie": "a=b",
      server: "x",
      "access-control-allow-origin": "*",
      "cache-control": "no-store",
      "clear-site-data": '"*"',
    };
    upstream.play({ does: { kind: "headers", headers } });
    const answer = await send(port, { body: PING });
    expect(answer.status).toBe(200);
    expect(Object.keys(answer.headers).sort()).toEqual(
      [
        "cache-control",
        "connection",
        "content-length",
        "content-type",
        "date",
        "keep-alive",
      ].filter((name) => name in answer.headers),
    );
    expect(answer.headers["cache-control"]).toBe("no-store");
  });

  it("is not told what the client proves itself with", async () => {
    const { upstream, port } = await started(HIDES, {
      token: "secret",
      forwardHeaders: ["x-team"],
    });
    const headers = {
      authorization: "Bearer secret",
      cookie: "a=b",
      "x-api-key": "k",
      "proxy-authorization": "Basic x",
      "x-forwarded-for": "1.2.3.4",
      "x-team": "red",
      "accept-encoding": "gzip, br",
    };
    const { status } = await send(port, { body: PING, headers });
    expect(status).toBe(200);
    const names = (upstream.requests[0]?.headers ?? []).map(([name]) => name.toLowerCase());
    expect(names.sort()).toEqual([
      "accept",
      "accept-encoding",
      "connection",
      "content-length",
      "content-type",
      "host",
      "x-team",
    ]);
    expect(upstream.requests[0]?.headers).toContainEqual(["accept-encoding", "identity"]);
  });
});

describe("a session id", () => {
  it("is the proxy's, and the server gets its own", async () => {
    const { upstream, port } = await started(HIDES);
    const session = await initialize(port);
    const own = session["mcp-session-id"] as string;
    expect(own).toMatch(/^mcpp1\.[\w-]+\.[\w-]{43}$/);
    await ask(port, { jsonrpc: "2.0", id: 1, method: "ping" }, session);
    const up = upstream.requests.at(-1)?.headers.find(([name]) => name === "mcp-session-id")?.[1];
    expect(up).toMatch(/^[0-9a-f-]{36}$/);
    expect(own).not.toContain(up);
  });

  it("of another key, or of the server itself, is none", async () => {
    const { upstream, port } = await started(HIDES);
    const foreign = new Seals().seal(
      "session",
      { server: "test", grant: LOCAL.id },
      { id: "x", started: 0 },
    );
    for (const id of [foreign, "x", "mcpp1.e30.", "mcpp1..", ""]) {
      const { status } = await ask(
        port,
        { jsonrpc: "2.0", id: 1, method: "ping" },
        { "mcp-session-id": id },
      );
      expect(status).toBe(404);
    }
    expect(upstream.requests).toEqual([]);
  });

  it("of events is the proxy's too", async () => {
    const { upstream, port } = await started(HIDES);
    const session = await initialize(port);
    upstream.play({ when: { method: "ping" }, does: { kind: "sse", id: "event-1", retry: 10 } });
    const { body } = await send(port, {
      body: '{"jsonrpc":"2.0","id":1,"method":"ping"}',
      headers: session,
    });
    expect(body).not.toContain("event-1");
    const id = /^id: (mcpp1\.\S+)$/m.exec(body)?.[1] as string;
    upstream.play({ when: { http: "GET" }, does: { kind: "send", messages: [], answer: false } });
    const get = (last: string) =>
      send(port, { method: "GET", headers: { ...session, "last-event-id": last } });
    expect((await get(id)).status).toBe(200);
    expect(upstream.requests.at(-1)?.headers).toContainEqual(["last-event-id", "event-1"]);
    expect((await get("event-1")).status).toBe(404);
    const other = { ...(await initialize(port)), "last-event-id": id };
    expect((await send(port, { method: "GET", headers: other })).status).toBe(404);
    const none = { "mcp-session-id": undefined, "last-event-id": id };
    expect((await send(port, { method: "GET", headers: none })).status).toBe(404);
  });
});
