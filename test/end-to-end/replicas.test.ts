import { randomBytes } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type RecordingHttp, startRecordingHttp } from "../fixtures/recording-upstream/http.ts";
import { modern, type Rpc, toolCall } from "../runtime/proxy/http/proxy.ts";
import { hasRedis, RedisServer } from "../runtime/state/redis-server.ts";
import { type Forwarder, roundRobin } from "./forwarder.ts";
import { serverFile } from "./lines.ts";
import { CLIENT_KINDS, connect } from "./mcp-clients.ts";
import {
  GatewayFolder,
  GatewayPort,
  type ServedGateway,
  tokenLine,
  tokenOf,
} from "./served-gateway.ts";

// Three processes with one configuration and one Redis, behind a forwarder that knows nothing of MCP.

const REPLICAS = 3;
const newKey = () => randomBytes(32).toString("base64");
const LIST = { jsonrpc: "2.0", id: 7, method: "tools/list" };

describe.skipIf(!hasRedis)("three replicas", () => {
  const cleanUps: (() => unknown)[] = [];
  let redis: RedisServer;
  let upstream: RecordingHttp;
  let folder: GatewayFolder;
  let replicas: ServedGateway[];
  let forwarder: Forwarder;
  let front: GatewayPort;
  let key: string;
  let env: Readonly<Record<string, string>>;

  beforeEach(async () => {
    redis = await RedisServer.start();
    cleanUps.push(() => redis.end());
    upstream = await startRecordingHttp();
    cleanUps.push(() => upstream.close());
    folder = new GatewayFolder();
    cleanUps.push(() => folder.remove());
    folder.write(
      "items.mcpp",
      "server items\n\nallow get_item\nallow put_item limit 20/hour sliding per grant\nallow delete_item limit 2 concurrent\n",
    );
    folder.write("memory.mcpp", "server memory\n\nallow read_graph\n");
    folder.write(
      "mcpp.yaml",
      `listen: 127.0.0.1:0
key: \${MCPP_KEY}
state: \${STATE}
rate: 100000
servers:
  items: { url: "${upstream.url}" }
  memory: { command: [node, ${JSON.stringify(serverFile("memory"))}], env: { MEMORY_FILE_PATH: ${JSON.stringify(folder.file("memory.json"))} } }
grants:
  - { name: ci, token: "${tokenLine("ci")}", servers: { items: ./items.mcpp, memory: ./memory.mcpp } }
`,
    );
    key = newKey();
    env = { MCPP_KEY: key, STATE: redis.address };
    replicas = await Promise.all(Array.from({ length: REPLICAS }, () => folder.serve(env)));
    forwarder = await roundRobin(replicas.map(({ port }) => port));
    cleanUps.push(() => forwarder.close());
    front = new GatewayPort(forwarder.port);
  });
  afterEach(async () => {
    for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
  });

  const calls = (tool: string) =>
    upstream
      .messages()
      .filter(({ method, params }) => method === "tools/call" && params?.name === tool);
  const textOf = ({ result, error }: Rpc): string =>
    error?.message ?? result?.content?.[0]?.text ?? "";

  it.each(CLIENT_KINDS)("serve one client with its requests scattered: %s", async (kind) => {
    const url = `http://127.0.0.1:${forwarder.port}/mcp/items`;
    const client = await connect(kind, { url, token: tokenOf("ci"), apart: true });
    expect(await client.tools()).toContain("get_item");
    for (let id = 0; id < 2 * REPLICAS; id++) {
      expect(await client.call("get_item", { id: String(id) })).toContain(`"id":"${id}"`);
    }
    expect(await client.call("nothing", {}).catch(String)).toMatch(/DENIED|Unknown tool/);
    await client.close();
    expect(Math.min(...forwarder.carried)).toBeGreaterThanOrEqual(2);
    expect(calls("get_item")).toHaveLength(2 * REPLICAS);
    // A session is one at the server, whoever carried it.
    const sessions = upstream.requests.flatMap(({ headers }) =>
      headers.flatMap(([name, value]) => (name.toLowerCase() === "mcp-session-id" ? [value] : [])),
    );
    expect(new Set(sessions).size).toBe(kind === "SDK 2, auto" ? 0 : 1);
  });

  it("count exactly, whoever counts", async () => {
    const session = await front.begin("ci", "items");
    // Each replica has served before: how long its first call takes is not what is looked at.
    for (let id = 0; id < REPLICAS; id++) {
      const { message, headers } = modern(id, "tools/call", { name: "get_item", arguments: {} });
      await front.ask("ci", "items", message, headers);
    }
    const answers = await Promise.all(
      Array.from({ length: 60 }, (_, index) => {
        const args = { id: String(index) };
        if (index % 2 === 0) {
          return front.ask("ci", "items", toolCall(index, "put_item", args), {
            "mcp-session-id": session,
          });
        }
        const { message, headers } = modern(index, "tools/call", {
          name: "put_item",
          arguments: args,
        });
        return front.ask("ci", "items", message, headers);
      }),
    );
    const denied = answers.filter((answer) => textOf(answer).includes("DENIED"));
    expect(denied).toHaveLength(40);
    expect(calls("put_item")).toHaveLength(20);
    const arrived = new Set(
      calls("put_item").map(({ params }) => JSON.stringify(params?.arguments)),
    );
    expect(arrived.size).toBe(20);
  });

  it("take each round of a call at another replica, and each state once", async () => {
    const asked = {
      jsonrpc: "2.0",
      result: {
        resultType: "input_required",
        requestState: "upstream's",
        inputRequests: {
          q: {
            method: "elicitation/create",
            params: {
              mode: "form",
              message: "?",
              requestedSchema: { type: "object", properties: {} },
            },
          },
        },
      },
    };
    upstream.play({
      when: { tool: "put_item" },
      times: 1,
      does: { kind: "replace", message: asked },
    });
    const call = (more: Record<string, unknown> = {}) => {
      const { message, headers } = modern(7, "tools/call", {
        name: "put_item",
        arguments: { id: "1" },
        ...more,
      });
      return front.ask("ci", "items", message, headers);
    };
    const first = await call();
    const requestState = first.result?.requestState as string;
    expect(requestState).toMatch(/^mcpp1\./);
    const answered = { requestState, inputResponses: { q: { action: "decline" } } };
    expect(textOf(await call(answered))).toContain("put_item");
    expect(calls("put_item").at(-1)?.params?.requestState).toBe("upstream's");
    const counted = async (): Promise<number> => {
      let left = 0;
      while (!textOf(await call()).includes("DENIED")) left++;
      return 20 - left;
    };
    // Once more at the next replica it is a call of its own, and counted.
    await call(answered);
    expect(await counted()).toBe(2);
  });

  it("go on with what another has begun: answers, streams and tasks", async () => {
    const [first, second, third] = replicas as [ServedGateway, ServedGateway, ServedGateway];
    const headers = {
      "mcp-session-id": await first.begin("ci", "items"),
      "mcp-protocol-version": "2025-11-25",
    };
    const question = {
      jsonrpc: "2.0",
      id: "q",
      method: "elicitation/create",
      params: { message: "?", requestedSchema: { type: "object", properties: {} } },
    };
    const task = { taskId: "t1", status: "working", createdAt: "2026-01-01T00:00:00Z", ttl: null };
    upstream.play(
      { when: { tool: "put_item" }, times: 1, does: { kind: "send", messages: [question] } },
      { when: { tool: "put_item" }, times: 1, does: { kind: "sse", id: "e1" } },
      {
        when: { tool: "put_item" },
        does: { kind: "replace", message: { jsonrpc: "2.0", result: { task } } },
      },
      {
        when: { method: "tasks/get" },
        does: { kind: "replace", message: { jsonrpc: "2.0", result: task } },
      },
    );
    const put = toolCall(7, "put_item", { id: "1" });
    const asking = await first.open("ci", "items", { headers, message: put });
    await asking.ended;
    expect(asking.messages[0]).toMatchObject({ method: "elicitation/create", id: "q" });
    const answer = { jsonrpc: "2.0", id: "q", result: { action: "decline" } };
    expect((await second.ask("ci", "items", answer, headers)).status).toBe(202);
    expect(upstream.messages().at(-1)).toEqual(answer);

    const streamed = await second.open("ci", "items", { headers, message: put });
    await streamed.ended;
    const event = /^id: (\S+)$/m.exec(streamed.text)?.[1];
    const rest = await third.listen("ci", "items", headers["mcp-session-id"], event);
    expect(rest.status).toBe(200);
    rest.leave();
    const up = upstream.requests
      .at(-1)
      ?.headers.map(([name, value]) => [name.toLowerCase(), value]);
    expect(up).toContainEqual(["last-event-id", "e1"]);

    const made = await third.ask("ci", "items", put, headers);
    const { taskId } = (made.result as { readonly task: { readonly taskId: string } }).task;
    const get = { jsonrpc: "2.0", id: 8, method: "tasks/get", params: { taskId } };
    expect((await first.ask("ci", "items", get, headers)).result?.taskId).toBe(taskId);
    expect(upstream.messages().at(-1)?.params?.taskId).toBe("t1");

    expect((await second.open("ci", "items", { method: "DELETE", headers })).status).toBe(200);
  });

  it("end in order: what runs is answered, and no other call is taken", async () => {
    const [first] = replicas as [ServedGateway];
    upstream.play({ when: { tool: "get_item" }, does: { kind: "slow", milliseconds: 1_000 } });
    const running = first.ask("ci", "items", toolCall(1, "get_item", { id: "1" }));
    await expect.poll(() => calls("get_item")).toHaveLength(1);
    first.process.kill("SIGTERM");
    await expect.poll(() => first.stderr).toContain("no more requests are taken");
    await expect(first.get("/healthz")).rejects.toThrow();
    expect(textOf(await front.ask("ci", "items", toolCall(2, "get_item", { id: "2" })))).toContain(
      '"id":"2"',
    );
    expect(textOf(await running)).toContain('"id":"1"');
    expect(await first.exited).toBe(0);
  });

  it("know each other's sessions while the key is rotated, where the new one is known first", async () => {
    const [old, fresh] = [key, newKey()];
    const states: ServedGateway[] = [];
    for (const keys of [old, `${old},${fresh}`, `${fresh},${old}`, fresh]) {
      states.push(await folder.serve({ ...env, MCPP_KEY: keys }));
    }
    const begun = await Promise.all(states.map((one) => one.begin("ci", "items")));
    const known = await Promise.all(
      states.map((one) =>
        Promise.all(
          begun.map(
            async (session) =>
              (await one.ask("ci", "items", LIST, { "mcp-session-id": session })).status === 200,
          ),
        ),
      ),
    );
    expect(known).toEqual([
      [true, true, false, false],
      [true, true, true, true],
      [true, true, true, true],
      [false, false, true, true],
    ]);
  });

  it("lose what one of them has in flight when it is killed, and nothing is run twice", async () => {
    const CALLS = 400;
    const WORKERS = 8;
    upstream.play({ when: { tool: "get_item" }, does: { kind: "slow", milliseconds: 10 } });
    const victim = replicas[1] as ServedGateway;
    let dead = false;
    void victim.exited.then(() => {
      dead = true;
    });
    let sent = 0;
    let answered = 0;
    const cut: { readonly id: string; readonly sentBeforeDeath: boolean }[] = [];
    const whole: string[] = [];
    const session = await front.begin("ci", "items");
    const work = async (): Promise<void> => {
      while (sent < CALLS) {
        const id = String(sent++);
        const sentBeforeDeath = !dead;
        try {
          const answer = await front.ask("ci", "items", toolCall(id, "get_item", { id }), {
            "mcp-session-id": session,
          });
          expect(answer).toMatchObject({ id, status: 200 });
          expect(textOf(answer)).toContain(`"id":"${id}"`);
          whole.push(id);
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code === undefined) throw error;
          cut.push({ id, sentBeforeDeath });
        }
        if (++answered === CALLS / 4) victim.process.kill("SIGKILL");
      }
    };
    await Promise.all(Array.from({ length: WORKERS }, work));
    expect(dead).toBe(true);
    expect(whole.length + cut.length).toBe(CALLS);
    expect(cut.length).toBeLessThanOrEqual(WORKERS);
    expect(cut.every(({ sentBeforeDeath }) => sentBeforeDeath)).toBe(true);
    const arrivals = new Map<string, number>();
    for (const { params } of calls("get_item")) {
      const id = String((params?.arguments as { readonly id?: unknown } | undefined)?.id);
      arrivals.set(id, (arrivals.get(id) ?? 0) + 1);
    }
    expect([...arrivals.values()].filter((count) => count !== 1)).toEqual([]);
    for (const id of whole) expect(arrivals.get(id)).toBe(1);
  });

  it("give back the slots of one that was killed", async () => {
    upstream.play({ when: { tool: "delete_item" }, does: { kind: "hang" } });
    const [first, second] = replicas as [ServedGateway, ServedGateway];
    const hanging = [1, 2].map((id) =>
      first.ask("ci", "items", toolCall(id, "delete_item")).catch(() => "cut"),
    );
    await expect.poll(() => calls("delete_item")).toHaveLength(2);
    upstream.play();
    const more = async () => textOf(await second.ask("ci", "items", toolCall(3, "delete_item")));
    expect(await more()).toContain("DENIED");
    first.process.kill("SIGKILL");
    expect(await Promise.all(hanging)).toEqual(["cut", "cut"]);
    await expect.poll(more, { timeout: 100_000, interval: 500 }).not.toContain("DENIED");
  }, 120_000);

  it("know the sessions of a child only where the child runs", async () => {
    const [first, second] = replicas as [ServedGateway, ServedGateway];
    const headers = { "mcp-session-id": await first.begin("ci", "memory") };
    expect((await first.ask("ci", "memory", LIST, headers)).status).toBe(200);
    const elsewhere = await second.ask("ci", "memory", LIST, headers);
    expect(elsewhere).toMatchObject({
      status: 404,
      error: { message: "There is no such session." },
    });
    expect((await first.ask("ci", "memory", LIST, headers)).status).toBe(200);
  });

  it("are ready while the counters are there, before any call too", async () => {
    const [first] = replicas as [ServedGateway];
    expect((await first.get("/readyz")).status).toBe(200);
    await redis.stop();
    await expect.poll(async () => (await first.get("/readyz")).status).toBe(503);
    expect((await first.get("/healthz")).status).toBe(200);
    await redis.start();
    await expect.poll(async () => (await first.get("/readyz")).status).toBe(200);
  });
});
