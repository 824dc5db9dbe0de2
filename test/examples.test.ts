import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { loadConfig } from "../cli/config/load.ts";
import { renderDiagnostic, Source } from "../language/index.ts";
import { mcpp } from "./end-to-end/mcpp.ts";
import { compileExample, EXAMPLES, examplesEndingWith, isNaive } from "./examples/policies.ts";

// The examples, through the built command line as their readers run it.

const all = examplesEndingWith(".mcpp");
const policies = all.filter((name) => !isNaive(name));
const configs = examplesEndingWith("mcpp.yaml");
/** A guard is about the tools of many servers; `check` of the configuration looks its names up in their lists. */
const GUARD = join("gateway", "org.mcpp");

const paths = (names: readonly string[]): readonly string[] =>
  names.map((name) => join(EXAMPLES, name));

/** Fails with all that the command printed. */
async function succeeds(args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await mcpp(args);
  if (code !== 0) throw new Error(`It ended with ${code}.\n${stdout}${stderr}`);
  return stdout;
}

describe("the policies", () => {
  it("are there", () => {
    expect(policies.length).toBeGreaterThan(0);
  });

  it("are formatted", () => succeeds(["fmt", "--check", ...paths(all)]));

  it("are checked without a warning", () =>
    succeeds(["check", "--strict", ...paths(policies.filter((name) => name !== GUARD))]));

  it("pass tests that cover every rule and every branch, and their claims are proved", async () => {
    const least = ["--min-coverage", "100", "--min-branch-coverage", "100"];
    const report = await succeeds(["test", "--format", "json", ...least, ...paths(policies)]);
    const { claims } = JSON.parse(report) as {
      readonly claims: readonly { readonly file: string; readonly proved: boolean }[];
    };
    expect(claims.length).toBeGreaterThan(0);
    expect(claims.filter(({ proved }) => !proved)).toEqual([]);
  });

  it.each(all)("%s has tests", async (name) => {
    const { tests } = compileExample(name).program;
    expect(tests.length).toBeGreaterThan(0);
  });
});

it("there are configurations", () => {
  expect(configs.length).toBeGreaterThan(0);
});

it.each(configs)("%s is checked without a warning", (name) => {
  const path = join(EXAMPLES, name);
  const source = new Source(path, readFileSync(path, "utf8"));
  const { config, diagnostics } = loadConfig(source, {}, false);
  const found = diagnostics.filter(({ severity }) => severity !== "info");
  expect(found.map((one) => renderDiagnostic(one))).toEqual([]);
  expect(config?.servers.size).toBeGreaterThan(0);
});
