import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type RecordingHttp, startRecordingHttp } from "../fixtures/recording-upstream/http.ts";
import {
  prepareRecordingStdio,
  type RecordingStdio,
} from "../fixtures/recording-upstream/stdio.ts";
import { ask, toolCall as httpCall } from "../runtime/proxy/http/proxy.ts";
import { serveHttp } from "./http-serve.ts";
import { folderWith, LineProcess, MCPP, serve, toolCall } from "./lines.ts";
import { GatewayFolder, tokenLine } from "./served-gateway.ts";

// The audit trail of real processes, before an upstream that records what reaches it.

const POLICY =
  'server shop\n\nallow echo if args.text starts with "t" because "Only what begins with t."\n';

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

interface Served {
  readonly proxy: LineProcess;
  readonly upstream: RecordingStdio;
  readonly dir: string;
  readonly path: (name: string) => string;
}

async function served(options: readonly string[] = [], policy = POLICY): Promise<Served> {
  const files = folderWith({
    "shop.mcpp": policy,
    "policy.json": { version: "1", default: "deny", tools: { echo: {} } },
  });
  const upstream = await prepareRecordingStdio();
  cleanUps.push(files.remove, upstream.dispose);
  const dir = files.path("audit");
  const proxy = again({ upstream, dir, path: files.path }, options);
  return { proxy, upstream, dir, path: files.path };
}

function again({ upstream, dir, path }: Omit<Served, "proxy">, options: readonly string[] = []) {
  const proxy = serve(
    path("shop.mcpp"),
    [upstream.command, ...upstream.args],
    ["--audit", dir, "--state", "memory", ...options],
  );
  cleanUps.push(() => proxy.close());
  return proxy;
}

function mcpp(...args: string[]): { code: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MCPP, ...args], {
    encoding: "utf8",
  });
  return { code: status, stdout, stderr };
}

type Line = Readonly<Record<string, unknown>>;

function recordsIn(dir: string): Line[] {
  return readdirSync(dir)
    .sort()
    .flatMap((file) => readFileSync(join(dir, file), "utf8").trimEnd().split("\n"))
    .map((line) => JSON.parse(line) as Line);
}

function onlyFile(dir: string): string {
  return join(dir, readdirSync(dir)[0] as string);
}

