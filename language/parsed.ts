import { type Parsed, parse, reparse } from "./parse.ts";
import { Source } from "./source.ts";

const known = new WeakMap<Source, Parsed>();
/** The text that a text was made from, until the tree of that is used up. */
const origins = new WeakMap<Source, Source>();

/**
 * A file after an edit. Its tree takes over what it can of the tree of the file before, which must not be looked
 * at any more once this one is.
 */
export function edited(before: Source, text: string): Source {
  const source = new Source(before.name, text);
  origins.set(source, known.has(before) ? before : (origins.get(before) ?? before));
  return source;
}

/** `parse`, once for each source: an editor asks for the tree of one text many times. */
export function parsed(source: Source): Parsed {
  const before = known.get(source);
  if (before !== undefined) return before;
  const result = readAfter(source) ?? parse(source);
  known.set(source, result);
  return result;
}

function readAfter(source: Source): Parsed | undefined {
  const origin = origins.get(source);
  origins.delete(source);
  const before = origin === undefined ? undefined : known.get(origin);
  if (origin === undefined || before === undefined) return undefined;
  known.delete(origin);
  return reparse(source, before);
}
