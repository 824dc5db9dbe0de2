import { isWellFormed } from "../../policy/index.ts";
import type { Program } from "../program.ts";

/**
 * False when a text of the policy holds half of a character (a lone surrogate), which parsing reported: it
 * has no UTF-8 form, and so no canonical JSON.
 */
export function hasBytes({ files }: Program): boolean {
  return files.every(
    ({ document, source }) =>
      (isWellFormed(source.text) && !/\\u[dD][89a-fA-F]/.test(source.text)) ||
      wellFormed(document.statements),
  );
}

function wellFormed(part: unknown): boolean {
  if (typeof part === "string") return isWellFormed(part);
  if (typeof part !== "object" || part === null) return true;
  return Object.entries(part).every(([key, value]) => key === "doc" || wellFormed(value));
}
