import { mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { Files } from "../../lsp/files.ts";

const folder = mkdtempSync(join(tmpdir(), "mcpp-files-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("files on disk", () => {
  it("are read again when two writes of one size share a time, as coarse clocks have it", () => {
    const name = join(folder, "list.json");
    const files = new Files();
    const now = Math.floor(Date.now() / 1_000);
    for (const text of ["[1]", "[2]"]) {
      writeFileSync(name, text);
      utimesSync(name, now, now);
      expect(files.source(name)?.text).toBe(text);
    }
  });

  it("are the same source as long as their text is the same", () => {
    const name = join(folder, "same.json");
    const files = new Files();
    writeFileSync(name, "[1]");
    const before = files.source(name);
    utimesSync(name, 1, 1);
    expect(files.source(name)).toBe(before);
    expect(files.source(name)).toBe(before);
    rmSync(name);
    expect(files.source(name)).toBeUndefined();
  });
});
