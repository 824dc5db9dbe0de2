// `npm run vscode:e2e`: the packed extension in a real VS Code (code-server in Chromium). Opens a policy, sees the
// squiggle, completes a tool, hovers, mends, saves, renames and shows the JSON, and takes the screenshots of the README.

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { chromium, type Page } from "playwright-core";
import { PAYMENTS_TEXT } from "../lsp/payments.ts";
import { installCodeServer, startCodeServer } from "./code-server.ts";

const POLICY = `/// What support agents may do on our payments server.
server payments tools "./payments.tools.json"

default deny

let max_refund = 100_00
group @lookups = list_*, get_* except get_secret

allow @lookups limit each 60/minute per grant

on create_refund {
  allow
  deny unless args.reason in ["duplicate", "fraudulent"]
  deny unless args.amount <= max_refund because "Larger refunds are made by finance."
  limit 10/hour per grant
}

deny create_payoutt because "Payouts are made by finance."
deny    delete_customer
`;

const SETTINGS = {
  "workbench.startupEditor": "none",
  "workbench.colorTheme": "Default Light Modern",
  "workbench.tips.enabled": false,
  "editor.minimap.enabled": false,
  "editor.fontSize": 14,
  "editor.inlayHints.enabled": "on",
  "editor.stickyScroll.enabled": false,
  "editor.hover.delay": 200,
  "files.autoSave": "off",
  "window.commandCenter": false,
  "chat.commandCenter.enabled": false,
};

const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
const shots = resolve(process.env.MCPP_SCREENSHOTS ?? "lsp/vscode/media/screenshots");
const scratch = mkdtempSync(join(tmpdir(), "mcpp-vscode-"));
const workspace = join(scratch, "workspace");
const file = join(workspace, "payments.mcpp");
mkdirSync(workspace);
mkdirSync(shots, { recursive: true });
writeFileSync(file, POLICY);
writeFileSync(join(workspace, "payments.tools.json"), PAYMENTS_TEXT);

const home = installCodeServer(
  resolve(process.env.MCPP_CODE_SERVER ?? "node_modules/.cache/mcpp/code-server"),
);
const server = await startCodeServer(home, scratch, resolve("lsp/vscode/mcpp.vsix"), SETTINGS);
const browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
const page = await browser.newPage({ viewport: { width: 1180, height: 720 } });
page.setDefaultTimeout(60_000);

const text = (): string => readFileSync(file, "utf8");

async function step(what: string, work: () => Promise<void>): Promise<void> {
  const start = Date.now();
  try {
    await work();
  } catch (error) {
    await page.screenshot({ path: join(scratch, "failed.png") });
    throw new Error(
      `${what}: ${error instanceof Error ? error.message : error}\nSee ${join(scratch, "failed.png")}.`,
    );
  }
  process.stdout.write(`ok  ${what} (${((Date.now() - start) / 1000).toFixed(1)} s)\n`);
}

/** Puts the cursor at a place of the editor, from 1. */
async function goTo(at: Page, line: number, column: number): Promise<void> {
  await at.keyboard.press("Control+G");
  await at.locator(".quick-input-widget input").fill(`:${line}:${column}`);
  await at.keyboard.press("Enter");
  await at.locator(".quick-input-widget").waitFor({ state: "hidden" });
}

/** Waits until something is so. */
async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + 30_000;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`waited in vain for ${what}; the file is\n${text()}`);
    await page.waitForTimeout(100);
  }
}

const shot = (name: string) => page.screenshot({ path: join(shots, `${name}.png`) });
const line = (part: string): number =>
  text()
    .split("\n")
    .findIndex((each) => each.includes(part)) + 1;

