import { legibleDocument } from "../../approvals/legible.ts";
import { button, h } from "./dom.ts";

/** Characters that are shown at first; the rest is one step away. */
const AT_FIRST = 12_000;
/** JSON text in parts: strings, and what stands between them. */
const PART = /"(?:[^"\\]|\\.)*"|[^"]+|"/g;
/** Text with escapes, in which every other part is one. */
const ESCAPES = /((?:\\\\)+|\\u[0-9a-f]{4})/;
/** Marking costs an element each; more of them would bring the page to a stand. */
const MARKED = 5_000;

export interface ShownArguments {
  readonly element: HTMLElement;
  /** Whether all of it can be read. */
  readonly isWhole: () => boolean;
  /** Shows what is left, and moves the focus there. */
  readonly showAll: () => void;
}

/** The arguments of a call in full. `text`: JSON, as it was written. */
export function showArguments(text: string, labelledBy: string): ShownArguments {
  const document = legibleDocument(text);
  const writer = new Writer(document);
  const pre = h("pre", { class: "arguments", tabindex: 0, role: "region", dir: "ltr" });
  pre.setAttribute("aria-labelledby", labelledBy);
  writer.write(pre, AT_FIRST);
  const showAll = (): void => {
    if (writer.left === 0) return;
    const rest = h("span", { tabindex: -1 });
    writer.write(rest, writer.left);
    pre.append(rest);
    more?.remove();
    rest.focus();
  };
  const more =
    writer.left === 0
      ? undefined
      : button({ class: "quiet" }, showAll, `Show the other ${count(writer.left)} characters`);
  const escapes = document.split(ESCAPES).filter(isEscape).length;
  const what = escapes === 1 ? "1 character is" : `${count(escapes)} characters are`;
  const note = h(
    "p",
    { class: "note escapes", hidden: escapes === 0 },
    `${what} written as \\u…, because they cannot be seen, reorder text or imitate others.`,
  );
  const element = h("div", { class: "arguments-box" }, pre, more, note);
  return { element, isWhole: () => writer.left === 0, showAll };
}

/** Puts JSON text into elements, a piece at a time. */
class Writer {
  readonly #parts: string[];
  /** How many characters are still to be written. */
  left: number;
  #marks = 0;

  constructor(document: string) {
    this.#parts = (document.match(PART) ?? []).reverse();
    this.left = document.length;
  }

  write(parent: HTMLElement, characters: number): void {
    for (let room = Math.min(characters, this.left); room > 0; ) {
      const part = this.#parts.pop() as string;
      const end = cutAt(part, room);
      if (end < part.length) this.#parts.push(part.slice(end));
      const written = part.slice(0, end);
      const isKey = this.#parts.at(-1)?.startsWith(":") === true && written.endsWith('"');
      this.#append(parent, written, isKey);
      room -= end;
      this.left -= end;
    }
  }

  #append(parent: HTMLElement, text: string, isKey: boolean): void {
    const pieces = text.split(ESCAPES);
    this.#marks += isKey ? pieces.length : pieces.length - 1;
    // A string of letters that are read from right to left would take what stands beside it along.
    const isForeign = /[^\x20-\x7e\n]/.test(text);
    if (!isForeign && (this.#marks > MARKED || (!isKey && pieces.length === 1))) {
      parent.append(text);
      return;
    }
    const place = h("span", { class: `${isKey ? "key " : ""}isolated` });
    if (this.#marks > MARKED) place.append(text);
    else for (const piece of pieces) place.append(isEscape(piece) ? h("mark", {}, piece) : piece);
    parent.append(place);
  }
}

/** At least one character, and not in the midst of an escape. */
function cutAt(text: string, at: number): number {
  if (at >= text.length) return text.length;
  const from = Math.max(0, at - 12);
  const start = text.slice(from, at).search(/\\+[^\\]{0,5}$/);
  return start > 0 ? from + start : at;
}

function isEscape(part: string): boolean {
  return part.startsWith("\\u");
}

function count(number: number): string {
  return number.toLocaleString("en");
}
