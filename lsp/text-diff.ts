import type { Span } from "../language/index.ts";

/** Text in place of a span of another text. */
export interface Hunk {
  readonly span: Span;
  readonly text: string;
}

/** Beyond it, one hunk stands for everything between the first and the last difference. */
const MOST_CELLS = 4_000_000;

/** What makes one text the other, line by line, in the order of the text. */
export function diffLines(before: string, after: string): Hunk[] {
  const old = lines(before);
  const next = lines(after);
  let head = 0;
  while (head < old.length && head < next.length && old[head] === next[head]) head++;
  let tail = 0;
  while (
    tail < old.length - head &&
    tail < next.length - head &&
    old[old.length - 1 - tail] === next[next.length - 1 - tail]
  ) {
    tail++;
  }
  const from = old.slice(head, old.length - tail);
  const to = next.slice(head, next.length - tail);
  const start = old.slice(0, head).join("").length;
  if (from.length === 0 && to.length === 0) return [];
  if (from.length * to.length > MOST_CELLS) {
    return [{ span: { start, end: start + from.join("").length }, text: to.join("") }];
  }
  return align(from, to, start);
}

/** With their line breaks. */
function lines(text: string): string[] {
  return text.match(/[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+$/g) ?? [];
}

/** By the longest common subsequence. */
function align(from: readonly string[], to: readonly string[], offset: number): Hunk[] {
  const width = to.length + 1;
  const length = new Uint32Array((from.length + 1) * width);
  for (let i = from.length - 1; i >= 0; i--) {
    for (let j = to.length - 1; j >= 0; j--) {
      length[i * width + j] =
        from[i] === to[j]
          ? (length[(i + 1) * width + j + 1] as number) + 1
          : Math.max(length[(i + 1) * width + j] as number, length[i * width + j + 1] as number);
    }
  }
  const hunks: Hunk[] = [];
  let at = offset;
  let open: { start: number; text: string } | undefined;
  const close = (): void => {
    if (open !== undefined) hunks.push({ span: { start: open.start, end: at }, text: open.text });
    open = undefined;
  };
  let i = 0;
  let j = 0;
  while (i < from.length || j < to.length) {
    if (i < from.length && j < to.length && from[i] === to[j]) {
      close();
      at += (from[i] as string).length;
      i++;
      j++;
      continue;
    }
    open ??= { start: at, text: "" };
    const takesNew =
      i >= from.length ||
      (j < to.length &&
        (length[i * width + j + 1] as number) >= (length[(i + 1) * width + j] as number));
    if (takesNew) open.text += to[j++] as string;
    else at += (from[i++] as string).length;
  }
  close();
  return hunks;
}