describe("mcpp serve --audit", () => {
  it("keeps the start, every decision and the stop, each with where it is written", async () => {
    const { proxy, dir, path } = await served();
    await proxy.call(1, "echo", { text: "ten", card: "4242" });
    const denied = await proxy.call(2, "echo", { text: "one" });
    const text = denied.result?.content?.[0]?.text ?? "";
    const [, id = ""] = /\(([0-9A-Z]{5})\)$/.exec(text) ?? [];
    proxy.send("not JSON");
    await proxy.answer(null);
    await proxy.close();
    const records = recordsIn(dir);
    expect(records.map(({ type, outcome }) => outcome ?? type)).toEqual([
      "start",
      "allow",
      "deny",
      "refuse",
      "stop",
    ]);
    expect(records[1]).toMatchObject({
      tool: "echo",
      server: "shop",
      grant: { id: "local", name: "local" },
      arguments: { mode: "judged", values: { text: "ten" } },
    });
    expect(records[2]).toMatchObject({ id, source: `${path("shop.mcpp")}:3:1` });
    expect(readFileSync(onlyFile(dir), "utf8")).not.toContain("4242");
    expect(statSync(dir).mode & 0o777).toBe(0o700);
    expect(mcpp("audit", "verify", "--strict", dir)).toMatchObject({ code: 0, stderr: "" });

    const why = mcpp("why", id, dir);
    expect(why.code).toBe(0);
    expect(why.stdout).toContain("tools/call echo of local on shop was denied.");
    expect(why.stdout).toContain("Only what begins with t.");
    expect(why.stdout).toContain('│ allow echo if args.text starts with "t"');
    expect(mcpp("why", "ZZZZZ", dir)).toMatchObject({ code: 2, stdout: "" });
  });

  it("writes nothing without the option", async () => {
    const { proxy, path, upstream } = await served();
    await proxy.close();
    const plain = serve(
      path("shop.mcpp"),
      [upstream.command, ...upstream.args],
      ["--state", "memory"],
    );
    cleanUps.push(() => plain.close());
    await plain.call(1, "echo", { text: "ten" });
    await plain.close();
    expect(readdirSync(path("."))).toEqual(["audit", "policy.json", "shop.mcpp"]);
  });

  it("starts nothing where it cannot be kept", async () => {
    const { proxy, path, upstream } = await served();
    await proxy.close();
    const server = [upstream.command, ...upstream.args];
    const refused = serve(path("shop.mcpp"), server, ["--audit", path("policy.json")]);
    expect(await refused.exited).toMatchObject({ code: 2 });
    expect(refused.stderr).toMatch(/is not a folder/);
    for (const options of [
      ["--audit-stdout"],
      ["--audit-arguments", "all", "--audit", "x"],
      ["--audit-arguments", "full"],
    ]) {
      const wrong = serve(path("shop.mcpp"), server, options);
      expect(await wrong.exited).toMatchObject({ code: 2 });
      expect(wrong.stderr).toContain("--audit");
    }
  });

  it("takes up reloads, good and bad", async () => {
    const { proxy, dir, path } = await served();
    await proxy.call(1, "echo", { text: "ten" });
    writeFileSync(path("shop.mcpp"), "server shop\n\nallow echo\n");
    await expect.poll(() => recordsIn(dir).at(-1)?.type, { timeout: 20_000 }).toBe("reload");
    await proxy.call(2, "echo", { text: "one" });
    writeFileSync(path("shop.mcpp"), "server shop\n\nallow echo if\n");
    await expect
      .poll(() => recordsIn(dir).at(-1), { timeout: 20_000 })
      .toMatchObject({ type: "reload", outcome: "refused" });
    const digests = recordsIn(dir)
      .filter(({ tool }) => tool === "echo")
      .map(({ policy }) => policy);
    expect(new Set(digests).size).toBe(2);
  });
});

describe("a kill under load", () => {
  it("leaves chains that verify, in which every call that was forwarded has its record", async () => {
    const { proxy: idle, ...rest } = await served();
    await idle.close();
    const { dir, upstream } = rest;
    let answered = 0;
    for (let round = 0; round < 6; round++) {
      // Two writers in one folder at once, each killed while it has calls to forward.
      const load = [0, 1].map(async (which): Promise<void> => {
        const proxy = again(rest);
        let number = round * 10_000 + which * 5_000;
        const send = (): void => {
          number++;
          proxy.send(toolCall(number, "echo", { text: `t${number}` }));
        };
        for (let index = 0; index < 30; index++) send();
        // One more for each answer: at any moment some are being forwarded.
        for (let answers = 0; answers < 100 + 37 * round; answers++) {
          await proxy.message();
          answered++;
          send();
        }
        proxy.process.kill("SIGKILL");
        expect(await proxy.exited).toEqual({ code: null, signal: "SIGKILL" });
      });
      await Promise.all(load);
    }
    await settled(() => upstream.lines().length);
    const { code, stdout } = mcpp("audit", "verify", dir);
    expect(stdout).not.toContain("NOT SOUND");
    expect(code).toBe(0);
    const forwarded = upstream
      .messages()
      .filter(({ method }) => method === "tools/call")
      .map(({ params }) => (params as { arguments: { text: string } }).arguments.text);
    const kept = new Set(
      recordsIn(dir)
        .filter(({ outcome }) => outcome === "allow")
        .map((record) => (record.arguments as { values: { text: string } }).values.text),
    );
    expect(forwarded.filter((text) => !kept.has(text))).toEqual([]);
    expect(new Set(forwarded).size).toBe(forwarded.length);
    expect(forwarded.length).toBeGreaterThanOrEqual(answered);
    expect(answered).toBe(2 * (600 + 37 * 15));
  }, 120_000);
});

/** Waits until two looks agree: the upstreams have read what was in their pipes. */
async function settled(look: () => number): Promise<void> {
  for (let before = -1, now = look(); before !== now; now = look()) {
    before = now;
    await sleep(300);
  }
}

