import { readdirSync, readFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type RecordingHttp, startRecordingHttp } from "../fixtures/recording-upstream/http.ts";
import { toolCall } from "../runtime/proxy/http/proxy.ts";
import { hasRedis, RedisServer } from "../runtime/state/redis-server.ts";
import { folderWith, serve } from "./lines.ts";
import { mcpp } from "./mcpp.ts";
import { GatewayFolder, tokenLine } from "./served-gateway.ts";

// A gateway whose Redis goes away and comes back.

describe.skipIf(!hasRedis)("state_fail: open", () => {
  let redis: RedisServer;
  let upstream: RecordingHttp;
  let folder: GatewayFolder;
  beforeEach(async () => {
    redis = await RedisServer.start();
    upstream = await startRecordingHttp();
    folder = new GatewayFolder();
  });
  afterEach(async () => {
    await folder.remove();
    await upstream.close();
    await redis.end();
  });

  it("has calls pass while Redis is gone, each marked, and limits hold once it is back", async () => {
    folder.write("p.mcpp", "limit get_item 1/day\nallow get_item\n");
    folder.write(
      "mcpp.yaml",
      `listen: 127.0.0.1:0
state: ${redis.address}
state_fail: open
audit: { dir: ./trail }
servers:
  items: { url: "${upstream.url}" }
grants:
  - { name: ci, token: "${tokenLine("ci")}", servers: { items: ./p.mcpp } }
`,
    );
    const gateway = await folder.serve();
    expect(gateway.stderr).toContain("calls are made without their limits (`state_fail: open`)");
    const ask = async (id: number): Promise<string> =>
      JSON.stringify(await gateway.ask("ci", "items", toolCall(id, "get_item")));
    expect(await ask(1)).not.toContain("DENIED");
    expect(await ask(2)).toContain("DENIED");
    await redis.stop();
    expect(await ask(3)).not.toContain("DENIED");
    expect(await ask(4)).not.toContain("DENIED");
    expect((await gateway.get("/readyz")).status).toBe(200);
    await redis.start();
    // Empty now: one more passes, and then none, once it is reached again.
    await expect.poll(() => ask(5), { timeout: 20_000 }).toContain("DENIED");
    await gateway.stop();
    const [file = ""] = readdirSync(folder.file("trail"));
    const lines = readFileSync(`${folder.file("trail")}/${file}`, "utf8")
      .trimEnd()
      .split("\n");
    const records = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    const decided = records.filter(({ type }) => type === "decision").slice(0, 4);
    expect(decided.map(({ outcome, limits }) => [outcome, limits])).toEqual([
      ["allow", undefined],
      ["deny", undefined],
      ["allow", "unchecked"],
      ["allow", "unchecked"],
    ]);
    const why = await mcpp(["why", String(decided[2]?.id), folder.file("trail")]);
    expect(why.stdout).toContain("not checked: the state could not be reached");
  }, 60_000);
});

describe("--state-fail", () => {
  it("takes one word", async () => {
    const files = folderWith({ "p.json": { version: "1", default: "deny" } });
    const proxy = serve(files.path("p.json"), ["true"], ["--state-fail", "maybe"]);
    expect(await proxy.exited).toMatchObject({ code: 2 });
    expect(proxy.stderr).toContain(
      "`--state-fail maybe`: the one word that stands there is `open`",
    );
    files.remove();
  });
});
