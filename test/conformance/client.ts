import {
  Client as ModernClient,
  StreamableHTTPClientTransport as ModernTransport,
} from "@modelcontextprotocol/client";
import { Client as LegacyClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as LegacyTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { ElicitRequestSchema } from "@modelcontextprotocol/sdk/types.js";

// The client under test of the suite's client scenarios: `client URL`, with the scenario in the environment. The
// scenario's own server watches what arrives; the exit code only says whether the client got through.

const MODERN = "2026-07-28";

/** What a scenario does with its client; both generations of the SDK have these methods. */
interface ScenarioClient {
  listTools(): Promise<{ tools: { name: string; inputSchema: object }[] }>;
  callTool(params: { name: string; arguments?: Record<string, unknown> }): Promise<unknown>;
  listResources(): Promise<{ resources: { uri: string }[] }>;
  readResource(params: { uri: string }): Promise<unknown>;
  listPrompts(): Promise<{ prompts: { name: string }[] }>;
  getPrompt(params: { name: string }): Promise<unknown>;
  close(): Promise<void>;
}

interface Context {
  toolCalls?: { name: string; arguments: Record<string, unknown> }[];
}

type Steps = (client: ScenarioClient, context: Context) => Promise<unknown>;

const list: Steps = (client) => client.listTools();

/** Lists the tools and calls these, in this order. */
const call =
  (...calls: { name: string; arguments?: Record<string, unknown> }[]): Steps =>
  async (client) => {
    await client.listTools();
    for (const params of calls) await client.callTool({ arguments: {}, ...params });
  };

const SCENARIOS: Readonly<Record<string, Steps>> = {
  initialize: list,
  tools_call: call({ name: "add_numbers", arguments: { a: 5, b: 3 } }),
  "elicitation-sep1034-client-defaults": call({ name: "test_client_elicitation_defaults" }),
  "sse-retry": call({ name: "test_reconnection" }),
  "request-metadata": list,
  "sep-2322-client-request-state": call(
    { name: "test_mrtr_echo_state" },
    { name: "test_mrtr_unrelated" },
    { name: "test_mrtr_no_state" },
    { name: "test_mrtr_no_result_type" },
  ),
  "http-standard-headers": async (client) => {
    const { tools } = await client.listTools();
    for (const { name } of tools) await client.callTool({ name, arguments: {} });
    const { resources } = await client.listResources();
    for (const { uri } of resources) await client.readResource({ uri });
    const { prompts } = await client.listPrompts();
    for (const { name } of prompts) await client.getPrompt({ name });
  },
  "http-custom-headers": async (client, { toolCalls = [] }) => {
    await client.listTools();
    for (const params of toolCalls) await client.callTool(params);
  },
  "http-invalid-tool-headers": async (client) => {
    const { tools } = await client.listTools();
    for (const { name } of tools)
      await client.callTool({ name, arguments: { region: "us-west1" } });
  },
  "json-schema-ref-no-deref": list,
  "json-schema-2020-12-preservation": async (client) => {
    const { tools } = await client.listTools();
    const schema = tools.find(({ name }) => name === "json_schema_2020_12_tool")?.inputSchema;
    await client.callTool({ name: "json_schema_echo", arguments: { schema } });
  },
};

const info = { name: "mcpp-conformance-client", version: "1.0.0" };

/** A client of the first SDK, for the revisions with a handshake. */
async function connectLegacy(url: URL): Promise<ScenarioClient> {
  const client = new LegacyClient(info, {
    capabilities: { elicitation: { form: { applyDefaults: true } }, sampling: {}, roots: {} },
  });
  client.setRequestHandler(ElicitRequestSchema, async () => ({ action: "accept", content: {} }));
  // The SDK's own classes disagree under exact optional properties.
  await client.connect(new LegacyTransport(url) as Parameters<LegacyClient["connect"]>[0]);
  return client;
}

/** A client of the second SDK, held to the revision without sessions. */
async function connectModern(url: URL): Promise<ScenarioClient> {
  const client = new ModernClient(info, {
    capabilities: { elicitation: { form: {} }, sampling: {}, roots: {} },
    versionNegotiation: { mode: { pin: MODERN } },
  });
  client.setRequestHandler("elicitation/create", async () => ({
    action: "accept",
    content: { confirmed: true },
  }));
  await client.connect(new ModernTransport(url));
  return client;
}

const {
  MCP_CONFORMANCE_SCENARIO = "",
  MCP_CONFORMANCE_PROTOCOL_VERSION,
  MCP_CONFORMANCE_CONTEXT,
} = process.env;
const steps = SCENARIOS[MCP_CONFORMANCE_SCENARIO];
if (steps === undefined) {
  throw new Error(`The client knows no scenario \`${MCP_CONFORMANCE_SCENARIO}\`.`);
}
const url = new URL(process.argv[2] ?? "");
const connect = MCP_CONFORMANCE_PROTOCOL_VERSION === MODERN ? connectModern : connectLegacy;
const client = await connect(url);
await steps(client, JSON.parse(MCP_CONFORMANCE_CONTEXT ?? "{}") as Context);
await client.close();
// A scenario may keep a stream open on purpose, which would keep the process alive.
process.exit(0);
