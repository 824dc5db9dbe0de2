/** Lines of one cause that are printed within a minute; the others are counted. */
const MAX_LINES = 60;
const MINUTE_MS = 60_000;
/** Causes that are told apart; all beyond them are one. */
const MAX_CAUSES = 1_000;
const OTHERS = "";

interface Seen {
  lines: number;
  last: string;
}

/**
 * Prints lines, of each cause at most 60 a minute and then how many more there were, so that nobody can fill a disk
 * by being refused, nor hide one line behind many others.
 */
export class LimitedLines {
  readonly #print: (text: string) => void;
  readonly #seen = new Map<string, Seen>();
  readonly #timers = new Map<string, NodeJS.Timeout>();

  constructor(print: (text: string) => void) {
    this.#print = print;
  }

  line(cause: string, text: string): void {
    const known = this.#seen.has(cause) || this.#seen.size < MAX_CAUSES;
    const seen = this.#of(known ? cause : OTHERS);
    seen.lines++;
    seen.last = text;
    if (seen.lines <= MAX_LINES) this.#print(text);
  }

  /** Tells what was counted and not yet told. */
  end(): void {
    for (const cause of [...this.#seen.keys()]) this.#tell(cause);
  }

  #of(cause: string): Seen {
    let seen = this.#seen.get(cause);
    if (seen === undefined) {
      seen = { lines: 0, last: "" };
      this.#seen.set(cause, seen);
      const timer = setTimeout(() => this.#tell(cause), MINUTE_MS);
      this.#timers.set(cause, timer.unref());
    }
    return seen;
  }

  /** The minute is over. */
  #tell(cause: string): void {
    const { lines, last } = this.#seen.get(cause) as Seen;
    clearTimeout(this.#timers.get(cause));
    this.#timers.delete(cause);
    this.#seen.delete(cause);
    const more = lines - MAX_LINES;
    if (more > 0) this.#print(`${more} more of this kind within a minute, the last one: ${last}`);
  }
}
