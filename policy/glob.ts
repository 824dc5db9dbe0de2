/** True for text that a policy reads as a pattern rather than a name. */
export function isGlob(text: string): boolean {
  return text.includes("*") || text.includes("?");
}

/**
 * A matcher over whole names of tools: `*` is any run of characters, `?` one code point, all else is itself.
 * Takes time in proportion to name times glob at worst.
 */
export function compileGlob(glob: string): (name: string) => boolean {
  return matcher(glob, true);
}

/** The same over URIs and names of prompts, in which `?` is a character like any other. */
export function compileStarGlob(glob: string): (name: string) => boolean {
  return matcher(glob, false);
}

function matcher(glob: string, anyOne: boolean): (name: string) => boolean {
  if (glob === "*") return () => true;
  if (!glob.includes("*") && !(anyOne && glob.includes("?"))) return (name) => name === glob;
  const pattern = [...glob.replace(/\*+/g, "*")];
  const head = pattern.indexOf("*");
  if (head === pattern.length - 1 && !(anyOne && glob.includes("?"))) {
    const prefix = pattern.slice(0, -1).join("");
    return (name) => name.startsWith(prefix);
  }
  return (name) => matches(pattern, [...name], anyOne);
}

function matches(pattern: readonly string[], name: readonly string[], anyOne: boolean): boolean {
  let p = 0;
  let n = 0;
  let star = -1;
  let resume = 0;
  while (n < name.length) {
    if (pattern[p] === "*") {
      star = p++;
      resume = n;
    } else if (p < pattern.length && ((anyOne && pattern[p] === "?") || pattern[p] === name[n])) {
      p++;
      n++;
    } else if (star >= 0) {
      p = star + 1;
      n = ++resume;
    } else {
      return false;
    }
  }
  while (pattern[p] === "*") p++;
  return p === pattern.length;
}
