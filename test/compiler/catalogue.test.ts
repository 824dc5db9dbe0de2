import { describe, expect, it } from "vitest";
import { catalogue } from "../../compiler/catalogue.ts";
import { diagnosticsOf } from "../../docs/pages.ts";
import { applied } from "./check/diagnose.ts";

describe("the catalogue", () => {
  it("has each code once", () => {
    const codes = catalogue.map(({ code }) => code);
    expect(codes).toEqual([...new Set(codes)]);
    for (const code of codes) expect(code).toMatch(/^MCPP[1-79]\d\d$/);
  });
});

/** There is no tool list; one is needed; it is not complete. */
const LISTLESS = new Set(["MCPP701", "MCPP702", "MCPP230"]);

describe("the examples of the catalogue", () => {
  it.each(catalogue.map((entry) => [entry.code, entry] as const))("%s", (code, entry) => {
    const show = ({ code, message }: { code: string; message: string }) => `${code} ${message}`;
    const fails = diagnosticsOf(entry, "fails");
    expect(fails.filter((one) => one.code === code).map(show)).toHaveLength(1);
    // Beside it stand informations, and what cannot be known without a tool list. The examples of syntax are
    // fragments: names in them need not be used.
    const syntax = code.startsWith("MCPP1");
    const others = fails.filter(
      (one) =>
        one.code !== code &&
        one.severity !== "info" &&
        !LISTLESS.has(one.code) &&
        !(syntax && one.severity === "warning"),
    );
    expect(others.map(show)).toEqual([]);

    const passes = diagnosticsOf(entry, "passes");
    const wrong = passes.filter(
      (one) => one.code === code || (one.severity === "error" && !LISTLESS.has(one.code)),
    );
    expect(wrong.map(show)).toEqual([]);
  });

  it.each(catalogue.map((entry) => [entry.code, entry] as const))(
    "%s is mended by each of its fixes",
    (code, entry) => {
      const [found] = diagnosticsOf(entry, "fails").filter((one) => one.code === code);
      for (const fix of found?.fixes ?? []) {
        const text = applied(entry.example.fails, fix);
        const after = diagnosticsOf(
          { ...entry, example: { ...entry.example, fails: text } },
          "fails",
        );
        const left = after.filter((one) => one.code === code || /^MCPP1/.test(one.code));
        expect(
          left.map(({ message }) => message),
          `${fix.title}:\n${text}`,
        ).toEqual([]);
      }
    },
  );

  it.each(catalogue.map((entry) => [entry.code, entry] as const))(
    "%s is explained in sentences",
    (_, { title, explanation }) => {
      expect(title).not.toMatch(/[.]$/);
      expect(explanation.length).toBeGreaterThan(30);
      expect(explanation).toMatch(/[.!?)`]$/);
    },
  );
});
