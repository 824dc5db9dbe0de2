import { spawnSync } from "node:child_process";
import { type Browser, chromium } from "playwright-core";

/** The browser of this machine; the tests bring none. */
const EXECUTABLE = ["chromium", "chromium-browser", "google-chrome"].find(
  (name) => spawnSync(name, ["--version"]).status === 0,
);

/** Whether there is a browser to test with. CI must have one. */
export const hasChromium = process.env.CI === "true" || EXECUTABLE !== undefined;

export async function startChromium(): Promise<Browser> {
  const path = spawnSync("which", [EXECUTABLE ?? "chromium"], { encoding: "utf8" }).stdout.trim();
  return chromium.launch({
    executablePath: path,
    // As root a browser has no sandbox of its own; nothing but our page is opened.
    args: process.getuid?.() === 0 ? ["--no-sandbox"] : [],
  });
}
