import { setMaxListeners } from "node:events";
import { connect } from "node:net";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { MAX_EXCHANGES } from "../../../../runtime/proxy/http/front.ts";
import { sendEvent } from "../../../../runtime/proxy/http/send.ts";
import type { Reply } from "../../../../runtime/transport/http/reply.ts";
import { startRecordingHttp } from "../../../fixtures/recording-upstream/http.ts";
import { ask, initialize, modern, send, startHttpProxy, toolCall } from "./proxy.ts";

// How much one grant may hold at once.

const ALLOW = { version: "1", default: "allow" };
/** Answers every request, whatever it asks, and ends with its input. */
const ANSWERS = String.raw`s/.*"id":("[^"]*"|[0-9]+).*/{"jsonrpc":"2.0","id":\1,"result":{}}/p`;
/** Answers only the handshake. */
const HANGS = `s/.*"id":"init".*/{"jsonrpc":"2.0","id":"init","result":{}}/p`;
const sed = (script: string) => ({ command: "sed", args: ["-u", "-n", "-E", script] });

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

describe("over HTTP", () => {
  async function overHttp() {
    const upstream = await startRecordingHttp();
    const proxy = await startHttpProxy(ALLOW, { url: upstream.url });
    const away = new AbortController();
    setMaxListeners(0, away.signal);
    cleanUps.push(
      () => upstream.close(),
      () => proxy.close(),
      () => away.abort(),
    );
    return { upstream, proxy, port: proxy.port, signal: away.signal };
  }
  const ignored = (): void => {};

  it("64 requests are in flight, and the next gets 429", async () => {
    const { upstream, port, signal } = await overHttp();
    upstream.play({ when: { tool: "get_item" }, does: { kind: "hang" } });
    for (let id = 0; id < 64; id++) {
      send(port, { body: JSON.stringify(toolCall(id, "get_item")), signal }).catch(ignored);
    }
    const calls = () => upstream.messages().filter(({ method }) => method === "tools/call").length;
    await expect.poll(calls, { timeout: 10_000 }).toBe(64);
    const refused = await ask(port, toolCall(64, "put_item"));
    expect(refused).toMatchObject({ id: 64, status: 429, headers: { "retry-after": "1" } });
    expect(calls()).toBe(64);
    // What cancels passes.
    const params = { requestId: 1 };
    const cancel = { jsonrpc: "2.0", method: "notifications/cancelled", params };
    expect((await ask(port, cancel)).status).toBe(202);
    expect(upstream.messages().at(-1)).toMatchObject(cancel);
  });

  it("32 streams are open, and the next gets 429", async () => {
    const { upstream, port, signal } = await overHttp();
    const listening = { method: "GET", headers: { accept: "text/event-stream" }, signal };
    for (let n = 0; n < 32; n++) send(port, listening).catch(ignored);
    await expect.poll(() => upstream.openStreams(), { timeout: 10_000 }).toBe(32);
    expect((await send(port, { method: "GET", headers: listening.headers })).status).toBe(429);
    expect((await ask(port, toolCall(1, "put_item"))).status).toBe(200);
  });

  it("bodies that never come in are counted, and leave with their connections", async () => {
    const { proxy, port } = await overHttp();
    const head = `POST /mcp HTTP/1.1\r\nHost: x.test\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n`;
    const sockets = Array.from({ length: MAX_EXCHANGES }, () => connect(port, "127.0.0.1"));
    for (const socket of sockets) {
      socket.on("error", ignored);
      socket.write(head.replace("x.test", `127.0.0.1:${port}`));
    }
    cleanUps.push(() => {
      for (const socket of sockets) socket.destroy();
    });
    await expect
      .poll(async () => (await ask(port, toolCall(1, "put_item"))).status, { timeout: 10_000 })
      .toBe(429);
    for (const socket of sockets) socket.destroy();
    await expect
      .poll(async () => (await ask(port, toolCall(1, "put_item"))).status, { timeout: 10_000 })
      .toBe(200);
    expect(proxy.notices).toEqual([]);
  });
});

