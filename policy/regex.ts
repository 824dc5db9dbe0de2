import { RE2JS } from "re2js";

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

/** Compiles an RE2 pattern; a string is why it is none, in a few words. */
export function compileRegex(source: string): Regex | string {
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
