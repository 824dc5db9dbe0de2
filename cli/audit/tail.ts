import { closeSync, openSync, readSync, statSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { readTrails, recordsIn, type TrailRecord, trailFiles } from "../../runtime/index.ts";

/** How often it is looked for new records (milliseconds). */
const POLL_MS = 200;
const CHUNK = 1024 * 1024;

/** Where reading of a file has come to: bytes, and the beginning of a line. */
interface Place {
  at: number;
  rest: Buffer;
}

/** Shows the last records that are wanted, and then each new one until `signal`; files that come later too. */
export async function follow(
  paths: readonly string[],
  last: number,
  wanted: (record: TrailRecord) => boolean,
  show: (record: TrailRecord) => void,
  signal: AbortSignal,
): Promise<void> {
  const places = new Map<string, Place>();
  const files = trailFiles(paths);
  // What comes while the last ones are looked for is new.
  for (const { path } of files)
    places.set(path, { at: statSync(path).size, rest: Buffer.alloc(0) });
  const newest: TrailRecord[] = [];
  for (const record of readTrails(files)) {
    if (wanted(record)) newest.push(record);
    if (newest.length > 2 * last) newest.splice(0, newest.length - last);
  }
  for (const record of last === 0 ? [] : newest.slice(-last)) show(record);
  while (!signal.aborted) {
    for (const { path } of trailFiles(paths)) {
      const place = places.get(path) ?? { at: 0, rest: Buffer.alloc(0) };
      places.set(path, place);
      for (const record of readOn(path, place)) if (wanted(record)) show(record);
    }
    await sleep(POLL_MS, undefined, { signal }).catch(() => {});
  }
}

/** The records that a file has got since. */
function* readOn(path: string, place: Place): Generator<TrailRecord> {
  if (statSync(path, { throwIfNoEntry: false })?.size === place.at) return;
  const fd = openSync(path, "r");
  try {
    for (const chunk = Buffer.alloc(CHUNK); ; ) {
      const bytes = readSync(fd, chunk, 0, CHUNK, place.at);
      if (bytes === 0) return;
      place.at += bytes;
      const content = Buffer.concat([place.rest, chunk.subarray(0, bytes)]);
      const end = content.lastIndexOf(10) + 1;
      place.rest = content.subarray(end);
      yield* recordsIn(content.subarray(0, end));
    }
  } finally {
    closeSync(fd);
  }
}
