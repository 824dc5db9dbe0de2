import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { command } from "../../cli/fmt.ts";
import { inFolder, run, write } from "./running.ts";

const MESSY = "allow   a,b   // both\n\n\n\nallow c\n";
const NEAT = "allow a, b // both\n\nallow c\n";

inFolder({ "messy.mcpp": MESSY, "neat.mcpp": NEAT, "bad.mcpp": "allow  a,\n\nallow\n" });

it("formats in place, and names what it changed", async () => {
  const { code, stdout } = await run(command, ["messy.mcpp", "neat.mcpp"]);
  expect([code, stdout]).toEqual([0, "messy.mcpp\n"]);
  expect(readFileSync("messy.mcpp", "utf8")).toBe(NEAT);
});

it("only looks with --check", async () => {
  const { code, stdout } = await run(command, ["neat.mcpp", "messy.mcpp"], { check: true });
  expect([code, stdout]).toEqual([1, "messy.mcpp\n"]);
  expect(readFileSync("messy.mcpp", "utf8")).toBe(MESSY);
  expect((await run(command, ["neat.mcpp"], { check: true })).code).toBe(0);
});

it("leaves a file with errors as it is, and goes on", async () => {
  const { code, stdout, stderr } = await run(command, ["bad.mcpp", "messy.mcpp"]);
  expect([code, stdout]).toEqual([1, "messy.mcpp\n"]);
  expect(stderr).toMatch(/^error MCPP1/);
  expect(readFileSync("bad.mcpp", "utf8")).toBe("allow  a,\n\nallow\n");
});

it("takes a byte order mark away, and CRLF", async () => {
  write("windows.mcpp", "\uFEFFallow a\r\ndeny b\r\n");
  expect((await run(command, ["windows.mcpp"], { check: true })).code).toBe(1);
  expect((await run(command, ["windows.mcpp"])).code).toBe(0);
  expect(readFileSync("windows.mcpp", "utf8")).toBe("allow a\ndeny b\n");
});
