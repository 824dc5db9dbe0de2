import { readFileSync } from "node:fs";
import type { PageFile } from "../../runtime/index.ts";

const FILES = [
  { path: "/", file: "index.html", type: "text/html; charset=utf-8" },
  { path: "/page.css", file: "page.css", type: "text/css; charset=utf-8" },
  { path: "/page.js", file: "page.js", type: "text/javascript; charset=utf-8" },
  { path: "/icon.svg", file: "icon.svg", type: "image/svg+xml" },
] as const;

/** The page, as the build puts it beside this program. */
export function pageFiles(): readonly PageFile[] {
  return FILES.map(({ path, file, type }) => ({
    path,
    type,
    body: readFileSync(new URL(`../page/${file}`, import.meta.url)),
  }));
}