describe("mcpp audit", () => {
  it("finds what was done to a file, and with a checkpoint what was cut off", async () => {
    const { proxy, dir, path } = await served();
    for (let index = 0; index < 10; index++) await proxy.call(index, "echo", { text: `t${index}` });
    await proxy.close();
    expect(mcpp("audit", "checkpoint", dir, "-o", path("heads.json"))).toMatchObject({ code: 0 });
    const file = onlyFile(dir);
    const before = readFileSync(file, "utf8");
    const lines = before.split("\n");
    const verified = (text: string): [number | null, string] => {
      writeFileSync(file, text);
      const { code, stdout } = mcpp("audit", "verify", dir, "--checkpoint", path("heads.json"));
      return [code, stdout];
    };
    const named = (text: RegExp): [number, unknown] => [1, expect.stringMatching(text)];
    expect(verified(before)).toEqual([
      0,
      expect.stringMatching(/^sound {2}\S+ {2}12 records in 1 file\n$/),
    ]);
    expect(verified(before.replace("t3", "t4"))).toEqual(
      named(/changed {2}\S+\.jsonl: Record 5 is/),
    );
    expect(verified(lines.toSpliced(5, 1).join("\n"))).toEqual(
      named(/missing {2}\S+: Record 6 is missing/),
    );
    expect(verified(`${lines.slice(0, 8).join("\n")}\n`)).toEqual(
      named(/cut {2}\S+: Records 9 to 12 are/),
    );
    writeFileSync(file, before);
    truncateSync(file, before.length - 20);
    const { code, stdout } = mcpp("audit", "verify", dir);
    expect([code, stdout]).toEqual(named(/torn {2}\S+: Record 12, the last, is torn/));
    expect(mcpp("audit", "verify", path("nowhere"))).toMatchObject({ code: 2 });
    writeFileSync(file, before.replace("t3", "t4"));
    expect(mcpp("audit", "checkpoint", dir)).toMatchObject({ code: 1, stdout: "" });
  });

  it("shows hostile names and arguments so that they do nothing", async () => {
    const { proxy, dir } = await served(["--audit-arguments", "full"]);
    const evil = "\u001b[2J\u202e\u009b31m\u2028<img>";
    await proxy.call(1, "echo", { text: `t${evil}`, big: "x".repeat(1_000_000) });
    await proxy.call(2, `no${evil}`, { text: evil });
    await proxy.close();
    expect(statSync(onlyFile(dir)).size).toBeLessThan(100_000);
    const ids = recordsIn(dir).flatMap(({ id }) => (typeof id === "string" ? [id] : []));
    const outputs = [
      readFileSync(onlyFile(dir), "utf8"),
      mcpp("audit", "query", dir).stdout,
      mcpp("audit", "stats", dir).stdout,
      mcpp("audit", "stats", dir, "--format", "json").stdout,
      ...ids.map((id) => mcpp("why", id, dir).stdout),
      proxy.stderr,
    ];
    for (const output of outputs) {
      expect(output).not.toMatch(/[^\P{Cc}\n]|[\p{Cf}\u2028]/u);
      expect(output.length).toBeGreaterThan(50);
    }
    expect(mcpp("audit", "query", dir, "--outcome", "deny").stdout).toContain("\\u202e");
  });

  it("queries by tool, grant, outcome and time", async () => {
    const { proxy, dir } = await served();
    await proxy.call(1, "echo", { text: "ten" });
    await proxy.call(2, "echo", { text: "one" });
    await proxy.call(3, "drop");
    await proxy.close();
    const count = (...options: string[]): number =>
      mcpp("audit", "query", dir, ...options).stdout.split("\n").length - 1;
    expect(count()).toBe(5);
    expect(count("--tool", "echo")).toBe(2);
    expect(count("--tool", "echo", "--outcome", "deny")).toBe(1);
    expect(count("--grant", "local")).toBe(3);
    expect(count("--grant", "other")).toBe(0);
    expect(count("--since", "1h")).toBe(5);
    expect(count("--since", "2999-01-01")).toBe(0);
    expect(mcpp("audit", "query", dir, "--since", "soon")).toMatchObject({ code: 2, stdout: "" });
    expect(mcpp("audit", "stats", dir).stdout).toMatch(/outcomes +deny 2, allow 1\n/);
  });

  it("tail shows the last records, and those that come", async () => {
    const { proxy, dir } = await served();
    await proxy.call(1, "echo", { text: "ten" });
    const tail = new LineProcess(process.execPath, [MCPP, "audit", "tail", dir, "-n", "1"]);
    cleanUps.push(() => tail.process.kill("SIGKILL"));
    expect(await tail.line()).toMatch(/allow local on shop tools\/call echo$/);
    await proxy.call(2, "drop");
    expect(await tail.line()).toMatch(
      /deny local on shop tools\/call drop: .*\[\(default deny\)\]$/,
    );
    await proxy.close();
    expect(await tail.line()).toMatch(/stop$/);
    tail.process.kill("SIGINT");
    expect(await tail.exited).toMatchObject({ code: 0 });
  });
});

