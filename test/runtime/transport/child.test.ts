import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import {
  type Child,
  ChildNotStarted,
  serverEnvironment,
  startChild,
} from "../../../runtime/transport/child.ts";

const GRACE_MS = 300;

const started: Child[] = [];
afterEach(() => {
  for (const child of started.splice(0)) child.signal("SIGKILL");
});

/** Starts a Node program; resolves once it has run to its end, and waits for events. */
async function running(script: string, env: NodeJS.ProcessEnv = process.env): Promise<Child> {
  const args = ["-e", `${script};console.log("ready")`];
  const child = await startChild({ command: process.execPath, args, env, graceMs: GRACE_MS });
  started.push(child);
  await new Promise((resolve) => child.stdout.once("data", resolve));
  child.stdout.resume();
  return child;
}

const STAYS = "setInterval(() => {}, 1e6);";

describe("starting", () => {
  it.each([
    ["is not there", "no-such-command-here", "was not found."],
    ["is no program", process.cwd(), "is not executable."],
  ])("a command that %s fails with a sentence", async (_, command, reason) => {
    const start = startChild({ command, args: [], env: process.env });
    await expect(start).rejects.toThrow(ChildNotStarted);
    await expect(start).rejects.toThrow(`The command \`${command}\` ${reason}`);
  });

  it("a file without the right to run it fails with a sentence", async () => {
    const folder = mkdtempSync(join(tmpdir(), "mcpp-child-"));
    try {
      const command = join(folder, "server");
      writeFileSync(command, "#!/bin/sh\n", { mode: 0o600 });
      const start = startChild({ command, args: [], env: process.env });
      await expect(start).rejects.toThrow(`The command \`${command}\` is not executable.`);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("uses no shell: arguments arrive as they are", async () => {
    const words = ["$HOME", "a b", "`id`", "*", "", "'\"", "; exit 3"];
    const script = "process.stdout.write(JSON.stringify(process.argv.slice(1)))";
    const child = await startChild({
      command: process.execPath,
      args: ["-e", script, ...words],
      env: process.env,
    });
    const chunks: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
    expect(await child.exited).toEqual({ code: 0, forced: false });
    expect(JSON.parse(Buffer.concat(chunks).toString())).toEqual(words);
  });
});

describe("the end by itself", () => {
  it("has its status", async () => {
    const child = await running("setImmediate(() => process.exit(7))");
    expect(await child.exited).toEqual({ code: 7, forced: false });
  });

  it("has its signal", async () => {
    const child = await running(
      `setImmediate(() => process.kill(process.pid, "SIGTERM"));${STAYS}`,
    );
    expect(await child.exited).toEqual({ signal: "SIGTERM", forced: false });
  });

  it("is told after all output was read", async () => {
    const bytes = 3_000_000;
    const child = await startChild({
      command: process.execPath,
      args: ["-e", `process.stdout.write("x".repeat(${bytes}))`],
      env: process.env,
      graceMs: GRACE_MS,
    });
    let read = 0;
    child.stdout.on("data", (chunk: Buffer) => {
      read += chunk.length;
    });
    await child.exited;
    expect(read).toBe(bytes);
  });

  it("is told although a process that it left behind holds its output open", async () => {
    const child = await running(
      `const { pid } = require("node:child_process").spawn("sleep", ["30"], { stdio: ["ignore", "inherit", "ignore"], detached: true });
      setImmediate(() => process.stdout.write(String(pid), () => process.exit(0)));`,
    );
    const text: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => text.push(chunk));
    try {
      expect(await child.exited).toEqual({ code: 0, forced: false });
    } finally {
      const pid = Number(/\d+/.exec(Buffer.concat(text).toString())?.[0]);
      if (pid > 1) process.kill(pid, "SIGKILL");
    }
  });
});

describe("stop", () => {
  it("closes its stdin, and lets it go by itself", async () => {
    const child = await running("process.stdin.resume().on('end', () => process.exit(5))");
    expect(await child.stop()).toEqual({ code: 5, forced: false });
  });

  it("sends TERM to one that stays", async () => {
    const child = await running(`process.on("SIGTERM", () => process.exit(6));${STAYS}`);
    expect(await child.stop()).toEqual({ code: 6, forced: true });
  });

  it("kills one that stays even so", async () => {
    const child = await running(`process.on("SIGTERM", () => {});${STAYS}`);
    expect(await child.stop()).toEqual({ signal: "SIGKILL", forced: true });
  });

  it("twice is once, and after the end nothing", async () => {
    const child = await running("process.stdin.resume().on('end', () => process.exit(5))");
    expect(await Promise.all([child.stop(), child.stop()])).toEqual([
      { code: 5, forced: false },
      { code: 5, forced: false },
    ]);
    expect(await child.stop()).toEqual({ code: 5, forced: false });
  });
});

describe("a signal that ends us", () => {
  it("is passed on, and its stdin stays open", async () => {
    const child = await running(
      `process.stdin.resume().on("end", () => process.exit(1));
      process.on("SIGINT", () => process.exit(8));`,
    );
    expect(await child.end("SIGINT")).toEqual({ code: 8, forced: false });
  });

  it("is followed by KILL where it does not help", async () => {
    const child = await running(`process.on("SIGHUP", () => {});${STAYS}`);
    expect(await child.end("SIGHUP")).toEqual({ signal: "SIGKILL", forced: true });
  });
});

describe("writing to one that is gone", () => {
  it("throws nothing", async () => {
    const child = await running("setImmediate(() => process.exit(0))");
    await child.exited;
    child.stdin.write("x\n");
    await new Promise(setImmediate);
    expect(child.stdin.writable).toBe(false);
  });
});

describe("the environment of a server", () => {
  it("is ours less what configures us, in any case", () => {
    expect(
      serverEnvironment({ PATH: "/bin", MCPP_KEY: "k", mcpp_token: "t", MCPPX: "1", X_MCPP_: "2" }),
    ).toEqual({ PATH: "/bin", MCPPX: "1", X_MCPP_: "2" });
  });
});
