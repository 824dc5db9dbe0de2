import { afterEach, expect, it } from "vitest";
import { HttpUpstream } from "../../../../runtime/index.ts";
import type { JsonObject } from "../../../../runtime/proxy/admit.ts";
import { HttpLink } from "../../../../runtime/proxy/http/link.ts";
import {
  type RecordingHttp,
  startRecordingHttp,
} from "../../../fixtures/recording-upstream/http.ts";
import { toolCall } from "./proxy.ts";

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

async function linked(timeoutMs = 10_000) {
  const upstream = await startRecordingHttp();
  const answered: unknown[] = [];
  const failures: string[] = [];
  const link = new HttpLink({
    upstream: new HttpUpstream({ url: new URL(upstream.url), headers: {}, timeoutMs }),
    maxMessage: 1e6,
    notice: () => {},
  });
  link.start({
    fromServer: (bytes) => answered.push((JSON.parse(String(bytes)) as { id: unknown }).id),
    failed: (id, reason, what) => {
      if (!answered.includes(id)) failures.push(`${id} ${what}: ${reason}`);
    },
    isOpen: () => true,
    pace: () => Promise.resolve(),
  });
  cleanUps.push(
    () => upstream.close(),
    () => link.close(0),
  );
  const call = async (id: number): Promise<void> => {
    const message = { kind: "request", id, method: "tools/call", params: undefined } as const;
    link.send(JSON.stringify(toolCall(id, "get_item")), message);
    await expect.poll(() => answered.includes(id) || failures.length > 0).toBe(true);
  };
  return { upstream, link, call, failures };
}

const gets = ({ requests }: RecordingHttp): number =>
  requests.filter(({ method }) => method === "GET").length;

it("a server that has its client wait for longer than a timer can is not asked without a pause", async () => {
  const { upstream, link, call } = await linked();
  upstream.play({
    when: { http: "GET" },
    does: {
      kind: "status",
      status: 200,
      headers: { "content-type": "text/event-stream" },
      body: `id: 1\nretry: 999999999999\ndata:\n\n`,
    },
  });
  const method = "notifications/initialized";
  const message = { kind: "notification", method, params: undefined } as const;
  link.send(JSON.stringify({ jsonrpc: "2.0", method }), message);
  await expect.poll(() => gets(upstream)).toBe(1);
  for (let id = 1; id <= 5; id++) await call(id);
  expect(gets(upstream)).toBe(1);
});

it("an answer that does not end is given up in time", async () => {
  const { upstream, call, failures } = await linked(300);
  upstream.play({ when: { method: "tools/call" }, does: { kind: "hang", head: true } });
  await call(1);
  expect(failures[0]).toBe("1 lost: The server did not answer in time.");
});

it("an answer that is not UTF-8 is not repaired", async () => {
  const { upstream, call, failures } = await linked();
  upstream.play({
    when: { method: "tools/call" },
    does: {
      kind: "status",
      status: 200,
      headers: { "content-type": "application/json" },
      body: Buffer.from('{"jsonrpc":"2.0","id":1,"result":{"a":"\xff"}}', "latin1") as never,
    },
  });
  await call(1);
  // What is told after the first time answers nothing.
  expect(failures[0]).toBe("1 lost: The server's answer is not UTF-8.");
});

it("waits no longer for what runs once it is told to end, and ends its session", async () => {
  const upstream = await startRecordingHttp();
  cleanUps.push(() => upstream.close());
  upstream.play({ when: { tool: "get_item" }, does: { kind: "hang" } });
  const link = new HttpLink({
    upstream: new HttpUpstream({ url: new URL(upstream.url), headers: {}, timeoutMs: 600_000 }),
    maxMessage: 1_000_000,
    notice: () => {},
  });
  const failed: string[] = [];
  link.start({
    fromServer: () => {},
    failed: (_, reason) => failed.push(reason),
    isOpen: () => true,
    pace: () => Promise.resolve(),
  });
  const send = (id: number, method: string, params: JsonObject) =>
    link.send(JSON.stringify({ jsonrpc: "2.0", id, method, params }), {
      kind: "request",
      id,
      method,
      params,
    });
  send(1, "initialize", { protocolVersion: "2025-11-25", capabilities: {} });
  send(2, "tools/call", { name: "get_item", arguments: {} });
  await expect.poll(() => upstream.messages().at(-1)?.method).toBe("tools/call");
  const told = new AbortController();
  const closed = link.close(600_000, told.signal);
  told.abort();
  await closed;
  expect(failed.at(-1)).toBe("The client does not wait any more.");
  expect(upstream.requests.at(-1)?.method).toBe("DELETE");
});
