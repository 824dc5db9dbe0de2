import { parse } from "./parse.ts";
import type { Source } from "./source.ts";

/** A parsed file. */
export type Parsed = ReturnType<typeof parse>;

const known = new WeakMap<Source, Parsed>();

/** `parse`, once for each source: an editor asks for the tree of one text many times. */
export function parsed(source: Source): Parsed {
  const before = known.get(source);
  if (before !== undefined) return before;
  const result = parse(source);
  known.set(source, result);
  return result;
}
