import type { Diagnostic, Severity } from "./diagnostics.ts";
import { type Cell, cells, visible, widthOf } from "./display.ts";
import type { Source, Span } from "./source.ts";

/** The parts of a rendered diagnostic that may be coloured. */
export type Style = Severity | "code" | "location" | "title" | "gutter" | "hint";

export interface FrameOptions {
  /** Colours a part; it must not change what is seen. Default: no colours. */
  readonly paint?: (style: Style, text: string) => string;
  /** The columns that a line should keep to. Default: 100. */
  readonly width?: number;
}

/**
 * A diagnostic for a person at a terminal: a title, the source with the span underlined, one sentence, related
 * places and a hint. Invisible characters of the source are shown as escapes. Ends without a line break.
 */
export function renderDiagnostic(diagnostic: Diagnostic, options: FrameOptions = {}): string {
  const { severity, code, title, source, span, message, hint, related = [] } = diagnostic;
  const paint = options.paint ?? ((_style, text) => text);
  const width = options.width ?? 100;
  const heading = [
    paint(severity, severity),
    paint("code", code),
    `${paint("location", location(source, span))} `,
    paint("title", visible(title)),
  ].join(" ");
  const parts = [heading, frame({ source, span, message, style: severity, paint, width })];
  for (const { message: text, source: file, span: place } of related) {
    const where = paint("location", location(file, place));
    const shown = frame({ source: file, span: place, message: "", style: "hint", paint, width });
    parts.push(`${where}  ${visible(text)}\n\n${shown}`);
  }
  if (hint !== undefined) parts.push(paint("hint", visible(hint)));
  return parts.join("\n\n");
}

/**
 * A part of a source with its line numbers, underlined in a style, and a message beside the last underline or below.
 * Ends without a line break.
 */
export function renderFrame(
  source: Source,
  span: Span,
  {
    style = "error",
    message = "",
    paint = (_style, text) => text,
    width = 100,
  }: FrameOptions & { readonly style?: Style; readonly message?: string } = {},
): string {
  return frame({ source, span, message, style, paint, width });
}

/** `file:line:column`, both from 1. */
export function location(source: Source, span: Span): string {
  const { line, column } = source.positionAt(span.start);
  return `${visible(source.name)}:${line}:${column}`;
}

interface FrameParts {
  readonly source: Source;
  readonly span: Span;
  readonly message: string;
  readonly style: Style;
  readonly paint: (style: Style, text: string) => string;
  readonly width: number;
}

/** The lines of a span, underlined, with the message beside the last underline or below. */
function frame({ source, span, message, style, paint, width }: FrameParts): string {
  const first = source.positionAt(span.start);
  const last = source.positionAt(Math.max(span.start, span.end - 1));
  const digits = String(last.line).length;
  const gutter = (text: string) => paint("gutter", `${text.padStart(digits + 2)} │`);
  const room = Math.max(width - digits - 5, 20);
  const lines: string[] = [];
  let underlined = 0;
  for (const number of shownLines(first.line, last.line)) {
    if (number === undefined) {
      lines.push(paint("gutter", `${"⋮".padStart(digits + 2)} │`));
      continue;
    }
    const text = source.lineText(number);
    const from = number === first.line ? first.column - 1 : text.length - text.trimStart().length;
    const to =
      number === last.line ? span.end - (source.lineStarts[number - 1] as number) : text.length;
    const { shown, before, marked } = cut(
      cellsNear(text, from),
      from,
      Math.min(to, text.length),
      room,
    );
    underlined = before + marked;
    lines.push(`${gutter(String(number))} ${shown}`.trimEnd());
    lines.push(`${gutter("")} ${" ".repeat(before)}${paint(style, "^".repeat(marked))}`);
  }
  if (message === "") return lines.join("\n");
  const shown = visible(message);
  if (!shown.includes("\n") && underlined + 1 + widthOf(shown) <= room) {
    lines[lines.length - 1] += ` ${paint(style, shown)}`;
    return lines.join("\n");
  }
  return `${lines.join("\n")}\n\n${shown}`;
}

/** What is shown of a line is nearer to its span than this, in UTF-16 code units. */
const NEAR = 1000;

/** The cells of a line; of a very long one only those around an offset, so that many spans in it cost little. */
function cellsNear(line: string, offset: number): readonly Cell[] {
  if (line.length <= 2 * NEAR) return cells(line);
  const start = Math.max(0, offset - NEAR);
  const near = cells(line.slice(start, offset + NEAR));
  return near.map((cell) => ({ ...cell, offset: cell.offset + start }));
}

/** All lines of a short span; of a long one the first and the last. Undefined stands for what is left out. */
function shownLines(first: number, last: number): (number | undefined)[] {
  if (last - first < 3) return Array.from({ length: last - first + 1 }, (_, i) => first + i);
  return [first, undefined, last];
}

/** The part of a line around a span that fits: its text, the columns before the span, and those of the span. */
function cut(
  line: readonly Cell[],
  from: number,
  to: number,
  room: number,
): { shown: string; before: number; marked: number } {
  const isBefore = ({ offset }: Cell) => offset < from;
  const isMarked = ({ offset }: Cell) => offset >= from && offset < Math.max(to, from);
  const total = columns(line);
  let start = 0;
  if (total > room) {
    // Keep a little of what stands before the span.
    const lead = line.filter(isBefore);
    let keep = lead.length;
    let used = 0;
    const wanted = Math.max(room - columns(line.filter(isMarked)) - 10, 10);
    while (keep > 0 && used + (lead[keep - 1] as Cell).columns <= wanted) {
      used += (lead[--keep] as Cell).columns;
    }
    start = keep;
  }
  const kept: Cell[] = [];
  let used = start > 0 ? 1 : 0;
  let isCut = false;
  for (const cell of line.slice(start)) {
    if (used + cell.columns > room - 1 && total > room) {
      isCut = true;
      break;
    }
    kept.push(cell);
    used += cell.columns;
  }
  const lead = start > 0 ? "…" : "";
  return {
    shown: `${lead}${kept.map(({ text }) => text).join("")}${isCut ? "…" : ""}`,
    before: lead.length + columns(kept.filter(isBefore)),
    marked: Math.max(columns(kept.filter(isMarked)), 1),
  };
}

function columns(line: readonly Cell[]): number {
  return line.reduce((sum, cell) => sum + cell.columns, 0);
}
