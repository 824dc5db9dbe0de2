import { basename } from "node:path";
import { segmentFile } from "./files.ts";
import { NO_HASH, openLine, readRecord, type TrailRecord } from "./line.ts";
import { type FileLine, linesIn } from "./lines.ts";
import type { TrailFile } from "./trails.ts";

/** A trail is not as it was written; the message is a sentence that names the file and the record. */
export class BrokenTrail extends Error {
  override readonly name = "BrokenTrail";
}

export interface FollowOptions {
  /** Every record must follow from the one before; otherwise what cannot be read is left out. */
  readonly verify: boolean;
  /** Something that whoever relies on the records should know, a sentence. */
  readonly note: (text: string) => void;
  /** The lines of a file; from the disk by default. */
  readonly lines?: (path: string) => Iterable<FileLine>;
}

/**
 * The records of one chain, in order, a part of a file in memory at a time. The last line of a chain may be torn, and
 * its oldest files may have been moved away. Throws `BrokenTrail`.
 */
export function* followChain(
  files: readonly TrailFile[],
  { verify, note, lines = linesIn }: FollowOptions,
): Generator<TrailRecord, void> {
  let before: { readonly seq: number; readonly hash: string } | undefined;
  let next: number | undefined;
  let torn: TrailFile | undefined;
  for (const file of files) {
    const { path, chain, segment } = file;
    if (verify && torn !== undefined) throw new BrokenTrail(cutShort(torn.path));
    if (verify && next !== undefined && segment !== next) {
      const missing = segmentFile(chain, next);
      throw new BrokenTrail(
        segment < next
          ? `The file ${quoted(path)} of a trail is there twice.`
          : `The file ${quoted(missing)} of a trail is not there.`,
      );
    }
    if (next === undefined && segment === 1) before = { seq: 0, hash: NO_HASH };
    next = segment + 1;
    for (const { bytes, whole } of lines(path)) {
      if (!whole) {
        torn = file;
        continue;
      }
      if (!verify) {
        const record = readRecord(bytes);
        if (record === undefined) note(`A line of ${quoted(path)} is no record, and is left out.`);
        else yield record;
        continue;
      }
      const { sound, record, prev, hash } = openLine(bytes);
      if (!sound || record === undefined || hash === undefined) {
        throw new BrokenTrail(
          `The line after record ${before?.seq ?? 0} of ${quoted(path)} is not as it was written.`,
        );
      }
      if (before === undefined) {
        note(
          `The trail ${quoted(chain)} begins with record ${record.seq}: older files are elsewhere.`,
        );
      } else if (record.seq !== before.seq + 1 || prev !== before.hash) {
        throw new BrokenTrail(
          `Record ${record.seq} of ${quoted(path)} does not follow from record ${before.seq}.`,
        );
      }
      before = { seq: record.seq, hash };
      yield record;
    }
  }
  if (torn !== undefined) {
    note(`The last line of ${quoted(torn.path)} is torn, and is left out: its writer was stopped.`);
  }
}

function cutShort(path: string): string {
  return `The last line of ${quoted(path)} is torn, and the trail goes on after it.`;
}

function quoted(path: string): string {
  return `\`${basename(path)}\``;
}
