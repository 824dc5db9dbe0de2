import { randomBytes } from "node:crypto";
import { afterEach, describe, expect, it } from "vitest";
import {
  prepareRecordingStdio,
  type RecordingStdio,
  type StdioOptions,
} from "../fixtures/recording-upstream/stdio.ts";
import { folderWith, LineProcess, MCPP, serve, toolCall } from "./lines.ts";

// `mcpp serve` before an upstream that records what reaches it.

const ALLOW_ECHO = { version: "1", default: "deny", tools: { echo: {} } };

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

async function started(
  policy: unknown,
  { options = [], upstream: upstreamOptions }: { options?: string[]; upstream?: StdioOptions } = {},
): Promise<{ proxy: LineProcess; upstream: RecordingStdio }> {
  const files = folderWith({ "policy.json": policy });
  const upstream = await prepareRecordingStdio(upstreamOptions);
  const proxy = serve(files.path("policy.json"), [upstream.command, ...upstream.args], options);
  // The upstream ends before the proxy does, and writes nothing more.
  cleanUps.push(files.remove, upstream.dispose, () => proxy.close());
  return { proxy, upstream };
}

function calls(upstream: RecordingStdio): unknown[] {
  return upstream
    .messages()
    .filter(({ method }) => method === "tools/call")
    .map(({ params }) => params);
}

describe("a call", () => {
  it("is judged without an initialize before it", async () => {
    const { proxy, upstream } = await started(ALLOW_ECHO);
    const denied = await proxy.call(1, "remove", { path: "/" });
    expect(denied.result?.isError).toBe(true);
    const allowed = await proxy.call(2, "echo", { text: "hi" });
    expect(allowed.result?.isError).not.toBe(true);
    expect(calls(upstream)).toEqual([{ name: "echo", arguments: { text: "hi" } }]);
  });

  it("that is denied is a result, with the rule and a short id", async () => {
    const { proxy } = await started({
      version: "1",
      default: "deny",
      tools: {
        pay: {
          require: [
            {
              conditions: [{ path: "args.amount", op: "lte", value: 100 }],
              on_deny: "At most 100.",
            },
          ],
        },
      },
    });
    const { result } = await proxy.call(1, "pay", { amount: 101 });
    expect(result).toEqual({
      content: [
        {
          type: "text",
          text: expect.stringMatching(
            /^\[POLICY DENIED\] At most 100\. \([0-9A-HJKMNP-TV-Z]{5}\)$/,
          ),
        },
      ],
      isError: true,
      _meta: {
        "dev.mcpp/decision": {
          id: expect.stringMatching(/^[0-9A-HJKMNP-TV-Z]{5}$/),
          outcome: "deny",
          rule: "/tools/pay/require/0",
        },
      },
    });
    const decision = result?._meta?.["dev.mcpp/decision"] as { id: string } | undefined;
    expect(result?.content?.[0]?.text).toContain(`(${decision?.id})`);
    expect(proxy.stderr).toContain(decision?.id);
  });

  it("of the modern era is answered with a `resultType`", async () => {
    const { proxy } = await started(ALLOW_ECHO);
    const meta = { "io.modelcontextprotocol/protocolVersion": "2026-07-28" };
    proxy.send({
      jsonrpc: "2.0",
      id: 1,
      method: "tools/call",
      params: { name: "rm", _meta: meta },
    });
    expect((await proxy.answer(1)).result).toMatchObject({ isError: true, resultType: "complete" });
    expect((await proxy.call(2, "rm")).result).not.toHaveProperty("resultType");
  });

  it("that asks for a task is denied by an error outside the reserved codes", async () => {
    const { proxy, upstream } = await started(ALLOW_ECHO);
    proxy.send({
      jsonrpc: "2.0",
      id: 1,
      method: "tools/call",
      params: { name: "rm", task: { ttl: 1 } },
    });
    expect(await proxy.answer(1)).toMatchObject({
      error: { code: 403, message: expect.stringMatching(/^\[POLICY DENIED\]/) },
    });
    expect(calls(upstream)).toEqual([]);
  });

  it("over a limit says when to retry, and the limit counts what passed", async () => {
    const { proxy, upstream } = await started({
      version: "1",
      default: "deny",
      tools: { echo: { limits: [{ counter: "c", window: "day", max: 3, scope: "grant" }] } },
    });
    for (let id = 1; id <= 3; id++) {
      expect((await proxy.call(id, "echo", {})).result?.isError).not.toBe(true);
    }
    const { result } = await proxy.call(4, "echo", {});
    expect(result?.content?.[0]?.text).toMatch(/Retry in \d+ (s|min|h)\. \(/);
    expect(result?._meta).toMatchObject({
      "dev.mcpp/decision": { retry_after_ms: expect.any(Number), rule: "/tools/echo/limits/c" },
    });
    expect(calls(upstream)).toHaveLength(3);
  });

  it("keeps the digits of its numbers", async () => {
    const { proxy, upstream } = await started(ALLOW_ECHO);
    const line =
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{"a":12345678901234567890,"b":1.0,"c":[1E5]}}}';
    proxy.send(line);
    await proxy.answer(1);
    expect(upstream.lines().map((one) => one.line)).toContain(line);
  });

  it("is forwarded as it was read, not as it was written", async () => {
    const { proxy, upstream } = await started(ALLOW_ECHO);
    proxy.send(
      '{ "jsonrpc" : "2.0", "id":1,"method":"tools\\/call", "params":{"n\\u0061me":"echo","arguments":{"\\u0061":1}} }\r',
    );
    await proxy.answer(1);
    expect(upstream.lines().map((one) => one.line)).toContain(
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{"a":1}}}',
    );
  });
});

