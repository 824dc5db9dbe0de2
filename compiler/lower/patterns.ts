/** RE2 patterns of the string operators. `raise` reads these shapes back. */

/** A pattern that matches the text itself. */
export function escapePattern(text: string): string {
  return text.replace(/[\\.+*?()|[\]{}^$]/g, "\\$&");
}

/** `matches`: the whole string; `.` matches newline too. */
export function wholePattern(pattern: string, ignoreCase: boolean): string {
  return `${flag(ignoreCase)}^(?s:${closed(pattern)})$`;
}

/** `contains /…/`: anywhere. */
export function searchPattern(pattern: string, ignoreCase: boolean): string {
  return `${flag(ignoreCase)}${pattern}`;
}

export function prefixPattern(text: string, ignoreCase: boolean): string {
  return `${flag(ignoreCase)}^${escapePattern(text)}`;
}

export function suffixPattern(text: string, ignoreCase: boolean): string {
  return `${flag(ignoreCase)}${escapePattern(text)}$`;
}

/** `like`: a glob over the whole string. */
export function globPattern(glob: string, ignoreCase: boolean): string {
  const parts = [...glob].map((character) =>
    character === "*" ? ".*" : character === "?" ? "." : escapePattern(character),
  );
  return wholePattern(parts.join(""), ignoreCase);
}

/** One of these texts as the whole string. */
export function choicePattern(texts: readonly string[], ignoreCase: boolean): string {
  return wholePattern(texts.map(escapePattern).join("|"), ignoreCase);
}

function flag(ignoreCase: boolean): string {
  return ignoreCase ? "(?i)" : "";
}

/** A quotation `\Q…` that the pattern leaves open would take in what is put around it. */
function closed(pattern: string): string {
  let quoting = false;
  for (let i = 0; i < pattern.length; i++) {
    if (pattern[i] !== "\\") continue;
    const next = pattern[i + 1];
    if (quoting) {
      if (next === "E") quoting = false;
    } else {
      if (next === "Q") quoting = true;
      i++;
    }
  }
  return quoting ? `${pattern}\\E` : pattern;
}
