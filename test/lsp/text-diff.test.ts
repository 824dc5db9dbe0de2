import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { diffLines } from "../../lsp/text-diff.ts";

function apply(text: string, hunks: ReturnType<typeof diffLines>): string {
  return hunks
    .toReversed()
    .reduce(
      (done, { span, text: given }) => done.slice(0, span.start) + given + done.slice(span.end),
      text,
    );
}

const text = fc
  .array(fc.constantFrom("a", "b", "\n", "\r\n", "\r", "c\n", ""))
  .map((parts) => parts.join(""));

describe("line differences", () => {
  it("make one text the other", () => {
    fc.assert(
      fc.property(text, text, (before, after) => {
        const hunks = diffLines(before, after);
        expect(apply(before, hunks)).toBe(after);
        for (const [index, { span }] of hunks.entries()) {
          expect(span.start).toBeGreaterThanOrEqual(hunks[index - 1]?.span.end ?? 0);
        }
      }),
    );
  });

  it("of equal texts are none", () => {
    fc.assert(
      fc.property(text, (same) => {
        expect(diffLines(same, same)).toEqual([]);
      }),
    );
  });

  it("leave equal lines alone", () => {
    expect(diffLines("a\nb\nc\nd\n", "a\nB\nc\nD\ne\n")).toEqual([
      { span: { start: 2, end: 4 }, text: "B\n" },
      { span: { start: 6, end: 8 }, text: "D\ne\n" },
    ]);
  });
});
