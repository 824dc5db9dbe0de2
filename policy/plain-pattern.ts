/**
 * Patterns that are plain text but for anchors, such as what `starts with`, `ends with` and most of `like` become:
 * JavaScript's own string functions decide them many times faster than a regular expression does.
 */
export type TextTest = (text: string) => boolean;

// `^`, then perhaps the group that `matches` and `like` put round the pattern, in which `.*` is any text.
const FORM =
  /^(\^?)(?:\(\?s:(\.\*)?((?:[^\\.+*?()|[\]{}^$]|\\[!-/:-@[-`{-~])*?)(\.\*)?\)|((?:[^\\.+*?()|[\]{}^$]|\\[!-/:-@[-`{-~])*))(\$?)$/s;

/** Longer patterns are not looked at: nobody writes them by hand. */
const MAX_LENGTH = 1_000;

/** What an RE2 pattern of this kind says of a text; undefined of all others. */
export function plainPattern(source: string): TextTest | undefined {
  const match = source.length > MAX_LENGTH ? null : FORM.exec(source);
  if (match === null) return undefined;
  const [, start, anyBefore, grouped, anyAfter, bare, end] = match;
  const text = (grouped ?? bare ?? "").replace(/\\(.)/gs, "$1");
  // Half a surrogate pair is no character for RE2, and text may hold one.
  if (/\p{Surrogate}|[\u{10000}-\u{10ffff}]/u.test(text)) return undefined;
  const fromStart = start !== "" && anyBefore === undefined;
  const toEnd = end !== "" && anyAfter === undefined;
  if (fromStart && toEnd) return (value) => value === text;
  if (fromStart) return (value) => value.startsWith(text);
  if (toEnd) return (value) => value.endsWith(text);
  return (value) => value.includes(text);
}
