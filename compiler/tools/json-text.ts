import type { Span } from "../../language/index.ts";

/**
 * Where things stand in a JSON text (RFC 8259). `JSON.parse` gives the values; this gives their places, and
 * the place and a sentence for what is wrong with a text that does not parse.
 */

export interface JsonProblem {
  readonly message: string;
  readonly span: Span;
}

export interface JsonMember {
  readonly key: string;
  readonly keySpan: Span;
  readonly valueSpan: Span;
}

/** Deeper texts are refused: nothing that describes a tool needs them. */
const MAX_DEPTH = 512;

class JsonError extends Error {
  readonly span: Span;

  constructor(message: string, start: number, end: number) {
    super(message);
    this.span = { start, end };
  }
}

/** What is wrong with a text, or `undefined` when it is JSON. */
export function jsonProblem(text: string): JsonProblem | undefined {
  try {
    const start = skipSpace(text, byteOrderMark(text));
    const end = skipSpace(text, skipValue(text, start, 0));
    if (end < text.length) {
      throw new JsonError("There is text after the end of the JSON value.", end, text.length);
    }
    return undefined;
  } catch (error) {
    if (error instanceof JsonError) return { message: error.message, span: error.span };
    throw error;
  }
}

/** The offset where the value of a text begins. */
export function valueStart(text: string): number {
  return skipSpace(text, byteOrderMark(text));
}

/** The length of a byte order mark at the start, 0 or 1. */
export function byteOrderMark(text: string): number {
  return text.charCodeAt(0) === 0xfeff ? 1 : 0;
}

/** The members of the object at an offset, in order; none if there is no object. The text must be JSON. */
export function members(text: string, start: number): JsonMember[] {
  const found: JsonMember[] = [];
  if (text[start] !== "{") return found;
  let at = skipSpace(text, start + 1);
  while (text[at] === '"') {
    const keyEnd = skipString(text, at);
    const valueAt = skipSpace(text, skipSpace(text, keyEnd) + 1);
    const valueEnd = skipValue(text, valueAt, 0);
    found.push({
      key: JSON.parse(text.slice(at, keyEnd)) as string,
      keySpan: { start: at, end: keyEnd },
      valueSpan: { start: valueAt, end: valueEnd },
    });
    at = skipSpace(text, valueEnd);
    if (text[at] !== ",") break;
    at = skipSpace(text, at + 1);
  }
  return found;
}

/** The spans of the elements of the list at an offset; none if there is no list. The text must be JSON. */
export function elements(text: string, start: number): Span[] {
  const found: Span[] = [];
  if (text[start] !== "[") return found;
  let at = skipSpace(text, start + 1);
  while (at < text.length && text[at] !== "]") {
    const end = skipValue(text, at, 0);
    found.push({ start: at, end });
    at = skipSpace(text, end);
    if (text[at] !== ",") break;
    at = skipSpace(text, at + 1);
  }
  return found;
}

function skipSpace(text: string, start: number): number {
  let at = start;
  while (at < text.length && " \t\n\r".includes(text[at] as string)) at++;
  return at;
}

function skipValue(text: string, start: number, depth: number): number {
  if (depth > MAX_DEPTH) {
    throw new JsonError(
      `The JSON is nested more than ${MAX_DEPTH} levels deep.`,
      start,
      Math.min(start + 1, text.length),
    );
  }
  const first = text[start];
  if (first === "{") return skipObject(text, start, depth);
  if (first === "[") return skipList(text, start, depth);
  if (first === '"') return skipString(text, start);
  return skipScalar(text, start);
}

function skipObject(text: string, start: number, depth: number): number {
  let at = skipSpace(text, start + 1);
  if (text[at] === "}") return at + 1;
  for (;;) {
    if (text[at] !== '"') throw wrong(text, at, "a property name in double quotes");
    at = skipSpace(text, skipString(text, at));
    if (text[at] !== ":") throw wrong(text, at, "a `:` after the property name");
    at = skipSpace(text, skipValue(text, skipSpace(text, at + 1), depth + 1));
    if (text[at] === "}") return at + 1;
    if (text[at] !== ",") throw wrong(text, at, "a `,` or a `}`");
    at = skipSpace(text, at + 1);
  }
}

function skipList(text: string, start: number, depth: number): number {
  let at = skipSpace(text, start + 1);
  if (text[at] === "]") return at + 1;
  for (;;) {
    at = skipSpace(text, skipValue(text, at, depth + 1));
    if (text[at] === "]") return at + 1;
    if (text[at] !== ",") throw wrong(text, at, "a `,` or a `]`");
    at = skipSpace(text, at + 1);
  }
}

function skipString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit === 0x22) return at + 1;
    if (unit < 0x20) throw new JsonError("This string is not closed on its line.", start, at);
    if (unit !== 0x5c) continue;
    const escaped = /^(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/.exec(text.slice(at + 1, at + 6));
    if (escaped === null) {
      throw new JsonError("This escape is not one of JSON's.", at, Math.min(at + 2, text.length));
    }
    at += escaped[0].length;
  }
  throw new JsonError("This string is not closed.", start, text.length);
}

function skipScalar(text: string, start: number): number {
  const scalar = /(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)(?![\w.+-])/y;
  scalar.lastIndex = start;
  if (!scalar.test(text)) throw wrong(text, start, "a value");
  return scalar.lastIndex;
}

function wrong(text: string, at: number, wanted: string): JsonError {
  if (at >= text.length) {
    return new JsonError(`The text ends where ${wanted} should stand.`, text.length, text.length);
  }
  const word = /[\w.+-]+|[\s\S]/uy;
  word.lastIndex = at;
  const found = word.exec(text)?.[0] ?? "";
  return new JsonError(
    `Here stands \`${found.slice(0, 40)}\` where ${wanted} should stand.`,
    at,
    at + found.length,
  );
}
