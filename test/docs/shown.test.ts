import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { pagesThatShow, withOutput } from "../../docs/shown.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

it.each(pagesThatShow(ROOT))("%s shows what the commands print", (page) => {
  expect(readFileSync(join(ROOT, page), "utf8")).toBe(withOutput(ROOT, page));
});
