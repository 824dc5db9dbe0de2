import { truncateSync } from "node:fs";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type RecordingHttp, startRecordingHttp } from "../fixtures/recording-upstream/http.ts";
import { prepareRecordingStdio } from "../fixtures/recording-upstream/stdio.ts";
import { toolCall } from "../runtime/proxy/http/proxy.ts";
import { LineProcess, MCPP } from "./lines.ts";
import { GatewayFolder, tokenLine } from "./served-gateway.ts";

// A saved policy or configuration applies to the next call; one that is broken or cut changes nothing.

let folder: GatewayFolder;
beforeEach(() => {
  folder = new GatewayFolder();
});
afterEach(() => folder.remove());

describe("mcpp serve POLICY over stdio", () => {
  let proxy: LineProcess;
  let dispose: () => void;
  let id = 0;

  beforeEach(async () => {
    const upstream = await prepareRecordingStdio();
    dispose = () => upstream.dispose();
    folder.write("p.mcpp", "server items\n\nallow get_item limit 2/hour per grant\n");
    proxy = new LineProcess(process.execPath, [
      MCPP,
      "serve",
      folder.file("p.mcpp"),
      "--state",
      "memory",
      "--",
      upstream.command,
      ...upstream.args,
    ]);
    proxy.send({
      jsonrpc: "2.0",
      id: "begin",
      method: "initialize",
      params: {
        protocolVersion: "2025-11-25",
        capabilities: {},
        clientInfo: { name: "t", version: "1" },
      },
    });
    await proxy.answer("begin");
    proxy.send({ jsonrpc: "2.0", method: "notifications/initialized" });
  });
  afterEach(async () => {
    proxy.process.stdin.end();
    await proxy.exited;
    dispose();
  });

  const call = async (tool: string): Promise<string> => {
    proxy.send(toolCall(++id, tool));
    const { result, error } = await proxy.answer(id);
    const text = (result as { content?: { text?: string }[] } | undefined)?.content?.[0]?.text;
    return error?.message ?? text ?? "";
  };
  const saved = async (text: string, told: RegExp): Promise<void> => {
    const before = proxy.stderr.length;
    folder.write("p.mcpp", text);
    await expect.poll(() => proxy.stderr.slice(before)).toMatch(told);
  };

  it("takes up what is saved, and counters stay", async () => {
    expect(await call("put_item")).toContain("DENIED");
    expect(await call("get_item")).not.toContain("DENIED");
    await saved(
      "server items\n\nallow get_item limit 2/hour per grant\nallow put_item\n",
      /`.*p\.mcpp` was loaded anew\.\n/,
    );
    expect(await call("put_item")).not.toContain("DENIED");
    expect(await call("get_item")).not.toContain("DENIED");
    expect(await call("get_item")).toContain("2 per hour");
  });

  it("says how much less a policy forbids", async () => {
    await saved(
      "server items\n\nallow get_item, put_item\n",
      /was loaded anew; it has 1 limit less than before\./,
    );
  });

  it("keeps what is in force when the new one is broken, says why, and takes the next good one", async () => {
    await saved(
      "server items\n\nallow get_itm\nallow\n",
      /is not taken; what was in force stays\. .*p\.mcpp:4/,
    );
    expect(await call("get_item")).not.toContain("DENIED");
    expect(await call("put_item")).toContain("DENIED");
    await saved("server items\n\nallow put_item\n", /loaded anew/);
    expect(await call("get_item")).toContain("DENIED");
    expect(await call("put_item")).not.toContain("DENIED");
  });

  it("takes up a file that is imported, too", async () => {
    folder.write("more.mcpp", "allow put_item\n");
    await saved('server items\n\nimport "./more.mcpp"\n', /loaded anew/);
    expect(await call("put_item")).not.toContain("DENIED");
    const before = proxy.stderr.length;
    folder.write("more.mcpp", "allow delete_item\n");
    await expect.poll(() => proxy.stderr.slice(before)).toMatch(/loaded anew/);
    expect(await call("put_item")).toContain("DENIED");
  });

  it("tells its client when lists are others", async () => {
    folder.write("p.mcpp", "server items\n\nallow get_item\nhide put_item\n");
    const told = await proxy.message();
    expect(told.method).toBe("notifications/tools/list_changed");
    proxy.send({ jsonrpc: "2.0", id: "list", method: "tools/list" });
    const { result } = await proxy.answer("list");
    expect(JSON.stringify(result)).not.toContain("put_item");
  });
});

