import { spawnSync } from "node:child_process";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { type RecordingHttp, startRecordingHttp } from "../fixtures/recording-upstream/http.ts";
import { toolCall } from "../runtime/proxy/http/proxy.ts";
import { GatewayFolder, type ServedGateway, tokenLine, tokenOf } from "./served-gateway.ts";

// Metrics on the admin address, as Prometheus asks for them.

const hasPromtool = process.env.CI === "true" || spawnSync("promtool", ["--version"]).status === 0;

let upstream: RecordingHttp;
let folder: GatewayFolder;
beforeAll(async () => {
  upstream = await startRecordingHttp();
});
afterAll(() => upstream.close());
beforeEach(() => {
  folder = new GatewayFolder();
});
afterEach(() => folder.remove());

async function served(): Promise<{ readonly gateway: ServedGateway; readonly admin: string }> {
  folder.write("p.mcpp", 'allow get_item\nask put_item by "leads"\nlimit get_item 3/day\n');
  folder.write(
    "mcpp.yaml",
    `listen: 127.0.0.1:0
admin: { listen: 127.0.0.1:0, token: "${tokenLine("prometheus")}" }
state: "sqlite:${folder.file("state.db")}"
audit: { dir: ./trail }
rate: 10000
approvals: { hold: 0, approvers: [{ name: ann, token: "${tokenLine("ann")}", groups: [leads] }] }
servers:
  items: { url: "${upstream.url}?key=hidden" }
grants:
  - { name: ci, token: "${tokenLine("ci")}", servers: { items: ./p.mcpp } }
`,
  );
  const gateway = await folder.serve();
  const admin = /(http:\/\/127\.0\.0\.1:\d+)\/#/.exec(gateway.stderr)?.[1];
  if (admin === undefined) throw new Error(gateway.stderr);
  return { gateway, admin };
}

async function metrics(admin: string, token = tokenOf("prometheus")): Promise<Response> {
  return fetch(`${admin}/metrics`, { headers: { authorization: `Bearer ${token}` } });
}

/** The value of a metric with these labels, wherever they stand in it. */
function sample(text: string, name: string, labels: Readonly<Record<string, string>> = {}): number {
  const found = text.split("\n").find((line) => {
    if (line !== name && !line.startsWith(`${name}{`) && !line.startsWith(`${name} `)) return false;
    return Object.entries(labels).every(([key, value]) => line.includes(`${key}="${value}"`));
  });
  return Number(found?.split(" ").at(-1));
}

it("counts what was decided, by names that somebody else than a client has given", async () => {
  const { gateway, admin } = await served();
  for (let id = 0; id < 4; id++) await gateway.ask("ci", "items", toolCall(id, "get_item"));
  await gateway.ask("ci", "items", toolCall(5, "put_item", { card: "4242" }));
  for (let id = 0; id < 1_000; id++) {
    await gateway.ask("ci", "items", toolCall(id, `made-up-${id}`));
  }
  await gateway.ask("ci", "items", { jsonrpc: "2.0", id: 1, method: "made/up", params: {} });
  await gateway.ask("nobody", "items", toolCall(1, "get_item"));
  const answer = await metrics(admin);
  expect(answer.headers.get("content-type")).toContain("text/plain; version=0.0.4");
  const text = await answer.text();

  const of = (name: string, labels: Record<string, string> = {}): number =>
    sample(text, name, labels);
  const call = { server: "items", method: "tools/call" };
  expect(of("mcpp_decisions_total", { outcome: "allow", grant: "ci" })).toBe(3);
  expect(of("mcpp_tool_calls_total", { tool: "get_item", outcome: "deny" })).toBe(1);
  expect(of("mcpp_tool_calls_total", { tool: "put_item", outcome: "pending" })).toBe(1);
  expect(of("mcpp_tool_calls_total", { tool: "(unknown)", outcome: "deny" })).toBe(1_000);
  expect(of("mcpp_denials_total", { rule: "/tools/get_item/limits/get_item_per_day" })).toBe(1);
  expect(of("mcpp_request_duration_seconds_count", { ...call, tool: "get_item", error: "" })).toBe(
    3,
  );
  expect(of("mcpp_upstream_duration_seconds_count", { ...call, tool: "get_item" })).toBe(3);
  expect(of("mcpp_request_duration_seconds_count", { method: "(unknown)" })).toBe(1);
  expect(of("mcpp_turned_away_total", { cause: "token" })).toBe(1);
  expect(of("mcpp_approvals_pending")).toBe(1);
  expect(of("mcpp_calls_held")).toBe(0);
  expect(of("mcpp_freezes")).toBe(0);
  expect(of("mcpp_audit_writable")).toBe(1);
  expect(of("process_resident_memory_bytes")).toBeGreaterThan(1e6);
  expect(text).not.toMatch(/made|hidden|4242|token-of/);
  // A thousand names more are not one line more.
  const lines = text.split("\n").filter((line) => line.startsWith("mcpp_"));
  expect(lines.length).toBeLessThan(200);
}, 60_000);

it.skipIf(!hasPromtool)("is text that promtool finds nothing wrong with", async () => {
  const { gateway, admin } = await served();
  await gateway.ask("ci", "items", toolCall(1, "get_item"));
  await gateway.ask("ci", "items", toolCall(2, "drop_item"));
  const input = await (await metrics(admin)).text();
  const checked = spawnSync("promtool", ["check", "metrics"], { input, encoding: "utf8" });
  expect(checked).toMatchObject({ status: 0, stdout: "", stderr: "" });
});

it("is for whoever has the token for it", async () => {
  const { admin } = await served();
  expect((await fetch(`${admin}/metrics`)).status).toBe(401);
  expect((await metrics(admin, tokenOf("ci"))).status).toBe(401);
  expect((await metrics(admin, tokenOf("ann"))).status).toBe(401);
  expect((await metrics(admin)).status).toBe(200);
});
