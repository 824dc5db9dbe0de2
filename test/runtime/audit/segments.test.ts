import {
  appendFileSync,
  chmodSync,
  fdatasync,
  ftruncateSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Chain } from "../../../runtime/audit/chain.ts";
import { AuditUnavailable, prepareFolder } from "../../../runtime/audit/files.ts";
import { type Disk, type SegmentOptions, Segments } from "../../../runtime/audit/segments.ts";
import { CHAIN, faultsOf, folder, onlyFile, verify, writeChain } from "./chains.ts";

function writing(options: Partial<SegmentOptions> = {}) {
  const dir = options.dir ?? folder();
  const notices: string[] = [];
  const notice = (text: string): void => void notices.push(text);
  const chain = new Chain(new Segments({ dir, chain: CHAIN, notice, ...options }));
  const append = (index: number): unknown =>
    chain.append({ time: "2026-11-27T09:00:00.000Z", type: "decision", index });
  return { dir, notices, chain, append };
}

describe("the folder", () => {
  it("is made for its owner alone, and so are the files", () => {
    const dir = prepareFolder(join(folder(), "made/here"));
    expect(statSync(dir).mode & 0o777).toBe(0o700);
    writeChain(dir, 2);
    expect(statSync(onlyFile(dir)).mode & 0o777).toBe(0o600);
  });

  it("is refused when others can write in it, when it is a link, and when it is a file", () => {
    const dir = folder();
    chmodSync(dir, 0o770);
    expect(() => prepareFolder(dir)).toThrow(/can be written by other users \(mode 770\)/);
    const link = join(folder(), "link");
    symlinkSync(folder(), link);
    expect(() => prepareFolder(link)).toThrow(/symbolic link/);
    const file = join(folder(), "file");
    writeFileSync(file, "");
    expect(() => prepareFolder(file)).toThrow(/is not a folder/);
  });

  it("takes no file that is there already, nor what a link leads to", () => {
    const { dir, append } = writing();
    symlinkSync(join(folder(), "elsewhere"), join(dir, `${CHAIN}.000001.jsonl`));
    expect(() => append(1)).toThrow(AuditUnavailable);
  });
});

describe("two writers in one folder", () => {
  it("have files of their own, and chains of their own", () => {
    const dir = folder();
    const one = writing({ dir, segmentBytes: 1_000 });
    const two = writing({ dir, segmentBytes: 1_000, chain: CHAIN.replace("0a", "0b") });
    for (let index = 0; index < 50; index++) {
      one.append(index);
      if (index % 3 === 0) two.append(index);
    }
    expect(verify(dir)).toMatchObject([
      { records: 50, faults: [] },
      { records: 17, faults: [] },
    ]);
  });
});

describe("rotation", () => {
  it("begins a new file before one is too large, and never splits a record", () => {
    const { dir, append } = writing({ segmentBytes: 1_000 });
    for (let index = 0; index < 100; index++) append(index);
    const sizes = readdirSync(dir).map((file) => statSync(join(dir, file)).size);
    expect(sizes.length).toBeGreaterThan(10);
    for (const size of sizes) expect(size).toBeLessThanOrEqual(1_000);
    expect(verify(dir)).toMatchObject([{ records: 100, faults: [] }]);
  });
});

const DISK: Disk = {
  write: (fd, bytes, offset) => writeSync(fd, bytes, offset),
  truncate: ftruncateSync,
  sync: fdatasync,
};

/** A disk with room for so many bytes. */
function smallDisk(room: { bytes: number; broken?: boolean }): Disk {
  return {
    ...DISK,
    write: (fd, bytes, offset) => {
      if (room.bytes === 0)
        throw Object.assign(new Error("ENOSPC: no space left"), { code: "ENOSPC" });
      const part = bytes.subarray(offset, offset + room.bytes);
      room.bytes -= part.length;
      return writeSync(fd, part);
    },
    truncate: (fd, size) => {
      if (room.broken === true) throw new Error("EIO");
      ftruncateSync(fd, size);
    },
  };
}

