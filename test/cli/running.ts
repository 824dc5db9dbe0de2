import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, vi } from "vitest";
import type { CliCommand } from "../../cli/command.ts";

/** What a command did. */
export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Gives every test of a file a folder of its own to work in, with these files. */
export function inFolder(files: Readonly<Record<string, string>>): void {
  let folder: string;
  let before: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "mcpp-cli-"));
    before = process.cwd();
    process.chdir(folder);
    vi.stubGlobal("MCPP_VERSION", "0.0.0");
    for (const [name, text] of Object.entries(files)) write(name, text);
  });
  afterEach(() => {
    process.chdir(before);
    rmSync(folder, { recursive: true });
    vi.unstubAllGlobals();
    vi.restoreAllMocks();
  });
}

export function write(name: string, text: string): void {
  mkdirSync(dirname(name), { recursive: true });
  writeFileSync(name, text);
}

/** Runs a command in this process. Rejects with `Failure` as it does. */
export async function run(
  command: CliCommand,
  args: readonly string[],
  options: Readonly<Record<string, unknown>> = {},
): Promise<Ran> {
  let stdout = "";
  let stderr = "";
  vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    stdout += String(text);
    return true;
  });
  vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    stderr += String(text);
    return true;
  });
  try {
    const code = await command.run({ args, options });
    return { code, stdout, stderr };
  } finally {
    vi.restoreAllMocks();
  }
}
