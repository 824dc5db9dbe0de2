/** True of a text that is a glob among tools (`*`, `?`), or among resources and prompts (`*` only). */
export function isGlob(text: string, of: "tool" | "resource" | "prompt"): boolean {
  return of === "tool" ? /[*?]/.test(text) : text.includes("*");
}

/**
 * A test for the names that a glob selects: `*` is any run of characters, `?` is one. Linear in the name
 * for each run, so that no glob stalls the compiler.
 */
export function globMatcher(glob: string): (name: string) => boolean {
  const pattern = [...glob];
  return (name) => {
    const text = [...name];
    let at = 0;
    let part = 0;
    let star = -1;
    let resume = 0;
    while (at < text.length) {
      if (pattern[part] === "*") {
        star = part++;
        resume = at;
      } else if (part < pattern.length && (pattern[part] === "?" || pattern[part] === text[at])) {
        part++;
        at++;
      } else if (star >= 0) {
        part = star + 1;
        at = ++resume;
      } else {
        return false;
      }
    }
    while (pattern[part] === "*") part++;
    return part === pattern.length;
  };
}
