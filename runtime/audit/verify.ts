import { NO_HASH, type OpenedLine, openLine, type TrailRecord } from "./line.ts";

/** What is wrong with a trail, at the record that it begins with. */
export interface Fault {
  readonly file: string;
  /** The number in the chain of the first record that it is about, and of the last; absent where none can be named. */
  readonly record?: number;
  readonly to?: number;
  readonly kind: FaultKind;
  /** A sentence. */
  readonly message: string;
}

/**
 * `moved`: a record of the chain in another place; `foreign`: a line that is none of the chain's; `spliced`: records or
 * files of two chains put together; `torn`: the last line is not whole; `cut`, `removed`, `rewritten`: what a checkpoint
 * names is not there any more, or not as it was.
 */
export type FaultKind =
  | "changed"
  | "missing"
  | "moved"
  | "foreign"
  | "spliced"
  | "torn"
  | "cut"
  | "removed"
  | "rewritten";

/** Follows one chain through its files, in their order. */
export class Verifier {
  readonly faults: Fault[] = [];
  /** The number that the next record must have. */
  #expected = 1;
  /** The hashes that the record before it may have; undefined when nobody knows. */
  #before: readonly string[] | undefined = [NO_HASH];

  /** How many records there are, missing ones among them. */
  get length(): number {
    return this.#expected - 1;
  }

  /** Reads one file to its end. */
  follow(file: string, content: Buffer): Segment {
    const segment = new Segment(content);
    for (let at = 0; at < segment.lines.length; ) at = this.#step(file, segment, at);
    // Moved away from the end.
    while (segment.has(this.#expected)) this.#expected++;
    this.#before = segment.hashOf(this.#expected - 1) ?? this.#before;
    return segment;
  }

  /** Nobody knows how many records were in a file that is not there. */
  skip(): void {
    this.#before = undefined;
  }

  /** Adds a fault. */
  report(kind: FaultKind, file: string, message: string, record?: number, to = record): void {
    this.faults.push({
      file,
      kind,
      message,
      ...(record === undefined ? {} : { record }),
      ...(to === record || to === undefined ? {} : { to }),
    });
  }

  /** Looks at one line, or at some together; gives the index of the next one. */
  #step(file: string, segment: Segment, at: number): number {
    const line = segment.lines[at] as Line;
    const expected = this.#expected;
    if (!isSound(line)) return this.#unsound(file, segment, at);
    const { seq } = line.record;
    if (!segment.isFirst(line)) {
      this.report(
        "foreign",
        file,
        `Record ${seq} stands once more after record ${expected - 1}.`,
        seq,
      );
      return at + 1;
    }
    if (seq === expected) {
      const right = segment.hashOf(seq - 1) ?? this.#before;
      if (right?.includes(line.prev) === false) {
        const message =
          seq === 1
            ? "Record 1 does not begin a chain."
            : `Record ${seq} does not follow from the record before it: one of the two is of another chain.`;
        this.report("spliced", file, message, seq);
      }
    } else if (segment.has(expected)) {
      const next = segment.lines[at + 1];
      const pushedIn = next?.record?.seq === expected && seq !== expected + 1;
      if (pushedIn) {
        const message = `Record ${seq} does not belong after record ${expected - 1}, where it stands.`;
        this.report("foreign", file, message, seq);
        segment.disown(line);
        return at + 1;
      }
      this.report("moved", file, `Record ${seq} stands where record ${expected} belongs.`, seq);
    } else if (seq > expected) {
      const last = segment.firstFrom(expected) - 1;
      this.report("missing", file, `${records(expected, last)} missing.`, expected, last);
      this.#goOnAt(last + 1, undefined);
      return at;
    } else {
      const message = `Record ${seq} does not belong after record ${expected - 1}, where it stands.`;
      this.report("foreign", file, message, seq);
      return at + 1;
    }
    this.#goOnAt(expected + 1, [line.hash]);
    return at + 1;
  }

  /** Lines that are not what was written, up to the next one that is. */
  #unsound(file: string, { lines }: Segment, from: number): number {
    let to = from;
    while (to < lines.length && !isSound(lines[to] as Line)) to++;
    const expected = this.#expected;
    const count = to - from;
    const next = lines[to]?.record?.seq;
    if (next === undefined) {
      const last = lines[to - 1] as Line;
      const end = expected + count - 1;
      const torn = isTorn(last);
      const changed = torn ? end - 1 : end;
      if (changed >= expected) {
        this.report(
          "changed",
          file,
          `${records(expected, changed)} not as written.`,
          expected,
          changed,
        );
      }
      if (torn) {
        const message = `Record ${end}, the last, is torn: the machine stopped while it was written, or the file was cut.`;
        this.report("torn", file, message, end);
      }
      this.#goOnAt(end + 1, undefined);
      return to;
    }
    const end = next - 1;
    if (end < expected) {
      const message = `A line that is none of this chain's stands before record ${expected}.`;
      this.report("foreign", file, message, expected);
      return to;
    }
    const missing = count <= end - expected ? ", or missing" : "";
    this.report(
      "changed",
      file,
      `${records(expected, end)} not as written${missing}.`,
      expected,
      end,
    );
    const only = lines[from] as Line;
    this.#goOnAt(next, count === 1 && end === expected ? hashesOf(only) : undefined);
    return to;
  }

