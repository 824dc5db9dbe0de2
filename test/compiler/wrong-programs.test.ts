import { describe, expect, it } from "vitest";
import { renderDiagnostic } from "../../language/index.ts";
import { diagnose } from "./check/diagnose.ts";
import { wrongPrograms } from "./wrong-programs.ts";

/** Words of the parser's or the machine's, which no reader of a policy knows. */
const LEAKS =
  /\b(token|lexer|parser|EOF|undefined|NaN|null pointer|chevrotain|AST|AndCondition|\[object|TypeError|Infinity)\b|-->|\bat [\w./]+:\d+|node_modules/i;

describe("wrong programs", () => {
  it("are sixty at least, each with a mistake of its own", () => {
    expect(wrongPrograms.length).toBeGreaterThanOrEqual(60);
    expect(new Set(wrongPrograms.map(({ mistake }) => mistake)).size).toBe(wrongPrograms.length);
  });

  it.each(wrongPrograms.map(({ mistake, source }) => [mistake, source] as const))(
    "%s",
    (_, source) => {
      const found = diagnose(source).filter(({ severity }) => severity !== "info");
      const rendered = found.map((diagnostic) => renderDiagnostic(diagnostic)).join("\n\n");
      expect(rendered).toMatchSnapshot();
      expect(found, "one mistake, one diagnostic").toHaveLength(1);
      for (const { message, hint, source: file, span } of found) {
        expect(message).not.toMatch(LEAKS);
        expect(hint ?? "").not.toMatch(LEAKS);
        expect(message).toMatch(/[.?!]$/);
        expect(span.start).toBeGreaterThanOrEqual(0);
        expect(span.end).toBeLessThanOrEqual(file.text.length);
      }
    },
  );
});
