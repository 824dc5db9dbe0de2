import { statSync } from "node:fs";
import { Failure } from "./command.ts";

const WRITABLE = 0o002;
const READABLE = 0o004;

/** Refuses a file that every user of this machine can write: whoever does decides what is forbidden. Throws `Failure`. */
export function refuseWritable(path: string): void {
  if ((othersMay(path) & WRITABLE) === 0) return;
  throw new Failure(
    `\`${path}\` can be written by every user of this machine; \`chmod o-w ${path}\` mends that.`,
  );
}

/** Whether every user of this machine can read a file. */
export function isReadableByAll(path: string): boolean {
  return (othersMay(path) & READABLE) !== 0;
}

/** What the mode of a file lets others do; nothing where modes say nothing. */
function othersMay(path: string): number {
  if (process.platform === "win32") return 0;
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats?.isFile() === true ? stats.mode & 0o007 : 0;
}
