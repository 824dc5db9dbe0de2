import { execFile, spawnSync } from "node:child_process";
import { closeSync, existsSync, openSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const MCPP = fileURLToPath(new URL("../../dist/mcpp.js", import.meta.url));

function mcpp(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [MCPP, ...args], (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

describe("mcpp", () => {
  it("--version prints the version of the package", async () => {
    const { default: manifest } = (await import("../../package.json", {
      with: { type: "json" },
    })) as { default: { version: string } };
    expect(await mcpp("--version")).toEqual({
      code: 0,
      stdout: `${manifest.version}\n`,
      stderr: "",
    });
  });

  it("--help lists the commands on stdout", async () => {
    const { code, stdout } = await mcpp("--help");
    expect(code).toBe(0);
    expect(stdout).toMatch(/^ {2}pull +\S/m);
    expect(stdout).toMatch(/^ {2}serve +\S/m);
  });

  it("serve --help shows the options", async () => {
    const { code, stdout } = await mcpp("serve", "--help");
    expect(code).toBe(0);
    expect(stdout).toContain("--shadow");
  });

  it.each([
    ["nothing", []],
    ["an unknown command", ["serv"]],
    ["an unknown option", ["serve", "--nope"]],
    ["an option before the command", ["--nope", "serve"]],
    ["pull without a server", ["pull"]],
    ["pull from two servers", ["pull", "--url", "http://127.0.0.1:1/", "--", "x"]],
    ["pull from what is no URL", ["pull", "--url", "nowhere"]],
    ["pull with a header for a command", ["pull", "--header", "A: b", "--", "x"]],
    ["pull with half a header", ["pull", "--url", "http://127.0.0.1:1/", "--header", "x"]],
    ["pull from a command that does not exist", ["pull", "--", "no-such-command-here"]],
    ["pull from a port where nobody listens", ["pull", "--url", "http://127.0.0.1:1/"]],
  ])("%s: status 2, and the reason on stderr", async (_, args) => {
    const { code, stdout, stderr } = await mcpp(...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr.trim()).not.toBe("");
    expect(stderr).not.toMatch(/^ +at /m);
    expect(stderr).not.toContain("internal error");
  });
});

it.skipIf(!existsSync("/dev/full"))("what cannot be written is status 2", async () => {
  const full = openSync("/dev/full", "w");
  const { status, stderr } = spawnSync(process.execPath, [MCPP, "--help"], {
    stdio: ["ignore", full, "pipe"],
    encoding: "utf8",
  });
  closeSync(full);
  expect(stderr).toContain("mcpp: stdout could not be written: ");
  expect(status).toBe(2);
});

it.each([
  [["chekc", "x"], "mcpp: Unknown command `chekc`. Did you mean check?"],
  [["check"], "mcpp: Missing required argument `file`."],
  [["check", "--formt", "json", "x"], "mcpp: Unknown option `--formt`. Did you mean --format?"],
  [
    ["check", "--format", "xml", "x"],
    "mcpp: Option `--format <format>` argument `xml` is invalid. Allowed choices are pretty, json, sarif, github.",
  ],
])("%j is answered by a sentence", async (args, sentence) => {
  const { code, stdout, stderr } = await mcpp(...args);
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr.split("\n")[0]).toBe(sentence);
});