describe("over HTTP", () => {
  let upstream: RecordingHttp;
  beforeAll(async () => {
    upstream = await startRecordingHttp();
  });
  afterAll(() => upstream.close());

  it("--audit-stdout is a chain that can be verified", async () => {
    const files = folderWith({
      "policy.json": { version: "1", default: "deny", tools: { get_item: {} } },
    });
    cleanUps.push(files.remove);
    const one = await serveHttp([
      files.path("policy.json"),
      "--audit-stdout",
      "--url",
      upstream.url,
    ]);
    let stdout = "";
    one.process.stdout?.setEncoding("utf8").on("data", (text: string) => (stdout += text));
    const port = Number(new URL(one.url).port);
    await ask(port, httpCall(1, "get_item"), { authorization: `Bearer ${one.token}` });
    await ask(port, httpCall(1, "get_item"), { authorization: "Bearer wrong" });
    await one.stop();
    const records = stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as Line);
    expect(records.map(({ type }) => type)).toEqual(["start", "decision", "turned_away", "stop"]);
    expect(records[2]?.causes).toEqual({ token: 1 });
    expect(stdout).not.toContain(String(one.token));
    writeFileSync(files.path("saved"), stdout);
    expect(mcpp("audit", "verify", "--strict", files.path("saved"))).toMatchObject({ code: 0 });
  });

  it("a gateway keeps who called which server, and denies once its trail is full", async () => {
    const folder = new GatewayFolder();
    cleanUps.push(() => folder.remove());
    folder.write("items.mcpp", "server items\n\nallow get_item\n");
    folder.write(
      "mcpp.yaml",
      `listen: 127.0.0.1:0
state: memory
audit: { dir: ./trail, arguments: full, max_total: 1MiB, sync: true }
servers:
  items: { url: "${upstream.url}?key=hidden" }
grants:
  - { id: id_of_ci, name: ci, token: "${tokenLine("ci")}", servers: { items: ./items.mcpp } }
`,
    );
    const gateway = await folder.serve();
    const big = { note: "x".repeat(60_000) };
    let answers = 0;
    let last: unknown;
    for (; answers < 40; answers++) {
      last = await gateway.ask("ci", "items", httpCall(answers, "get_item", big));
      if (JSON.stringify(last).includes("(audit unavailable)")) break;
    }
    expect(JSON.stringify(last)).toContain("(audit unavailable)");
    expect(upstream.requests.filter(({ body }) => String(body).includes("xxx"))).toHaveLength(
      answers,
    );
    expect(gateway.stderr).toMatch(/mcpp: the audit trails in .* have 9\d % of their `max_total`/);
    await expect.poll(() => gateway.stderr).toMatch(/mcpp: ALARM: .*have reached 1048576 bytes/);
    const dir = folder.file("trail");
    expect(mcpp("audit", "verify", dir)).toMatchObject({ code: 0 });
    const records = recordsIn(dir);
    expect(records[1]).toMatchObject({ grant: { id: "id_of_ci", name: "ci" }, server: "items" });
    expect(JSON.stringify(records)).not.toMatch(/hidden|token-of/);
  }, 60_000);
});
