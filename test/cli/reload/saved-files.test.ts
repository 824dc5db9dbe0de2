import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { digestsOf } from "../../../cli/reload/digests.ts";
import { SavedFiles } from "../../../cli/reload/saved-files.ts";

let folder: string;
let watched: SavedFiles | undefined;
const path = (name: string) => join(folder, name);
const put = (name: string, text: string) => writeFileSync(path(name), text);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "mcpp-saved-"));
  vi.useFakeTimers();
});
afterEach(() => {
  watched?.close();
  watched = undefined;
  vi.useRealTimers();
  rmSync(folder, { recursive: true });
});

/** Watches files by the clock alone, so that a test decides when time goes by; gives what was taken up. */
function taking(...names: string[]): string[] {
  const taken: string[] = [];
  const files = names.map(path);
  const read = (file: string): string => {
    try {
      return readFileSync(file, "utf8");
    } catch {
      return "gone";
    }
  };
  watched = new SavedFiles(digestsOf(files), {
    saved: () => {
      taken.push(files.map(read).join("+"));
      return files;
    },
  });
  return taken;
}

describe("saved files", () => {
  it("are taken up once when two reads agree", () => {
    put("a", "1");
    const taken = taking("a");
    vi.advanceTimersByTime(5_000);
    expect(taken).toEqual([]);
    put("a", "2");
    vi.advanceTimersByTime(1_000);
    expect(taken).toEqual([]);
    vi.advanceTimersByTime(150);
    expect(taken).toEqual(["2"]);
    vi.advanceTimersByTime(10_000);
    expect(taken).toEqual(["2"]);
  });

  it("are not taken up while they are written, nor empty", () => {
    put("a", "whole 1");
    const taken = taking("a");
    put("a", "who");
    vi.advanceTimersByTime(1_100);
    put("a", "whole");
    vi.advanceTimersByTime(140);
    truncateSync(path("a"), 0);
    vi.advanceTimersByTime(3_000);
    expect(taken).toEqual([]);
    put("a", "whole 2");
    vi.advanceTimersByTime(1_000);
    expect(taken).toEqual(["whole 2"]);
  });

  it("that are what they were are not taken up", () => {
    put("a", "1");
    const taken = taking("a");
    put("a", "2");
    vi.advanceTimersByTime(1_050);
    put("a", "1");
    vi.advanceTimersByTime(5_000);
    expect(taken).toEqual([]);
  });

  it("are taken up as a whole", () => {
    put("a", "1");
    put("b", "1");
    const taken = taking("a", "b");
    put("a", "2");
    vi.advanceTimersByTime(1_050);
    put("b", "2");
    vi.advanceTimersByTime(2_000);
    expect(taken).toEqual(["2+2"]);
  });

  it("may be replaced, be links that are replaced, vanish and come back", () => {
    put("a", "1");
    mkdirSync(path("v1"));
    mkdirSync(path("v2"));
    put("v1/b", "one");
    put("v2/b", "two");
    symlinkSync("v1", path("current"));
    symlinkSync("current/b", path("b"));
    const taken = taking("a", "b");
    put("draft", "2");
    renameSync(path("draft"), path("a"));
    vi.advanceTimersByTime(2_000);
    symlinkSync("v2", path("next"));
    renameSync(path("next"), path("current"));
    vi.advanceTimersByTime(2_000);
    unlinkSync(path("a"));
    vi.advanceTimersByTime(2_000);
    put("a", "3");
    vi.advanceTimersByTime(2_000);
    expect(taken).toEqual(["2+one", "2+two", "gone+two", "3+two"]);
  });

  it("are taken up again when one changes while they are read", () => {
    put("a", "1");
    const taken: string[] = [];
    watched = new SavedFiles(digestsOf([path("a")]), {
      saved: () => {
        taken.push(readFileSync(path("a"), "utf8"));
        if (taken.length === 1) put("a", "3");
        return [path("a")];
      },
    });
    put("a", "2");
    vi.advanceTimersByTime(5_000);
    expect(taken).toEqual(["2", "3"]);
  });

  it("are taken up when they changed between the time they were read and the time they are watched", () => {
    put("a", "1");
    const seen = digestsOf([path("a")]);
    put("a", "2");
    const taken: string[] = [];
    watched = new SavedFiles(seen, {
      saved: () => {
        taken.push(readFileSync(path("a"), "utf8"));
        return [path("a")];
      },
    });
    vi.advanceTimersByTime(5_000);
    expect(taken).toEqual(["2"]);
  });

  it("are others when what was saved names others", () => {
    put("a", "b");
    put("b", "1");
    let count = 0;
    watched = new SavedFiles(digestsOf([path("a")]), {
      saved: () => {
        count++;
        return [path("a"), path("b")];
      },
    });
    put("b", "2");
    vi.advanceTimersByTime(3_000);
    expect(count).toBe(0);
    put("a", "b ");
    vi.advanceTimersByTime(3_000);
    expect(count).toBe(1);
    put("b", "3");
    vi.advanceTimersByTime(3_000);
    expect(count).toBe(2);
  });

  it("are taken up when asked, changed or not", () => {
    put("a", "1");
    const taken = taking("a");
    watched?.now();
    vi.advanceTimersByTime(150);
    expect(taken).toEqual(["1"]);
  });

  it("are noticed by events, not only by the clock", async () => {
    vi.useRealTimers();
    put("a", "1");
    const taken = new Promise<string>((resolve) => {
      watched = new SavedFiles(digestsOf([path("a")]), {
        pollMs: 2 ** 30,
        settleMs: 20,
        saved: () => {
          resolve(readFileSync(path("a"), "utf8"));
          return [path("a")];
        },
      });
    });
    put("a", "2");
    expect(await taken).toBe("2");
  });
});
