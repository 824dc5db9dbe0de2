import { statSync } from "node:fs";
import {
  callsInList,
  callsInTrails,
  type FileLine,
  linesIn,
  type Past,
  trailFiles,
} from "../../runtime/index.ts";
import { Failure, sentenceOf } from "../command.ts";
import { instantOf } from "../time.ts";

export interface SourceOptions {
  readonly verify: boolean;
  /** What calls of a list without a time are judged at. */
  readonly now: number;
  readonly note: (text: string) => void;
}

/**
 * What was recorded: an audit trail (a folder, or a file of one), or a list of calls, which of the two its first line
 * says; `-` is stdin. Throws `Failure`, and while it is read `BrokenTrail` and `NoCall`.
 */
export function pastOf(path: string, { verify, now, note }: SourceOptions): Iterable<Past> {
  if (path !== "-" && isFolder(path)) {
    const files = trailFiles([path]);
    if (files.length === 0) throw new Failure(`There is no audit trail in \`${path}\`.`);
    return callsInTrails(files, { verify, note });
  }
  const lines = linesOf(path);
  if (lines.first === undefined) throw new Failure(`There is nothing in \`${path}\`.`);
  if (!isRecord(lines.first.bytes)) return callsInList(lines, { now, timeOf: instantOf });
  const files = path === "-" ? [{ path: "stdin", chain: "stdin", segment: 1 }] : trailFiles([path]);
  return callsInTrails(files, { verify, note, lines: () => lines });
}

function isFolder(path: string): boolean {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) throw new Failure(`There is no file or folder \`${path}\`.`);
  return stats.isDirectory();
}

/** The lines of a file, of which the first that is not empty can be looked at before. */
function linesOf(path: string): Iterable<FileLine> & { readonly first: FileLine | undefined } {
  const reading = linesIn(path);
  const seen: FileLine[] = [];
  let first: FileLine | undefined;
  try {
    while (first === undefined) {
      const next = reading.next();
      if (next.done === true) break;
      seen.push(next.value);
      if (next.value.bytes.toString("latin1").trim() !== "") first = next.value;
    }
  } catch (error) {
    throw new Failure(`\`${path}\` could not be read: ${sentenceOf(error)}`);
  }
  return {
    first,
    *[Symbol.iterator]() {
      yield* seen;
      yield* reading;
    },
  };
}

/** A line of a trail has a number, a time and a type; a call has none of these. */
function isRecord(line: Buffer): boolean {
  try {
    const value = JSON.parse(line.toString("utf8")) as Readonly<Record<string, unknown>> | null;
    return typeof value?.type === "string" && Number.isSafeInteger(value.seq);
  } catch {
    return false;
  }
}
