import { CannotSay } from "./text.ts";

/** Something of the given document that the policy text cannot say, or says otherwise. */
export interface Notice {
  /** Where in the given document: a JSON pointer, or a path of a YAML file. */
  readonly at: string;
  readonly message: string;
}

/** The text of a policy, and what was lost on the way. */
export interface Raised {
  readonly text: string;
  readonly notices: readonly Notice[];
}

/** Collects statements; what cannot be said becomes a comment in its place, and a notice. */
export class Writer {
  readonly notices: Notice[] = [];
  #paragraphs: string[][] = [[]];

  line(text: string): void {
    (this.#paragraphs.at(-1) as string[]).push(text);
  }

  /** Leaves a blank line before what comes next. */
  paragraph(): void {
    if (this.#paragraphs.at(-1)?.length !== 0) this.#paragraphs.push([]);
  }

  notice(at: string, message: string): void {
    this.notices.push({ at, message });
    for (const line of message.split(/\r\n|[\n\r\u2028\u2029]/)) this.line(`// ${line}`);
  }

  /** The text that `make` gives; if it cannot be said, a notice and undefined. */
  attempt(at: string, make: () => string): string | undefined {
    try {
      return make();
    } catch (error) {
      if (!(error instanceof CannotSay)) throw error;
      this.notice(at, error.message);
      return undefined;
    }
  }

  toString(): string {
    const full = this.#paragraphs.filter((lines) => lines.length > 0);
    return full.map((lines) => `${lines.join("\n")}\n`).join("\n");
  }
}
