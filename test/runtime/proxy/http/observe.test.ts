import { afterEach, describe, expect, it } from "vitest";
import type { FinishedRequest, Observer } from "../../../../runtime/index.ts";
import { startRecordingHttp } from "../../../fixtures/recording-upstream/http.ts";
import type { Rule } from "../../../fixtures/recording-upstream/script.ts";
import { ask, modern, type ProxyOptions, send, startHttpProxy, toolCall } from "./proxy.ts";

// What an observer hears of requests over HTTP, however they end: each once.

const ALLOW = { version: "1", default: "deny", tools: { get_item: {} } };

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

class Watching implements Observer {
  readonly requests: FinishedRequest[] = [];
  readonly decided = (): void => {};
  readonly finished = (request: FinishedRequest): void => {
    this.requests.push({ ...request });
  };
}

async function watched(does?: Rule["does"], options: ProxyOptions = {}) {
  const upstream = await startRecordingHttp();
  const seen = new Watching();
  const proxy = await startHttpProxy(ALLOW, { url: upstream.url }, { ...options, observer: seen });
  cleanUps.push(
    () => upstream.close(),
    () => proxy.close(),
  );
  if (does !== undefined) upstream.play({ when: { tool: "get_item" }, does });
  return { proxy, seen, upstream };
}

describe("a call that", () => {
  it.each<readonly [string, Rule["does"] | undefined, string | undefined, ProxyOptions]>([
    ["is answered", undefined, undefined, {}],
    ["is answered in a stream", { kind: "sse" }, undefined, {}],
    ["is answered after notifications", { kind: "send", messages: [] }, undefined, {}],
    ["is answered twice", { kind: "twice" }, undefined, {}],
    [
      "is answered with an error",
      { kind: "replace", message: { jsonrpc: "2.0", error: { code: -32603, message: "no" } } },
      "-32603",
      {},
    ],
    [
      "is answered with a result that is one",
      { kind: "replace", message: { jsonrpc: "2.0", result: { content: [], isError: true } } },
      "tool_error",
      {},
    ],
    ["meets a closed connection", { kind: "close" }, "server_lost", {}],
    ["is never answered", { kind: "hang" }, "timeout", { timeoutMs: 100 }],
    ["meets a full server", { kind: "status", status: 429 }, "server_refused", {}],
    ["meets a broken server", { kind: "status", status: 500 }, "server_lost", {}],
    ["is answered with garbage", { kind: "garbage", text: "{]" }, "server_lost", {}],
    ["meets half an event", { kind: "half event", breaks: false }, "server_lost", {}],
  ])("%s", async (_, does, error, options) => {
    const { proxy, seen } = await watched(does, options);
    await ask(proxy.port, toolCall(1, "get_item"));
    await expect.poll(() => seen.requests).toHaveLength(1);
    expect(seen.requests[0]?.error).toBe(error);
    expect(seen.requests[0]?.forwarded).toBeGreaterThan(0);
    await proxy.close();
    expect(seen.requests).toHaveLength(1);
  });

  it("nobody waits for any more was cancelled", async () => {
    const { proxy, seen, upstream } = await watched({ kind: "hang" });
    const gone = new AbortController();
    const body = JSON.stringify(toolCall(1, "get_item"));
    const asked = send(proxy.port, { body, signal: gone.signal }).catch(() => {});
    await expect.poll(() => upstream.messages().length).toBe(1);
    gone.abort();
    await asked;
    await expect.poll(() => seen.requests).toHaveLength(1);
    expect(seen.requests[0]?.error).toBe("cancelled");
  });

  it("was not sent to a server that is not there", async () => {
    const { proxy, seen, upstream } = await watched();
    await upstream.close();
    cleanUps.shift();
    await ask(proxy.port, toolCall(1, "get_item"));
    expect(seen.requests).toMatchObject([{ error: "not_sent" }]);
  });

  it("is denied, in either era", async () => {
    const { proxy, seen } = await watched();
    await ask(proxy.port, toolCall(1, "drop_item"));
    const { headers, message } = modern(2, "tools/call", { name: "drop_item" });
    await ask(proxy.port, message, headers);
    expect(seen.requests).toMatchObject([
      { id: 1, error: "policy_denied", listed: false },
      { id: 2, error: "policy_denied", version: "2026-07-28" },
    ]);
  });
});
