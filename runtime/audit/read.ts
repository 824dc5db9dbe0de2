import { readFileSync } from "node:fs";
import { readRecord, type TrailRecord } from "./line.ts";
import type { TrailFile } from "./trails.ts";

/** The records of trails in the order of time, as they are: whether they are sound is not looked at. */
export function* readTrails(files: readonly TrailFile[]): Generator<TrailRecord> {
  const chains = new Map<string, TrailFile[]>();
  for (const file of files) chains.set(file.chain, [...(chains.get(file.chain) ?? []), file]);
  // The record that each chain goes on with; of a chain the order is kept, whatever its clock did.
  const waiting = [...chains.values()].flatMap((own) => {
    const records = recordsOf(own);
    const first = records.next();
    return first.done === true ? [] : [{ records, next: first.value }];
  });
  while (waiting.length > 0) {
    const earliest = waiting.reduce((a, b) => (b.next.time < a.next.time ? b : a));
    yield earliest.next;
    const after = earliest.records.next();
    if (after.done === true) waiting.splice(waiting.indexOf(earliest), 1);
    else earliest.next = after.value;
  }
}

function* recordsOf(files: readonly TrailFile[]): Generator<TrailRecord, void> {
  for (const { path } of files) yield* recordsIn(readFileSync(path));
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
