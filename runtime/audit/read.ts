import { readRecord, type TrailRecord } from "./line.ts";
import { linesIn } from "./lines.ts";
import type { TrailFile } from "./trails.ts";

/** The records of trails in the order of time, as they are: whether they are sound is not looked at. */
export function readTrails(files: readonly TrailFile[]): Generator<TrailRecord, void> {
  return byTime(chainsOf(files).map(recordsOf));
}

/** The files of each chain, in their order. */
export function chainsOf(files: readonly TrailFile[]): (readonly TrailFile[])[] {
  const chains = new Map<string, TrailFile[]>();
  for (const file of files) {
    const own = chains.get(file.chain);
    if (own === undefined) chains.set(file.chain, [file]);
    else own.push(file);
  }
  return [...chains.values()];
}

/** What several writers have written, as one; of each the order is kept, whatever its clock did. */
export function* byTime<T extends { readonly time: string }>(
  writers: readonly Iterable<T>[],
): Generator<T, void> {
  const waiting = writers.flatMap((writer) => {
    const items = writer[Symbol.iterator]();
    const first = items.next();
    return first.done === true ? [] : [{ items, next: first.value }];
  });
  while (waiting.length > 0) {
    const earliest = waiting.reduce((a, b) => (b.next.time < a.next.time ? b : a));
    yield earliest.next;
    const after = earliest.items.next();
    if (after.done === true) waiting.splice(waiting.indexOf(earliest), 1);
    else earliest.next = after.value;
  }
}

function* recordsOf(files: readonly TrailFile[]): Generator<TrailRecord, void> {
  for (const { path } of files) {
    for (const { bytes, whole } of linesIn(path)) {
      const record = whole ? readRecord(bytes) : undefined;
      if (record !== undefined) yield record;
    }
  }
}

/** The records in whole lines. */
export function* recordsIn(content: Buffer): Generator<TrailRecord, void> {
  for (let start = 0; ; ) {
    const end = content.indexOf(10, start);
    if (end === -1) return;
    const record = readRecord(content.subarray(start, end));
    if (record !== undefined) yield record;
    start = end + 1;
  }
}
