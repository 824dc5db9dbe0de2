import { type FSWatcher, watch } from "node:fs";
import { dirname } from "node:path";
import { type Digests, digestOf, digestsOf, EMPTY } from "./digests.ts";

export interface SavedFilesOptions {
  /**
   * Takes up what was saved, and says which files are to be watched from now on. It reads the files itself; should one
   * change in the meantime, it is called again. It does not reject.
   */
  readonly saved: () => readonly string[] | Promise<readonly string[]>;
  /** Between the two reads that must agree (milliseconds). */
  readonly settleMs?: number;
  /** Between two looks at the files when no event comes, as on network file systems (milliseconds). */
  readonly pollMs?: number;
}

/** Between an event and the look at the files. */
const EVENTS_MS = 50;
const SETTLE_MS = 150;
const POLL_MS = 1_000;

/**
 * Watches files by their folders, because editors replace files and Kubernetes replaces links, and tells when their
 * content has changed: when two reads agree and no file is empty.
 */
export class SavedFiles {
  readonly #options: SavedFilesOptions;
  readonly #watchers = new Map<string, FSWatcher>();
  #files: readonly string[];
  /** What was last taken up, good or bad. */
  #taken: Digests;
  #settling: NodeJS.Timeout | undefined;
  #noticed: NodeJS.Timeout | undefined;
  #busy = false;
  #closed = false;
  readonly #poll: NodeJS.Timeout;

  /** `seen`: the files as they were when they were read; what has changed since then is taken up, too. */
  constructor(seen: Digests, options: SavedFilesOptions) {
    this.#options = options;
    this.#files = [...seen.keys()];
    this.#taken = seen;
    this.#watchFolders();
    this.#poll = setInterval(() => this.#look(), options.pollMs ?? POLL_MS).unref();
    this.#look();
  }

  /** Takes the files up now, whether they have changed or not. */
  now(): void {
    clearTimeout(this.#settling);
    this.#settling = undefined;
    this.#taken = new Map();
    this.#look();
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#poll);
    clearTimeout(this.#noticed);
    clearTimeout(this.#settling);
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
  }

  #watchFolders(): void {
    const folders = new Set(this.#files.map((file) => dirname(file)));
    for (const [folder, watcher] of this.#watchers) {
      if (folders.has(folder)) continue;
      watcher.close();
      this.#watchers.delete(folder);
    }
    for (const folder of folders) {
      if (this.#watchers.has(folder)) continue;
      try {
        const watcher = watch(folder, { persistent: false }, () => this.#soon());
        // A folder that goes away is looked at by the clock until it is back.
        watcher.on("error", () => {
          watcher.close();
          this.#watchers.delete(folder);
        });
        this.#watchers.set(folder, watcher);
      } catch {
        // The clock looks there.
      }
    }
  }

  /** Many events come together, and other files of a folder may be written all the time. */
  #soon(): void {
    this.#noticed ??= setTimeout(() => {
      this.#noticed = undefined;
      this.#look();
    }, EVENTS_MS).unref();
  }

  #look(): void {
    if (this.#settling !== undefined || this.#busy || this.#closed) return;
    const seen = digestsOf(this.#files);
    if (!same(seen, this.#taken)) this.#settle(seen);
  }

  #settle(seen: Digests): void {
    this.#settling = setTimeout(() => {
      this.#settling = undefined;
      const again = digestsOf(this.#files);
      if (!same(again, seen) || isCut(again)) {
        // Still being written, or written back.
        if (!same(again, this.#taken)) this.#settle(again);
        return;
      }
      void this.#takeUp(again);
    }, this.#options.settleMs ?? SETTLE_MS);
  }

  async #takeUp(settled: Digests): Promise<void> {
    this.#busy = true;
    const files = this.#options.saved();
    this.#files = Array.isArray(files) ? files : await files;
    this.#busy = false;
    if (this.#closed) return;
    // By what was there before it was read: what has changed since is taken up next.
    this.#taken = new Map(this.#files.map((file) => [file, settled.get(file) ?? digestOf(file)]));
    this.#watchFolders();
    this.#look();
  }
}

/** A file is empty between the moment it is opened for writing and the first write. */
function isCut(digests: Digests): boolean {
  return [...digests.values()].includes(EMPTY);
}

function same(a: Digests, b: Digests): boolean {
  return (
    a.size === b.size && [...a].every(([file, digest]) => b.has(file) && b.get(file) === digest)
  );
}
