import { type FileHandle, open } from "node:fs/promises";
import { readRecord, type TrailRecord } from "./line.ts";
import type { TrailFile } from "./trails.ts";

/** Bytes that are read at once, and the longest line that is looked for. */
const CHUNK = 256 * 1024;
const MAX_LINE = 16 * 1024 * 1024;
const NEWLINE = 10;

export interface Backwards {
  readonly wanted: (record: TrailRecord) => boolean;
  /** How many records at most. */
  readonly count: number;
  /** Bytes that may be read for them. */
  readonly budget: number;
  /** Where an earlier look came to an end; absent: from the newest. */
  readonly from?: Place;
}

/** By chain, the segment and the byte before which the next record ends. A chain that is not there is read whole. */
export type Place = ReadonlyMap<string, { readonly segment: number; readonly end: number }>;

export interface Page {
  /** Newest first. */
  readonly records: readonly TrailRecord[];
  /** Where to go on; absent at the beginning of all chains. */
  readonly next?: Place;
  /** The time of the last record that was looked at, wanted or not. */
  readonly back?: string;
}

/**
 * The newest records of trails, read from their ends a piece at a time, so that nothing waits for it. Of a chain the
 * order is kept; whether the records are sound is not looked at. Rejects with what opening or reading a file does.
 */
export async function readBackwards(
  files: readonly TrailFile[],
  { wanted, count, budget, from }: Backwards,
): Promise<Page> {
  const chains = chainsOf(files, from);
  const records: TrailRecord[] = [];
  let back: string | undefined;
  try {
    for (;;) {
      let latest: Chain | undefined;
      let time = "";
      for (const chain of chains) {
        const next = await chain.last();
        if (next === undefined || (latest !== undefined && next.time <= time)) continue;
        latest = chain;
        time = next.time;
      }
      const record = await latest?.take();
      if (record === undefined) return { records, ...(back === undefined ? {} : { back }) };
      back = record.time;
      if (wanted(record)) records.push(record);
      const bytes = chains.reduce((sum, chain) => sum + chain.bytes, 0);
      if (records.length < count && bytes < budget) continue;
      const places = chains.flatMap(({ place }) => (place === undefined ? [] : [place]));
      return { records, back, ...(places.length === 0 ? {} : { next: new Map(places) }) };
    }
  } finally {
    await Promise.all(chains.map((chain) => chain.close()));
  }
}

/** A place as text, and back; undefined when it is none. */
export function placeText(place: Place): string {
  const parts = [...place].map(([chain, { segment, end }]) => [chain, segment, end]);
  return Buffer.from(JSON.stringify(parts)).toString("base64url");
}

export function readPlace(text: string): Place | undefined {
  try {
    const parts: unknown = JSON.parse(Buffer.from(text, "base64url").toString("utf8"));
    if (!Array.isArray(parts)) return undefined;
    const place = new Map<string, { segment: number; end: number }>();
    for (const [chain, segment, end] of parts as unknown[][]) {
      if (typeof chain !== "string" || !isCount(segment) || !isCount(end)) return undefined;
      place.set(chain, { segment, end });
    }
    return place;
  } catch {
    return undefined;
  }
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** Chains that began since the place was taken are newer than all that follows, and left out. */
function chainsOf(files: readonly TrailFile[], from: Place | undefined): readonly Chain[] {
  const byChain = new Map<string, TrailFile[]>();
  for (const file of files) byChain.set(file.chain, [...(byChain.get(file.chain) ?? []), file]);
  return [...byChain].flatMap(([name, own]) => {
    if (from === undefined) return [new Chain(name, own, undefined)];
    const place = from.get(name);
    if (place === undefined) return [];
    const before = own.filter(({ segment }) => segment <= place.segment);
    return [new Chain(name, before, place)];
  });
}

interface Line {
  /** The byte after its line break. */
  readonly end: number;
  readonly record: TrailRecord;
}

/** The records of one chain, from its end. */
class Chain {
  readonly #name: string;
  /** Those that are still to be read, the oldest first. */
  readonly #files: TrailFile[];
  #handle: FileHandle | undefined;
  /** Of the last file, the byte from which on everything was read; undefined before it is opened. */
  #from: number | undefined;
  /** What was read and not taken, the oldest first. */
  #lines: Line[] = [];
  /** How many were read in all. */
  bytes = 0;

  constructor(
    name: string,
    files: readonly TrailFile[],
    place: { readonly segment: number; readonly end: number } | undefined,
  ) {
    this.#name = name;
    this.#files = [...files];
    if (place !== undefined && files.at(-1)?.segment === place.segment) this.#from = place.end;
  }

  /** The newest record that was not taken. */
  async last(): Promise<TrailRecord | undefined> {
    while (this.#lines.length === 0) {
      const file = this.#files.at(-1);
      if (file === undefined) return undefined;
      if (this.#handle === undefined) {
        this.#handle = await open(file.path, "r");
        const { size } = await this.#handle.stat();
        this.#from = Math.min(this.#from ?? size, size);
      }
      const to = this.#from ?? 0;
      if (to > 0) {
        await this.#readOn(this.#handle, to);
        continue;
      }
      await this.close();
      this.#files.pop();
      this.#from = undefined;
    }
    return this.#lines.at(-1)?.record;
  }

  async take(): Promise<TrailRecord | undefined> {
    const record = await this.last();
    this.#lines.pop();
    return record;
  }

  /** Where to go on; undefined at its beginning. */
  get place(): [string, { readonly segment: number; readonly end: number }] | undefined {
    const segment = this.#files.at(-1)?.segment;
    const end = this.#lines.at(-1)?.end ?? this.#from;
    if (segment === undefined) return undefined;
    // A file that was not opened yet is read from its end, wherever that is.
    return [this.#name, { segment, end: end ?? Number.MAX_SAFE_INTEGER }];
  }

  async close(): Promise<void> {
    await this.#handle?.close();
    this.#handle = undefined;
  }

  /** Reads the lines before `to`: those of a chunk, or one that is longer. */
  async #readOn(handle: FileHandle, to: number): Promise<void> {
    for (let size = CHUNK; ; size *= 2) {
      const start = Math.max(0, to - size);
      const { buffer, bytesRead } = await handle.read({
        buffer: Buffer.alloc(to - start),
        position: start,
      });
      this.bytes += bytesRead;
      const content = buffer.subarray(0, bytesRead);
      // What stands before the first line break may be the end of a line.
      const first = start === 0 ? 0 : content.indexOf(NEWLINE) + 1;
      if (start > 0 && (first === 0 || first === content.length) && size < MAX_LINE) continue;
      this.#from = first === content.length ? start : start + first;
      this.#lines = linesOf(content.subarray(first), start + first);
      return;
    }
  }
}

function linesOf(content: Buffer, at: number): Line[] {
  const lines: Line[] = [];
  for (let start = 0; ; ) {
    const end = content.indexOf(NEWLINE, start);
    if (end === -1) return lines;
    const record = readRecord(content.subarray(start, end));
    start = end + 1;
    if (record !== undefined) lines.push({ end: at + start, record });
  }
}
