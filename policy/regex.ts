import { RE2JS } from "re2js";
import { plainPattern } from "./plain-pattern.ts";

/** Longer texts are not searched: linear time is still time. In UTF-16 code units. */
export const MAX_REGEX_INPUT = 256 * 1024;
/** Patterns beyond this many instructions are refused. */
const MAX_PROGRAM = 10_000;

/** A compiled RE2 pattern: linear time, no look-around, no back references. */
export interface Regex {
  readonly source: string;
  /** Whether the pattern occurs in the text; the caller has checked its length. */
  test(text: string): boolean;
}

/** Patterns that are kept compiled: most policies repeat a few of them for many tools. */
const KEPT = 4_096;
const kept = new Map<string, Regex | string>();

/** Compiles an RE2 pattern; a string is why it is none, in a few words. */
export function compileRegex(source: string): Regex | string {
  let compiled = kept.get(source);
  if (compiled === undefined) {
    compiled = compile(source);
    if (kept.size >= KEPT) kept.clear();
    kept.set(source, compiled);
  }
  return compiled;
}

function compile(source: string): Regex | string {
  const plain = plainPattern(source);
  if (plain !== undefined) return { source, test: plain };
  try {
    const compiled = RE2JS.compile(source);
    if (compiled.programSize() > MAX_PROGRAM) {
      return `its repetitions make a program of more than ${MAX_PROGRAM} steps`;
    }
    return { source, test: (text) => compiled.test(text) };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return reason.replace(/^error parsing regexp: /, "");
  }
}