describe("hidden tools", () => {
  const policy = { version: "1", default: "allow", hide: ["add"] };
  const tools = ["echo", "add", "Slow"].map((name) => ({
    name,
    description: `The tool ${name}.`,
    inputSchema: { type: "object" },
  }));

  it("are taken out of the list, and answered as names that do not exist", async () => {
    const { proxy, upstream } = await started(policy, { upstream: { tools } });
    await proxy.initialize();
    proxy.send({ jsonrpc: "2.0", id: 1, method: "tools/list" });
    const list = await proxy.answer(1);
    expect(list.result?.tools).toEqual(tools.filter(({ name }) => name !== "add"));
    const hidden = await proxy.call(2, "add", {});
    const absent = await proxy.call(3, "sub", {});
    expect(hidden.error).toEqual({ code: -32602, message: "Unknown tool: add" });
    expect(absent.error).toEqual({ code: -32602, message: "Unknown tool: sub" });
    expect(calls(upstream)).toEqual([]);
  });

  it.each(["Echo", "ADD", "echo ", "\u200becho", "\uff45cho", "slow"])(
    "and %j, which another name folds to, is unknown",
    async (name) => {
      const { proxy, upstream } = await started(policy, { upstream: { tools } });
      await proxy.initialize();
      expect((await proxy.call(1, name, {})).error?.code).toBe(-32602);
      expect(calls(upstream)).toEqual([]);
    },
  );

  it("a list that the server cannot give denies the call", async () => {
    const { proxy, upstream } = await started(policy, { upstream: { tools } });
    upstream.play({
      when: { method: "tools/list" },
      does: { kind: "replace", message: { jsonrpc: "2.0", error: { code: 1, message: "no" } } },
    });
    const { result } = await proxy.call(1, "echo", {});
    expect(result?._meta).toMatchObject({
      "dev.mcpp/decision": { rule: "(catalogue unavailable)" },
    });
    expect(calls(upstream)).toEqual([]);
  });

  it("are not shown by a list that nobody asked for, nor by one in disguise", async () => {
    const { proxy, upstream } = await started(policy, { upstream: { tools } });
    const list = JSON.stringify(tools);
    for (const [id, text] of [
      `{"jsonrpc":"2.0","id":0,"result":{"tools":${list}}}`,
      `{"jsonrpc":"2.0","id":1,"result":{"tools":${list},"tools":1}}`,
      `{"jsonrpc":"2.0","id":2,"result":{"Tools":${list}}}`,
      `{"jsonrpc":"2.0","id":3,"result":{"tools":${list}},"result":{}}`,
      `{"jsonrpc":"2.0","id":4,"result":{"t\\u006fols":${list}}}`,
      `[{"jsonrpc":"2.0","id":5,"result":{"tools":${list}}}]`,
    ].entries()) {
      upstream.play({ when: { method: "ping" }, does: { kind: "garbage", text } });
      proxy.send({ jsonrpc: "2.0", id, method: "ping" });
      expect(await proxy.line()).not.toContain("The tool add.");
    }
  });
});