describe("a full disk", () => {
  it("refuses records whole, leaves none in part, and goes on once there is room", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(900), { minLength: 1, maxLength: 8 }), (rooms) => {
        const room = { bytes: 0 };
        const disk = smallDisk(room);
        const { dir, append, chain } = writing({ disk, segmentBytes: 700 });
        let kept = 0;
        for (const bytes of rooms) {
          room.bytes = bytes;
          for (let tries = 0; tries < 4; tries++) {
            try {
              append(tries);
              kept++;
            } catch (error) {
              expect(error).toBeInstanceOf(AuditUnavailable);
            }
          }
        }
        chain.close();
        expect(chain.length).toBe(kept);
        const [report] = verify(dir);
        expect(report?.records ?? 0).toBe(kept);
        // An empty file was made for a record that had no room.
        expect(
          faultsOf(report === undefined ? [] : [report]).filter((one) => !one.startsWith("torn")),
        ).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });

  it("is not written to again before the part of a record is gone", () => {
    const room = { bytes: 10_000, broken: false };
    const disk = smallDisk(room);
    const { dir, append } = writing({ disk });
    append(1);
    Object.assign(room, { bytes: 40, broken: true });
    expect(() => append(2)).toThrow(/no space left/);
    room.bytes = 10_000;
    expect(() => append(2)).toThrow(/EIO/);
    room.broken = false;
    append(2);
    expect(verify(dir)).toMatchObject([{ records: 2, faults: [] }]);
  });
});

describe("max_total", () => {
  it("warns at 90 %, refuses at the end, and goes on when files were moved away", () => {
    const dir = folder();
    writeChain(dir, 30, { chain: CHAIN.replace("0a", "0b") });
    const others = statSync(onlyFile(dir)).size;
    let now = 0;
    const { append, notices } = writing({ dir, maxTotal: others + 10_000, clock: () => now });
    let kept = 0;
    expect(() => {
      for (; kept < 1_000; kept++) append(kept);
    }).toThrow(/have reached [0-9]+ bytes, which is their `max_total`/);
    expect(notices).toEqual([expect.stringMatching(/have 9[0-9] % of their `max_total`/)]);
    const total = readdirSync(dir).reduce((sum, file) => sum + statSync(join(dir, file)).size, 0);
    expect(total).toBeLessThanOrEqual(others + 10_000);
    rmSync(join(dir, `${CHAIN.replace("0a", "0b")}.000001.jsonl`));
    expect(() => append(kept)).toThrow(AuditUnavailable);
    now += 1_000;
    append(kept);
    expect(verify(dir)).toMatchObject([{ records: kept + 1, faults: [] }]);
  });

  it("counts what others write", () => {
    const dir = folder();
    let now = 0;
    const { append } = writing({ dir, maxTotal: 5_000, clock: () => now });
    append(1);
    writeChain(dir, 30, { chain: CHAIN.replace("0a", "0b") });
    append(2);
    now += 30_000;
    expect(() => append(3)).toThrow(/max_total/);
  });
});

describe("a file that is taken away, or written by somebody else", () => {
  it("is no trail: it is noticed within a second", () => {
    for (const harm of [
      (file: string) => rmSync(file),
      (file: string) => appendFileSync(file, "{}\n"),
    ]) {
      let now = 0;
      const { dir, append } = writing({ clock: () => now });
      append(1);
      harm(onlyFile(dir));
      now += 1_000;
      expect(() => append(2)).toThrow(/was removed|was changed by somebody else/);
    }
  });
});

describe("with `sync`", () => {
  it("a record is kept when a flush that began after it has ended, one flush for many", async () => {
    const flushes: ((error: Error | null) => void)[] = [];
    const disk: Disk = { ...DISK, sync: (_, done) => void flushes.push(done) };
    const { append } = writing({ disk, sync: true });
    const kept: number[] = [];
    const keep = (index: number): Promise<void> =>
      (append(index) as Promise<void>).then(() => void kept.push(index));
    const first = keep(1);
    const others = [keep(2), keep(3), keep(4)];
    expect(flushes).toHaveLength(1);
    flushes[0]?.(null);
    await first;
    expect(kept).toEqual([1]);
    await expect.poll(() => flushes.length).toBe(2);
    flushes[1]?.(null);
    await Promise.all(others);
    expect(kept).toEqual([1, 2, 3, 4]);
    expect(flushes).toHaveLength(2);
  });

  it("is never written again once a flush has failed", async () => {
    const disk: Disk = { ...DISK, sync: (_, done) => done(new Error("EIO")) };
    const { append } = writing({ disk, sync: true });
    await expect(append(1)).rejects.toThrow(/could not be flushed to the disk: EIO/);
    expect(() => append(2)).toThrow(/not written again before the next start/);
  });
});
