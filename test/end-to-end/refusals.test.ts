import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import {
  prepareRecordingStdio,
  type RecordingStdio,
} from "../fixtures/recording-upstream/stdio.ts";
import { folderWith, type LineProcess, serve, toolCall } from "./lines.ts";
import { DROPPED, REFUSAL_POLICY, REFUSED } from "./refused.ts";

// Everything that is refused before any policy, over stdio: nothing reaches the upstream, no counter moves,
// and the next good call works.

describe("refused before any policy", () => {
  const files = folderWith({ "policy.json": REFUSAL_POLICY });
  let upstream: RecordingStdio;
  let proxy: LineProcess;

  beforeAll(async () => {
    upstream = await prepareRecordingStdio();
    proxy = serve(files.path("policy.json"), [upstream.command, ...upstream.args]);
    await proxy.initialize();
    await proxy.call("ready", "add", {});
    upstream.clear();
  });
  afterEach(() => upstream.clear());
  afterAll(async () => {
    await proxy.close();
    upstream.dispose();
    files.remove();
  });

  /** One good call, and that it alone arrived. */
  async function nextGoodCallAlone(): Promise<void> {
    const good = await proxy.call("good", "add", { a: 1, b: 2 });
    expect(good.error).toBeUndefined();
    expect(good.result?.isError).not.toBe(true);
    expect(upstream.messages()).toEqual([toolCall("good", "add", { a: 1, b: 2 })]);
  }

  it.each(REFUSED)("%s", async (_, line, code, named) => {
    proxy.send(line);
    const answer = await proxy.message();
    expect(answer).toMatchObject({ id: named ? 7 : null, error: { code } });
    expect(answer.error?.message).toMatch(/^[A-Z`].*[.]$/s);
    await nextGoodCallAlone();
  });

  it.each(DROPPED)("%s, without an answer", async (_, line) => {
    proxy.send(line);
    await nextGoodCallAlone();
  });

  it("an id in flight, and the call in flight is answered all the same", async () => {
    upstream.play({ when: { tool: "add" }, times: 1, does: { kind: "slow", milliseconds: 300 } });
    proxy.send(toolCall(1, "add", { a: 1 }));
    proxy.send(toolCall(1, "add", { a: 2 }));
    const refused = await proxy.message();
    expect(refused).toMatchObject({ id: null, error: { code: -32600 } });
    expect((await proxy.message()).id).toBe(1);
    expect(upstream.messages()).toEqual([toolCall(1, "add", { a: 1 })]);
    // The same digits as text are another id.
    upstream.clear();
    await proxy.call("1", "add", {});
    expect(upstream.messages()).toEqual([toolCall("1", "add", {})]);
  });

  // Last: the limit is one call a day, and none of all the above has used it.
  it("has not moved a counter", async () => {
    const first = await proxy.call(1, "echo", { user_id: "a" });
    expect(first.result?.isError).not.toBe(true);
    expect(upstream.messages()).toEqual([toolCall(1, "echo", { user_id: "a" })]);
    const second = await proxy.call(2, "echo", { user_id: "a" });
    expect(second.result).toMatchObject({
      isError: true,
      _meta: { "dev.mcpp/decision": { outcome: "deny", rule: "/tools/echo/limits/echo_rate" } },
    });
  });
});
