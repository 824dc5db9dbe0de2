import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  type Page,
  placeText,
  readBackwards,
  readPlace,
} from "../../../runtime/audit/backwards.ts";
import { segmentFile } from "../../../runtime/audit/files.ts";
import { NO_HASH, sealLine, type TrailRecord } from "../../../runtime/audit/line.ts";
import { readTrails } from "../../../runtime/audit/read.ts";
import { trailFiles } from "../../../runtime/audit/trails.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "mcpp-backwards-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const START = Date.parse("2026-11-28T10:00:00Z");

/** Writes chains of segments; each number is how long a record is, and every record is a second after the last. */
function write(chains: readonly (readonly (readonly number[])[])[]): void {
  let seconds = 0;
  const times = chains.flatMap((segments, chain) =>
    segments.flatMap((sizes, segment) => sizes.map((size) => ({ chain, segment, size }))),
  );
  const texts = new Map<string, string>();
  // The chains are written by turns.
  const queue = chains.map((_, chain) => times.filter((one) => one.chain === chain));
  while (queue.some((rest) => rest.length > 0)) {
    for (const rest of queue) {
      const next = rest.shift();
      if (next === undefined) continue;
      const time = new Date(START + seconds++ * 1_000).toISOString();
      const record = { seq: seconds, time, type: "decision", pad: "x".repeat(next.size) };
      const file = nameOf(next.chain, next.segment);
      texts.set(file, (texts.get(file) ?? "") + sealLine(record, NO_HASH).text);
    }
  }
  chains.forEach((segments, chain) => {
    segments.forEach((_, segment) => {
      const file = nameOf(chain, segment);
      writeFileSync(join(folder, file), texts.get(file) ?? "");
    });
  });
}

const nameOf = (chain: number, segment: number): string =>
  segmentFile(`20261128T100000Z-${String(chain).padStart(8, "0")}`, segment + 1);

async function pages(
  count: number,
  wanted: (record: TrailRecord) => boolean = () => true,
  budget = Number.MAX_SAFE_INTEGER,
): Promise<readonly Page[]> {
  const found: Page[] = [];
  let from: Page["next"];
  do {
    const files = trailFiles([folder]);
    const page: Page = await readBackwards(files, {
      wanted,
      count,
      budget,
      ...(from === undefined ? {} : { from }),
    });
    found.push(page);
    // As the page carries it.
    from = page.next === undefined ? undefined : readPlace(placeText(page.next));
  } while (from !== undefined);
  return found;
}

describe("reading a trail from its end", () => {
  it("gives what reading it from its beginning gives, the other way round, page by page", async () => {
    const size = fc.oneof(
      { weight: 9, arbitrary: fc.nat(300) },
      { weight: 1, arbitrary: fc.constantFrom(262_000, 262_144, 300_000, 600_000) },
    );
    const chain = fc.array(fc.array(size, { maxLength: 8 }), { minLength: 1, maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(chain, { minLength: 1, maxLength: 3 }),
        fc.integer({ min: 1, max: 7 }),
        async (chains, count) => {
          write(chains);
          const forwards = [...readTrails(trailFiles([folder]))].map(({ seq }) => seq);
          const found = await pages(count);
          expect(found.flatMap(({ records }) => records.map(({ seq }) => seq))).toEqual(
            forwards.reverse(),
          );
          for (const { records } of found) expect(records.length).toBeLessThanOrEqual(count);
          rmSync(folder, { recursive: true });
          folder = mkdtempSync(join(tmpdir(), "mcpp-backwards-"));
        },
      ),
      { numRuns: 60 },
    );
  });

  it("stops looking after so many bytes, says how far it came, and goes on from there", async () => {
    write([[Array.from({ length: 40 }, () => 50_000)]]);
    const found = await pages(100, ({ seq }) => seq === 3, 300_000);
    expect(found.length).toBeGreaterThan(3);
    expect(found.flatMap(({ records }) => records.map(({ seq }) => seq))).toEqual([3]);
    const backs = found.map(({ back = "" }) => back);
    expect([...backs].sort().reverse()).toEqual(backs);
  });

  it("passes over what is torn or no record, and what has come since is not twice on later pages", async () => {
    write([[[10, 10, 10, 10]]]);
    const file = join(folder, nameOf(0, 0));
    writeFileSync(file, 'not json\n{"seq":1}\n{"seq":9,"time":"2026-11-28T1', { flag: "a" });
    const files = trailFiles([folder]);
    const first = await readBackwards(files, { wanted: () => true, count: 2, budget: 1e9 });
    expect(first.records.map(({ seq }) => seq)).toEqual([4, 3]);
    const more = { seq: 5, time: new Date(START + 9e5).toISOString(), type: "x" };
    writeFileSync(file, `\n${sealLine(more, NO_HASH).text}`, { flag: "a" });
    writeFileSync(join(folder, nameOf(1, 0)), sealLine({ ...more, seq: 6 }, NO_HASH).text);
    const rest = await readBackwards(trailFiles([folder]), {
      wanted: () => true,
      count: 9,
      budget: 1e9,
      ...(first.next === undefined ? {} : { from: first.next }),
    });
    expect(rest.records.map(({ seq }) => seq)).toEqual([2, 1]);
    expect(rest.next).toBeUndefined();
    const again = await readBackwards(trailFiles([folder]), {
      wanted: () => true,
      count: 9,
      budget: 1e9,
    });
    expect(again.records).toHaveLength(6);
  });

  it.each(["", "x", "e30", "W10x", Buffer.from('[["a",-1,0]]').toString("base64url")])(
    "%j is no place",
    (text) => {
      expect(readPlace(text)).toBeUndefined();
    },
  );

  it("reads nothing of a place that names other files or bytes", async () => {
    write([[[10, 10]]]);
    const read = async (segment: number, end: number, chain = "20261128T100000Z-00000000") => {
      const from = new Map([[chain, { segment, end }]]);
      const options = { wanted: () => true, count: 9, budget: 1e9, from };
      return (await readBackwards(trailFiles([folder]), options)).records.length;
    };
    expect(await read(1, 3)).toBe(0);
    expect(await read(0, 9e9)).toBe(0);
    expect(await read(1, 9e9)).toBe(2);
    expect(await read(1, 9e9, "../../etc/passwd")).toBe(0);
  });
});
