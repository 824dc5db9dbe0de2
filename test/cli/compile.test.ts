import { execFileSync } from "node:child_process";
import {
  chmodSync,
  closeSync,
  constants,
  existsSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  statSync,
  symlinkSync,
} from "node:fs";
import { describe, expect, it } from "vitest";
import { command } from "../../cli/compile.ts";
import { inFolder, run, write } from "./running.ts";

inFolder({
  "p.mcpp": "allow session_start limit 10/minute per grant\n",
  "bad.mcpp": "allow session_start limit 10/minute per user\n",
});

const target = { target: "mcpp" };

it("prints the JSON, and warns of what was not checked on stderr", async () => {
  const { code, stdout, stderr } = await run(command, ["p.mcpp"], target);
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toEqual({
    version: "1",
    default: "deny",
    tools: {
      session_start: {
        limits: [{ counter: "session_start_rate", window: "minute", max: 10, scope: "grant" }],
      },
    },
  });
  expect(stdout.endsWith("}\n")).toBe(true);
  expect(stderr.match(/^(warning|error)/gm)).toEqual(["warning"]);
  expect(stderr).toContain("mcpp pull");
});

it("writes nothing if there is an error, and leaves what is there", async () => {
  write("out.json", "before");
  const options = { ...target, output: "out.json", map: "out.map" };
  const { code, stdout, stderr } = await run(command, ["bad.mcpp"], options);
  expect(code).toBe(1);
  expect(stdout).toBe("");
  expect(stderr).toContain("error MCPP146 bad.mcpp:1:41");
  expect(readFileSync("out.json", "utf8")).toBe("before");
  expect(existsSync("out.map")).toBe(false);
});

it("writes the policy and its map whole, and keeps the mode of the file", async () => {
  write("out.json", "before");
  chmodSync("out.json", 0o600);
  const options = { ...target, output: "out.json", map: "out.map" };
  const { code, stdout } = await run(command, ["p.mcpp"], options);
  expect([code, stdout]).toEqual([0, ""]);
  expect(JSON.parse(readFileSync("out.json", "utf8"))).toHaveProperty("tools.session_start");
  expect(statSync("out.json").mode & 0o777).toBe(0o600);
  expect(JSON.parse(readFileSync("out.map", "utf8"))).toEqual({
    "/tools/session_start": "p.mcpp:1:1",
    "/tools/session_start/limits/0": "p.mcpp:1:21",
    "/tools/session_start/limits/session_start_rate": "p.mcpp:1:21",
  });
  expect(readdirSync(".").sort()).toEqual(["bad.mcpp", "out.json", "out.map", "p.mcpp"]);
});

it("refuses to overwrite the policy itself", async () => {
  await expect(run(command, ["p.mcpp"], { ...target, output: "./p.mcpp" })).rejects.toThrow(
    "`./p.mcpp` is the policy itself, and would be overwritten.",
  );
});

it("refuses to overwrite what the policy is made from, or one output with the other", async () => {
  const tools = JSON.stringify({ tools: [{ name: "a", inputSchema: { type: "object" } }] });
  write("whole.mcpp", 'server s tools "./list.json"\nimport "./part.mcpp"\nallow a\n');
  write("part.mcpp", "limit all 9/minute\n");
  write("list.json", tools);
  for (const output of ["list.json", "./part.mcpp"]) {
    await expect(run(command, ["whole.mcpp"], { ...target, output })).rejects.toThrow(
      `\`${output}\` is a part of the policy, and would be overwritten.`,
    );
  }
  await expect(
    run(command, ["p.mcpp"], { ...target, output: "x.json", map: "./x.json" }),
  ).rejects.toThrow("name the same file");
  expect(readFileSync("list.json", "utf8")).toBe(tools);
});

it("writes through a link, which stays one", async () => {
  write("real.json", "before");
  symlinkSync("real.json", "link.json");
  symlinkSync("absent.json", "dangling.json");
  for (const [output, real] of [
    ["link.json", "real.json"],
    ["dangling.json", "absent.json"],
  ] as const) {
    await run(command, ["p.mcpp"], { ...target, output });
    expect(lstatSync(output).isSymbolicLink()).toBe(true);
    expect(JSON.parse(readFileSync(real, "utf8"))).toHaveProperty("tools.session_start");
  }
});

it.skipIf(process.platform === "win32")("writes to a pipe, which stays one", async () => {
  execFileSync("mkfifo", ["pipe"]);
  const reader = openSync("pipe", constants.O_RDONLY | constants.O_NONBLOCK);
  await run(command, ["p.mcpp"], { ...target, output: "pipe" });
  expect(lstatSync("pipe").isFIFO()).toBe(true);
  const bytes = Buffer.alloc(4096);
  expect(bytes.toString("utf8", 0, readSync(reader, bytes))).toContain("session_start_rate");
  closeSync(reader);
});

describe("--check", () => {
  it("is 0 if the file is what would be written, else 1, and writes nothing", async () => {
    const options = { ...target, output: "out.json", check: true };
    const absent = await run(command, ["p.mcpp"], options);
    expect(absent.code).toBe(1);
    expect(absent.stderr).toContain("`out.json` is not there");
    await run(command, ["p.mcpp"], { ...target, output: "out.json" });
    expect((await run(command, ["p.mcpp"], options)).code).toBe(0);
    write("p.mcpp", "allow session_start limit 9/minute per grant\n");
    const stale = await run(command, ["p.mcpp"], options);
    expect(stale.code).toBe(1);
    expect(stale.stderr).toContain("`out.json` is not what would be written");
    expect(readFileSync("out.json", "utf8")).toContain('"max": 10');
  });

  it("needs a file to compare with", async () => {
    await expect(run(command, ["p.mcpp"], { ...target, check: true, output: "-" })).rejects.toThrow(
      "give `-o FILE` too",
    );
    await expect(run(command, ["p.mcpp"], { ...target, check: true })).rejects.toThrow(
      "give `-o FILE` too",
    );
  });
});

describe("--target policylayer", () => {
  const core = { target: "policylayer" };

  it("compiles what the core format can say", async () => {
    expect((await run(command, ["p.mcpp"], core)).code).toBe(0);
  });

  it("names the statements that need more, each once", async () => {
    write(
      "q.mcpp",
      'default hide\nallow a\nallow b limit 5/minute per session limit 2 concurrent\nallow c if args.x == 1 or args.y == 2\nask d\nallow prompt "x"\n',
    );
    const { code, stdout, stderr } = await run(command, ["q.mcpp"], core);
    expect(code).toBe(1);
    expect(stdout).toBe("");
    expect(stderr.match(/MCPP713 \S+/g)).toEqual([
      "MCPP713 q.mcpp:1:1",
      "MCPP713 q.mcpp:3:9",
      "MCPP713 q.mcpp:3:36",
      "MCPP713 q.mcpp:4:1",
      "MCPP713 q.mcpp:5:1",
      "MCPP713 q.mcpp:6:1",
    ]);
  });

  it("warns where the meaning there is not published", async () => {
    write("q.mcpp", "allow a if args.x matches /a/\nallow b if args.n > 1\n");
    const { code, stderr } = await run(command, ["q.mcpp"], core);
    expect(code).toBe(0);
    expect(stderr.match(/MCPP714 \S+/g)).toEqual(["MCPP714 q.mcpp:1:1", "MCPP714 q.mcpp:2:1"]);
  });
});