describe("what the server sends", () => {
  it("is relayed as it came", async () => {
    const { proxy, upstream } = await started(ALLOW_ECHO);
    const text =
      '{ "id" : 1 , "jsonrpc":"2.0","result":{"x":1.0,"y":12345678901234567890,"z":"\\u0061"}}';
    upstream.play({ when: { method: "ping" }, does: { kind: "garbage", text } });
    proxy.send({ jsonrpc: "2.0", id: 1, method: "ping" });
    expect(await proxy.line()).toBe(text);
  });

  it("that is no message goes to stderr", async () => {
    const { proxy, upstream } = await started(ALLOW_ECHO);
    upstream.play({ does: { kind: "noise", line: "Listening… on nothing" } });
    await proxy.call(1, "echo", {});
    expect(proxy.stderr).toContain("Listening… on nothing");
  });

  it("answers to nothing are dropped, and second answers", async () => {
    const { proxy, upstream } = await started(ALLOW_ECHO);
    upstream.play({
      does: { kind: "send", messages: [{ jsonrpc: "2.0", id: 99, result: {} }] },
    });
    proxy.send(toolCall(1, "echo", {}));
    expect((await proxy.message()).id).toBe(1);
    upstream.play({ times: 1, does: { kind: "twice" } });
    await proxy.call(2, "echo", {});
    proxy.send(toolCall(3, "echo", {}));
    // The second answer would stand before this one.
    expect((await proxy.message()).id).toBe(3);
  });

  it("requests are answered by the client, once", async () => {
    const { proxy, upstream } = await started(ALLOW_ECHO);
    upstream.play({
      times: 1,
      does: { kind: "send", messages: [{ jsonrpc: "2.0", id: "s1", method: "roots/list" }] },
    });
    proxy.send(toolCall(1, "echo", {}));
    expect(await proxy.message()).toMatchObject({ id: "s1", method: "roots/list" });
    await proxy.answer(1);
    proxy.send({ jsonrpc: "2.0", id: "s1", result: { roots: [] } });
    proxy.send({ jsonrpc: "2.0", id: "s1", result: { roots: [] } });
    await proxy.call(2, "echo", {});
    const answers = upstream.messages().filter(({ id, method }) => id === "s1" && !method);
    expect(answers).toEqual([{ jsonrpc: "2.0", id: "s1", result: { roots: [] } }]);
  });

  it("a line of 100 MB fails the one request, and the next is served", async () => {
    const { proxy, upstream } = await started(ALLOW_ECHO);
    upstream.play({ times: 1, does: { kind: "huge", bytes: 100_000_000 } });
    expect((await proxy.call(1, "echo", {})).error?.message).toContain("too large");
    expect((await proxy.call(2, "echo", {})).result?.isError).not.toBe(true);
  });

  it("a large answer passes", async () => {
    const { proxy, upstream } = await started(ALLOW_ECHO);
    upstream.play({ times: 1, does: { kind: "huge", bytes: 20_000_000 } });
    const { result } = await proxy.call(1, "echo", {});
    expect(result?.content?.[0]?.text).toHaveLength(20_000_000);
  });
});

describe("methods", () => {
  it("that no revision defines are denied under a denying default, and pass under another", async () => {
    const denying = await started(ALLOW_ECHO);
    denying.proxy.send({ jsonrpc: "2.0", id: 1, method: "acme/do" });
    expect((await denying.proxy.answer(1)).error).toMatchObject({ code: 403 });
    expect(denying.upstream.messages()).toEqual([]);
    const allowing = await started({ version: "1", default: "allow" });
    allowing.proxy.send({ jsonrpc: "2.0", id: 1, method: "acme/do" });
    await allowing.proxy.answer(1);
    expect(allowing.upstream.messages()).toMatchObject([{ method: "acme/do" }]);
  });

  it("of resources and prompts are governed where the policy says so", async () => {
    const { proxy, upstream } = await started({
      version: "1",
      extensions: ["prompts", "resources"],
      default: "deny",
      resources: { default: "deny", allow: ["file:///srv/*"], hide: ["file:///srv/secret"] },
      prompts: { default: "allow", deny: ["root"] },
    });
    const ask = async (method: string, params: object): Promise<number | undefined> => {
      proxy.send({ jsonrpc: "2.0", id: 1, method, params });
      return (await proxy.answer(1)).error?.code;
    };
    expect(await ask("resources/read", { uri: "file:///etc/passwd" })).toBe(403);
    expect(await ask("resources/read", { uri: "file:///srv/secret" })).toBe(-32002);
    expect(await ask("resources/read", { uri: "file:///srv/../etc/passwd" })).toBe(403);
    expect(await ask("resources/subscribe", { uri: "file:///etc/passwd" })).toBe(403);
    expect(await ask("prompts/get", { name: "root" })).toBe(403);
    expect(await ask("prompts/get", { name: 1 })).toBe(403);
    const ref = { type: "ref/prompt", name: "root" };
    expect(await ask("completion/complete", { ref, argument: {} })).toBe(403);
    const notifications = { resourceSubscriptions: ["file:///etc/passwd"] };
    expect(await ask("subscriptions/listen", { notifications })).toBe(403);
    expect(upstream.messages()).toEqual([]);
    await ask("resources/read", { uri: "file:///srv/a" });
    expect(upstream.messages()).toMatchObject([{ params: { uri: "file:///srv/a" } }]);
  });
});

