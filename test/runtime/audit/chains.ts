import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach } from "vitest";
import { Chain } from "../../../runtime/audit/chain.ts";
import { type SegmentOptions, Segments } from "../../../runtime/audit/segments.ts";
import { type ChainReport, type Head, trailFiles, verifyTrails } from "../../../runtime/index.ts";

export const CHAIN = "20261127T090000Z-0000000a";

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** A folder that is gone after the test. */
export function folder(): string {
  const made = mkdtempSync(join(tmpdir(), "mcpp-audit-"));
  folders.push(made);
  return made;
}

/** Writes a chain of so many records, a stop at its end. */
export function writeChain(
  dir: string,
  records: number,
  options: Partial<SegmentOptions> = {},
): void {
  const chain = options.chain ?? CHAIN;
  const segments = new Segments({ dir, chain, notice: () => {}, ...options });
  const written = new Chain(segments);
  for (let index = 1; index <= records; index++) {
    const type = index === 1 ? "start" : index === records ? "stop" : "decision";
    const more = index === 1 ? { chain } : { tool: `tool ${index} é`, amount: index };
    void written.append({ time: "2026-11-27T09:00:00.000Z", type, ...more });
  }
  written.close();
}

export function onlyFile(dir: string): string {
  const [file] = readdirSync(dir);
  return join(dir, file as string);
}

/** The lines of a file with their line breaks. */
export function linesIn(file: string): Buffer[] {
  const content = readFileSync(file);
  const lines: Buffer[] = [];
  for (let start = 0; start < content.length; ) {
    const end = content.indexOf(10, start) + 1;
    lines.push(content.subarray(start, end));
    start = end;
  }
  return lines;
}

export function verify(dir: string, heads?: readonly Head[]): ChainReport[] {
  return verifyTrails(trailFiles([dir]), heads);
}

/** `changed 3`, `missing 4-5`. */
export function faultsOf(reports: readonly ChainReport[]): string[] {
  return reports.flatMap(({ faults }) =>
    faults.map(({ kind, record, to }) =>
      [kind, ...(record === undefined ? [] : [to === undefined ? record : `${record}-${to}`])].join(
        " ",
      ),
    ),
  );
}
