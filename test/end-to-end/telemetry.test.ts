import { cpSync } from "node:fs";
import { dirname } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Collector } from "../fixtures/collector.ts";
import type { Span } from "../fixtures/otlp.ts";
import { type RecordingHttp, startRecordingHttp } from "../fixtures/recording-upstream/http.ts";
import {
  prepareRecordingStdio,
  type RecordingStdio,
} from "../fixtures/recording-upstream/stdio.ts";
import { folderWith, LineProcess, MCPP, toolCall } from "./lines.ts";
import { GatewayFolder, tokenLine, tokenOf } from "./served-gateway.ts";

// Spans and measurements of real processes, as a collector gets them.

const POLICY = { version: "1", default: "deny", tools: { get_item: {}, put_item: {} } };
const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT = `00-${TRACE}-00f067aa0ba902b7-01`;
const HTTP_TRACE = "0af7651916cd43dd8448eb211c80319c";

let collector: Collector;
let stdio: RecordingStdio;
let http: RecordingHttp;
let files: ReturnType<typeof folderWith>;
let folder: GatewayFolder;
beforeAll(async () => {
  stdio = await prepareRecordingStdio();
  http = await startRecordingHttp();
});
afterAll(async () => {
  stdio.dispose();
  await http.close();
});
beforeEach(async () => {
  collector = await Collector.start();
  files = folderWith({ "policy.json": POLICY });
  folder = new GatewayFolder();
});
afterEach(async () => {
  await folder.remove();
  files.remove();
  await collector.close();
});