describe("over the children of one grant", () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  async function overChildren(script = ANSWERS) {
    const starts: number[] = [];
    const proxy = await startHttpProxy(ALLOW, sed(script), {
      started: () => starts.push(performance.now()),
    });
    cleanUps.push(() => proxy.close());
    return { port: proxy.port, starts };
  }
  /** Begins a session when its turn has come. */
  async function begin(port: number): Promise<Record<string, string>> {
    await vi.advanceTimersByTimeAsync(1_000);
    return initialize(port);
  }
  const HELLO = { jsonrpc: "2.0", id: "init", method: "initialize", params: {} };

  it("there are eight at most, and a ninth is told to wait", async () => {
    const { port, starts } = await overChildren();
    const sessions = [];
    for (let n = 0; n < 8; n++) sessions.push(await begin(port));
    await vi.advanceTimersByTimeAsync(1_000);
    const refused = await ask(port, HELLO);
    expect(refused).toMatchObject({ id: "init", status: 503, headers: { "retry-after": "5" } });
    expect(starts).toHaveLength(8);
    const own = sessions[0] as Record<string, string>;
    expect((await send(port, { method: "DELETE", headers: own })).status).toBe(200);
    expect((await ask(port, toolCall(1, "x"), own)).status).toBe(404);
    await vi.waitFor(async () => {
      await vi.advanceTimersByTimeAsync(1_000);
      expect((await ask(port, HELLO)).status).toBe(200);
    });
  });

  it("one starts a second, four wait, and more are told to wait", async () => {
    const { port, starts } = await overChildren();
    const answers = Array.from({ length: 7 }, () => ask(port, HELLO));
    const early = await Promise.race(answers.map(async (answer) => (await answer).status));
    expect([200, 503]).toContain(early);
    const statuses: number[] = [];
    for (const answer of answers) answer.then(({ status }) => statuses.push(status));
    await vi.waitFor(
      async () => {
        await vi.advanceTimersByTimeAsync(1_000);
        expect(statuses).toHaveLength(answers.length);
      },
      { timeout: 50_000, interval: 20 },
    );
    expect(starts.length).toBeGreaterThanOrEqual(5);
    expect(statuses.filter((status) => status === 503).length).toBeGreaterThanOrEqual(1);
    for (const [n, at] of starts.entries()) {
      if (n > 0) expect(at - (starts[n - 1] as number)).toBeGreaterThanOrEqual(999);
    }
  });

  it("one that nobody uses for ten minutes ends", async () => {
    const { port, starts } = await overChildren();
    const own = await begin(port);
    await vi.advanceTimersByTimeAsync(599_000);
    expect((await ask(port, toolCall(1, "x"), own)).status).toBe(200);
    await vi.advanceTimersByTimeAsync(599_000);
    expect((await ask(port, toolCall(2, "x"), own)).status).toBe(200);
    await vi.advanceTimersByTimeAsync(600_001);
    expect((await ask(port, toolCall(3, "x"), own)).status).toBe(404);
    // A shared one makes room at once, and does not take the next client with it.
    const { message, headers } = modern(1, "tools/call", { name: "x" });
    expect((await ask(port, message, headers)).status).toBe(200);
    await vi.advanceTimersByTimeAsync(600_001);
    expect((await ask(port, message, headers)).status).toBe(200);
    expect(starts).toHaveLength(3);
  });

  it("64 requests are in flight, whatever sessions they are of", async () => {
    const { port } = await overChildren(HANGS);
    const first = await begin(port);
    const second = await begin(port);
    const away = new AbortController();
    setMaxListeners(0, away.signal);
    cleanUps.push(() => away.abort());
    const refused: number[] = [];
    const asked = Array.from({ length: 70 }, async (_, id) => {
      const headers = id % 2 === 0 ? first : second;
      const body = JSON.stringify(toolCall(id, "x"));
      const { status } = await send(port, { body, headers, signal: away.signal });
      refused.push(status);
    });
    for (const one of asked) one.catch(() => {});
    await vi.waitFor(() => expect(refused).toEqual(Array(6).fill(429)));
  });
});

it("a client that takes nothing is sent 16 MiB and one message, and let go", () => {
  const sent: number[] = [];
  let queued = 0;
  let aborted = false;
  const slow = {
    begun: true,
    get closed() {
      return aborted;
    },
    get queued() {
      return queued;
    },
    event({ data }: { data: string }) {
      sent.push(data.length);
      queued += data.length;
    },
    abort() {
      aborted = true;
    },
  };
  const reply = slow as unknown as Reply;
  // One large message is no sign of a slow reader.
  sendEvent(reply, "x".repeat(20 * 1024 * 1024));
  expect(aborted).toBe(false);
  sendEvent(reply, "next");
  expect(aborted).toBe(true);
  sendEvent(reply, "never");
  expect(sent).toEqual([20 * 1024 * 1024]);
});
