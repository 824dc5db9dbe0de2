import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
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

describe("Neovim", () => {
  it.skipIf(!hasNeovim)(
    "gets diagnostics, hovers and completion, and renames and formats",
    async () => {
      const folder = mkdtempSync(join(tmpdir(), "mcpp-nvim-"));
      writeFileSync(join(folder, "payments.tools.json"), PAYMENTS_TEXT);
      writeFileSync(join(folder, "policy.mcpp"), POLICY);
      const script = fileURLToPath(new URL("neovim.lua", import.meta.url));
      const run = spawnSync("nvim", ["--headless", "--clean", "-S", script], {
        env: {
          ...process.env,
          MCPP_COMMAND: [process.execPath, await mcppBundle(), "lsp", "--stdio"].join("\n"),
          MCPP_POLICY: join(folder, "policy.mcpp"),
          XDG_STATE_HOME: folder,
          XDG_CACHE_HOME: folder,
        },
        encoding: "utf8",
        timeout: 120_000,
      });
      const text = `${run.stdout}${run.stderr}`;
      const line = text.split(/\r?\n/).find((part) => part.startsWith("{"));
      expect(line, text).toBeDefined();
      const found = JSON.parse(line as string) as {
        readonly failed?: string;
        readonly diagnostics: readonly (readonly [number, number, string])[];
        readonly hover: string;
        readonly completion: readonly string[];
        readonly lines: readonly string[];
      };
      expect(found.failed).toBeUndefined();
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
      rmSync(folder, { recursive: true, force: true });
    },
    180_000,
  );
});
