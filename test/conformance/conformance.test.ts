import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bundle } from "../fixtures/build.ts";
import { checkSuite, type Outcome } from "./check-suite.ts";
import { findNode } from "./node22.ts";
import { SAME_PATH } from "./proxy.ts";
import { SUITES } from "./suites.ts";

// The harness against itself, with the suite's shortest runs. The suite needs Node 22: this one, or the one
// that CONFORMANCE_NODE names.
const node = newNode();

function newNode(): string | undefined {
  try {
    return findNode(process.env.CONFORMANCE_NODE);
  } catch {
    return undefined;
  }
}

describe.skipIf(node === undefined)("the conformance harness (needs Node 22)", () => {
  let folder: string;
  let passThrough: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "mcpp-conformance-"));
    passThrough = `${process.execPath} ${await bundle("test/fixtures/pass-through/main.ts")} {port} {upstream}`;
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const check = (name: string, command: string): Promise<Outcome> => {
    const suite = SUITES.find((one) => one.name === name);
    if (suite === undefined) throw new Error(`There is no suite \`${name}\`.`);
    return checkSuite(suite, node as string, join(folder, String(command.length)), {
      command,
      endpoint: SAME_PATH,
    });
  };

  it("finds a conforming server, and no difference through a proxy that changes nothing", async () => {
    const { direct, failed, differences } = await check("server-2025-11-25", passThrough);
    expect(direct.size).toBe(33);
    expect(failed).toEqual([]);
    expect(differences).toEqual([]);
  }, 120_000);

  it("finds what a proxy spoils", async () => {
    const { differences } = await check("server-2025-11-25", `${passThrough} --own-host`);
    expect(differences).toEqual([
      {
        scenario: "dns-rebinding-protection",
        check: "localhost-host-rebinding-rejected",
        direct: ["SUCCESS"],
        proxied: ["FAILURE"],
      },
    ]);
  }, 120_000);

  it("runs a client with the proxy between it and the suite", async () => {
    const { direct, failed, differences } = await check("client-0.1.16", passThrough);
    expect(direct.size).toBe(4);
    expect(failed).toEqual([]);
    expect(differences).toEqual([]);
  }, 120_000);
});
