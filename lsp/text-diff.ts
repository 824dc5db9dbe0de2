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
  let taken: string[] = [];
  let given: string[] = [];
  const close = (): void => {
    const start = at - taken.join("").length;
    hunks.push(...hunksOf(taken, given, start));
    taken = [];
    given = [];
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
    const takesNew =
      i >= from.length ||
      (j < to.length &&
        (length[i * width + j + 1] as number) >= (length[(i + 1) * width + j] as number));
    if (takesNew) given.push(to[j++] as string);
    else {
      at += (from[i] as string).length;
      taken.push(from[i++] as string);
    }
  }
  close();
  return hunks;
}

/** As many lines for as many are told apart, so that one of them can be changed alone. */
function hunksOf(taken: readonly string[], given: readonly string[], start: number): Hunk[] {
  if (taken.length === 0 && given.length === 0) return [];
  if (taken.length !== given.length) {
    return [{ span: { start, end: start + taken.join("").length }, text: given.join("") }];
  }
  let at = start;
  return taken.map((line, index) => {
    const span = { start: at, end: at + line.length };
    at = span.end;
    return { span, text: given[index] as string };
  });
}
