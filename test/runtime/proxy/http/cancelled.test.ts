import { afterEach, expect, it } from "vitest";
import { startRecordingHttp } from "../../../fixtures/recording-upstream/http.ts";
import { prepareRecordingStdio } from "../../../fixtures/recording-upstream/stdio.ts";
import { ask, initialize, modern, send, startHttpProxy, toolCall } from "./proxy.ts";

// What a client gave up before it was sent never reaches the server.

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

const calls = (messages: readonly { method?: string; params?: unknown }[]): unknown[] =>
  messages.filter(({ method }) => method === "tools/call").map(({ params }) => params);

it("a call that is cancelled while the tool list is fetched", async () => {
  const upstream = await startRecordingHttp();
  upstream.play({ when: { method: "tools/list" }, does: { kind: "slow", milliseconds: 3_000 } });
  const counted = { counter: "calls", window: "minute", max: 1, scope: "grant" };
  const policy = { version: "1", default: "allow", all_tools: { limits: [counted] } };
  const proxy = await startHttpProxy(policy, { url: upstream.url });
  cleanUps.push(
    () => upstream.close(),
    () => proxy.close(),
  );
  const own = await initialize(proxy.port);
  const call = ask(proxy.port, toolCall(5, "get_item"), own);
  await expect
    .poll(() => upstream.messages().map(({ method }) => method), { timeout: 10_000 })
    .toContain("tools/list");
  const params = { requestId: 5 };
  const cancel = { jsonrpc: "2.0", method: "notifications/cancelled", params };
  expect((await ask(proxy.port, cancel, own)).status).toBe(202);
  expect(await call).toMatchObject({ id: 5, error: { code: -32603 } });
  expect(calls(upstream.messages())).toEqual([]);
  // It was not counted either.
  expect(await ask(proxy.port, toolCall(6, "put_item"), own)).toMatchObject({ id: 6, result: {} });
  expect(calls(upstream.messages())).toMatchObject([{ name: "put_item" }]);
});

it("a call whose client is gone before the child has started", async () => {
  const upstream = await prepareRecordingStdio();
  const { command, args } = upstream;
  const policy = { version: "1", default: "deny", tools: { get_item: {}, put_item: {} } };
  let starts = 0;
  let start = (): void => {};
  const held = new Promise<void>((resolve) => {
    start = resolve;
  });
  const proxy = await startHttpProxy(
    policy,
    { command, args },
    {
      caps: { startMs: 1 },
      // The second child starts when it may.
      started: () => (++starts === 2 ? held : undefined),
    },
  );
  cleanUps.push(
    () => upstream.dispose(),
    () => proxy.close(),
  );
  await initialize(proxy.port);
  const gone = new AbortController();
  const first = modern(1, "tools/call", { name: "put_item", arguments: {} });
  const left = send(proxy.port, {
    body: JSON.stringify(first.message),
    headers: first.headers,
    signal: gone.signal,
  }).catch(() => "left");
  const second = modern(3, "tools/call", { name: "get_item", arguments: {} });
  const served = ask(proxy.port, second.message, second.headers);
  // By then the proxy has read both, in this order.
  await ask(proxy.port, { jsonrpc: "2.0", id: 4, method: "ping" });
  gone.abort();
  expect(await left).toBe("left");
  // And by then it has seen that the first one is gone.
  await ask(proxy.port, { jsonrpc: "2.0", id: 5, method: "ping" });
  start();
  expect(await served).toMatchObject({ id: 3, result: {} });
  expect(calls(upstream.messages())).toMatchObject([{ name: "get_item" }]);
});
