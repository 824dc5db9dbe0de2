import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { catalogue } from "../../compiler/catalogue.ts";
import { diagnosticsOf, pages } from "../../docs/pages.ts";

const folder = fileURLToPath(new URL("../../docs/diagnostics", import.meta.url));

describe("the reference of diagnostics", () => {
  const made = pages();

  it("has a page for each code, and no other", () => {
    expect(readdirSync(folder).sort()).toEqual([...made.keys()].sort());
  });

  it.each([...made.keys()])("%s is what `npm run docs` writes", (name) => {
    expect(readFileSync(`${folder}/${name}`, "utf8")).toBe(made.get(name));
  });
});

describe("the examples of the catalogue", () => {
  it.each(catalogue.map((entry) => [entry.code, entry] as const))("%s", (code, entry) => {
    const show = ({ code, message }: { code: string; message: string }) => `${code} ${message}`;
    const fails = diagnosticsOf(entry, entry.example.fails);
    expect(fails.filter((one) => one.code === code).map(show)).toHaveLength(1);
    // No other mistake beside it: only informations, and the warning that there is no tool list.
    const others = fails.filter((one) => one.code !== code && one.severity !== "info");
    expect(others.filter((one) => one.code !== "MCPP702").map(show)).toEqual([]);

    const passes = diagnosticsOf(entry, entry.example.passes);
    expect(passes.filter((one) => one.code === code || one.severity === "error").map(show)).toEqual(
      [],
    );
  });

  it.each(catalogue.map((entry) => [entry.code, entry] as const))(
    "%s is explained in sentences",
    (_, { title, explanation }) => {
      expect(title).not.toMatch(/[.]$/);
      expect(explanation.length).toBeGreaterThan(80);
      expect(explanation).toMatch(/[.!?)`]$/);
    },
  );
});
