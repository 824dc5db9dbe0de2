import type { RegexNode } from "../../../language/index.ts";
import { compileRegex } from "../../../policy/index.ts";

/** Why a pattern is no RE2, as the end of a sentence; `undefined` when it is one. */
export function regexProblem({ pattern }: RegexNode): string | undefined {
  if (typeof compileRegex(pattern) !== "string") return undefined;
  if (/\(\?(?:[=!]|<[=!])/.test(pattern)) return "it looks ahead or behind";
  if (/\\[1-9]|\\k[<{']/.test(pattern)) return "it refers back to a group";
  if (/\(\?>|[*+?}]\+/.test(pattern)) return "it has a possessive or atomic part";
  if (/\(\?[a-zA-Z-]*[^a-zA-Z:)<P-]/.test(pattern))
    return "a group begins with flags that are not known";
  const depth = bracketDepth(pattern);
  if (depth === "class") return "a `[` is not closed";
  if (depth > 0) return "a `(` is not closed";
  if (depth < 0) return "a `)` has no `(`";
  if (/(?:^|[(|])[*+?]/.test(pattern)) return "a `*`, `+` or `?` has nothing before it to repeat";
  if (/[*+?}][*+]/.test(pattern)) return "a repetition is repeated";
  if (/\{\d+(?:,\d*)?\}/.test(pattern) && repeatsTooMuch(pattern)) {
    return "it repeats more often than 1000 times";
  }
  if (/\\$/.test(pattern)) return "it ends with a `\\`";
  if (/\\[a-zA-Z]/.test(pattern)) return "an escape in it is not known";
  return "it cannot be read, or is too big";
}

function repeatsTooMuch(pattern: string): boolean {
  return [...pattern.matchAll(/\{(\d+)(?:,(\d*))?\}/g)].some(
    ([, low, high]) => Number(low) > 1_000 || Number(high ?? 0) > 1_000,
  );
}

/** How many groups are open at the end; below 0 when one is closed that was not open. */
function bracketDepth(pattern: string): number | "class" {
  let depth = 0;
  for (let at = 0; at < pattern.length; at++) {
    const unit = pattern[at];
    if (unit === "\\") at++;
    else if (unit === "[") {
      const end = /^\[\^?\]?(?:\\.|\[:\w+:\]|[^\]\\])*\]/s.exec(pattern.slice(at));
      if (end === null) return "class";
      at += end[0].length - 1;
    } else if (unit === "(") depth++;
    else if (unit === ")" && --depth < 0) return depth;
  }
  return depth;
}
