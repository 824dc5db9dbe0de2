/**
 * A short text that a regular expression matches, of the simple ones; undefined where it is not simple, or none is
 * found. What it gives is to be tried.
 */
export function sampleOf(pattern: string): string | undefined {
  const reader = new Reader(pattern);
  const text = reader.alternatives();
  return reader.failed || !reader.atEnd ? undefined : text;
}

class Reader {
  failed = false;
  readonly #characters: readonly string[];
  #at = 0;

  constructor(pattern: string) {
    this.#characters = [...pattern];
  }

  get atEnd(): boolean {
    return this.#at === this.#characters.length;
  }

  /** The first of several. */
  alternatives(): string {
    const first = this.#sequence();
    while (this.#take("|")) this.#sequence();
    return first;
  }

  #sequence(): string {
    let text = "";
    while (!this.atEnd && this.#next !== "|" && this.#next !== ")" && !this.failed) {
      text += this.#repeated(this.#item());
    }
    return text;
  }

  get #next(): string {
    return this.#characters[this.#at] ?? "";
  }

  #take(character: string): boolean {
    if (this.#next !== character) return false;
    this.#at++;
    return true;
  }

  #item(): string {
    const character = this.#next;
    this.#at++;
    switch (character) {
      case "^":
      case "$":
        return "";
      case ".":
        return "x";
      case "(":
        return this.#group();
      case "[":
        return this.#class();
      case "\\":
        return this.#escape();
      default:
        return character;
    }
  }

  #group(): string {
    if (this.#take("?")) {
      if (this.#take("P")) {
        while (!this.atEnd && !this.#take(">")) this.#at++;
      } else {
        while (/[imsU-]/.test(this.#next)) this.#at++;
        // Flags for all that follows.
        if (this.#take(")")) return "";
        if (!this.#take(":")) this.failed = true;
      }
    }
    const text = this.alternatives();
    if (!this.#take(")")) this.failed = true;
    return text;
  }

  #escape(): string {
    const character = this.#next;
    this.#at++;
    if (character === "d") return "0";
    if (character === "w") return "x";
    if (character === "s") return " ";
    if (character === "n") return "\n";
    if (character === "t") return "\t";
    if (character === "b" || character === "A" || character === "z") return "";
    if (/[A-Za-z0-9]/.test(character)) this.failed = true;
    return character;
  }

  /** The first of a class; of what is excluded, one that is not. */
  #class(): string {
    const excludes = this.#take("^");
    const ranges: (readonly [string, string])[] = [];
    do {
      const first = this.#member();
      const isRange = this.#next === "-" && this.#characters[this.#at + 1] !== "]";
      if (isRange) this.#at++;
      ranges.push([first, isRange ? this.#member() : first]);
    } while (!this.failed && this.#next !== "]");
    this.#at++;
    if (!excludes) return ranges[0]?.[0] ?? "";
    const isIn = (one: string): boolean => ranges.some(([from, to]) => from <= one && one <= to);
    return ["x", "0", "-", "A", " ", "~"].find((one) => !isIn(one)) ?? "é";
  }

  #member(): string {
    if (this.atEnd) this.failed = true;
    return this.#take("\\") ? this.#escape() : (this.#characters[this.#at++] ?? "");
  }

  #repeated(item: string): string {
    let least = 1;
    if (this.#take("*") || this.#take("?")) least = 0;
    else if (this.#take("{")) {
      let digits = "";
      while (/[0-9]/.test(this.#next)) digits += this.#characters[this.#at++];
      while (!this.atEnd && !this.#take("}")) this.#at++;
      least = Number(digits);
    } else this.#take("+");
    this.#take("?");
    return item.repeat(Math.min(least, 1_000));
  }
}
