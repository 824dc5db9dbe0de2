import { afterEach, expect, it } from "vitest";
import { HttpLink, HttpUpstream } from "../../../../runtime/index.ts";
import type { JsonObject } from "../../../../runtime/proxy/admit.ts";
import {
  type RecordingHttp,
  startRecordingHttp,
} from "../../../fixtures/recording-upstream/http.ts";

// The client's side of Streamable HTTP, and its end.

let upstream: RecordingHttp;
afterEach(() => upstream.close());

it("waits no longer for what runs once it is told to end, and ends its session", async () => {
  upstream = await startRecordingHttp();
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
