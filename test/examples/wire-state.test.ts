import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { serveHttp } from "../end-to-end/http-serve.ts";
import { MCPP } from "../end-to-end/lines.ts";
import { connect } from "../end-to-end/mcp-clients.ts";
import { startRecordingHttp } from "../fixtures/recording-upstream/http.ts";
import { modern } from "../runtime/proxy/http/proxy.ts";
import { orderTools, Stage, stoppersOf, textOf } from "./attack.ts";

// What is counted when a client comes back, and what arrives of a value that two readers read in two ways.

let stage: Stage;
beforeEach(async () => {
  stage = await Stage.set();
});
afterEach(() => stage.clear());

describe("a client that reconnects for a new quota", () => {
  const CALLS = 4;
  const withoutLimit = (): string => stoppersOf("reconnecting")[0]?.unclaimed ?? "";

  /** Two runs of the proxy over stdio, one after the other; how many calls arrive. */
  async function restarting(policy: string, options: readonly string[] = []): Promise<number> {
    for (let run = 0; run < 2; run++) {
      const session = await stage.proxied(policy, options);
      for (let id = 0; id < CALLS; id++)
        await session.call(id, "pay_order", { id: "1", amount: 1 });
      await session.close();
    }
    return stage.reached("pay_order").length;
  }

  it("finds what it has used after a restart", async () => {
    expect(await restarting(textOf("reconnecting"))).toBe(3);
  });

  it("has a quota for each run where the counters are kept in memory", async () => {
    expect(await restarting(textOf("reconnecting"), ["--state", "memory"])).toBe(6);
  });

  it("has none without the limit", async () => {
    expect(await restarting(withoutLimit())).toBe(2 * CALLS);
  });

  /** Two sessions with one proxy over HTTP. */
  async function sessions(policy: string): Promise<number> {
    const upstream = await startRecordingHttp({ tools: orderTools() });
    const proxy = await serveHttp([stage.policy(policy), "--url", upstream.url], MCPP, stage.env);
    for (let session = 0; session < 2; session++) {
      const client = await connect("SDK 1", { url: proxy.url, token: proxy.token });
      for (let call = 0; call < CALLS; call++)
        await client.call("pay_order", { id: "1", amount: 1 });
      await client.close();
    }
    await proxy.stop();
    await upstream.close();
    return upstream.messages().filter(({ method }) => method === "tools/call").length;
  }

  it("finds what it has used in another session", async () => {
    expect(await sessions(textOf("reconnecting"))).toBe(3);
  });

  it("has a quota for each session under the naive policy", async () => {
    expect(await sessions(textOf("reconnecting", "naive"))).toBe(6);
  });
});

describe("a value that is one thing to the check and another to the server", () => {
  const pay = (args: string): string =>
    `{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"pay_order","arguments":${args}}}`;
  const LINES: readonly (readonly [name: string, line: string])[] = [
    ["more digits than are compared", pay('{"id":"1","amount":10.00000000000000001}')],
    ["an integer that is rounded", pay('{"id":"1","amount":9007199254740993}')],
    ["a number beyond all bounds", pay('{"id":"1","amount":-1e400}')],
  ];

  it("does not reach the server", async () => {
    const session = await stage.proxied(textOf("check-and-use"));
    for (const [name, line] of LINES) {
      session.send(line);
      expect((await session.answer(7)).error?.message, name).toMatch(/[.]$/);
    }
    await session.call("after", "pay_order", { id: "1", amount: 1 });
    expect(stage.reached("pay_order")).toEqual([{ id: "1", amount: 1 }]);
  });

  it("reaches a server that nothing stands before", async () => {
    const session = await stage.direct();
    for (const [, line] of LINES) session.send(line);
    await session.call("after", "pay_order", { id: "1", amount: 1 });
    const arrived = stage.upstream.lines().map(({ line }) => line);
    expect(LINES.filter(([, line]) => !arrived.includes(line))).toEqual([]);
  });

  it("arrives as it was judged, and not as it was written", async () => {
    const session = await stage.proxied(textOf("check-and-use"));
    session.send(pay(' { "id" : "1" , "\\u0061mount" : 1e0 } '));
    await session.answer(7);
    const line = stage.upstream.lines().find(({ line }) => line?.includes("pay_order"))?.line;
    expect(line).toContain('"arguments":{"id":"1","amount":');
    expect(stage.reached("pay_order")).toEqual([{ id: "1", amount: 1 }]);
  });

  it("does not reach a server that goes by headers which say something else", async () => {
    const upstream = await startRecordingHttp({ tools: orderTools() });
    const policy = stage.policy(textOf("check-and-use"));
    const proxy = await serveHttp([policy, "--url", upstream.url, "--no-token"], MCPP, stage.env);
    const params = { name: "pay_order", arguments: { id: "1", amount: 1 } };
    const { message, headers } = modern(1, "tools/call", params);
    const post = (url: string): Promise<Response> =>
      fetch(url, {
        method: "POST",
        body: JSON.stringify(message),
        headers: {
          accept: "application/json, text/event-stream",
          "content-type": "application/json",
          ...headers,
          "mcp-name": "delete_order",
        },
      });
    const calls = () => upstream.messages().filter(({ method }) => method === "tools/call");
    const answer = await post(proxy.url);
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ error: { code: -32020 } });
    expect(calls()).toEqual([]);
    await post(upstream.url);
    expect(calls()).toHaveLength(1);
    await proxy.stop();
    await upstream.close();
  });
});