  #goOnAt(expected: number, before: readonly string[] | undefined): void {
    this.#expected = expected;
    this.#before = before;
  }
}

interface Line extends OpenedLine {
  /** Without the line break. */
  readonly bytes: Buffer;
  /** Its line break is there. */
  readonly whole: boolean;
}

type SoundLine = Line & Required<OpenedLine>;

function isSound(line: Line): line is SoundLine {
  return line.sound && line.whole;
}

/** The lines of a file, and the sound ones by their numbers. */
export class Segment {
  readonly lines: readonly Line[];
  readonly #known = new Map<number, SoundLine>();
  /** Of numbers that stand more than once, the later lines. */
  readonly #again = new Map<number, SoundLine[]>();
  /** In ascending order. */
  readonly #numbers: readonly number[];

  constructor(content: Buffer) {
    this.lines = linesOf(content);
    for (const line of this.lines) {
      if (!isSound(line)) continue;
      const { seq } = line.record;
      const again = this.#again.get(seq);
      if (!this.#known.has(seq)) this.#known.set(seq, line);
      else if (again === undefined) this.#again.set(seq, [line]);
      else again.push(line);
    }
    this.#numbers = [...this.#known.keys()].sort((a, b) => a - b);
  }

  has(seq: number): boolean {
    return this.#known.has(seq);
  }

  isFirst(line: SoundLine): boolean {
    return this.#known.get(line.record.seq) === line;
  }

  /** It is not the record of its number: if that stands once more, the next one is. */
  disown({ record: { seq } }: SoundLine): void {
    const next = this.#again.get(seq)?.shift();
    if (next === undefined) this.#known.delete(seq);
    else this.#known.set(seq, next);
  }

  hashOf(seq: number): readonly string[] | undefined {
    const hash = this.#known.get(seq)?.hash;
    return hash === undefined ? undefined : [hash];
  }

  record(seq: number): SoundLine["record"] | undefined {
    return this.#known.get(seq)?.record;
  }

  /** The lowest number that is there and not below `seq`. */
  firstFrom(seq: number): number {
    let low = 0;
    let high = this.#numbers.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#numbers[middle] as number) < seq) low = middle + 1;
      else high = middle;
    }
    while (low < this.#numbers.length && !this.#known.has(this.#numbers[low] as number)) low++;
    return this.#numbers[low] ?? seq;
  }
}

/** The beginning of a line, and not a line whose line break was changed. */
function isTorn({ whole, bytes }: Line): boolean {
  return !whole && !openLine(bytes.subarray(0, -1)).sound;
}

/** What the record before may be known by, when either its content or its hash was changed. */
function hashesOf({ computed, hash }: Line): readonly string[] {
  return hash === undefined ? [computed] : [computed, hash];
}

function records(from: number, to: number): string {
  return from === to ? `Record ${from} is` : `Records ${from} to ${to} are`;
}

/** Of a file's many records, no more than is looked at is kept. */
function brief({ seq, time, type, chain }: TrailRecord): TrailRecord {
  return chain === undefined ? { seq, time, type } : { seq, time, type, chain };
}

function linesOf(content: Buffer): Line[] {
  const lines: Line[] = [];
  for (let start = 0; start < content.length; ) {
    const end = content.indexOf(10, start);
    const bytes = content.subarray(start, end === -1 ? content.length : end);
    const { record, ...opened } = openLine(bytes);
    lines.push({ ...opened, ...(record && { record: brief(record) }), bytes, whole: end !== -1 });
    start = end === -1 ? content.length : end + 1;
  }
  return lines;
}
