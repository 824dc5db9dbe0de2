import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { compareResults, renderDifferences, summary } from "./compare.ts";
import { countStatuses, failures, type Results, readResults } from "./results.ts";

const results = (scenarios: Record<string, Record<string, string[]>>): Results =>
  new Map(
    Object.entries(scenarios).map(([name, checks]) => [name, new Map(Object.entries(checks))]),
  );

describe("the comparison", () => {
  it("finds nothing between equal results", () => {
    const status = fc.constantFrom("SUCCESS", "FAILURE", "WARNING", "INFO", "SKIPPED");
    const any = fc
      .dictionary(fc.string(), fc.dictionary(fc.string(), fc.array(status, { minLength: 1 })))
      .map(results);
    fc.assert(
      fc.property(any, (both) => {
        expect(compareResults(both, both)).toEqual([]);
      }),
    );
  });

  it("finds a check that changed, is missing or is new, and a scenario that is missing", () => {
    const direct = results({
      ping: { ping: ["SUCCESS"], "wire-schema-valid": ["SUCCESS"] },
      polling: { event: ["INFO", "INFO"], resume: ["SUCCESS"] },
      rebinding: { rejected: ["SUCCESS"] },
    });
    const proxied = results({
      ping: { ping: ["FAILURE"], "wire-schema-valid": ["SUCCESS"] },
      polling: { event: ["INFO"], extra: ["WARNING"], resume: ["SUCCESS"] },
    });
    expect(`\n${renderDifferences(compareResults(direct, proxied))}\n`).toMatchInlineSnapshot(`
      "
      scenario   check     direct   through the proxy
      ping       ping      SUCCESS  FAILURE
      polling    event     2 INFO   INFO
      polling    extra     absent   WARNING
      rebinding  rejected  SUCCESS  absent
      "
    `);
  });

  it("does not mind the order of one check's statuses, but their number", () => {
    expect(summary(["SUCCESS", "FAILURE", "SUCCESS"])).toBe("1 FAILURE, 2 SUCCESS");
    expect(summary(["FAILURE", "SUCCESS", "SUCCESS"])).toBe("1 FAILURE, 2 SUCCESS");
    expect(summary(["INFO"])).toBe("INFO");
  });
});

describe("the results", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "mcpp-results-"));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const leave = async (path: string, checks: unknown) => {
    await mkdir(join(folder, path), { recursive: true });
    await writeFile(join(folder, path, "checks.json"), JSON.stringify(checks));
  };
  const checks = [
    { id: "a", status: "SUCCESS" },
    { id: "b", status: "FAILURE" },
    { id: "a", status: "INFO" },
  ];

  it("are read by scenario and check, on either side", async () => {
    await leave("server-server-sse-polling-2026-11-22T12-03-35-897Z", checks);
    expect(await readResults(folder, "server")).toEqual(
      results({ "server-sse-polling": { a: ["SUCCESS", "INFO"], b: ["FAILURE"] } }),
    );
  });

  it("of clients may lie in folders of folders", async () => {
    await leave("auth/metadata-default-2026-11-22T12-03-35-897Z", checks);
    await leave("server-like-2026-11-22T12-03-35-897Z", checks);
    expect([...(await readResults(folder, "client")).keys()].sort()).toEqual([
      "auth/metadata-default",
      "server-like",
    ]);
  });

  it("in a folder of another name are refused", async () => {
    await leave("stray", checks);
    await expect(readResults(folder, "server")).rejects.toThrow("`stray`");
  });

  it("are counted, and failures named unless they do not count", () => {
    const some = results({ "tasks-x": { a: ["FAILURE"] }, ping: { b: ["SUCCESS", "FAILURE"] } });
    expect(countStatuses(some)).toEqual({ FAILURE: 2, SUCCESS: 1 });
    expect(countStatuses(some, /^tasks-/)).toEqual({ FAILURE: 1, SUCCESS: 1, unscored: 1 });
    expect(failures(some, /^tasks-/)).toEqual(["ping: b"]);
    expect(failures(some)).toEqual(["tasks-x: a", "ping: b"]);
  });
});
