import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { highlights, parse, Source } from "../../language/index.ts";

const kinds = (text: string): string[] =>
  highlights(parse(new Source("t", text)).document).map(
    ({ span, kind }) => `${text.slice(span.start, span.end)}:${kind}`,
  );

describe("highlights", () => {
  it("tell a word of the language from a name that is spelt so", () => {
    expect(kinds("allow minute limit 5/minute")).toEqual([
      "allow:keyword",
      "minute:tool",
      "limit:keyword",
      "5:number",
      "/:operator",
      "minute:unit",
    ]);
  });

  it("follow the text and do not overlap, whatever it is", () => {
    const piece = fc.constantFrom(
      "allow ",
      "x",
      "\n",
      "args.",
      "a",
      "== ",
      '"',
      "/*",
      "*/",
      "// c",
      "{",
      "}",
      "@g",
      "get_*",
      "limit 5/hour",
      "é",
      "\r",
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
        const text = pieces.join("");
        let last = 0;
        for (const { span } of highlights(parse(new Source("t", text)).document)) {
          expect(span.start).toBeGreaterThanOrEqual(last);
          expect(span.end).toBeGreaterThan(span.start);
          last = span.end;
        }
        expect(last).toBeLessThanOrEqual(text.length);
      }),
    );
  });
});
