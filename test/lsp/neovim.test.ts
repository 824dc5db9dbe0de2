import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { mcppBundle } from "./editor.ts";
import { PAYMENTS_TEXT } from "./payments.ts";

// A real editor. In CI it has to be there.
const hasNeovim = process.env.CI === "true" || spawnSync("nvim", ["--version"]).status === 0;

const POLICY = `server payments tools "./payments.tools.json"
default deny
allow get_charge, get_chargee
let cap = 100_00
deny create_refund unless args.amount <= cap
allow   create_refund
`;

/** The set-up that `docs/editors.md` gives for a Neovim as old as that of Debian. */
function documentedSetup(): string {
  const page = readFileSync(new URL("../../docs/editors.md", import.meta.url), "utf8");
  const setup = /Before 0\.11.*?```lua\n(.*?)```/s.exec(page)?.[1];
  if (setup === undefined) throw new Error("docs/editors.md has no set-up for Neovim.");
  return setup;
}

interface Found {
  readonly failed?: string;
  readonly name: string;
  readonly diagnostics: readonly (readonly [line: number, column: number, message: string])[];
  readonly hover: string;
  readonly completion: readonly string[];
  readonly lines: readonly string[];
}

describe("Neovim", () => {
  const folder = mkdtempSync(join(tmpdir(), "mcpp-nvim-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** With `mcpp` on the path, and nothing of the user's own. */
  async function drive(): Promise<Found> {
    const setup = join(folder, "setup.lua");
    const policy = join(folder, "policy.mcpp");
    writeFileSync(setup, documentedSetup());
    writeFileSync(policy, POLICY);
    writeFileSync(join(folder, "payments.tools.json"), PAYMENTS_TEXT);
    const command = `#!/bin/sh\nexec '${process.execPath}' '${await mcppBundle()}' "$@"\n`;
    writeFileSync(join(folder, "mcpp"), command, { mode: 0o755 });
    const script = fileURLToPath(new URL("neovim.lua", import.meta.url));
    const { stdout, stderr } = spawnSync("nvim", ["--headless", "--clean", "-S", script], {
      cwd: folder,
      env: {
        ...process.env,
        PATH: `${folder}:${process.env.PATH}`,
        MCPP_SETUP: setup,
        MCPP_POLICY: policy,
        XDG_STATE_HOME: folder,
        XDG_CACHE_HOME: folder,
      },
      encoding: "utf8",
      timeout: 240_000,
    });
    const text = `${stdout}${stderr}`;
    const line = text.split(/\r?\n/).find((part) => part.startsWith("{"));
    if (line === undefined) throw new Error(`Neovim printed no result:\n${text}`);
    return JSON.parse(line) as Found;
  }

  it.skipIf(!hasNeovim)(
    "gets diagnostics, hovers and completion, and renames and formats, as the documentation sets it up",
    async () => {
      const found = await drive();
      expect(found.failed).toBeUndefined();
      expect(found.name).toBe("mcpp");
      expect(found.diagnostics).toContainEqual([
        2,
        18,
        "The server `payments` has no tool `get_chargee`.\nDid you mean `get_charge`?",
      ]);
      expect(found.hover).toContain("Reads one charge.");
      expect(found.completion).toContain("create_refund");
      expect(found.lines).toEqual([
        'server payments tools "./payments.tools.json"',
        "default deny",
        "allow get_charge, get_chargee",
        "let ceiling = 100_00",
        "deny create_refund unless args.amount <= ceiling",
        "allow create_refund",
      ]);
    },
    300_000,
  );
});
