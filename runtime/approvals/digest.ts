import { canonicalJson, type Json, sha256Hex } from "../../policy/index.ts";
import { ambiguity, readsOf } from "../proxy/reads.ts";
import type { NumberTexts } from "../proxy/scan.ts";

/** What a person is asked about. */
export interface AskedCall {
  readonly server: string;
  readonly tool: string;
  readonly args: { readonly [key: string]: Json };
  /** Of a call that asks for a task. */
  readonly task?: Json | undefined;
  /** How its numbers were written. */
  readonly numbers: NumberTexts;
}

/** A person reads everything. */
const WHOLE = readsOf([[]], true);

/**
 * SHA-256 of the canonical JSON of {server, tool, arguments, task}, hexadecimal; undefined when calls that
 * receivers read differently would have the same, so that nobody can agree to one of them.
 */
export function digestOfCall({ server, tool, args, task, numbers }: AskedCall): string | undefined {
  if (ambiguity(args, numbers, WHOLE) !== undefined) return undefined;
  if (task !== undefined && ambiguity({ task }, numbers, WHOLE) !== undefined) return undefined;
  try {
    return sha256Hex(
      canonicalJson({ server, tool, arguments: args, ...(task === undefined ? {} : { task }) }),
    );
  } catch {
    // Text that is not well-formed Unicode has no canonical form.
    return undefined;
  }
}
