import { readdirSync, readFileSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { type RecordingHttp, startRecordingHttp } from "../fixtures/recording-upstream/http.ts";
import { toolCall } from "../runtime/proxy/http/proxy.ts";
import { LineProcess, MCPP } from "./lines.ts";
import { mcpp } from "./mcpp.ts";
import { GatewayFolder, tokenLine, tokenOf } from "./served-gateway.ts";

// What people do beside calls, each on record in the trail of the gateway: decisions, freezes, grants that end.

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

type Line = Readonly<Record<string, unknown>>;

function records(): Line[] {
  const dir = folder.file("trail");
  return readdirSync(dir)
    .sort()
    .flatMap((file) => readFileSync(join(dir, file), "utf8").trimEnd().split("\n"))
    .map((line) => JSON.parse(line) as Line);
}

const kept = (type: string): Line[] => records().filter((record) => record.type === type);

function configure(grants: readonly string[]): void {
  folder.write("p.mcpp", 'server items\n\nallow get_item\nask put_item by "leads" within 10m\n');
  folder.write(
    "mcpp.yaml",
    `listen: 127.0.0.1:0
state: "sqlite:${folder.file("state.db")}"
audit: { dir: ./trail }
approvals:
  hold: 0
  approvers: [{ name: ann, token: "${tokenLine("ann")}", groups: [leads] }]
servers:
  items: { url: "${upstream.url}" }
grants:
${grants.map((name) => `  - { name: ${name}, token: "${tokenLine(name)}", servers: { items: ./p.mcpp } }\n`).join("")}`,
  );
}

it("a gateway's trail has who decided on calls, who froze them, and which grants have ended", async () => {
  configure(["ci", "dev"]);
  const gateway = await folder.serve();
  const config = ["--config", folder.file("mcpp.yaml")];
  const env = { MCPP_APPROVER_TOKEN: tokenOf("ann") };
  const put = (amount: number) =>
    gateway.ask("ci", "items", toolCall(amount, "put_item", { amount }));

  await put(1);
  await put(2);
  const questions = kept("approval");
  expect(questions.map(({ state }) => state)).toEqual(["asked", "asked"]);
  const [one, two] = questions.map(({ id }) => String(id)) as [string, string];
  expect(await mcpp(["approvals", "approve", one, ...config], env)).toMatchObject({ code: 0 });
  const deny = ["approvals", "deny", two, "--reason", "Too much.", ...config];
  expect(await mcpp(deny, env)).toMatchObject({ code: 0 });
  const states = (id: string): unknown[] =>
    kept("approval").flatMap((record) => (record.id === id ? [record.state] : []));
  await expect.poll(() => states(two)).toEqual(["asked", "denied"]);
  await put(1);
  await expect.poll(() => states(one)).toEqual(["asked", "approved", "spent"]);
  const denied = kept("approval").find(({ state }) => state === "denied");
  expect(denied).toMatchObject({ by: "ann", reason: "Too much.", tool: "put_item" });

  const scope = ["--tool", "get_item"];
  const because = ["--for", "1h", "--because", "Incident 4711"];
  await mcpp(["freeze", ...scope, ...because, ...config]);
  await expect.poll(() => kept("freeze")).toMatchObject([{ because: "Incident 4711" }]);
  await mcpp(["unfreeze", ...scope, ...config]);
  await expect
    .poll(() => kept("unfreeze"))
    .toMatchObject([{ scope: { tool: "get_item" }, lifted_by: userInfo().username }]);

  configure(["ci"]);
  await expect
    .poll(() => kept("grant_ended"), { timeout: 20_000 })
    .toMatchObject([{ grant: { name: "dev" }, why: "revoked" }]);
  expect(await gateway.stop()).toBe(0);

  const trail = folder.file("trail");
  const pending = await mcpp(["audit", "query", trail, "--outcome", "pending"]);
  expect(pending.stdout.trimEnd().split("\n")).toHaveLength(2);
  const stats = await mcpp(["audit", "stats", trail]);
  expect(stats.stdout).toMatch(/outcomes +pending 2, allow 1\n/);
  const why = await mcpp(["why", two, trail]);
  expect(why.stdout).toContain("tools/call put_item of ci on items was asked about.");
  expect(why.stdout).toContain("was not made, because nobody had answered yet.");
  expect(why.stdout).toContain("was denied by a person.");
  expect(why.stdout).toMatch(/by +ann\n +reason +Too much\.\n +asked of +leads\n/);
  const tail = new LineProcess(process.execPath, [MCPP, "audit", "tail", trail, "-n", "100"]);
  const shown: string[] = [];
  while (!shown.at(-1)?.endsWith("stop")) shown.push(await tail.line());
  tail.process.kill("SIGKILL");
  const text = shown.join("\n");
  expect(text).toContain(`${two}  approval denied by ann, ci on items put_item: Too much.`);
  expect(text).toMatch(/frozen by \S+ until \S+: Incident 4711 \[tool get_item\]/);
  expect(text).toContain("no longer frozen [tool get_item]");
  expect(text).toContain("the grant dev is let in no more: revoked");
  expect(await mcpp(["audit", "verify", "--strict", trail])).toMatchObject({ code: 0 });
});
