import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { freePort, start, untilListening } from "../fixtures/processes.ts";
import { type RecordingHttp, startRecordingHttp } from "../fixtures/recording-upstream/http.ts";
import type { Message, Rule } from "../fixtures/recording-upstream/script.ts";
import {
  prepareRecordingStdio,
  type RecordingStdio,
} from "../fixtures/recording-upstream/stdio.ts";
import { modern, type Rpc, toolCall } from "../runtime/proxy/http/proxy.ts";
import { serverFile } from "./lines.ts";
import { GatewayFolder, type ServedGateway, tokenLine } from "./served-gateway.ts";

// Two grants that use the same ids for everything, on one server: neither sees, cancels or answers anything of the
// other. `mcpp serve --config` as a process, and recording servers behind it, over HTTP and as children.

type Kind = "url" | "command";
const KINDS: readonly Kind[] = ["url", "command"];

/** A message as it arrived, and through which session or process. */
interface Arrived {
  readonly message: Message;
  readonly via: string;
}

let http: RecordingHttp;
let stdio: RecordingStdio;
let folder: GatewayFolder;
let gateway: ServedGateway;

beforeAll(async () => {
  http = await startRecordingHttp();
});
afterAll(() => http.close());
beforeEach(async () => {
  stdio = await prepareRecordingStdio();
  folder = new GatewayFolder();
  folder.write("p.mcpp", "server items\n\ndefault allow\n");
  folder.write("a.mcpp", "server items\n\ndefault allow\n");
  const entries = ["a", "b"].map((name) => {
    const policy = name === "a" ? "./a.mcpp" : "./p.mcpp";
    const servers = { url: policy, command: policy };
    return `  - { name: ${name}, token: "${tokenLine(name)}", servers: ${JSON.stringify(servers)} }\n`;
  });
  folder.write(
    "mcpp.yaml",
    `listen: 127.0.0.1:0
state: memory
servers:
  url: { url: "${http.url}" }
  command: { command: ${JSON.stringify([stdio.command, ...stdio.args])} }
grants:
${entries.join("")}`,
  );
  gateway = await folder.serve();
});
afterEach(async () => {
  await folder.remove();
  stdio.dispose();
  http.clear();
  http.play();
});

function play(kind: Kind, ...rules: readonly Rule[]): void {
  if (kind === "url") http.play(...rules);
  else stdio.play(...rules);
}

function arrived(kind: Kind): readonly Arrived[] {
  if (kind === "command") {
    return stdio
      .lines()
      .flatMap(({ messages, pid }) => messages.map((message) => ({ message, via: String(pid) })));
  }
  return http.requests.flatMap(({ messages, headers }) => {
    const session = headers.find(([name]) => name.toLowerCase() === "mcp-session-id")?.[1];
    return messages.map((message) => ({ message, via: session ?? "none" }));
  });
}

const named = (kind: Kind, method: string): readonly Arrived[] =>
  arrived(kind).filter(({ message }) => message.method === method);

const withToken = (id: number, tool: string, args: Record<string, unknown> = {}) => ({
  jsonrpc: "2.0",
  id,
  method: "tools/call",
  params: { name: tool, arguments: args, _meta: { progressToken: "p" } },
});

async function sessions(kind: Kind): Promise<Readonly<Record<"a" | "b", Record<string, string>>>> {
  const of = async (grant: string) => ({
    "mcp-session-id": await gateway.begin(grant, kind),
    "mcp-protocol-version": "2025-11-25",
  });
  return { a: await of("a"), b: await of("b") };
}

const SLOW: Rule = { when: { tool: "put_item" }, does: { kind: "slow", milliseconds: 2_500 } };
const textOf = ({ result }: Rpc): string => result?.content?.[0]?.text ?? "";

