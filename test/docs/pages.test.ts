import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { grammarPage, pages } from "../../docs/pages.ts";

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

it("the grammar is what `npm run docs` writes", () => {
  expect(readFileSync(`${folder}/../grammar.md`, "utf8")).toBe(grammarPage());
});
