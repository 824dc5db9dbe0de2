import { readdirSync, readFileSync, statSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { dirname, isAbsolute, join, resolve, sep } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { TextDocumentContentChangeEvent } from "vscode-languageserver/node";
import { edited, Source } from "../language/index.ts";
import { spanOf } from "./positions.ts";

/** A file that the editor has open. */
export interface OpenFile {
  /** As the editor writes it. */
  readonly uri: string;
  readonly version: number;
  readonly source: Source;
  /** False of a file that is open and no policy, such as a tool list. */
  readonly isPolicy: boolean;
}

interface DiskFile {
  readonly mtimeMs: number;
  readonly size: number;
  /** When it was looked at, in milliseconds. */
  readonly readMs: number;
  readonly source: Source;
}

/** Folders that hold no policies of ours. */
const SKIPPED = new Set(["node_modules", "dist", "build", "out", "target", "coverage"]);
const MOST_ENTRIES = 50_000;
/** Two writes so close to one another, in milliseconds, may leave one time behind: clocks of file systems are coarse. */
const CLOCK = 2_000;

/**
 * The files that policies are made of: what is open in the editor, else what is on disk. A file's name is its
 * path, or its URI where it has none. The same text keeps the same `Source`.
 */
export class Files {
  readonly #open = new Map<string, OpenFile>();
  readonly #disk = new Map<string, DiskFile>();
  /** Where unsaved files look for others. */
  folder: string | undefined;

  // What is open ---------------------------------------------------------------------------------

  open(uri: string, version: number, text: string, isPolicy: boolean): OpenFile {
    const name = nameOf(uri);
    const file = { uri, version, source: new Source(name, text), isPolicy };
    this.#open.set(name, file);
    return file;
  }

  /** Applies the changes one after the other; a change without a range is the whole text. */
  change(
    uri: string,
    version: number,
    changes: readonly TextDocumentContentChangeEvent[],
  ): OpenFile | undefined {
    const name = nameOf(uri);
    const file = this.#open.get(name);
    if (file === undefined) return undefined;
    let { source } = file;
    for (const change of changes) {
      if ("range" in change) {
        const { start, end } = spanOf(source, change.range);
        const { text } = source;
        source = edited(source, text.slice(0, start) + change.text + text.slice(end));
      } else source = edited(source, change.text);
    }
    const changed = { ...file, version, source };
    this.#open.set(name, changed);
    return changed;
  }

  close(uri: string): void {
    this.#open.delete(nameOf(uri));
  }

  get(uri: string): OpenFile | undefined {
    return this.#open.get(nameOf(uri));
  }

  byName(name: string): OpenFile | undefined {
    return this.#open.get(name);
  }

  opened(): readonly OpenFile[] {
    return [...this.#open.values()];
  }

  // Everything -----------------------------------------------------------------------------------

  /** The text of a file as it is now; undefined where there is none. */
  source(name: string): Source | undefined {
    const open = this.#open.get(name);
    return open === undefined ? this.#read(name) : open.source;
  }

  #read(name: string): Source | undefined {
    if (!isAbsolute(name)) return undefined;
    try {
      const readMs = Date.now();
      const { mtimeMs, size } = statSync(name);
      const known = this.#disk.get(name);
      const isSame = known?.mtimeMs === mtimeMs && known.size === size;
      if (isSame && known.readMs - mtimeMs > CLOCK) return known.source;
      const text = readFileSync(name, "utf8");
      // A new time alone is no change.
      const source = known?.source.text === text ? known.source : new Source(name, text);
      this.#disk.set(name, { mtimeMs, size, readMs, source });
      return source;
    } catch {
      this.#disk.delete(name);
      return undefined;
    }
  }

  /** The name of a file that another one names. */
  resolve(path: string, from: string): string {
    if (isAbsolute(path)) return resolve(path);
    const folder = isAbsolute(from) ? dirname(from) : (this.folder ?? ".");
    return resolve(folder, path);
  }

  /** The names of the files and folders (ending in `/`) in a folder; none if it cannot be read. */
  list(folder: string): readonly string[] {
    try {
      return readdirSync(folder, { withFileTypes: true }).map((entry) =>
        entry.isDirectory() ? `${entry.name}/` : entry.name,
      );
    } catch {
      return [];
    }
  }
}

/** Every policy below a folder; folders of packages and build results are left out. */
export async function findPolicies(folder: string): Promise<readonly string[]> {
  const found: string[] = [];
  const pending = [folder];
  let left = MOST_ENTRIES;
  for (let next = pending.pop(); next !== undefined && left > 0; next = pending.pop()) {
    const entries = await readdir(next, { withFileTypes: true }).catch(() => []);
    for (const entry of entries) {
      if (--left < 0) break;
      const path = join(next, entry.name);
      if (entry.isDirectory()) {
        if (!entry.name.startsWith(".") && !SKIPPED.has(entry.name)) pending.push(path);
      } else if (entry.name.endsWith(".mcpp")) found.push(path);
    }
  }
  return found.sort();
}

/** The name that a file has among sources. */
export function nameOf(uri: string): string {
  if (!uri.startsWith("file:")) return uri;
  try {
    return fileURLToPath(uri);
  } catch {
    return uri;
  }
}

/** The name of a folder, without a separator at its end. */
export function folderOf(uri: string): string {
  const name = nameOf(uri);
  return isAbsolute(name) ? resolve(name) : name;
}

export function isInside(name: string, folder: string): boolean {
  return name.startsWith(folder.endsWith(sep) ? folder : `${folder}${sep}`);
}

/** The URI of a file by its name. */
export function uriOf(name: string): string {
  return isAbsolute(name) ? pathToFileURL(name).href : name;
}