describe.each(KINDS)("two sessions with the same ids, server by %s", (kind) => {
  it("do not cancel each other's requests", async () => {
    const { a, b } = await sessions(kind);
    play(kind, SLOW);
    const ofA = gateway.open("a", kind, {
      headers: a,
      message: toolCall(7, "put_item", { id: "of a" }),
    });
    ofA.catch(() => {});
    const ofB = gateway.ask("b", kind, toolCall(7, "put_item", { id: "of b" }), b);
    await expect.poll(() => named(kind, "tools/call")).toHaveLength(2);
    const params = { requestId: 7, reason: "a's" };
    const cancel = { jsonrpc: "2.0", method: "notifications/cancelled", params };
    expect((await gateway.ask("a", kind, cancel, a)).status).toBe(202);
    await expect.poll(() => named(kind, "notifications/cancelled")).toHaveLength(1);
    const via = (text: string) =>
      named(kind, "tools/call").find(({ message }) => JSON.stringify(message).includes(text))?.via;
    expect(named(kind, "notifications/cancelled")[0]?.via).toBe(via("of a"));
    expect(via("of a")).not.toBe(via("of b"));
    const answer = await ofB;
    expect(answer.id).toBe(7);
    expect(textOf(answer)).toContain("of b");
  });

  it("do not hear of each other's progress", async () => {
    const { a, b } = await sessions(kind);
    const streams = [
      await gateway.listen("a", kind, a["mcp-session-id"] as string),
      await gateway.listen("b", kind, b["mcp-session-id"] as string),
    ];
    const progress = (message: string) => ({
      jsonrpc: "2.0",
      method: "notifications/progress",
      params: { progressToken: "p", progress: 1, message },
    });
    play(
      kind,
      { when: { tool: "put_item" }, does: { kind: "send", messages: [progress("for a")] } },
      { when: { tool: "get_item" }, does: { kind: "send", messages: [progress("for b")] } },
    );
    const [ofA, ofB] = await Promise.all([
      gateway.open("a", kind, { headers: a, message: withToken(7, "put_item") }),
      gateway.open("b", kind, { headers: b, message: withToken(7, "get_item") }),
    ]);
    await Promise.all([ofA.ended, ofB.ended]);
    const heardByA = ofA.text + streams[0]?.text;
    const heardByB = ofB.text + streams[1]?.text;
    expect(heardByA).toContain("for a");
    expect(heardByA).not.toContain("for b");
    expect(heardByB).toContain("for b");
    expect(heardByB).not.toContain("for a");
  });

  it.each([
    ["elicitation/create", { message: "?", requestedSchema: { type: "object", properties: {} } }],
    ["sampling/createMessage", { messages: [], maxTokens: 1 }],
    ["roots/list", {}],
  ])("do not answer what the server asks the other with %s", async (method, params) => {
    const { a, b } = await sessions(kind);
    const question = { jsonrpc: "2.0", id: "q", method, params };
    play(kind, { when: { tool: "put_item" }, does: { kind: "send", messages: [question] } });
    const asked = await gateway.open("b", kind, {
      headers: b,
      message: toolCall(7, "put_item", { id: "of b" }),
    });
    await expect.poll(() => asked.messages.map((message) => message.method)).toContain(method);
    const answer = { jsonrpc: "2.0", id: "q", result: { action: "decline" } };
    await gateway.ask("a", kind, answer, a);
    await gateway.ask("b", kind, answer, b);
    const ofB = named(kind, "tools/call")[0]?.via;
    const answers = () => arrived(kind).filter(({ message }) => message.id === "q");
    await expect.poll(() => answers().map(({ via }) => via)).toContain(ofB);
    expect(answers().filter(({ via }) => via === ofB)).toHaveLength(1);
    await asked.ended;
  });

  it("are unknown to the other grant", async () => {
    const { a } = await sessions(kind);
    const id = a["mcp-session-id"] as string;
    await expect.poll(() => named(kind, "notifications/initialized")).toHaveLength(2);
    const before = arrived(kind).length;
    const list = { jsonrpc: "2.0", id: 7, method: "tools/list" };
    const foreign = await gateway.ask("b", kind, list, a);
    const made = await gateway.ask("b", kind, list, { "mcp-session-id": `${id}x` });
    const { session: _, ...shown } = foreign;
    expect(shown).toEqual({ ...made, session: undefined, status: 404 });
    expect((await gateway.listen("b", kind, id)).status).toBe(404);
    const ended = await gateway.open("b", kind, { method: "DELETE", headers: a });
    expect(ended.status).toBe(404);
    const answer = { jsonrpc: "2.0", id: "q", result: {} };
    expect((await gateway.ask("b", kind, answer, a)).status).toBe(404);
    expect(arrived(kind)).toHaveLength(before);
    expect((await gateway.ask("a", kind, list, a)).status).toBe(200);
  });

  it("are told of their own lists alone when a policy changes", async () => {
    const { a, b } = await sessions(kind);
    const streams = [
      await gateway.listen("a", kind, a["mcp-session-id"] as string),
      await gateway.listen("b", kind, b["mcp-session-id"] as string),
    ];
    folder.write("a.mcpp", "server items\n\ndefault allow\nhide put_item\n");
    await expect.poll(() => streams[0]?.text).toContain("notifications/tools/list_changed");
    folder.write("p.mcpp", "server items\n\ndefault allow\nhide get_item\n");
    await expect.poll(() => streams[1]?.text).toContain("notifications/tools/list_changed");
    const told = streams.map((stream) => stream.messages.map(({ method }) => method));
    expect(told).toEqual([
      ["notifications/tools/list_changed"],
      ["notifications/tools/list_changed"],
    ]);
  });
});

