import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bundle } from "../fixtures/build.ts";
import { type ModernServer, startModernServer } from "../fixtures/modern-server/http.ts";
import { MCPP } from "./lines.ts";

// `mcpp pull` from a server of the 2026-07-28 protocol, and from one that speaks the revisions before, too.

const TOOLS = ["confirm", "echo", "slow", "toggle", "write"];

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "mcpp-pull-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Saved {
  readonly protocol: string;
  readonly server: { readonly name: string };
  readonly tools: readonly { readonly name: string; readonly risk?: string }[];
}

async function pull(...target: string[]): Promise<Saved> {
  const path = join(folder, "tools.json");
  const run = await promisify(execFile)(process.execPath, [MCPP, "pull", "-o", path, ...target]);
  expect(run.stdout).toBe("");
  expect(run.stderr).toContain("tools of modern-server to");
  const saved = JSON.parse(readFileSync(path, "utf8")) as Saved;
  rmSync(path);
  return saved;
}

describe.each([
  ["of the modern era alone", false],
  ["of both eras", true],
])("pulls from a server %s", (_, legacy) => {
  const flags = legacy ? ["--legacy"] : [];
  const protocol = legacy ? "2025-11-25" : "2026-07-28";

  it("over stdio", async () => {
    const main = await bundle("test/fixtures/modern-server/main.ts");
    expectList(await pull("--", process.execPath, main, ...flags), protocol);
  });

  it("over HTTP", async () => {
    const server: ModernServer = await startModernServer({ legacy });
    try {
      expectList(await pull("--url", server.url), protocol);
    } finally {
      await server.close();
    }
  });
});

function expectList(saved: Saved, protocol: string): void {
  expect(saved.server.name).toBe("modern-server");
  expect(saved.tools.map(({ name }) => name).sort()).toEqual(TOOLS);
  expect(saved.tools.every(({ risk }) => risk !== undefined)).toBe(true);
  expect(saved.protocol).toBe(protocol);
}
