import { randomBytes } from "node:crypto";
import { afterEach, expect, it } from "vitest";
import { Seals } from "../../../../runtime/index.ts";
import { startRecordingHttp } from "../../../fixtures/recording-upstream/http.ts";
import type { Behaviour } from "../../../fixtures/recording-upstream/script.ts";
import { ask, initialize, modern, send, startHttpProxy } from "./proxy.ts";

// What was sealed before a restart, or by another replica with the same key.

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

const CALL = { name: "get_item", arguments: { id: "a" } };

it("sessions, events, rounds and tasks are known again with the same key, and with no other", async () => {
  const upstream = await startRecordingHttp();
  cleanUps.push(() => upstream.close());
  const started = async (...roots: Buffer[]): Promise<number> => {
    const seals = new Seals(roots);
    const proxy = await startHttpProxy(
      { version: "1", default: "deny", tools: { get_item: {} } },
      { url: upstream.url },
      { seals },
    );
    cleanUps.push(() => proxy.close());
    return proxy.port;
  };
  const [key, next] = [randomBytes(32), randomBytes(32)];
  const before = await started(key);
  const session = await initialize(before);
  const answers = (result: object): Behaviour => ({
    kind: "replace",
    message: { jsonrpc: "2.0", result },
  });
  const called = async (params: object) => {
    const { message, headers } = modern(1, "tools/call", { ...CALL, ...params });
    return (await ask(before, message, headers)).result as Record<string, string>;
  };
  upstream.play({ does: answers({ resultType: "input_required", requestState: "s-1" }) });
  const { requestState } = await called({});
  upstream.play({ does: answers({ resultType: "task", taskId: "t-1", status: "working" }) });
  const { taskId } = await called({});
  upstream.play({ does: { kind: "sse", id: "e-1" } });
  const ping = '{"jsonrpc":"2.0","id":1,"method":"ping"}';
  const streamed = await send(before, { body: ping, headers: session });
  const event = /^id: (\S+)$/m.exec(streamed.body)?.[1];
  upstream.play();

  for (const [roots, knows] of [
    [[key], true],
    [[next, key], true],
    [[next], false],
  ] as const) {
    const port = await started(...roots);
    upstream.clear();
    const listening = { ...session, accept: "text/event-stream", "last-event-id": event };
    const resumed = new AbortController();
    const stream = send(port, { method: "GET", headers: listening, signal: resumed.signal });
    const status = stream.then((answer) => answer.status).catch(() => 200);
    if (knows) {
      await expect
        .poll(() => upstream.requests.at(-1)?.headers)
        .toContainEqual(["last-event-id", "e-1"]);
      resumed.abort();
    }
    expect(await status).toBe(knows ? 200 : 404);

    const round = modern(2, "tools/call", { ...CALL, requestState, inputResponses: {} });
    const continued = await ask(port, round.message, round.headers);
    expect(continued.error?.code).toBe(knows ? undefined : -32602);
    if (knows)
      expect(upstream.messages().at(-1)).toMatchObject({ params: { requestState: "s-1" } });

    const poll = modern(3, "tasks/get", { taskId });
    await ask(port, poll.message, { ...poll.headers, "mcp-name": taskId });
    const id = knows ? "t-1" : expect.stringMatching(/^none-/);
    expect(upstream.messages().at(-1)).toMatchObject({ params: { taskId: id } });
  }
});
