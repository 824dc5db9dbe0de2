import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

/** SHA-256 of each file, undefined for one that is not there. */
export type Digests = ReadonlyMap<string, string | undefined>;

/** That of a file without a byte. */
export const EMPTY = createHash("sha256").digest("hex");

export function digestsOf(files: readonly string[]): Digests {
  return new Map(files.map((file) => [file, digestOf(file)]));
}

export function digestOf(file: string): string | undefined {
  try {
    return createHash("sha256").update(readFileSync(file)).digest("hex");
  } catch {
    return undefined;
  }
}
