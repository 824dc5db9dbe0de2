import { PassThrough } from "node:stream";
import { afterEach, describe, expect, it } from "vitest";
import { bridgeToHttp, HttpUpstream } from "../../../../runtime/index.ts";
import {
  type RecordingHttp,
  startRecordingHttp,
} from "../../../fixtures/recording-upstream/http.ts";
import type { Behaviour } from "../../../fixtures/recording-upstream/script.ts";
import { Governed } from "../governed.ts";
import { type Rpc, toolCall } from "./proxy.ts";

// A client over stdio before a server over HTTP that does what it must not, or is in trouble.

const HIDES = { version: "1", default: "allow", hide: ["delete_item"] };

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

interface Bridged {
  readonly upstream: RecordingHttp;
  ask(message: object): Promise<Rpc>;
  /** Everything that the client was sent. */
  text(): string;
}

async function bridged(timeoutMs = 10_000): Promise<Bridged> {
  const upstream = await startRecordingHttp();
  const { governance } = await Governed.under(HIDES);
  const [input, output] = [new PassThrough(), new PassThrough()];
  let text = "";
  output.setEncoding("utf8").on("data", (part: string) => {
    text += part;
  });
  const ends = new AbortController();
  const ended = bridgeToHttp({
    governance,
    upstream: new HttpUpstream({ url: new URL(upstream.url), headers: {}, timeoutMs }),
    input,
    output,
    signal: ends.signal,
  });
  cleanUps.push(
    () => upstream.close(),
    () => {
      ends.abort();
      return ended;
    },
  );
  const answers = (): Rpc[] =>
    text
      .split("\n")
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Rpc);
  const ask: Bridged["ask"] = async (message) => {
    const { id } = message as { readonly id: number };
    input.write(`${JSON.stringify(message)}\n`);
    const found = () => answers().filter((answer) => answer.id === id && !("method" in answer));
    await expect.poll(() => found().length).toBe(1);
    return found()[0] as Rpc;
  };
  await ask({
    jsonrpc: "2.0",
    id: 0,
    method: "initialize",
    params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "t" } },
  });
  return { upstream, ask, text: () => text };
}

const LIST = { jsonrpc: "2.0", id: 1, method: "tools/list" };

describe("a server over HTTP behind a client over stdio", () => {
  const status = (code: number, headers = {}, body = ""): Behaviour => ({
    kind: "status",
    status: code,
    headers,
    body,
  });
  it.each<readonly [string, Behaviour, RegExp]>([
    ["redirects", status(307, { location: "http://127.0.0.1:1/stolen" }), /redirect/],
    ["compresses its answer", { kind: "gzip" }, /compressed/],
    [
      "challenges with 401",
      status(401, { "www-authenticate": "Bearer x" }),
      /upstream credentials/,
    ],
    ["forbids with 403", status(403, {}, "no"), /upstream credentials/],
    ["answers with nothing", status(200), /did not answer/],
    ["fails with a page", status(500, { "content-type": "text/html" }, "<html>"), /status 500/],
    ["answers with a batch", { kind: "batch" }, /batch/],
    ["closes the connection", { kind: "close" }, /broke/],
    ["answers with garbage", { kind: "garbage", text: "{]" }, /did not answer/],
    ["sends half an event", { kind: "half event", breaks: false }, /did not answer/],
    ["breaks off in an event", { kind: "half event", breaks: true }, /did not answer/],
    ["answers with 100 MB", { kind: "huge", bytes: 100_000_000 }, /too large/],
    ["never answers", { kind: "hang" }, /in time/],
  ])("%s", async (_, does, reason) => {
    const { upstream, ask, text } = await bridged(does.kind === "hang" ? 300 : 10_000);
    upstream.play({ when: { tool: "get_item" }, does });
    const answer = await ask(toolCall(1, "get_item"));
    expect(answer).toMatchObject({ error: { message: expect.stringMatching(reason) } });
    expect(text()).not.toMatch(/stolen|Bearer/);
    expect((await ask(toolCall(2, "put_item", { id: "a" }))).error).toBeUndefined();
  });

  it("sets cookies is not heard", async () => {
    const { upstream, ask } = await bridged();
    upstream.play({
      when: { tool: "get_item" },
      does: { kind: "headers", headers: { "set-cookie": "a=b" } },
    });
    await ask(toolCall(1, "get_item"));
    await ask(toolCall(2, "put_item", { id: "a" }));
    expect(upstream.requests.at(-1)?.headers.map(([name]) => name)).not.toContain("cookie");
  });

  it("ends its stream before the answer is asked for the rest, and lists in it are filtered", async () => {
    const { upstream, ask, text } = await bridged();
    const list = {
      jsonrpc: "2.0",
      id: 1,
      result: { tools: [{ name: "a" }, { name: "delete_item" }] },
    };
    upstream.play(
      {
        when: { method: "tools/list" },
        does: status(200, { "content-type": "text/event-stream" }, "id: e-1\nretry: 1\ndata: \n\n"),
      },
      { when: { http: "GET" }, does: { kind: "send", messages: [list], answer: false } },
    );
    expect((await ask(LIST)).result?.tools).toEqual([{ name: "a" }]);
    expect(text()).not.toContain("delete_item");
    expect(upstream.requests.at(-1)?.headers).toContainEqual(["last-event-id", "e-1"]);
  });
});
