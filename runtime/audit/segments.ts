import {
  closeSync,
  constants,
  fdatasync,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import type { Destination } from "./destination.ts";
import { AuditUnavailable, segmentFile, totalIn } from "./files.ts";

/** What a disk does, so that a test can have a full one. */
export interface Disk {
  readonly write: (fd: number, bytes: Buffer, offset: number) => number;
  readonly truncate: (fd: number, size: number) => void;
  readonly sync: (fd: number, done: (error: Error | null) => void) => void;
}

const DISK: Disk = {
  write: (fd, bytes, offset) => writeSync(fd, bytes, offset),
  truncate: ftruncateSync,
  sync: fdatasync,
};

export interface SegmentOptions {
  /** A folder that was prepared. */
  readonly dir: string;
  /** The name of the chain, its files' names without their numbers. */
  readonly chain: string;
  /** Bytes of all trails in the folder. */
  readonly maxTotal?: number;
  /** Bytes of one file. */
  readonly segmentBytes?: number;
  /** What was written is flushed to the disk before anybody relies on it. */
  readonly sync?: boolean;
  /** Milliseconds, monotonic. */
  readonly clock?: () => number;
  readonly notice: (text: string) => void;
  readonly disk?: Disk;
}

export const SEGMENT_BYTES = 64 * 1024 * 1024;
export const MAX_TOTAL = 10 * 1024 * 1024 * 1024;
/** How full is nearly full. */
const WARN_AT = 0.9;
/** Between two counts of the folder, in which others write too, and between two once it is full (milliseconds). */
const RECOUNT_MS = 30_000;
const RECOUNT_FULL_MS = 1_000;
/** Between two looks at whether our file is still there (milliseconds). */
const LOOK_MS = 1_000;

/** The files of one writer, a new one whenever one is full. Nobody else writes in them. */
export class Segments implements Destination {
  readonly #options: SegmentOptions;
  readonly #disk: Disk;
  readonly #maxTotal: number;
  readonly #segmentBytes: number;
  readonly #clock: () => number;
  #fd: number | undefined;
  #number = 0;
  /** Bytes of whole lines in the open file. */
  #size = 0;
  /** After them there may be a part of one. */
  #torn = false;
  /** Of the folder, ours included. */
  #total = 0;
  #countedAt = Number.NEGATIVE_INFINITY;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #warned = false;
  readonly synced?: () => Promise<void>;
  #flushing: Promise<void> | undefined;
  #next: Promise<void> | undefined;
  /** A flush has failed: what of the file is on the disk, nobody knows. */
  #unflushed: AuditUnavailable | undefined;

  constructor(options: SegmentOptions) {
    this.#options = options;
    this.#disk = options.disk ?? DISK;
    this.#maxTotal = options.maxTotal ?? MAX_TOTAL;
    this.#segmentBytes = options.segmentBytes ?? SEGMENT_BYTES;
    this.#clock = options.clock ?? (() => performance.now());
    if (options.sync === true) this.synced = () => this.#flush();
  }

  write(line: string): void {
    if (this.#unflushed !== undefined) throw this.#unflushed;
    const bytes = Buffer.from(line);
    this.#keepWithin(bytes.length);
    try {
      this.#mend();
      const fd = this.#fileFor(bytes.length);
      this.#torn = true;
      for (let done = 0; done < bytes.length; ) done += this.#disk.write(fd, bytes, done);
      this.#torn = false;
    } catch (error) {
      this.#tryToMend();
      throw unavailable(this.#options.dir, error);
    }
    this.#size += bytes.length;
    this.#total += bytes.length;
  }

  close(): void {
    if (this.#fd === undefined) return;
    try {
      if (this.synced !== undefined) fdatasyncSync(this.#fd);
      closeSync(this.#fd);
    } catch (error) {
      this.#options.notice(unavailable(this.#options.dir, error).message);
    }
    this.#fd = undefined;
  }

  /** The file in which so many bytes have room. */
  #fileFor(bytes: number): number {
    const open = this.#fd;
    if (open !== undefined && (this.#size === 0 || this.#size + bytes <= this.#segmentBytes)) {
      this.#look(open);
      return open;
    }
    const { dir, chain } = this.#options;
    const path = join(dir, segmentFile(chain, this.#number + 1));
    const { O_WRONLY, O_CREAT, O_EXCL, O_APPEND, O_NOFOLLOW } = constants;
    const fd = openSync(path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | (O_NOFOLLOW ?? 0), 0o600);
    if (this.synced !== undefined) {
      if (open !== undefined) fdatasyncSync(open);
      flushFolder(dir);
    }
    if (open !== undefined) closeSync(open);
    this.#fd = fd;
    this.#number++;
    this.#size = 0;
    this.#lookedAt = this.#clock();
    return fd;
  }

  /** What is written into a file that was taken away, or changed under us, is no trail. */
  #look(fd: number): void {
    const now = this.#clock();
    if (now - this.#lookedAt < LOOK_MS) return;
    const { nlink, size } = fstatSync(fd);
    if (nlink === 0) throw new Error("its file was removed");
    if (size !== this.#size) throw new Error("its file was changed by somebody else");
    this.#lookedAt = now;
  }

  /** Takes away the part of a line that a full disk has left. */
  #mend(): void {
    if (!this.#torn || this.#fd === undefined) return;
    this.#disk.truncate(this.#fd, this.#size);
    this.#torn = false;
  }

  #tryToMend(): void {
    try {
      this.#mend();
    } catch {
      // Before the next line it is tried again.
    }
  }

  #keepWithin(bytes: number): void {
    const { dir, notice } = this.#options;
    const full = this.#total + bytes > this.#maxTotal;
    const age = this.#clock() - this.#countedAt;
    if (age >= RECOUNT_MS || (full && age >= RECOUNT_FULL_MS)) {
      try {
        this.#total = totalIn(dir);
      } catch (error) {
        throw unavailable(dir, error);
      }
      this.#countedAt = this.#clock();
    }
    const part = (this.#total + bytes) / this.#maxTotal;
    if (part > 1) {
      throw new AuditUnavailable(
        `The audit trails in \`${dir}\` have reached ${this.#maxTotal} bytes, which is their \`max_total\`; move finished files elsewhere.`,
      );
    }
    if (part >= WARN_AT && !this.#warned) {
      notice(
        `the audit trails in \`${dir}\` have ${Math.floor(part * 100)} % of their \`max_total\`; once that is reached, calls are denied`,
      );
    }
    this.#warned = part >= WARN_AT;
  }

  /** Those who come while one flush runs wait for the next, together. */
  #flush(): Promise<void> {
    if (this.#flushing === undefined) {
      this.#flushing = this.#flushNow().finally(() => {
        this.#flushing = undefined;
      });
      return this.#flushing;
    }
    this.#next ??= this.#flushing
      .catch(() => {})
      .then(() => {
        this.#next = undefined;
        return this.#flush();
      });
    return this.#next;
  }

  #flushNow(): Promise<void> {
    const fd = this.#fd;
    if (fd === undefined) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.#disk.sync(fd, (error) => {
        // A segment that was left behind was flushed before it was closed.
        if (error === null || this.#fd !== fd) {
          resolve();
          return;
        }
        // A second attempt may succeed although what the first one had was lost.
        this.#unflushed = new AuditUnavailable(
          `The audit trail in \`${this.#options.dir}\` could not be flushed to the disk: ${error.message}. It is not written again before the next start.`,
        );
        reject(this.#unflushed);
      });
    });
  }
}

/** A new file is found after a power cut only if its folder is flushed too. */
function flushFolder(dir: string): void {
  if (process.platform === "win32") return;
  const fd = openSync(dir, "r");
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

function unavailable(dir: string, error: unknown): AuditUnavailable {
  if (error instanceof AuditUnavailable) return error;
  const reason = error instanceof Error ? error.message : String(error);
  return new AuditUnavailable(`The audit trail in \`${dir}\` cannot be written: ${reason}.`);
}