describe("--shadow", () => {
  it("forbids nothing that the policy forbids, and says what it would", async () => {
    const { proxy, upstream } = await started(
      { version: "1", default: "deny", tools: {} },
      { options: ["--shadow"] },
    );
    await proxy.call(1, "echo", { x: 1 });
    expect(calls(upstream)).toEqual([{ name: "echo", arguments: { x: 1 } }]);
    expect(proxy.stderr).toContain("would be denied tools/call echo");
    proxy.send("[]");
    expect((await proxy.message()).error?.code).toBe(-32600);
  });
});

describe("the end", () => {
  it("of stdin ends the server in order, and answers still arrive", async () => {
    const { proxy, upstream } = await started(ALLOW_ECHO);
    proxy.send(toolCall(1, "echo", {}));
    proxy.process.stdin.end();
    expect((await proxy.message()).id).toBe(1);
    expect(await proxy.exited).toEqual({ code: 0, signal: null });
    expect(upstream.lines().at(-1)?.event).toBe("end");
  });

  it("of stdin ends a server that does not go by itself", async () => {
    const { proxy, upstream } = await started(ALLOW_ECHO, { upstream: { survives: "end" } });
    await proxy.call(1, "echo", {});
    expect(await proxy.close()).toEqual({ code: 0, signal: null });
    expect(upstream.lines().map(({ event }) => event)).toContain("SIGTERM");
  });

  it("of the server is ours, and those who wait get an answer", async () => {
    const { proxy, upstream } = await started(ALLOW_ECHO);
    upstream.play({ does: { kind: "close", code: 3 } });
    const { error } = await proxy.call(1, "echo", {});
    expect(error).toMatchObject({ code: -32603, message: expect.stringContaining("status 3") });
    expect(await proxy.exited).toEqual({ code: 3, signal: null });
  });

  it.each(["SIGTERM", "SIGINT"] as const)("by %s is passed on", async (signal) => {
    const { proxy, upstream } = await started(ALLOW_ECHO);
    await proxy.call(1, "echo", {});
    proxy.process.kill(signal);
    const exit = await proxy.exited;
    // The upstream ends by itself with status 0 on TERM; INT ends it, and so ends us.
    expect(exit).toEqual(signal === "SIGTERM" ? { code: 0, signal: null } : { code: null, signal });
    expect(upstream.lines().some(({ event }) => event === "SIGTERM")).toBe(signal === "SIGTERM");
  });

  it("by a signal of the server is ours too", async () => {
    const files = folderWith({ "policy.json": ALLOW_ECHO });
    const script = 'process.stdin.once("data", () => process.kill(process.pid, "SIGTERM"))';
    const proxy = serve(files.path("policy.json"), [process.execPath, "-e", script]);
    cleanUps.push(files.remove);
    proxy.send(toolCall(1, "echo", {}));
    expect((await proxy.answer(1)).error?.message).toContain("SIGTERM");
    expect(await proxy.exited).toEqual({ code: null, signal: "SIGTERM" });
  });
});

