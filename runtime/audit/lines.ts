import { closeSync, openSync, readSync } from "node:fs";

const CHUNK = 1024 * 1024;

/** A line of a file, without its line break. */
export interface FileLine {
  readonly bytes: Buffer;
  /** Its line break is there. */
  readonly whole: boolean;
}

/**
 * The lines of a file, a part of it in memory at a time; `-` is stdin. Throws what reading throws. A line is to be used
 * before the next is asked for.
 */
export function* linesIn(path: string): Generator<FileLine, void> {
  const fd = path === "-" ? 0 : openSync(path, "r");
  try {
    let rest: Buffer[] = [];
    for (;;) {
      const chunk = Buffer.allocUnsafe(CHUNK);
      const bytes = read(fd, chunk);
      if (bytes === 0) break;
      let start = 0;
      for (let end = chunk.indexOf(10); end !== -1 && end < bytes; end = chunk.indexOf(10, start)) {
        const piece = chunk.subarray(start, end);
        yield { bytes: rest.length === 0 ? piece : Buffer.concat([...rest, piece]), whole: true };
        rest = [];
        start = end + 1;
      }
      if (start < bytes) rest.push(chunk.subarray(start, bytes));
    }
    if (rest.length > 0) yield { bytes: Buffer.concat(rest), whole: false };
  } finally {
    if (fd !== 0) closeSync(fd);
  }
}

/** How many bytes were read; 0 at the end. */
function read(fd: number, chunk: Buffer): number {
  for (;;) {
    try {
      return readSync(fd, chunk, 0, CHUNK, null);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      // A pipe that was opened without blocking, and holds nothing yet.
      if (code === "EAGAIN") Atomics.wait(IDLE, 0, 0, 5);
      else if (code === "EOF") return 0;
      else throw error;
    }
  }
}

const IDLE = new Int32Array(new SharedArrayBuffer(4));
