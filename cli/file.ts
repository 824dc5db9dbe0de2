import { randomBytes } from "node:crypto";
import {
  chmodSync,
  lstatSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { Failure, sentenceOf } from "./command.ts";

/** The text of a file; `-` is stdin. Throws `Failure` with a sentence. */
export function readText(path: string): string {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path === "-" ? 0 : path);
  } catch (error) {
    throw new Failure(`\`${path}\` could not be read: ${reason(error)}`);
  }
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new Failure(`\`${path}\` is not UTF-8 text.`);
  }
}

/** Whether there is a file (or a link to one) at the path. */
export function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

/**
 * Writes a file whole or not at all, beside it first. A link stays, and what it leads to is written; a device or a
 * pipe is written as it is. Throws `Failure` with a sentence.
 */
export function writeAtomically(path: string, text: string): void {
  try {
    const stats = statSync(path, { throwIfNoEntry: false });
    if (stats?.isFile()) replace(realpathSync(path), text, stats.mode);
    else if (lstatSync(path, { throwIfNoEntry: false }) === undefined) replace(path, text);
    else writeFileSync(path, text);
  } catch (error) {
    throw new Failure(`\`${path}\` could not be written: ${reason(error)}`);
  }
}

function replace(path: string, text: string, mode?: number): void {
  const draft = join(
    dirname(path),
    `.${basename(path)}.${process.pid}-${randomBytes(4).toString("hex")}`,
  );
  try {
    writeFileSync(draft, text, { flag: "wx" });
    if (mode !== undefined) chmodSync(draft, mode);
    renameSync(draft, path);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
}

function reason(error: unknown): string {
  switch ((error as NodeJS.ErrnoException).code) {
    case "ENOENT":
      return "there is no such file or folder.";
    case "EACCES":
    case "EPERM":
      return "permission denied.";
    case "EISDIR":
      return "it is a folder.";
    default:
      return sentenceOf(error);
  }
}
