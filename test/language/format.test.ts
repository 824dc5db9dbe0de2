import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { format, parse, Source, tokenize } from "../../language/index.ts";
import { arbitraryDocument, runs, withoutSpans } from "./arbitrary.ts";

function read(text: string) {
  return parse(new Source("test.mcpp", text));
}

function formatted(text: string): string {
  return format(read(text).document);
}

describe("laws", () => {
  it("reads back what it printed", () => {
    fc.assert(
      fc.property(arbitraryDocument, (document) => {
        const text = format(document);
        const again = read(text);
        expect(again.diagnostics.map(({ code, message }) => `${code} ${message}\n${text}`)).toEqual(
          [],
        );
        expect(withoutSpans(again.document.statements)).toEqual(withoutSpans(document.statements));
      }),
      { numRuns: runs(100) },
    );
  });

  it("is idempotent", () => {
    fc.assert(
      fc.property(arbitraryDocument, (document) => {
        const once = format(document);
        expect(formatted(once)).toBe(once);
      }),
      { numRuns: runs(100) },
    );
  });

  it("gives the same whatever ends the lines", () => {
    fc.assert(
      fc.property(arbitraryDocument, (document) => {
        const text = format(document);
        for (const end of ["\r\n", "\r"]) expect(formatted(text.replaceAll("\n", end))).toBe(text);
      }),
      { numRuns: runs(50) },
    );
  });

  it("keeps every comment, in order, wherever it stands", () => {
    fc.assert(
      fc.property(
        arbitraryDocument,
        fc.infiniteStream(fc.nat({ max: 11 })),
        (document, choices) => {
          const text = sprinkle(format(document), choices);
          const source = read(text);
          expect(source.diagnostics).toEqual([]);
          expect(withoutSpans(source.document.statements), text).toEqual(
            withoutSpans(document.statements),
          );
          const once = format(source.document);
          const again = read(once);
          expect(again.diagnostics, once).toEqual([]);
          const comments = (of: typeof again) =>
            of.document.comments.map((comment) => comment.text);
          expect(comments(again), once).toEqual(comments(source));
          expect(format(again.document), text).toBe(once);
        },
      ),
      { numRuns: runs(100) },
    );
  });

  it("leaves text alone that it cannot read, and stays idempotent", () => {
    fc.assert(
      fc.property(
        arbitraryDocument,
        fc.array(
          fc.tuple(
            fc.nat(),
            fc.constantFrom("", "}", "{", "allow", ",", "if", "&&", '"', "foo bar", "\n"),
          ),
        ),
        (document, edits) => {
          let text = format(document);
          for (const [at, insert] of edits) {
            const { tokens } = tokenize(new Source("x", text));
            const token = tokens[at % Math.max(tokens.length, 1)];
            if (token === undefined) break;
            const end = token.startOffset + (insert === "" ? token.image.length : 0);
            text = `${text.slice(0, token.startOffset)}${insert} ${text.slice(end)}`;
          }
          const once = formatted(text);
          expect(formatted(once), text).toBe(once);
        },
      ),
      { numRuns: runs(100) },
    );
  });
});

/** Comments, on their own lines and behind tokens, at random places between the tokens. */
function sprinkle(text: string, choices: Iterator<number>): string {
  let out = "";
  let last = 0;
  let count = 0;
  for (const { startOffset } of tokenize(new Source("x", text)).tokens) {
    out += text.slice(last, startOffset);
    last = startOffset;
    const choice = choices.next().value as number;
    if (choice === 0) out += ` // trailing ${count++}\n`;
    else if (choice === 1) out += `\n// own line ${count++}\n`;
    else if (choice === 2) out += "\n\n\n";
  }
  return out + text.slice(last);
}
