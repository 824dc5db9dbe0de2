import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

const pages = [
  "README.md",
  "ARCHITECTURE.md",
  "CHANGELOG.md",
  ...["docs", "examples"].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".md"))
      .map((name) => join(folder, name)),
  ),
];

/** Where the links of a page lead, those to other places on the web and within the page left out. */
function linksOf(page: string): readonly string[] {
  const text = readFileSync(join(ROOT, page), "utf8").replace(/^```[\s\S]*?^```$/gm, "");
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target]) => (target as string).replace(/#.*$/, ""))
    .filter((target) => target !== "" && !/^[a-z]+:/.test(target));
}

it("the links of all pages lead somewhere", () => {
  const dead = pages.flatMap((page) =>
    linksOf(page)
      .filter((target) => !existsSync(join(ROOT, dirname(page), target)))
      .map((target) => `${page}: ${target}`),
  );
  expect(dead).toEqual([]);
});

it("each attack and each example has its page in an index", () => {
  const listed = ["docs/attacks.md", "examples/README.md"].flatMap((page) =>
    linksOf(page).map((target) => join(dirname(page), target)),
  );
  const own = pages.filter((page) => /^examples[\\/].+[\\/]README\.md$/.test(page));
  expect(own.filter((page) => !listed.includes(page))).toEqual([]);
});
