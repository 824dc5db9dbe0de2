import { lstatSync, mkdirSync, readdirSync, statSync } from "node:fs";
import { join, resolve } from "node:path";

/** A trail that cannot be written; the message is a sentence. */
export class AuditUnavailable extends Error {
  override readonly name = "AuditUnavailable";
  /** A reader has the beginning of the line, and gets the rest before any other: it is in the chain. */
  readonly begun: boolean;

  constructor(message: string, begun = false) {
    super(message);
    this.begun = begun;
  }
}

/**
 * A file of a trail, `20261127T234052Z-7f3k2a9c.000001.jsonl`: when its writer began, the writer's random id, the
 * number of the segment.
 */
export interface SegmentName {
  readonly file: string;
  /** The part before the number: one chain of records. */
  readonly chain: string;
  readonly segment: number;
}

const NAME = /^([0-9]{8}T[0-9]{6}Z-[0-9a-z]{8})\.([0-9]{6,})\.jsonl$/;

export function segmentFile(chain: string, segment: number): string {
  return `${chain}.${String(segment).padStart(6, "0")}.jsonl`;
}

export function readSegmentName(file: string): SegmentName | undefined {
  const match = NAME.exec(file);
  return match === null
    ? undefined
    : { file, chain: match[1] as string, segment: Number(match[2]) };
}

export function newChain(at: number, random: string): string {
  return `${new Date(at).toISOString().replace(/[-:]|\.[0-9]+/g, "")}-${random}`;
}

/** The files of trails in a folder, in the order of their chains and segments. Throws what reading a folder throws. */
export function segmentsIn(dir: string): SegmentName[] {
  return readdirSync(dir)
    .flatMap((file) => readSegmentName(file) ?? [])
    .sort((a, b) => (a.chain < b.chain ? -1 : a.chain > b.chain ? 1 : a.segment - b.segment));
}

/** Bytes of all trails in a folder. */
export function totalIn(dir: string): number {
  let total = 0;
  for (const { file } of segmentsIn(dir)) {
    total += statSync(join(dir, file), { throwIfNoEntry: false })?.size ?? 0;
  }
  return total;
}

/**
 * Makes the folder (0700) where it is absent, and refuses one in which others could write. Its absolute path. Throws
 * `AuditUnavailable`.
 */
export function prepareFolder(name: string): string {
  const dir = resolve(name);
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") {
      throw new AuditUnavailable(
        `The folder \`${dir}\` of the audit trail cannot be made: ${(error as Error).message}.`,
      );
    }
  }
  const stats = lstatSync(dir);
  if (stats.isSymbolicLink()) {
    throw new AuditUnavailable(
      `The folder \`${dir}\` of the audit trail is a symbolic link; name the folder that it leads to.`,
    );
  }
  if (!stats.isDirectory()) {
    throw new AuditUnavailable(`\`${dir}\`, where the audit trail should be, is not a folder.`);
  }
  if (process.platform === "win32") return dir;
  if ((stats.mode & 0o022) !== 0) {
    const mode = (stats.mode & 0o777).toString(8);
    throw new AuditUnavailable(
      `The folder \`${dir}\` of the audit trail can be written by other users (mode ${mode}); \`chmod 700 ${dir}\` mends that.`,
    );
  }
  if (stats.uid !== process.geteuid?.()) {
    throw new AuditUnavailable(
      `The folder \`${dir}\` of the audit trail belongs to another user, who could change what is in it.`,
    );
  }
  return dir;
}
