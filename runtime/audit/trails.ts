import { readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { readSegmentName, segmentFile, segmentsIn } from "./files.ts";
import { type Fault, Verifier } from "./verify.ts";

/** The end of a chain, by which a later look knows that nothing was cut off or rewritten. */
export interface Head {
  readonly chain: string;
  /** The last file. */
  readonly file: string;
  /** The number of the last record, and its hash. */
  readonly record: number;
  readonly hash: string;
}

/** What was found out about one chain. */
export interface ChainReport {
  readonly chain: string;
  readonly files: readonly string[];
  readonly records: number;
  /** It ends with the record of a process that ended in order. */
  readonly stopped: boolean;
  readonly head?: Head;
  readonly faults: readonly Fault[];
}

/** A file of a trail, and where it is. */
export interface TrailFile {
  readonly path: string;
  readonly chain: string;
  readonly segment: number;
}

/**
 * The files of trails in these folders; a path that is a file is a chain by itself, such as a stdout that was saved.
 * Throws what reading a folder throws.
 */
export function trailFiles(paths: readonly string[]): TrailFile[] {
  const found = paths.flatMap((path): TrailFile[] => {
    if (statSync(path).isDirectory()) {
      return segmentsIn(path).map(({ file, chain, segment }) => ({
        path: join(path, file),
        chain,
        segment,
      }));
    }
    const name = readSegmentName(basename(path));
    return [{ path, chain: name?.chain ?? path, segment: name?.segment ?? 1 }];
  });
  return found.sort((a, b) =>
    a.chain < b.chain ? -1 : a.chain > b.chain ? 1 : a.segment - b.segment,
  );
}

/** Verifies every chain in these files, against the heads of a checkpoint where there are some. */
export function verifyTrails(
  files: readonly TrailFile[],
  checkpoint: readonly Head[] = [],
): ChainReport[] {
  const chains = new Map<string, TrailFile[]>();
  for (const file of files) chains.set(file.chain, [...(chains.get(file.chain) ?? []), file]);
  const reports = [...chains].map(([chain, own]) =>
    verifyChain(
      chain,
      own,
      checkpoint.find((head) => head.chain === chain),
    ),
  );
  for (const { chain, file, record } of checkpoint) {
    if (chains.has(chain)) continue;
    const message = `The checkpoint knows ${record} records of this chain, and none of its files is there.`;
    const faults: Fault[] = [{ file, kind: "removed", message, record: 1, to: record }];
    reports.push({ chain, files: [], records: 0, stopped: false, faults });
  }
  return reports;
}

function verifyChain(chain: string, files: readonly TrailFile[], known?: Head): ChainReport {
  const verifier = new Verifier();
  let next = 1;
  let head: Head | undefined;
  let stopped = false;
  let agrees = known === undefined;
  let path = "";
  for (const file of files) {
    path = file.path;
    if (file.segment < next) {
      verifier.report("foreign", path, "This file of the chain is there twice.");
      continue;
    }
    if (file.segment > next) {
      const first = segmentFile(chain, next);
      const also = file.segment - next > 1 ? `, and ${file.segment - next - 1} after it,` : "";
      verifier.report("removed", first, `This file of the chain${also} is not there.`);
      verifier.skip();
    }
    next = file.segment + 1;
    const segment = verifier.follow(path, readFileSync(path));
    if (segment.lines.length === 0) {
      const record = verifier.length + 1;
      verifier.report("torn", path, `The file is empty; record ${record} should begin it.`, record);
    }
    const start = segment.record(1);
    if (start !== undefined && typeof start.chain === "string" && isOther(start.chain, file)) {
      verifier.report("spliced", path, `This is a file of another chain, \`${start.chain}\`.`, 1);
    }
    const last = verifier.length;
    const [hash] = segment.hashOf(last) ?? [];
    head = hash === undefined ? head : { chain, file: basename(path), record: last, hash };
    stopped = segment.record(last)?.type === "stop";
    if (known !== undefined && segment.hashOf(known.record)?.[0] === known.hash) agrees = true;
  }
  if (known !== undefined && !agrees) againstCheckpoint(verifier, path, known);
  return {
    chain,
    files: files.map((file) => file.path),
    records: verifier.length,
    stopped,
    ...(head === undefined ? {} : { head }),
    faults: verifier.faults,
  };
}

function isOther(chain: string, { path, chain: expected }: TrailFile): boolean {
  // A file of any other name tells nothing.
  return readSegmentName(basename(path)) !== undefined && chain !== expected;
}

function againstCheckpoint(verifier: Verifier, path: string, { file, record }: Head): void {
  const { length } = verifier;
  if (length >= record) {
    const message = `Record ${record} is not the one that the checkpoint names: the chain was written anew.`;
    verifier.report("rewritten", path, message, record);
    return;
  }
  const from = length + 1;
  const which = from === record ? `Record ${record} is` : `Records ${from} to ${record} are`;
  const where = basename(path) === file ? "" : ` The checkpoint's last file is \`${file}\`.`;
  verifier.report(
    "cut",
    path,
    `${which} cut off: the checkpoint knows them.${where}`,
    from,
    record,
  );
}
