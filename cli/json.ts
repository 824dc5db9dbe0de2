import { scan } from "../runtime/index.ts";
import { Failure, sentenceOf } from "./command.ts";

/** Far more than any policy or map has. */
const LIMITS = { depth: 512, values: 5_000_000 };

/**
 * The value of a JSON file; a byte order mark is skipped. A key that stands twice is refused: only one of the two
 * would count, and a person reads both. Throws `Failure` with a sentence.
 */
export function parseJson(path: string, text: string): unknown {
  const json = text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    throw new Failure(`\`${path}\` is not JSON: ${sentenceOf(error)}`);
  }
  const scanned = scan(json, LIMITS);
  if (!scanned.ok) throw new Failure(`\`${path}\` is refused: ${scanned.message}.`);
  return value;
}
