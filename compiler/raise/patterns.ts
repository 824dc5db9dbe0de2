import { compileRegex } from "../../policy/index.ts";
import {
  choicePattern,
  globPattern,
  prefixPattern,
  searchPattern,
  suffixPattern,
  wholePattern,
} from "../lower/patterns.ts";
import { CannotSay } from "./text.ts";

/**
 * A core `regex` as the language says it: the operator that lowers to this very pattern, the plainest first.
 *
 * @returns what stands after the left operand, such as `starts with "SELECT"`
 */
export function patternText(pattern: string): string {
  const ignoreCase = pattern.startsWith("(?i)");
  const bare = ignoreCase ? pattern.slice(4) : pattern;
  const text = JSON.stringify;
  const folded = ignoreCase ? " ignoring case" : "";

  const whole = /^\^\(\?s:(.*)\)\$$/s.exec(bare)?.[1];
  if (whole !== undefined && typeof compileRegex(whole) !== "string") {
    const glob = globOf(whole);
    const choice = ignoreCase ? splitChoice(whole).map(literalOf) : [];
    const texts = choice.filter((one) => one !== undefined);
    if (texts.length > 0 && texts.length === choice.length) {
      if (choicePattern(texts, true) === pattern) {
        return texts.length === 1
          ? `== ${text(texts[0])} ignoring case`
          : `in [${texts.map((one) => text(one)).join(", ")}] ignoring case`;
      }
    }
    if (glob !== undefined && globPattern(glob, ignoreCase) === pattern) {
      return `like ${text(glob)}${folded}`;
    }
    if (wholePattern(whole, ignoreCase) === pattern)
      return `matches ${regexText(whole, ignoreCase)}`;
  }
  const prefix = bare.startsWith("^") ? literalOf(bare.slice(1)) : undefined;
  if (prefix !== undefined && prefixPattern(prefix, ignoreCase) === pattern) {
    return `starts with ${text(prefix)}${folded}`;
  }
  const suffix = bare.endsWith("$") ? literalOf(bare.slice(0, -1)) : undefined;
  if (suffix !== undefined && suffixPattern(suffix, ignoreCase) === pattern) {
    return `ends with ${text(suffix)}${folded}`;
  }
  const literal = ignoreCase ? literalOf(bare) : undefined;
  if (literal !== undefined) return `contains ${text(literal)} ignoring case`;
  if (searchPattern(bare, ignoreCase) !== pattern) throw new CannotSay("The pattern is unusual.");
  return `contains ${regexText(bare, ignoreCase)}`;
}

/** A pattern between slashes. */
export function regexText(pattern: string, ignoreCase: boolean): string {
  if (/[\n\r]/.test(pattern)) {
    throw new CannotSay("A pattern that holds a line break cannot be written.");
  }
  const body = pattern.replace(/\\[\s\S]|\//g, (part) => (part === "/" ? "\\/" : part));
  return `/${body === "" ? "(?:)" : body}/${ignoreCase ? "i" : ""}`;
}

/** True of a pattern with an alternative that fixes one end of the text and leaves the other open, such as `^a|b$`. */
export function isHalfAnchored(pattern: string): boolean {
  return alternativesOf(pattern.replace(/^\(\?[a-z]+\)/, "")).some((alternative) => {
    const start = /^(\^|\\A)/.test(alternative);
    const end = /([^\\]|^)(\\\\)*(\$|\\z)$/.test(alternative);
    return start !== end;
  });
}

/** The alternatives of a whole pattern; those inside groups are not taken apart. */
function alternativesOf(pattern: string): string[] {
  const alternatives = [""];
  let depth = 0;
  for (const [part] of pattern.matchAll(
    /\\[\s\S]|\[\^?\]?(?:\\[\s\S]|\[:\^?\w+:\]|[^\]\\])*\]|[\s\S]/g,
  )) {
    if (part === "(") depth++;
    if (part === ")") depth--;
    if (part === "|" && depth === 0) alternatives.push("");
    else alternatives.push((alternatives.pop() ?? "") + part);
  }
  return alternatives;
}

const SPECIAL = "\\.+*?()|[]{}^$";

/** The text that a pattern matches, if it is one text, escaped as lowering does. */
function literalOf(pattern: string): string | undefined {
  let text = "";
  for (let i = 0; i < pattern.length; i++) {
    const character = pattern[i] as string;
    if (character === "\\") {
      const next = pattern[++i];
      if (next === undefined || !SPECIAL.includes(next)) return undefined;
      text += next;
    } else if (SPECIAL.includes(character)) return undefined;
    else text += character;
  }
  return text;
}

/** The glob that lowers to a pattern; undefined where there is none. */
function globOf(pattern: string): string | undefined {
  let glob = "";
  for (let i = 0; i < pattern.length; i++) {
    const character = pattern[i] as string;
    if (character === ".") {
      if (pattern[i + 1] === "*") i++;
      glob += pattern[i] === "*" ? "*" : "?";
    } else if (character === "\\") {
      const next = pattern[++i];
      if (next === undefined || !SPECIAL.includes(next) || next === "*" || next === "?") {
        return undefined;
      }
      glob += next;
    } else if (SPECIAL.includes(character)) return undefined;
    else glob += character;
  }
  return glob;
}

/** Splits at `|` that are not escaped. */
function splitChoice(pattern: string): string[] {
  const parts = [""];
  for (const [part] of pattern.matchAll(/\\[\s\S]|[\s\S]/g)) {
    if (part === "|") parts.push("");
    else parts.push((parts.pop() ?? "") + part);
  }
  return parts;
}