const env = (more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv => ({
  ...process.env,
  OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
  ...more,
});
const overPipes = (more: NodeJS.ProcessEnv = {}, program = MCPP): LineProcess => {
  const server = ["--", stdio.command, ...stdio.args];
  const args = [program, "serve", files.path("policy.json"), "--state", "memory", ...server];
  return new LineProcess(process.execPath, args, env(more));
};
const spans = (name: string, kind: "server" | "client" = "server"): readonly Span[] =>
  collector.spans.filter((span) => span.name === name && span.kind === (kind === "server" ? 2 : 3));

describe("mcpp serve POLICY over stdio", () => {
  for (const protocol of ["http/protobuf", "http/json"]) {
    it(`sends a span for what the client waits for and one for what the server does (${protocol})`, async () => {
      const proxy = overPipes({
        OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
        OTEL_SERVICE_NAME: "shop",
        OTEL_RESOURCE_ATTRIBUTES: "team=payments",
      });
      await proxy.initialize();
      await proxy.call(1, "get_item", { card: "4242-4242" });
      await proxy.call(2, "drop_item");
      expect(await proxy.close()).toMatchObject({ code: 0 });

      const [called] = spans("tools/call get_item");
      const [inner] = spans("tools/call get_item", "client");
      expect(called?.attributes).toMatchObject({
        "mcp.method.name": "tools/call",
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": "get_item",
        "jsonrpc.request.id": "1",
        "mcp.protocol.version": "2025-11-25",
        "mcp.session.id": expect.stringMatching(/^[0-9a-f]{16}$/),
        "network.transport": "pipe",
        "mcpp.grant": "local",
        "mcpp.decision": "allow",
        "mcpp.decision.id": expect.stringMatching(/^[0-9A-Z]{5}$/),
        "mcpp.enforced": true,
      });
      expect(called).toMatchObject({ parentSpanId: "", status: 0 });
      expect(called?.resource).toMatchObject({ "service.name": "shop", team: "payments" });
      expect(inner).toMatchObject({ traceId: called?.traceId, parentSpanId: called?.spanId });
      expect(inner && called && inner.start >= called.start && inner.end <= called.end).toBe(true);
      const [initialize] = spans("initialize");
      expect(initialize?.attributes).toMatchObject({ "mcp.protocol.version": "2025-11-25" });

      // The name is only the client's.
      const [denied] = spans("tools/call");
      expect(denied).toMatchObject({ status: 2 });
      expect(denied?.attributes).toMatchObject({
        "error.type": "policy_denied",
        "mcpp.decision": "deny",
        "mcpp.rule": "(default deny)",
      });
      expect(spans("tools/call", "client")).toEqual([]);
      expect(collector.raw.join()).not.toMatch(/4242|drop_item/);

      const metric = (name: string) => collector.metrics.find((one) => one.name === name);
      expect(metric("mcp.server.operation.duration")).toMatchObject({ unit: "s" });
      const calls = metric("mcp.server.operation.duration")?.points.map(({ attributes, value }) => [
        attributes["gen_ai.tool.name"],
        attributes["error.type"],
        value,
      ]);
      expect(calls).toEqual(
        expect.arrayContaining([
          ["get_item", undefined, 1],
          ["(unknown)", "policy_denied", 1],
        ]),
      );
      expect(metric("mcpp.denials")?.points).toMatchObject([
        { attributes: { "mcpp.rule": "(default deny)" }, value: 1 },
      ]);
      expect(metric("mcpp.calls.held")?.points).toMatchObject([{ value: 0 }]);
    });
  }

  it("over a URL, too, where the server is reached over HTTP", async () => {
    const args = [MCPP, "serve", files.path("policy.json"), "--state", "memory", "--url", http.url];
    const proxy = new LineProcess(process.execPath, args, env());
    await proxy.initialize();
    await proxy.call(1, "get_item");
    await proxy.close();
    expect(spans("tools/call get_item")[0]?.attributes["network.transport"]).toBe("pipe");
    expect(spans("tools/call get_item", "client")[0]?.attributes).toMatchObject({
      "network.transport": "tcp",
      "network.protocol.name": "http",
    });
  });

  it("goes on with the trace that a message names, which the server gets as it came", async () => {
    const proxy = overPipes();
    const _meta = { traceparent: PARENT, tracestate: "vendor=1", baggage: "user=ann" };
    proxy.send({
      jsonrpc: "2.0",
      id: 1,
      method: "tools/call",
      params: { name: "get_item", _meta },
    });
    await proxy.answer(1);
    await proxy.close();
    expect(spans("tools/call get_item")).toMatchObject([
      { traceId: TRACE, parentSpanId: "00f067aa0ba902b7", traceState: "vendor=1" },
    ]);
    const forwarded = stdio.messages().find(({ params }) => {
      return (params as { _meta?: object } | undefined)?._meta !== undefined;
    });
    expect(forwarded?.params).toEqual({ name: "get_item", _meta });
    expect(collector.raw.join()).not.toContain("ann");
  });

  it("ends in time and disturbs no call when the collector is broken, and says so once", async () => {
    collector.status = 400;
    const proxy = overPipes({ OTEL_BSP_SCHEDULE_DELAY: "50" });
    for (let id = 0; id < 20; id++) {
      expect((await proxy.call(id, "get_item")).result?.isError).toBeUndefined();
    }
    await expect.poll(() => proxy.stderr).toContain("the collector was not sent spans");
    await proxy.call(20, "get_item");
    await proxy.close();
    const said = proxy.stderr.split("\n").filter((line) => line.includes("not sent spans"));
    expect(said).toEqual([
      "mcpp: telemetry: the collector was not sent spans, which are lost: it answers with status 400",
    ]);
  });

  it("ends though the collector never answers", async () => {
    collector.status = "hang";
    const proxy = overPipes();
    await proxy.call(1, "get_item");
    expect(await proxy.close()).toMatchObject({ code: 0 });
  });

  it("says nothing of an address, its user, its query and its headers when nobody is there", async () => {
    const port = new URL(collector.url).port;
    await collector.close();
    const proxy = overPipes({
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://me:hidden-pw@127.0.0.1:${port}/?key=hidden-key`,
      OTEL_EXPORTER_OTLP_HEADERS: "authorization=hidden-token",
      OTEL_BSP_SCHEDULE_DELAY: "50",
      OTEL_EXPORTER_OTLP_TIMEOUT: "500",
    });
    await proxy.call(1, "get_item");
    await expect
      .poll(() => proxy.stderr, { timeout: 15_000 })
      .toContain("telemetry: the collector");
    await proxy.close();
    expect(proxy.stderr).not.toMatch(/hidden|127\.0\.0\.1/);
  });

  it("sends nothing where it is switched off, or asked for what is not spoken here", async () => {
    for (const [more, said] of [
      [{ OTEL_SDK_DISABLED: "true" }, /^(?!.*telemetry:)/s],
      [{ OTEL_TRACES_EXPORTER: "none", OTEL_METRICS_EXPORTER: "none" }, /^(?!.*telemetry:)/s],
      [{ OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" }, /protocol that is not spoken here.*no traces/],
      [{ OTEL_EXPORTER_OTLP_ENDPOINT: "not-a-url-secret" }, /is not an http or https URL/],
    ] as const) {
      const proxy = overPipes(more);
      await proxy.call(1, "get_item");
      await proxy.close();
      expect(proxy.stderr).toMatch(said);
      expect(proxy.stderr).not.toContain("not-a-url-secret");
    }
    expect(collector.raw).toEqual([]);
  });

  it("serves, and says why nothing is sent, where the packages are not installed", async () => {
    cpSync(dirname(MCPP), files.path("dist"), { recursive: true });
    const proxy = overPipes({}, files.path("dist/mcpp.js"));
    expect((await proxy.call(1, "get_item")).result?.isError).toBeUndefined();
    await proxy.close();
    expect(proxy.stderr).toContain("the packages of OpenTelemetry are not installed");
    expect(collector.raw).toEqual([]);
  });
});

describe("a gateway", () => {
  const SECRETS = /hidden|token-of|4242/;

  async function served() {
    folder.write("p.mcpp", "allow get_item\n");
    folder.write(
      "mcpp.yaml",
      `listen: 127.0.0.1:0
state: memory
servers:
  remote: { url: "${http.url}?key=hidden-query", headers: { X-Key: hidden-header } }
  local: { command: ${JSON.stringify([stdio.command, ...stdio.args])}, env: { KEY: hidden-env } }
grants:
  - { name: ci, token: "${tokenLine("ci")}", servers: { remote: ./p.mcpp, local: ./p.mcpp } }
`,
    );
    return folder.serve(env());
  }

  const modern = (id: number, name: string, args: object, trace = ""): object => ({
    jsonrpc: "2.0",
    id,
    method: "tools/call",
    params: {
      name,
      arguments: args,
      _meta: {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
        ...(trace === "" ? {} : { traceparent: trace }),
      },
    },
  });
  const headers = {
    "mcp-protocol-version": "2026-07-28",
    "mcp-method": "tools/call",
    "mcp-name": "get_item",
  };

  it("has spans of both eras and both kinds of servers, and no secret in any of them", async () => {
    const gateway = await served();
    for (const server of ["remote", "local"]) {
      const session = await gateway.begin("ci", server);
      const legacy = { "mcp-session-id": session, "mcp-protocol-version": "2025-11-25" };
      await gateway.ask("ci", server, toolCall(1, "get_item", { card: "4242" }), legacy);
      const traced = { ...headers, traceparent: `00-${HTTP_TRACE}-b7ad6b7169203331-01` };
      await gateway.ask("ci", server, modern(2, "get_item", { card: "4242" }, PARENT), traced);
      await gateway.ask("ci", server, modern(3, "get_item", {}), traced);
    }
    await gateway.ask("ci", "remote", toolCall(4, `drop-${tokenOf("ci")}`));
    expect(await gateway.stop()).toBe(0);

    const calls = spans("tools/call get_item").map(({ attributes: a, ...span }) => [
      a["mcpp.server"],
      a["jsonrpc.request.id"],
      a["mcp.protocol.version"],
      a["network.transport"],
      [TRACE, HTTP_TRACE].indexOf(span.traceId),
      span.links,
    ]);
    expect(calls.sort()).toEqual([
      ["local", "1", "2025-11-25", "tcp", -1, []],
      ["local", "2", "2026-07-28", "tcp", 0, [HTTP_TRACE]],
      ["local", "3", "2026-07-28", "tcp", 1, []],
      ["remote", "1", "2025-11-25", "tcp", -1, []],
      ["remote", "2", "2026-07-28", "tcp", 0, [HTTP_TRACE]],
      ["remote", "3", "2026-07-28", "tcp", 1, []],
    ]);
    const inner = spans("tools/call get_item", "client").map(({ attributes: a }) => [
      a["mcpp.server"],
      a["network.transport"],
    ]);
    expect(inner.filter(([server]) => server === "local")).toEqual(
      Array(3).fill(["local", "pipe"]),
    );
    expect(inner.filter(([server]) => server === "remote")).toEqual(
      Array(3).fill(["remote", "tcp"]),
    );
    expect(collector.raw.join()).not.toMatch(SECRETS);
    expect(gateway.stderr).not.toMatch(/hidden/);
  });

  it("two replicas are told apart", async () => {
    await served();
    const second = await folder.serve(env());
    await second.ask("ci", "remote", toolCall(1, "get_item"));
    await folder.remove();
    const instances = collector.metrics.map(({ resource }) => resource["service.instance.id"]);
    expect(new Set(instances).size).toBe(2);
  });
});
