import { legibleDocument } from "../../approvals/legible.ts";
import { button, h } from "./dom.ts";

/** Characters that are shown at first; the rest is one step away. */
const AT_FIRST = 12_000;
/** JSON text in parts: strings, and what stands between them. */
const PART = /"(?:[^"\\]|\\.)*"|[^"]+/g;
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
  const pre = h("pre", { class: "arguments", tabindex: 0, role: "region" });
  pre.setAttribute("aria-labelledby", labelledBy);
  pre.dir = "ltr";
  const escapes = countEscapes(document);
  let shown = cutAt(document, AT_FIRST);
  // Of a part it cannot be told for sure what is a key.
  if (shown === document.length && shown <= AT_FIRST) appendWhole(pre, document);
  else appendMarked(pre, document.slice(0, shown));
  const element = h("div", { class: "arguments-box" }, pre);
  const showAll = (): void => {
    if (shown === document.length) return;
    const rest = h("span", { tabindex: -1 });
    appendMarked(rest, document.slice(shown));
    shown = document.length;
    pre.append(rest);
    more?.remove();
    rest.focus();
  };
  const left = document.length - shown;
  const more =
    left === 0
      ? undefined
      : button({ class: "quiet" }, showAll, `Show the other ${count(left)} characters`);
  if (more !== undefined) element.append(more);
  if (escapes > 0) {
    const what = escapes === 1 ? "1 character is" : `${count(escapes)} characters are`;
    element.append(
      h(
        "p",
        { class: "note escapes" },
        `${what} written as \\u…, because they cannot be seen, reorder text or imitate others.`,
      ),
    );
  }
  return { element, isWhole: () => shown === document.length, showAll };
}

/** Not in the midst of an escape. */
function cutAt(text: string, at: number): number {
  if (at >= text.length) return text.length;
  const start = text.lastIndexOf("\\", at);
  return start >= 0 && at - start < 12 ? start : at;
}

function countEscapes(text: string): number {
  return text.split(ESCAPES).filter(isEscape).length;
}

function isEscape(part: string): boolean {
  return part.startsWith("\\u");
}

function appendWhole(parent: HTMLElement, json: string): void {
  const parts = json.match(PART) ?? [];
  parts.forEach((part, index) => {
    const isKey = part.startsWith('"') && parts[index + 1]?.startsWith(":") === true;
    const place = isKey ? h("span", { class: "key" }) : parent;
    appendMarked(place, part);
    if (isKey) parent.append(place);
  });
}

function appendMarked(parent: HTMLElement, text: string): void {
  const parts = text.split(ESCAPES);
  if (parts.length > MARKED) parent.append(text);
  else for (const part of parts) parent.append(isEscape(part) ? h("mark", {}, part) : part);
}

function count(number: number): string {
  return number.toLocaleString("en");
}
