import type { IToken } from "chevrotain";
import { startsLineWith } from "./statements.ts";
import { endOf, lex, OpenComment } from "./tokens.ts";

/** The lexemes of a text after an edit. */
export interface Relexed {
  readonly lexemes: readonly IToken[];
  /** How many of the first ones are those of the text before, and how many of the last ones. */
  readonly head: number;
  readonly tail: number;
}

/**
 * Reads a text that differs from another one in one place into lexemes: those around that place are kept, and
 * get their new offsets. The old list is used up by that.
 *
 * It reads from one statement's word at the beginning of a line to another one. No lexeme before such a word
 * depends on what follows it, save a comment that is not closed, and none behind depends on what is before it.
 */
export function relex(before: string, lexemes: readonly IToken[], text: string): Relexed {
  if (hasOpenComment(lexemes)) return { lexemes: lex(text), head: 0, tail: 0 };
  const { start, end } = difference(before, text);
  const moved = text.length - before.length;
  let head = countBefore(lexemes, start);
  while (head > 0 && !isFence(before, lexemes, head, start)) head--;
  let tail = countBefore(lexemes, end);
  while (tail < lexemes.length && !startsLineWith(lexemes[tail] as IToken, text, moved)) tail++;
  const from = head === 0 ? 0 : (lexemes[head] as IToken).startOffset;
  const to = tail === lexemes.length ? text.length : offsetOf(lexemes, tail) + moved;
  const read = lex(detached(text.slice(from, to)));
  if (hasOpenComment(read)) return { lexemes: lex(text), head: 0, tail: 0 };
  for (const lexeme of read) move(lexeme, from);
  const kept = lexemes.slice(tail);
  if (moved !== 0) for (const lexeme of kept) move(lexeme, moved);
  return { lexemes: lexemes.slice(0, head).concat(read, kept), head, tail: kept.length };
}

function hasOpenComment(lexemes: readonly IToken[]): boolean {
  for (const { tokenType } of lexemes) if (tokenType === OpenComment) return true;
  return false;
}

/** The part of a text that another one has differently: offsets into the old text. */
function difference(
  before: string,
  text: string,
): { readonly start: number; readonly end: number } {
  const shorter = Math.min(before.length, text.length);
  let start = 0;
  // By blocks first, which are compared as memory.
  while (start + BLOCK <= shorter && text.startsWith(before.slice(start, start + BLOCK), start)) {
    start += BLOCK;
  }
  while (start < shorter && before.charCodeAt(start) === text.charCodeAt(start)) start++;
  const moved = text.length - before.length;
  const least = start + Math.max(0, -moved);
  let end = before.length;
  while (
    end - BLOCK >= least &&
    text.startsWith(before.slice(end - BLOCK, end), end - BLOCK + moved)
  ) {
    end -= BLOCK;
  }
  while (end > least && before.charCodeAt(end - 1) === text.charCodeAt(end - 1 + moved)) end--;
  return { start, end };
}

const BLOCK = 1024;

/** How many lexemes begin before an offset. */
function countBefore(lexemes: readonly IToken[], offset: number): number {
  let low = 0;
  let high = lexemes.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (offsetOf(lexemes, middle) < offset) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Whether a statement's word begins a line, and something apart from it stands before a change. */
function isFence(text: string, lexemes: readonly IToken[], index: number, change: number): boolean {
  const lexeme = lexemes[index];
  return lexeme !== undefined && endOf(lexeme) < change && startsLineWith(lexeme, text, 0);
}

function offsetOf(lexemes: readonly IToken[], index: number): number {
  return (lexemes[index] as IToken).startOffset;
}

function move(lexeme: IToken, by: number): void {
  lexeme.startOffset += by;
  lexeme.endOffset = (lexeme.endOffset as number) + by;
}

/** The same text in memory of its own: a part of a text would keep the whole of it alive. */
function detached(text: string): string {
  return ` ${text}`.slice(1);
}
