import { describe, expect, it } from "vitest";
import { catalogue } from "../../../compiler/catalogue.ts";
import { diagnosticsOf, documented } from "../../../docs/pages.ts";

const entries = documented.filter((entry) => !catalogue.includes(entry));
const named = entries.map((entry) => [entry.code, entry] as const);

describe("the catalogue of configurations", () => {
  it("has each code once, and none of a policy's", () => {
    const codes = entries.map(({ code }) => code);
    expect(codes).toEqual([...new Set(codes)].sort());
    for (const code of codes) expect(code).toMatch(/^MCPP8\d\d$/);
  });

  it.each(named)(
    "%s: its first example gives it alone, its second gives nothing",
    (code, entry) => {
      const show = ({ code, message }: { code: string; message: string }) => `${code} ${message}`;
      // That nobody can call is said beside whatever is about servers alone.
      const grave = (which: "fails" | "passes") =>
        diagnosticsOf(entry, which).filter((one) => one.code === code || one.code !== "MCPP818");
      const fails = grave("fails");
      expect(fails.map((one) => one.code)).toEqual([code]);
      expect(
        grave("passes")
          .filter((one) => one.code !== "MCPP818" || code === "MCPP818")
          .map(show),
      ).toEqual([]);
      for (const { source, span } of fails) {
        expect(span.start).toBeLessThan(span.end);
        expect(span.end).toBeLessThanOrEqual(source.text.length);
      }
    },
  );

  it.each(named)("%s is explained in sentences", (_, { title, explanation }) => {
    expect(title).not.toMatch(/[.]$/);
    expect(explanation).toMatch(/[.!?)`]$/);
  });
});