describe.each(KINDS)(
  "two clients without a session and with the same ids, server by %s",
  (kind) => {
    const meta = { _meta: { progressToken: "p" } };

    it("do not cancel each other's requests, by closing them or by name", async () => {
      play(kind, SLOW);
      const call = (whose: string) =>
        modern(7, "tools/call", { name: "put_item", arguments: { id: whose }, ...meta });
      const [one, two] = [call("of a"), call("of b")];
      const leaving = new AbortController();
      const ofA = gateway
        .ask("a", kind, one.message, one.headers, leaving.signal)
        .catch(() => "left");
      const ofB = gateway.ask("b", kind, two.message, two.headers);
      await expect.poll(() => named(kind, "tools/call")).toHaveLength(2);
      const cancel = {
        jsonrpc: "2.0",
        method: "notifications/cancelled",
        params: { requestId: 7 },
      };
      const { "mcp-name": _, ...headers } = one.headers;
      const own = { ...headers, "mcp-method": "notifications/cancelled" };
      expect((await gateway.ask("a", kind, cancel, own)).status).toBe(202);
      leaving.abort();
      expect(await ofA).toBe("left");
      const answer = await ofB;
      expect(answer.id).toBe(7);
      expect(textOf(answer)).toContain("of b");
      // Only the client that went away has ended its own request, in a process of its own.
      const viaB = named(kind, "tools/call").find(({ message }) =>
        JSON.stringify(message).includes("of b"),
      )?.via;
      const ends = named(kind, "notifications/cancelled").map(({ via }) => via);
      expect(ends).toHaveLength(kind === "url" ? 0 : 1);
      expect(ends).not.toContain(viaB);
    });

    it("do not hear of each other's subscriptions", async () => {
      const listen = modern("s", "subscriptions/listen", {
        notifications: { toolsListChanged: true },
      });
      const [ofA, ofB] = await Promise.all(
        ["a", "b"].map((grant) =>
          gateway.open(grant, kind, { headers: listen.headers, message: listen.message }),
        ),
      );
      await expect.poll(() => [ofA?.messages.length, ofB?.messages.length]).toEqual([1, 1]);
      folder.write("a.mcpp", "server items\n\ndefault allow\nhide put_item\n");
      await expect.poll(() => ofA?.text).toContain("notifications/tools/list_changed");
      // A client that leaves takes no other one's subscription with it.
      ofA?.leave();
      folder.write("p.mcpp", "server items\n\ndefault allow\nhide get_item\n");
      await expect.poll(() => ofB?.text).toContain("notifications/tools/list_changed");
      expect(ofB?.messages).toHaveLength(2);
      ofB?.leave();
    });

    it("have tasks of their own, even with one id", async () => {
      const task = {
        taskId: "t1",
        status: "working",
        createdAt: "2026-01-01T00:00:00Z",
        ttl: null,
      };
      const made = { resultType: "task", ...task };
      const listed = { tasks: [task, { ...task, taskId: "t2" }] };
      play(
        kind,
        {
          when: { tool: "put_item" },
          does: { kind: "replace", message: { jsonrpc: "2.0", result: made } },
        },
        {
          when: { method: "tasks/get" },
          does: { kind: "replace", message: { jsonrpc: "2.0", result: task } },
        },
        {
          when: { method: "tasks/cancel" },
          does: { kind: "replace", message: { jsonrpc: "2.0", result: task } },
        },
        {
          when: { method: "tasks/list" },
          does: { kind: "replace", message: { jsonrpc: "2.0", result: listed } },
        },
      );
      const ask = (grant: string, method: string, params: Record<string, unknown>) => {
        const { message, headers } = modern(7, method, params);
        const { taskId } = params;
        const about = typeof taskId === "string" ? { ...headers, "mcp-name": taskId } : headers;
        return gateway.ask(grant, kind, message, about);
      };
      const begun = await ask("a", "tools/call", { name: "put_item", arguments: {} });
      const id = String(begun.result?.taskId);
      expect(id).toMatch(/^mcpp1\./);
      if (kind === "url") {
        // A process of its own has no tasks but the grant's.
        const list = async (grant: string) =>
          ((await ask(grant, "tasks/list", {})).result?.tasks as readonly unknown[] | undefined)
            ?.length;
        expect(await list("a")).toBe(1);
        expect(await list("b")).toBe(0);
      }
      expect((await ask("a", "tasks/get", { taskId: id })).result?.taskId).toBe(id);
      const asked = () => named(kind, "tasks/get").map(({ message }) => message.params?.taskId);
      expect(asked()).toEqual(["t1"]);
      await ask("b", "tasks/get", { taskId: id });
      await ask("b", "tasks/get", { taskId: "t1" });
      await ask("b", "tasks/cancel", { taskId: id });
      expect(asked().slice(1)).toEqual([
        expect.stringMatching(/^none-/),
        expect.stringMatching(/^none-/),
      ]);
      expect(named(kind, "tasks/cancel")[0]?.message.params?.taskId).toMatch(/^none-/);
    });
  },
);