describe("a gateway", () => {
  let upstream: RecordingHttp;
  beforeAll(async () => {
    upstream = await startRecordingHttp();
  });
  afterAll(() => upstream.close());

  const config = (grants: readonly string[]): string =>
    `listen: 127.0.0.1:0\nstate: memory\nservers:\n  items: { url: "${upstream.url}" }\ngrants:\n${grants
      .map(
        (name) =>
          `  - { name: ${name}, token: "${tokenLine(name)}", servers: { items: ./p.mcpp } }\n`,
      )
      .join("")}`;

  it("loses no call and tears no snapshot in a hundred reloads, good, broken and cut", async () => {
    const RELOADS = 100;
    // In either version one of the two is allowed, and the other is denied with its own words.
    const version = (number: number): string =>
      number % 2 === 0
        ? `server items\n\nallow get_item\nallow put_item\ndeny put_item because "even ${number}"\n`
        : `server items\n\nallow get_item\nallow put_item\ndeny get_item because "odd ${number}"\n`;
    folder.write("p.mcpp", version(0));
    folder.write("mcpp.yaml", `${config(["a", "b"])}rate: 100000\n`);
    const gateway = await folder.serve();
    const outcomes = new Map<string, number>();
    let running = true;
    let asked = 0;
    const callers = ["a", "b"].map(async (grant) => {
      const headers = { "mcp-session-id": await gateway.begin(grant, "items") };
      while (running) {
        const tool = asked++ % 2 === 0 ? "get_item" : "put_item";
        const { status, result } = await gateway.ask(
          grant,
          "items",
          toolCall(asked, tool),
          headers,
        );
        expect(status).toBe(200);
        const text = result?.content?.[0]?.text ?? "";
        const denied = /\[POLICY DENIED\] (even|odd) \d+/.exec(text)?.[1];
        const outcome = `${tool} ${denied ?? (text.includes("DENIED") ? text : "allowed")}`;
        outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      }
    });
    const count = (text: string): number => gateway.stderr.split(text).length - 1;
    const saving = async (): Promise<void> => {
      for (let number = 1; number <= RELOADS; number++) {
        if (number % 10 === 5) {
          const before = count("is not taken");
          folder.write("p.mcpp", "server items\n\nallow get_item, \n");
          await expect.poll(() => count("is not taken")).toBe(before + 1);
        }
        if (number % 10 === 7) truncateSync(folder.file("p.mcpp"), 0);
        folder.write("p.mcpp", version(number));
        await expect.poll(() => count("was loaded anew"), { interval: 5 }).toBe(number);
      }
    };
    await Promise.race([saving(), ...callers]).finally(() => {
      running = false;
    });
    await Promise.all(callers);
    expect([...outcomes.keys()].sort()).toEqual([
      "get_item allowed",
      "get_item odd",
      "put_item allowed",
      "put_item even",
    ]);
    const answered = [...outcomes.values()].reduce((sum, one) => sum + one, 0);
    expect(answered).toBe(asked);
  }, 300_000);

  it("takes up grants and servers, and what needs a new start is said", async () => {
    folder.write("p.mcpp", "server items\n\nallow get_item\n");
    folder.write("mcpp.yaml", config(["a"]));
    const gateway = await folder.serve();
    const list = { jsonrpc: "2.0", id: 1, method: "tools/list" };
    expect((await gateway.ask("b", "items", list)).status).toBe(401);
    folder.write("mcpp.yaml", `${config(["a", "b"])}rate: 7\n`);
    await expect
      .poll(() => gateway.stderr)
      .toContain("`rate` has changed; that takes effect at the next start.");
    expect((await gateway.ask("b", "items", list)).status).toBe(200);
    folder.write("mcpp.yaml", config(["a"]).replace("  items:", "  things:"));
    await expect.poll(() => gateway.stderr).toMatch(/is not taken[\s\S]*MCPP809/);
    folder.write("mcpp.yaml", config(["a"]).replaceAll("items:", "things:"));
    await expect.poll(async () => (await gateway.ask("a", "things", list)).status).toBe(200);
    expect((await gateway.ask("a", "items", list)).status).toBe(404);
  });

  it("lets calls end at the server that they were sent to when its URL changes", async () => {
    const other = await startRecordingHttp();
    try {
      folder.write("p.mcpp", "server items\n\nallow get_item\n");
      folder.write("mcpp.yaml", config(["a"]));
      const gateway = await folder.serve();
      upstream.clear();
      upstream.play({ when: { tool: "get_item" }, does: { kind: "slow", milliseconds: 1_500 } });
      const running = gateway.ask("a", "items", toolCall(1, "get_item", { id: "old" }));
      await expect.poll(() => upstream.messages().at(-1)?.method).toBe("tools/call");
      folder.write("mcpp.yaml", config(["a"]).replace(upstream.url, other.url));
      await expect.poll(() => gateway.stderr).toContain("was loaded anew");
      const next = await gateway.ask("a", "items", toolCall(1, "get_item", { id: "new" }));
      expect(next.result?.content?.[0]?.text).toContain('"new"');
      expect((await running).result?.content?.[0]?.text).toContain('"old"');
      const ids = (of: RecordingHttp) =>
        of
          .messages()
          .flatMap(({ method, params }) =>
            method === "tools/call"
              ? [(params?.arguments as { id?: unknown } | undefined)?.id]
              : [],
          );
      expect([ids(upstream), ids(other)]).toEqual([["old"], ["new"]]);
    } finally {
      upstream.play();
      await other.close();
    }
  });
});
