import type { Source } from "../language/index.ts";

/** What the compiler needs from the world around it: files, and nothing else. */
export interface Host {
  /**
   * The file at `path`, as written in the file named `from`. Its `name` is the file's identity: two paths
   * that lead to one file give one name. `undefined` when it cannot be read.
   */
  read(path: string, from: string): { readonly name: string; readonly text: string } | undefined;
  /** A tool list in place of the one that the `server` statement names. */
  readonly toolList?: Source;
}
