import {
  copyFileSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { basename, join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Verifier } from "../../../runtime/audit/verify.ts";
import { CHAIN, faultsOf, folder, linesIn, onlyFile, verify, writeChain } from "./chains.ts";

const RECORDS = 12;

function written(): { readonly dir: string; readonly file: string; readonly lines: Buffer[] } {
  const dir = folder();
  writeChain(dir, RECORDS);
  const file = onlyFile(dir);
  return { dir, file, lines: linesIn(file) };
}

/** What is found in a file of this content. */
function found(content: Buffer): string[] {
  const verifier = new Verifier();
  verifier.follow("file", content);
  return faultsOf([{ chain: "", files: [], records: 0, stopped: true, faults: verifier.faults }]);
}

/** The number of the record that a byte is in. */
function recordAt(lines: readonly Buffer[], offset: number): number {
  let end = 0;
  for (const [index, line] of lines.entries()) {
    end += line.length;
    if (offset < end) return index + 1;
  }
  throw new Error("There is no such byte.");
}

describe("a chain", () => {
  it("that nobody has touched is sound", () => {
    const { dir } = written();
    const [report] = verify(dir);
    expect(report).toMatchObject({ chain: CHAIN, records: RECORDS, stopped: true, faults: [] });
    expect(report?.head).toMatchObject({ record: RECORDS, chain: CHAIN });
  });

  it("names the record of every single byte that is changed", () => {
    const { file, lines } = written();
    const content = readFileSync(file);
    for (let offset = 0; offset < content.length; offset++) {
      for (const flip of [0x01, 0x20, 0x80]) {
        const changed = Buffer.from(content);
        changed[offset] = (changed[offset] as number) ^ flip;
        const record = recordAt(lines, offset);
        const faults = found(changed);
        // A line break that is gone makes one line of two records.
        const merged = content[offset] === 10 && record < RECORDS - 1;
        expect(faults, `byte ${offset}`).toEqual([
          merged ? `changed ${record}-${record + 1}` : `changed ${record}`,
        ]);
      }
    }
  });

  it("names the record in which a byte becomes a line break", () => {
    const { file, lines } = written();
    const content = readFileSync(file);
    fc.assert(
      fc.property(fc.nat(content.length - 1), (offset) => {
        fc.pre(content[offset] !== 10);
        const changed = Buffer.from(content);
        changed[offset] = 10;
        const record = recordAt(lines, offset);
        expect(found(changed)[0]).toMatch(new RegExp(`^changed ${record}(-|$)`));
      }),
    );
  });

  it("names every line that is deleted, the last aside", () => {
    const { lines } = written();
    for (let index = 0; index < RECORDS - 1; index++) {
      const left = lines.toSpliced(index, 1);
      expect(found(Buffer.concat(left))).toEqual([`missing ${index + 1}`]);
    }
  });

  it("names both of two lines that were swapped", () => {
    const { lines } = written();
    for (let a = 0; a < RECORDS; a++) {
      for (let b = a + 1; b < RECORDS; b++) {
        const swapped = [...lines];
        [swapped[a], swapped[b]] = [lines[b] as Buffer, lines[a] as Buffer];
        expect(found(Buffer.concat(swapped))).toEqual([`moved ${b + 1}`, `moved ${a + 1}`]);
      }
    }
  });

  it("names a line that was moved, doubled or put in", () => {
    const { lines } = written();
    const nth = (number: number): Buffer => lines[number - 1] as Buffer;
    expect(found(Buffer.concat(lines.toSpliced(4, 0, nth(9))))).toEqual(["foreign 9"]);
    expect(found(Buffer.concat(lines.toSpliced(9, 0, nth(2))))).toEqual(["foreign 2"]);
    expect(found(Buffer.concat(lines.toSpliced(4, 0, Buffer.from("{}\n"))))).toEqual(["foreign 5"]);
  });

  it("names where it was cut within a line, and calls it torn", () => {
    const { file, lines } = written();
    const content = readFileSync(file);
    let ends = 0;
    const boundaries = new Set(lines.map((line) => (ends += line.length)));
    for (let length = 1; length < content.length; length++) {
      if (boundaries.has(length)) continue;
      const record = recordAt(lines, length - 1);
      expect(found(content.subarray(0, length)), `${length} bytes`).toEqual([`torn ${record}`]);
    }
  });

  it("whatever is done to its lines, it is found", () => {
    const { lines } = written();
    const whole = Buffer.concat(lines);
    fc.assert(
      fc.property(
        fc.array(fc.nat(RECORDS - 1), { minLength: 1, maxLength: RECORDS + 3 }),
        (order) => {
          const other = Buffer.concat(order.map((index) => lines[index] as Buffer));
          // The beginning of a chain is one; that more was there is for a checkpoint to say.
          fc.pre(!whole.subarray(0, other.length).equals(other));
          expect(found(other)).not.toEqual([]);
        },
      ),
      { numRuns: 1_000 },
    );
  });
});

describe("files", () => {
  it("of one chain are followed from one to the next", () => {
    const dir = folder();
    writeChain(dir, 40, { segmentBytes: 2_000 });
    expect(readdirSync(dir).length).toBeGreaterThan(4);
    expect(verify(dir)).toMatchObject([{ records: 40, stopped: true, faults: [] }]);
  });

  it("that are missing in the middle or at the beginning are named", () => {
    for (const gone of [0, 2]) {
      const dir = folder();
      writeChain(dir, 40, { segmentBytes: 2_000 });
      const file = readdirSync(dir).sort()[gone] as string;
      const first = JSON.parse(String(linesIn(join(dir, file))[0])).seq as number;
      const count = linesIn(join(dir, file)).length;
      rmSync(join(dir, file));
      const reports = verify(dir);
      expect(faultsOf(reports)).toEqual(["removed", `missing ${first}-${first + count - 1}`]);
      expect(reports[0]?.faults[0]?.file).toBe(file);
    }
  });

  it("that are of another chain are named, whole or in part", () => {
    const other = "20261127T090000Z-0000000b";
    const [dir, from] = [folder(), folder()];
    writeChain(dir, 40, { segmentBytes: 2_000 });
    writeChain(from, 40, { segmentBytes: 2_000, chain: other });
    const files = readdirSync(dir).sort();
    const second = files[1] as string;
    const first = JSON.parse(String(linesIn(join(dir, second))[0])).seq as number;
    copyFileSync(join(from, second.replace("0000000a", "0000000b")), join(dir, second));
    const reports = verify(dir);
    expect(faultsOf(reports)[0]).toBe(`spliced ${first}`);
    expect(basename(String(reports[0]?.faults[0]?.file))).toBe(second);

    const whole = folder();
    writeChain(whole, 5, { chain: other });
    writeChain(dir, 0);
    copyFileSync(onlyFile(whole), join(whole, `${CHAIN}.000001.jsonl`));
    expect(faultsOf(verify(whole))).toEqual(["spliced 1"]);
  });

  it("that were moved to an archive are verified together with the rest", () => {
    const [dir, archive] = [folder(), folder()];
    writeChain(dir, 40, { segmentBytes: 2_000 });
    const [first = "", second = ""] = readdirSync(dir).sort();
    for (const file of [first, second]) {
      copyFileSync(join(dir, file), join(archive, file));
      rmSync(join(dir, file));
    }
    expect(faultsOf(verify(dir))).not.toEqual([]);
    expect(faultsOf([...verify(dir)])).toContain("removed");
  });
});

describe("a checkpoint", () => {
  function heads(dir: string) {
    return verify(dir).flatMap(({ head }) => head ?? []);
  }

  it("finds a tail that was cut off at the end of a line", () => {
    const { dir, file, lines } = written();
    const before = heads(dir);
    for (let kept = RECORDS - 1; kept > 0; kept--) {
      truncateSync(file, Buffer.concat(lines.slice(0, kept)).length);
      expect(faultsOf(verify(dir))).toEqual([]);
      const named = kept + 1 === RECORDS ? `cut ${RECORDS}` : `cut ${kept + 1}-${RECORDS}`;
      expect(faultsOf(verify(dir, before))).toEqual([named]);
    }
  });

  it("finds a chain that is gone, and one that was written anew", () => {
    const { dir, file } = written();
    const before = heads(dir);
    rmSync(file);
    expect(faultsOf(verify(dir, before))).toEqual([`removed 1-${RECORDS}`]);
    writeChain(dir, RECORDS + 3);
    expect(faultsOf(verify(dir))).toEqual([]);
    expect(faultsOf(verify(dir, before))).toEqual([`rewritten ${RECORDS}`]);
  });

  it("stays right while its chain goes on", () => {
    const { dir, file, lines } = written();
    writeFileSync(file, Buffer.concat(lines.slice(0, 5)));
    const before = heads(dir);
    writeFileSync(file, Buffer.concat(lines));
    expect(faultsOf(verify(dir, before))).toEqual([]);
  });
});