describe("an upstream over HTTP that keeps no sessions", () => {
  it("is not told of what one grant cancels or answers, and no stream of it is everybody's", async () => {
    http.play(SLOW);
    const ofB = gateway.ask("b", "url", toolCall(7, "put_item", { id: "of b" }));
    await expect.poll(() => named("url", "tools/call")).toHaveLength(1);
    const cancel = { jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 7 } };
    expect((await gateway.ask("a", "url", cancel)).status).toBe(202);
    const answer = { jsonrpc: "2.0", id: "q", result: { action: "accept" } };
    expect((await gateway.ask("a", "url", answer)).status).toBe(400);
    const stream = await gateway.open("a", "url", { method: "GET" });
    expect(stream.status).toBe(405);
    expect(textOf(await ofB)).toContain("of b");
    const methods = new Set(arrived("url").map(({ message }) => message.method));
    expect(methods).toEqual(new Set(["tools/list", "tools/call"]));
    expect(http.requests.map(({ method }) => method)).not.toContain("GET");
  });
});

describe("event ids", () => {
  it("of a server over HTTP resume nothing of the other grant", async () => {
    const { a, b } = await sessions("url");
    http.play({ when: { tool: "put_item" }, does: { kind: "sse", id: "e1" } });
    const eventOf = async (grant: string, headers: Record<string, string>) => {
      const message = toolCall(7, "put_item", { id: grant });
      const answer = await gateway.open(grant, "url", { headers, message });
      await answer.ended;
      return /^id: (\S+)$/m.exec(answer.text)?.[1] as string;
    };
    const [ofA, ofB] = [await eventOf("a", a), await eventOf("b", b)];
    expect(ofA).not.toBe(ofB);
    http.clear();
    const foreign = await gateway.listen("b", "url", b["mcp-session-id"] as string, ofA);
    expect(foreign.status).toBe(404);
    expect((await gateway.listen("b", "url", b["mcp-session-id"] as string, "e1")).status).toBe(
      404,
    );
    expect(http.requests).toEqual([]);
    const own = await gateway.listen("b", "url", b["mcp-session-id"] as string, ofB);
    expect(own.status).toBe(200);
    const up = http.requests
      .at(-1)
      ?.headers.map(([name, value]) => `${name.toLowerCase()}=${value}`);
    expect(up).toContain("last-event-id=e1");
    own.leave();
  });

  it("of a child resume nothing of the other grant", async () => {
    const { a, b } = await sessions("command");
    stdio.play(SLOW);
    const eventOf = async (grant: string, headers: Record<string, string>) => {
      const message = toolCall(7, "put_item", { id: `of ${grant}` });
      const answer = await gateway.open(grant, "command", { headers, message });
      await expect.poll(() => answer.text).toMatch(/^id: \S+$/m);
      answer.leave();
      return /^id: (\S+)$/m.exec(answer.text)?.[1] as string;
    };
    const [ofA, ofB] = await Promise.all([eventOf("a", a), eventOf("b", b)]);
    const foreign = await gateway.listen("b", "command", b["mcp-session-id"] as string, ofA);
    expect(foreign.status).toBe(404);
    const own = await gateway.listen("b", "command", b["mcp-session-id"] as string, ofB);
    expect(own.status).toBe(200);
    await expect.poll(() => own.text).toContain("of b");
    expect(own.text).not.toContain("of a");
    own.leave();
  });
});

