import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { legible, legibleDocument, legibleJson } from "../../../runtime/approvals/legible.ts";

describe("what an approver sees", () => {
  it.each([
    ["plain text, with spaces", "plain text, with spaces"],
    ["Grüße an Zoë, 東京, привет, שלום", "Grüße an Zoë, 東京, привет, שלום"],
    ["a\u001b[31mred", "a\\u001b[31mred"],
    ["a\u202eb\u2066c\u200bd\u00ade", "a\\u202eb\\u2066c\\u200bd\\u00ade"],
    ["a\nb\rc\u2028d\u00a0e\u3000f", "a\\u000ab\\u000dc\\u2028d\\u00a0e\\u3000f"],
    ["p\u0430ypal", "p\\u0430ypal"],
    ["\u0440\u0430\u0443\u0440", "\\u0440\\u0430\\u0443\\u0440"],
    ["\uff50\uff41\uff59 \ufb01le", "\\uff50\\uff41\\uff59 \\ufb01le"],
    ["\u{1d429}ay", "\\ud835\\udc29ay"],
    ["\u{e0041}tag", "\\udb40\\udc41tag"],
    ["<b>&amp;</b>", "<b>&amp;</b>"],
  ])("of %j", (text, seen) => {
    expect(legible(text)).toBe(seen);
    expect(JSON.parse(legibleJson(text))).toBe(text);
  });

  it("is the same string, and holds nothing that could be taken for something else", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const seen = legibleJson(text);
        expect(JSON.parse(seen)).toBe(text);
        expect(seen).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
      }),
    );
  });

  it("is the same document, with numbers as they were written", () => {
    expect(legibleDocument('{"a":1.0,"b":[],"c":{},"d":[1e3,"\\u202e",{"e":null}]}')).toBe(
      [
        "{",
        '  "a": 1.0,',
        '  "b": [],',
        '  "c": {},',
        '  "d": [',
        "    1e3,",
        '    "\\u202e",',
        "    {",
        '      "e": null',
        "    }",
        "  ]",
        "}",
      ].join("\n"),
    );
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value);
        expect(JSON.stringify(JSON.parse(legibleDocument(text)))).toBe(text);
      }),
    );
  });
});