describe("the server's process", () => {
  it("has our stderr and our environment, less what configures mcpp", async () => {
    const files = folderWith({ "policy.json": ALLOW_ECHO });
    cleanUps.push(files.remove);
    const script =
      "const { A, MCPP_KEY } = process.env; console.error(JSON.stringify({ A, MCPP_KEY }))";
    const env = { ...process.env, A: "1", MCPP_KEY: randomBytes(32).toString("hex") };
    const proxy = serve(files.path("policy.json"), [process.execPath, "-e", script], [], env);
    expect(await proxy.close()).toEqual({ code: 0, signal: null });
    expect(proxy.stderr).toContain('{"A":"1"}');
  });
});

describe("a policy that does not compile", () => {
  const broken = "default deny\nallow echo limit 10/fortnight per grant\n";

  it("answers the first request with the reason, then ends with status 2", async () => {
    const files = folderWith({ "policy.mcpp": broken });
    cleanUps.push(files.remove);
    const script = "console.error('STARTED')";
    const proxy = serve(files.path("policy.mcpp"), [process.execPath, "-e", script]);
    proxy.send({ jsonrpc: "2.0", method: "notifications/initialized" });
    proxy.send({ jsonrpc: "2.0", id: "a", method: "initialize", params: {} });
    expect(await proxy.message()).toMatchObject({
      id: "a",
      error: { message: expect.stringMatching(/^The policy does not compile: .*policy\.mcpp:2:/) },
    });
    expect(await proxy.exited).toEqual({ code: 2, signal: null });
    expect(proxy.stderr).toContain("allow echo limit 10/fortnight");
    expect(proxy.stderr).not.toContain("STARTED");
  });

  it("ends with status 2 when no request comes", async () => {
    const files = folderWith({ "policy.mcpp": broken });
    cleanUps.push(files.remove);
    const proxy = serve(files.path("policy.mcpp"), [process.execPath, "-e", "0"]);
    expect(await proxy.close()).toEqual({ code: 2, signal: null });
  });

  it("and one that does is served, its name the server's", async () => {
    const files = folderWith({ "policy.mcpp": "server shop\ndefault deny\nallow echo\n" });
    const upstream = await prepareRecordingStdio();
    const proxy = serve(files.path("policy.mcpp"), [upstream.command, ...upstream.args]);
    cleanUps.push(files.remove, upstream.dispose, () => proxy.close());
    expect((await proxy.call(1, "echo", {})).result?.isError).not.toBe(true);
    const denied = await proxy.call(2, "add", {});
    expect(denied.result?.isError).toBe(true);
    expect(proxy.stderr).toContain("server id shop");
  });
});

describe("nothing is started", () => {
  const good = ["--", process.execPath, "-e", "console.error('STARTED')"];
  const files = folderWith({
    "policy.json": ALLOW_ECHO,
    "text.json": "{",
    "typo.json": { ...ALLOW_ECHO, hides: ["x"] },
    "extension.json": { ...ALLOW_ECHO, extensions: ["telepathy"] },
    "version.json": { ...ALLOW_ECHO, version: "2" },
  });

  it.each([
    ["no command", ["policy.json"]],
    ["an empty command", ["policy.json", "--"]],
    ["no policy", good],
    ["a missing file", ["none.json", ...good]],
    ["a folder", [".", ...good]],
    ["a file that is not JSON", ["text.json", ...good]],
    ["a policy with a typing error", ["typo.json", ...good]],
    ["an extension that is not known", ["extension.json", ...good]],
    ["another version", ["version.json", ...good]],
    ["an unknown flag", ["policy.json", "--verbose", ...good]],
    ["a label that is none", ["policy.json", "--label", "x", ...good]],
    ["a label twice", ["policy.json", "--label", "a=1", "--label", "a=2", ...good]],
    ["an unknown store", ["policy.json", "--state", "tape:", ...good]],
    ["an argument too many", ["policy.json", "other", ...good]],
    ["a command that does not exist", ["policy.json", "--", "no-such-command-here"]],
  ])("with %s: one clear sentence, status 2", async (_, args) => {
    const full = args.map((arg) => (/\.json$|^\.$/.test(arg) ? files.path(arg) : arg));
    const proxy = new LineProcess(process.execPath, [MCPP, "serve", ...full]);
    expect(await proxy.exited).toEqual({ code: 2, signal: null });
    expect(proxy.stderr).not.toContain("STARTED");
    expect(proxy.stderr).not.toContain("    at ");
    expect(proxy.stderr.trim()).not.toBe("");
  });
});
