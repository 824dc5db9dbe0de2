import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { prepareRecordingStdio } from "../fixtures/recording-upstream/stdio.ts";
import { folderWith, type LineProcess, serve } from "./lines.ts";

// Where `mcpp serve` counts when nobody says: an agent that reconnects must not get a fresh quota.

const MAX = 6;
const POLICY = {
  version: "1",
  // No month ends while a test runs, or hardly ever.
  extensions: ["limits.windows"],
  default: "deny",
  tools: { echo: { limits: [{ counter: "c", window: "month", max: MAX, scope: "grant" }] } },
};

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

/** Starts proxies of one user before one server. */
async function user(policy: unknown = POLICY): Promise<{
  start: (options?: readonly string[]) => LineProcess;
  file: string;
}> {
  const files = folderWith({ "policy.json": policy });
  const upstream = await prepareRecordingStdio();
  cleanUps.push(files.remove, upstream.dispose);
  const env = { ...process.env, XDG_STATE_HOME: files.path("state") };
  return {
    start: (options = []) => {
      const server = [upstream.command, ...upstream.args];
      const proxy = serve(files.path("policy.json"), server, options, env);
      cleanUps.push(() => proxy.close());
      return proxy;
    },
    file: join(files.path("state"), "mcpp/state.db"),
  };
}

/** How many of so many calls, one after another, are allowed. */
async function allowed(proxy: LineProcess, calls: number): Promise<number> {
  let passed = 0;
  for (let id = 1; id <= calls; id++) {
    if ((await proxy.call(id, "echo", {})).result?.isError !== true) passed++;
  }
  return passed;
}

describe("without --state", () => {
  it("one run after another shares a limit, and the start line says where it is", async () => {
    const { start, file } = await user();
    const first = start();
    expect(await allowed(first, MAX - 2)).toBe(MAX - 2);
    expect(first.stderr).toContain(`counters in ${file}`);
    await first.close();
    expect(await allowed(start(), MAX)).toBe(2);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it("two runs at once share a limit", async () => {
    const { start } = await user();
    const passed = await Promise.all([allowed(start(), MAX), allowed(start(), MAX)]);
    expect(passed[0] + passed[1]).toBe(MAX);
  });

  it("what was counted before a kill -9 stays counted", async () => {
    const { start } = await user();
    const first = start();
    expect(await allowed(first, MAX - 1)).toBe(MAX - 1);
    first.process.kill("SIGKILL");
    await first.exited;
    expect(await allowed(start(), MAX)).toBe(1);
  });

  it("another server is counted apart in the same file", async () => {
    const { start } = await user();
    expect(await allowed(start(["--name", "a"]), MAX + 1)).toBe(MAX);
    expect(await allowed(start(["--name", "b"]), MAX + 1)).toBe(MAX);
    expect(await allowed(start(["--name", "a"]), 1)).toBe(0);
  });

  it("no file is made for a policy that counts nothing", async () => {
    const { start, file } = await user({ version: "1", default: "deny", tools: { echo: {} } });
    const proxy = start();
    expect(await allowed(proxy, 2)).toBe(2);
    expect(proxy.stderr).toContain("nothing to count");
    expect(existsSync(file)).toBe(false);
  });

  it("nothing is started where the file cannot be opened", async () => {
    const files = folderWith({ "policy.json": POLICY, state: "a file" });
    cleanUps.push(files.remove);
    const env = { ...process.env, XDG_STATE_HOME: files.path("state") };
    const script = "console.error('STARTED')";
    const proxy = serve(files.path("policy.json"), [process.execPath, "-e", script], [], env);
    expect(await proxy.exited).toEqual({ code: 2, signal: null });
    expect(proxy.stderr).toMatch(/^mcpp: The counters cannot be kept in .*\n$/);
    expect(proxy.stderr).toContain("`--state memory`");
    expect(proxy.stderr).toContain("`--state sqlite:PATH`");
  });
});

describe("--state memory", () => {
  it("forgets with the process, and makes no file", async () => {
    const { start, file } = await user();
    for (let run = 0; run < 2; run++) {
      const proxy = start(["--state", "memory"]);
      expect(await allowed(proxy, MAX + 1)).toBe(MAX);
      await proxy.close();
    }
    expect(existsSync(file)).toBe(false);
  });
});