describe("tasks of server-everything", () => {
  const stops: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const stop of stops.splice(0)) await stop();
  });

  it.each(KINDS)("by %s are unknown to the other grant", async (kind) => {
    const everything = serverFile("everything");
    let entry = `{ command: ${JSON.stringify([process.execPath, everything, "stdio"])} }`;
    if (kind === "url") {
      const port = await freePort();
      const server = start(process.execPath, [
        "-e",
        `process.env.PORT = "${port}"; import(${JSON.stringify(everything)});`,
        "everything",
        "streamableHttp",
      ]);
      stops.push(() => server.stop());
      await untilListening(port, server);
      entry = `{ url: "http://127.0.0.1:${port}/mcp" }`;
    }
    const grants = ["a", "b"].map(
      (name) => `  - { name: ${name}, token: "${tokenLine(name)}", servers: { all: ./p.mcpp } }\n`,
    );
    folder.write(
      "mcpp.yaml",
      `listen: 127.0.0.1:0\nstate: memory\nservers:\n  all: ${entry}\ngrants:\n${grants.join("")}`,
    );
    gateway = await folder.serve();
    const begin = async (grant: string) => ({
      "mcp-session-id": await gateway.begin(grant, "all"),
      "mcp-protocol-version": "2025-11-25",
    });
    const [a, b] = [await begin("a"), await begin("b")];
    const made = await gateway.ask(
      "a",
      "all",
      {
        jsonrpc: "2.0",
        id: 7,
        method: "tools/call",
        params: {
          name: "simulate-research-query",
          arguments: { topic: "python", ambiguous: false },
          task: { ttl: 60_000 },
        },
      },
      a,
    );
    const { taskId } = (made.result as { task: { taskId: string } }).task;
    const about = (method: string, id: string) => ({
      jsonrpc: "2.0",
      id: 8,
      method,
      params: { taskId: id },
    });
    const own = await gateway.ask("a", "all", about("tasks/get", taskId), a);
    expect(own.result?.taskId).toBe(taskId);
    for (const method of ["tasks/get", "tasks/result", "tasks/cancel"]) {
      const foreign = await gateway.ask("b", "all", about(method, taskId), b);
      const nothing = await gateway.ask("b", "all", about(method, "nothing"), b);
      const shape = ({ error }: Rpc) => ({
        code: error?.code,
        message: error?.message.replace(/none-\S+/, "ID"),
      });
      expect(foreign.error).toBeDefined();
      expect(shape(foreign)).toEqual(shape(nothing));
    }
    const list = { jsonrpc: "2.0", id: 9, method: "tasks/list" };
    expect((await gateway.ask("b", "all", list, b)).result?.tasks).toEqual([]);
    expect((await gateway.ask("a", "all", list, a)).result?.tasks).toHaveLength(1);
    await gateway.ask("a", "all", about("tasks/cancel", taskId), a);
  });
});
