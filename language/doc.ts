/**
 * Text that may be laid out on one line or on several. A group that fits the width stands on one line;
 * otherwise each of its own lines breaks, and its inner groups decide for themselves.
 */
export type Doc =
  | string
  | readonly Doc[]
  | { readonly kind: "group" | "indent"; readonly doc: Doc }
  /** A space, or a line break where the group around it is broken; `soft`: nothing in place of the space. */
  | { readonly kind: "line"; readonly soft: boolean }
  /** A line break, with an empty line before it if `blank`. */
  | { readonly kind: "break"; readonly blank: boolean }
  /** A comment ends its line. */
  | { readonly kind: "comment"; readonly text: string; readonly ownLine: boolean }
  /** Text with line breaks of its own, written as it is. */
  | { readonly kind: "verbatim"; readonly text: string };

export const line: Doc = { kind: "line", soft: false };
export const softLine: Doc = { kind: "line", soft: true };
export const hardBreak: Doc = { kind: "break", blank: false };
export const blankLine: Doc = { kind: "break", blank: true };

export function group(doc: Doc): Doc {
  return { kind: "group", doc };
}

export function indent(doc: Doc): Doc {
  return { kind: "indent", doc };
}

const INDENT = "  ";

interface Piece {
  readonly doc: Doc;
  readonly depth: number;
  readonly isFlat: boolean;
}

/** Lays a document out; `width` in characters, Infinity for one line. */
export function render(doc: Doc, width: number): string {
  let out = "";
  let column = 0;
  /** A comment was written: what follows stands on the next line. */
  let mustBreak = false;
  const stack: Piece[] = [{ doc, depth: 0, isFlat: false }];

  const newLine = (depth: number, blank: boolean) => {
    out = out.replace(/ +$/, "");
    out += `${blank ? "\n\n" : "\n"}${INDENT.repeat(depth)}`;
    column = INDENT.length * depth;
    mustBreak = false;
  };
  const write = (text: string, depth: number) => {
    if (text === "") return;
    if (mustBreak) newLine(depth, false);
    out += text;
    column += text.length;
  };

  for (let piece = stack.pop(); piece !== undefined; piece = stack.pop()) {
    const { doc: current, depth, isFlat } = piece;
    if (typeof current === "string") {
      write(mustBreak ? current.trimStart() : current, depth);
    } else if (isList(current)) {
      for (let i = current.length - 1; i >= 0; i--) {
        stack.push({ doc: current[i] as Doc, depth, isFlat });
      }
    } else {
      switch (current.kind) {
        case "group": {
          const isFit = isFlat || fits(current.doc, stack, width - column);
          stack.push({ doc: current.doc, depth, isFlat: isFit });
          break;
        }
        case "indent":
          stack.push({ doc: current.doc, depth: depth + 1, isFlat });
          break;
        case "line":
          if (!isFlat) newLine(depth, false);
          else if (!current.soft && !mustBreak) write(" ", depth);
          break;
        case "break":
          newLine(depth, current.blank);
          break;
        case "comment":
          if (current.ownLine && !/(?:^|\n) *$/.test(out)) newLine(depth, false);
          else if (mustBreak) newLine(depth, false);
          else if (!/(?:^|\s)$/.test(out)) out += " ";
          out += current.text;
          mustBreak = true;
          break;
        case "verbatim":
          write(current.text, depth);
          break;
      }
    }
  }
  return out;
}

function isList(doc: Doc): doc is readonly Doc[] {
  return Array.isArray(doc);
}

/** Whether a document, and what follows up to the next possible line break, stands on one line. */
function fits(doc: Doc, rest: readonly Piece[], room: number): boolean {
  let left = room;
  let next = rest.length;
  const stack: { doc: Doc; isFlat: boolean }[] = [{ doc, isFlat: true }];
  while (left >= 0) {
    const top = stack.pop();
    if (top === undefined) {
      const piece = rest[--next];
      if (piece === undefined) return true;
      stack.push({ doc: piece.doc, isFlat: piece.isFlat });
      continue;
    }
    const { doc: current, isFlat } = top;
    if (typeof current === "string") left -= current.length;
    else if (isList(current)) {
      for (let i = current.length - 1; i >= 0; i--) stack.push({ doc: current[i] as Doc, isFlat });
    } else {
      switch (current.kind) {
        case "group":
        case "indent":
          stack.push({ doc: current.doc, isFlat });
          break;
        case "line":
          if (!isFlat) return true;
          if (!current.soft) left -= 1;
          break;
        case "break":
          return !isFlat;
        case "comment":
          // What follows the group may end in a comment; only one inside of it breaks it.
          return !isFlat || next < rest.length;
        case "verbatim":
          return true;
      }
    }
  }
  return false;
}