try {
  await step("opens a policy", async () => {
    await page.goto(`${server.url}?folder=${encodeURIComponent(workspace)}`);
    await page.locator(".monaco-workbench").waitFor();
    await page
      .locator(".explorer-folders-view .monaco-list-row", { hasText: "payments.mcpp" })
      .dblclick();
    await page.locator(".editor-instance .view-lines").first().waitFor();
    await page.locator("#status\\.editor\\.mode", { hasText: "mcpp" }).waitFor();
  });

  await step("shows the squiggle, the hints and the lenses", async () => {
    await page.locator(".squiggly-error").first().waitFor();
    await page.locator(".view-lines", { hasText: "⟶ 2 tools" }).first().waitFor();
    await page.locator(".codelens-decoration", { hasText: "7 tools" }).first().waitFor();
    const problem = page.locator("#status\\.problems");
    await problem.waitFor();
    await page.waitForTimeout(500);
    await shot("editor");
  });

  await step("hovers over a tool", async () => {
    await goTo(page, line("on create_refund"), 6);
    await page.keyboard.press("Control+K");
    await page.keyboard.press("Control+I");
    const hover = page.locator(".monaco-hover:visible", { hasText: "Pays a charge back." });
    await hover.first().waitFor();
    assert.match((await hover.first().textContent()) ?? "", /args\.amount/);
    await shot("hover");
    await page.keyboard.press("Escape");
  });

  await step("applies a quick fix", async () => {
    await goTo(page, line("create_payoutt"), 8);
    await page.keyboard.press("Control+.");
    const widget = page.locator(".action-widget");
    await widget.locator(".monaco-list-row", { hasText: "Change to" }).first().waitFor();
    await shot("quick-fix");
    await page.keyboard.press("Enter");
    await widget.waitFor({ state: "hidden" });
    await page.locator(".squiggly-error").first().waitFor({ state: "detached" });
  });

  await step("formats on save", async () => {
    await page.keyboard.press("Control+S");
    await until("the file to be saved", () => text().includes("deny create_payout because"));
    assert.match(text(), /^deny delete_customer$/m);
  });

  await step("renames", async () => {
    await goTo(page, line("let max_refund"), 6);
    await page.keyboard.press("F2");
    const input = page.locator(".rename-box input");
    await input.waitFor();
    await input.fill("ceiling");
    await page.keyboard.press("Enter");
    await input.waitFor({ state: "hidden" });
    await page.locator(".view-lines", { hasText: "ceiling" }).first().waitFor();
    await page.keyboard.press("Control+S");
    await until(
      "both mentions",
      () => (text().match(/\bceiling\b/g) ?? []).length === 2 && !text().includes("max_refund"),
    );
  });

  await step("completes a tool's name", async () => {
    await goTo(page, text().split("\n").length, 1);
    await page.keyboard.type("\nallow cre", { delay: 60 });
    const widget = page.locator(".suggest-widget.visible");
    await widget.locator(".monaco-list-row", { hasText: "create_refund" }).first().waitFor();
    await shot("completion");
    await widget.locator(".monaco-list-row", { hasText: "create_payout" }).first().click();
    await widget.waitFor({ state: "hidden" });
    await page.keyboard.press("Control+S");
    await until("the completed name", () => /^allow create_payout$/m.test(text()));
    await page.keyboard.press("Control+Z");
  });

  await step("completes an argument, and the values that it may have", async () => {
    await page.keyboard.press("Control+End");
    await page.keyboard.type("\ndeny create_refund if args.rea", { delay: 60 });
    const widget = page.locator(".suggest-widget.visible");
    await widget.locator(".monaco-list-row", { hasText: "reason" }).first().waitFor();
    await page.keyboard.press("Tab");
    await page.keyboard.type(" == ", { delay: 60 });
    await widget.locator(".monaco-list-row", { hasText: "fraudulent" }).first().waitFor();
    await page.keyboard.press("Escape");
    for (let i = 0; i < 60 && text().length > 0; i++) await page.keyboard.press("Backspace");
  });

  await step("shows the JSON, which follows the policy", async () => {
    writeFileSync(file, POLICY.replace("create_payoutt", "create_payout"));
    await page.keyboard.press("F1");
    await page.locator(".quick-input-widget input").fill(">File: Revert File");
    await page
      .locator(".quick-input-widget .monaco-list-row", { hasText: "Revert File" })
      .first()
      .click();
    await page.keyboard.press("F1");
    await page.locator(".quick-input-widget input").fill(">mcpp: Show the JSON");
    await page
      .locator(".quick-input-widget .monaco-list-row", { hasText: "Show the JSON" })
      .first()
      .click();
    const json = page.locator(".editor-group-container").nth(1).locator(".view-lines");
    await until("the JSON", async () =>
      ((await json.textContent()) ?? "").includes("create_refund"),
    );
    await page.waitForTimeout(500);
    await shot("json");
    await page.locator(".editor-group-container").first().locator(".view-lines").click();
    await goTo(page, 4, 9);
    await page.keyboard.press("Control+Shift+ArrowRight");
    await page.keyboard.type("hide");
    await until("the JSON to follow", async () =>
      ((await json.textContent()) ?? "").includes("unlisted"),
    );
  });
  process.stdout.write(`screenshots in ${shots}\n`);
} finally {
  await browser.close();
  await server.stop();
}
rmSync(scratch, { recursive: true, force: true });
