import { randomBytes } from "node:crypto";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type RecordingHttp, startRecordingHttp } from "../fixtures/recording-upstream/http.ts";
import { ask, initialize, send, toolCall } from "../runtime/proxy/http/proxy.ts";
import { type ServedHttp, serveHttp } from "./http-serve.ts";
import { folderWith, LineProcess, MCPP } from "./lines.ts";

// `mcpp serve --listen` as a process: its address, its token, its flags, its end.

const files = folderWith({
  "policy.json": { version: "1", default: "deny", tools: { get_item: {} } },
  "named.mcpp": "server items\nallow get_item\n",
});
const POLICY = files.path("policy.json");
let upstream: RecordingHttp;
const running: ServedHttp[] = [];

beforeAll(async () => {
  upstream = await startRecordingHttp();
});
afterEach(async () => {
  for (const one of running.splice(0)) await one.stop();
  upstream.clear();
  upstream.play();
});
afterAll(async () => {
  await upstream.close();
  files.remove();
});

async function served(...args: string[]): Promise<ServedHttp & { readonly port: number }> {
  const one = await serveHttp([...args, "--url", upstream.url]);
  running.push(one);
  return { ...one, port: Number(new URL(one.url).port) };
}

describe("mcpp serve --listen", () => {
  it("wants its token, which it shows once", async () => {
    const { port, token, stderr } = await served(POLICY);
    expect(token).toMatch(/^[\w-]{43}$/);
    expect(stderr().split(token as string)).toHaveLength(2);
    const call = toolCall(1, "get_item");
    for (const authorization of [
      undefined,
      "Bearer",
      "Bearer x",
      `Basic ${token}`,
      `Bearer ${token}x`,
      `Bearer ${token?.slice(1)}`,
      `${token}`,
    ]) {
      const answer = await ask(port, call, { authorization });
      expect(answer.status).toBe(401);
      expect(answer.headers["www-authenticate"]).toBe("Bearer");
    }
    expect(upstream.requests).toEqual([]);
    const good = await ask(port, call, { authorization: `Bearer ${token}` });
    expect(good).toMatchObject({ status: 200, id: 1 });
    expect(upstream.requests).toHaveLength(1);
  });

  it("serves /mcp and the path of the server's name", async () => {
    const { port, url } = await served(files.path("named.mcpp"), "--no-token");
    expect(url).toMatch(/\/mcp\/items$/);
    for (const path of ["/mcp", "/mcp/items"]) {
      const { status } = await send(port, { path, body: JSON.stringify(toolCall(1, "get_item")) });
      expect(status).toBe(200);
    }
    expect((await send(port, { path: "/mcp/others", body: "{}" })).status).toBe(404);
  });

  it("tells of its health without a token", async () => {
    const { port } = await served(POLICY);
    for (const path of ["/healthz", "/readyz"]) {
      expect(await send(port, { method: "GET", path })).toMatchObject({ status: 200 });
    }
    const foreign = { host: "evil.example" };
    expect((await send(port, { method: "GET", path: "/healthz", headers: foreign })).status).toBe(
      403,
    );
  });

  it("answers pages of allowed origins only", async () => {
    const { port } = await served(POLICY, "--no-token", "--allow-origin", "http://localhost:6274");
    const origin = "http://localhost:6274";
    const preflight = await send(port, {
      method: "OPTIONS",
      headers: { origin, "access-control-request-headers": "mcp-param-x, x-evil" },
    });
    expect(preflight).toMatchObject({
      status: 204,
      headers: { "access-control-allow-origin": origin, vary: "Origin" },
    });
    expect(preflight.headers["access-control-allow-headers"]).toContain("mcp-param-x");
    expect(preflight.headers["access-control-allow-headers"]).not.toContain("x-evil");
    const call = await ask(port, toolCall(1, "get_item"), { origin });
    expect(call.headers).toMatchObject({
      "access-control-allow-origin": origin,
      "access-control-expose-headers": expect.stringContaining("mcp-session-id"),
    });
    const other = await ask(port, toolCall(1, "get_item"), { origin: "http://localhost:6275" });
    expect(other.status).toBe(403);
    expect(other.headers).not.toHaveProperty("access-control-allow-origin");
  });

  it("limits the rate of a grant", async () => {
    const { port } = await served(POLICY, "--no-token", "--rate", "1");
    const statuses: number[] = [];
    for (let id = 0; id < 6; id++)
      statuses.push((await ask(port, toolCall(id, "get_item"))).status);
    expect(statuses.slice(0, 2)).toEqual([200, 200]);
    expect(statuses).toContain(429);
    const away = await ask(port, toolCall(9, "get_item"));
    if (away.status === 429) expect(away.headers["retry-after"]).toBe("1");
  });

  it("knows its sessions again after a restart with the same key", async () => {
    const key = randomBytes(32).toString("base64");
    const started = async (MCPP_KEY: string | undefined) => {
      const args = [POLICY, "--no-token", "--url", upstream.url];
      const one = await serveHttp(args, MCPP, { ...process.env, MCPP_KEY });
      running.push(one);
      return Number(new URL(one.url).port);
    };
    const session = await initialize(await started(key));
    const call = toolCall(1, "get_item");
    const statusAt = async (port: number) => (await ask(port, call, session)).status;
    const next = randomBytes(32).toString("hex");
    expect(await statusAt(await started(key))).toBe(200);
    expect(await statusAt(await started(`${next},${key}`))).toBe(200);
    expect(await statusAt(await started(next))).toBe(404);
    expect(await statusAt(await started(undefined))).toBe(404);
  });

  it("does not start with a key that can be guessed, and does not show it", async () => {
    const key = "correct horse battery staple";
    const proxy = new LineProcess(
      process.execPath,
      [MCPP, "serve", POLICY, "--listen", "127.0.0.1:0", "--url", upstream.url],
      { ...process.env, MCPP_KEY: key },
    );
    expect(await proxy.exited).toEqual({ code: 2, signal: null });
    expect(proxy.stderr).toContain("MCPP_KEY is not a key: it is neither hex nor base64.");
    expect(proxy.stderr).not.toContain(key);
  });

  it("ends in order on SIGTERM", async () => {
    const one = await served(POLICY, "--no-token");
    const session = await initialize(one.port);
    const stream = send(one.port, {
      method: "GET",
      headers: { ...session, accept: "text/event-stream" },
    });
    upstream.play({ when: { tool: "get_item" }, does: { kind: "slow", milliseconds: 300 } });
    const call = ask(one.port, toolCall(1, "get_item"), session);
    await expect.poll(() => upstream.messages().length).toBe(3);
    const exit = one.stop();
    expect(await call).toMatchObject({ status: 200, id: 1 });
    expect((await stream).status).toBe(200);
    expect(await exit).toEqual({ code: 0, signal: null });
  });

  it.each<readonly [string, readonly string[], RegExp]>([
    ["an address of the network", ["--listen", "0.0.0.0:0"], /other machines/],
    [
      "an address of the network without a token",
      ["--listen", "192.0.2.1:80", "--no-token"],
      /other machines/,
    ],
    ["no port", ["--listen", "localhost"], /HOST:PORT/],
    ["a port too high", ["--listen", ":70000"], /HOST:PORT/],
    ["no server", ["--listen", ":0", "NONE"], /Say which server/],
    ["a wrong time-out", ["--listen", ":0", "--timeout", "soon"], /duration/],
    [
      "a header that is never forwarded",
      ["--listen", ":0", "--forward-header", "Cookie"],
      /never forwarded/,
    ],
    ["--no-token without --listen", ["--no-token"], /goes with/],
    ["--allow-origin without --listen", ["--allow-origin", "x"], /`--allow-origin` goes with/],
    ["another word for --unlisted", ["--unlisted", "pass"], /the one word .* is `forward`/],
    ["another word for --methods", ["--methods", "none"], /the one word .* is `all`/],
    ["an unknown kind of request", ["--refuse-request", "all"], /sampling, elicitation, roots/],
  ])("starts nothing with %s", async (_, args, sentence) => {
    const server = args.includes("NONE") ? [] : ["--url", upstream.url];
    const given = args.filter((arg) => arg !== "NONE");
    const proxy = new LineProcess(process.execPath, [MCPP, "serve", POLICY, ...given, ...server]);
    expect(await proxy.exited).toEqual({ code: 2, signal: null });
    expect(proxy.stderr).toMatch(sentence);
    expect(proxy.stderr).not.toContain("    at ");
    expect(proxy.process.stdout.readableLength).toBe(0);
  });
});
