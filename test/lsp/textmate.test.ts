import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { KEYWORDS, wordDoc } from "../../language/index.ts";

interface Pattern {
  readonly match?: string;
  readonly begin?: string;
  readonly patterns?: readonly Pattern[];
}

const file = new URL("../../lsp/vscode/syntaxes/mcpp.tmLanguage.json", import.meta.url);
const { repository } = JSON.parse(readFileSync(file, "utf8")) as {
  readonly repository: Readonly<Record<string, Pattern>>;
};

function expressions(pattern: Pattern): readonly string[] {
  return [
    ...[pattern.match, pattern.begin].filter((text) => text !== undefined),
    ...(pattern.patterns ?? []).flatMap(expressions),
  ];
}

describe("the grammar for highlighting", () => {
  // Plain names have no colour of their own; the server says what they are.
  const { keywords, literals, paths, declarations } = repository;
  const all = [keywords, literals, paths, declarations].flatMap((part) => expressions(part ?? {}));

  it.each(all)("has the expression %s", (text) => {
    expect(() => new RegExp(text)).not.toThrow();
  });

  /** The words that their examples show, and where; those of a kind, such as the plurals, share one. */
  const words = [...KEYWORDS.keys()].flatMap((word) => {
    const example = wordDoc(word)?.example ?? "";
    const at = example.search(new RegExp(`(?<![\\w-])${word}(?![\\w-])`));
    return /^[a-z]/.test(word) && at >= 0 ? [{ word, example, at }] : [];
  });

  it("is looked at for most words", () => {
    expect(words.length).toBeGreaterThan(80);
  });

  it.each(words)("colours `$word` in `$example`", ({ word, example, at }) => {
    const found = all.flatMap((text) =>
      [...example.matchAll(new RegExp(text, "g"))].map(({ index, 0: { length } }) => ({
        start: index,
        end: index + length,
      })),
    );
    expect(found.some(({ start, end }) => start <= at && at + word.length <= end)).toBe(true);
  });
});
