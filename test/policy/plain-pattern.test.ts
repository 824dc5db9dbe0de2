import fc from "fast-check";
import { RE2JS } from "re2js";
import { describe, expect, it } from "vitest";
import { plainPattern } from "../../policy/plain-pattern.ts";

describe("a pattern of plain text", () => {
  it.each([
    ["^feat/", ["feat/", "feat/x"], ["", "feat", "a feat/", "\nfeat/"]],
    ["/x$", ["/x", "a/x"], ["/x\n", "/xy", "x"]],
    ["^a$", ["a"], ["a\n", "\na", "", "aa"]],
    ["a\\.b", ["a.b", "xa.by"], ["aab"]],
    ["^(?s:feat/.*)$", ["feat/", "feat/a\nb"], [" feat/"]],
    ["^(?s:.*\\.txt)$", [".txt", "a\n.txt"], [".txt "]],
    ["^(?s:.*secret.*)$", ["secret", "a\nsecret\n"], ["secre"]],
    ["^(?s:a)$", ["a"], ["a\n", "ab"]],
    ["^(?s:)$", [""], ["a"]],
    ["", ["", "a"], []],
    ["^(?s:.*)$", ["", "a\n"], []],
  ])("%s is decided by string functions", (source, matches, others) => {
    const test = plainPattern(source);
    expect(test).toBeDefined();
    for (const text of matches) expect(test?.(text)).toBe(true);
    for (const text of others) expect(test?.(text)).toBe(false);
  });

  it.each([
    "a.b",
    ".*",
    "^.*a",
    "a|b",
    "[a]",
    "a{2}",
    "(?i)a",
    "(a)",
    "a\\d",
    "\\Qa\\E",
    "\\x41",
    "😀",
  ])("%s is none", (source) => {
    expect(plainPattern(source)).toBeUndefined();
  });

  it("says what RE2 says, of every text", () => {
    const piece = fc.constantFrom(
      "a",
      "b",
      "/",
      "-",
      "\\.",
      "\\*",
      "\\\\",
      " ",
      "é",
      ".*",
      "\n",
      "😀",
      "]",
      "\\/",
    );
    const body = fc.array(piece, { maxLength: 4 }).map((pieces) => pieces.join(""));
    const pattern = fc
      .tuple(fc.constantFrom("", "^"), fc.boolean(), body, fc.constantFrom("", "$"))
      .map(([start, grouped, text, end]) => `${start}${grouped ? `(?s:${text})` : text}${end}`);
    const text = fc
      .array(fc.constantFrom("a", "b", "/", "-", ".", "*", "\\", " ", "é", "\n", "😀"), {
        maxLength: 6,
      })
      .map((letters) => letters.join(""));
    let plain = 0;
    fc.assert(
      fc.property(pattern, fc.array(text, { minLength: 3, maxLength: 3 }), (source, texts) => {
        const test = plainPattern(source);
        if (test === undefined) return;
        plain++;
        const regex = RE2JS.compile(source);
        for (const one of texts)
          expect([source, one, test(one)]).toEqual([source, one, regex.test(one)]);
      }),
      { numRuns: 1_000 },
    );
    expect(plain).toBeGreaterThan(200);
  });
});
