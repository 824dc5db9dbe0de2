import { randomBytes } from "node:crypto";
import { chmodSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
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

/** Writes a file whole or not at all, beside it first. Throws `Failure` with a sentence. */
export function writeAtomically(path: string, text: string): void {
  const draft = join(
    dirname(path),
    `.${basename(path)}.${process.pid}-${randomBytes(4).toString("hex")}`,
  );
  try {
    writeFileSync(draft, text, { flag: "wx" });
    const mode = modeOf(path);
    if (mode !== undefined) chmodSync(draft, mode);
    renameSync(draft, path);
  } catch (error) {
    rmSync(draft, { force: true });
    throw new Failure(`\`${path}\` could not be written: ${reason(error)}`);
  }
}

function modeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.mode;
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
