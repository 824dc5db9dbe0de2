// `npm run vscode:e2e`: the packed extension in a real VS Code (code-server in Chromium). Opens a policy, sees the
// squiggle, completes a tool, hovers, mends, saves, renames, runs tests, compiles and shows the JSON, and takes the
// pictures of the README. Prints a line for each step; ends with 1 when one fails, and leaves no process behind.

import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { type Browser, chromium } from "playwright-core";
import { PAYMENTS_TEXT } from "../lsp/payments.ts";
import { type CodeServer, installCodeServer, startCodeServer } from "./code-server.ts";
import { NOTES, POLICY, SETTINGS } from "./policy.ts";
import { PATIENCE, Workbench } from "./workbench.ts";

const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
const shots = resolve(process.env.MCPP_SCREENSHOTS ?? "lsp/vscode/media/screenshots");
const installed = resolve(process.env.MCPP_CODE_SERVER ?? "node_modules/.cache/mcpp/code-server");
const scratch = mkdtempSync(join(tmpdir(), "mcpp-vscode-"));
const workspace = join(scratch, "workspace");
const file = join(workspace, "payments.mcpp");

let server: CodeServer | undefined;
let browser: Browser | undefined;

async function end(): Promise<void> {
  await browser?.close().catch(() => undefined);
  await server?.stop();
}

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => void end().finally(() => process.exit(1)));
}

const saved = (): string => readFileSync(file, "utf8");
const line = (part: string): number =>
  saved()
    .split("\n")
    .findIndex((each) => each.includes(part)) + 1;

async function step(what: string, work: () => Promise<void>): Promise<void> {
  const start = Date.now();
  const seconds = () => `${((Date.now() - start) / 1000).toFixed(1)} s`;
  try {
    await work();
  } catch (error) {
    const picture = join(scratch, "failed.png");
    await browser
      ?.contexts()[0]
      ?.pages()[0]
      ?.screenshot({ path: picture })
      .catch(() => undefined);
    process.stdout.write(`not ok  ${what} (${seconds()})\n`);
    if (existsSync(picture)) process.stdout.write(`        see ${picture}\n`);
    if (existsSync(file)) process.stdout.write(`        the policy is\n${saved()}`);
    throw error;
  }
  process.stdout.write(`ok  ${what} (${seconds()})\n`);
}

async function drive(): Promise<void> {
  mkdirSync(workspace);
  mkdirSync(shots, { recursive: true });
  writeFileSync(file, POLICY);
  writeFileSync(join(workspace, "payments.tools.json"), PAYMENTS_TEXT);
  writeFileSync(join(workspace, "notes.md"), NOTES);

  let home = "";
  await step("installs code-server, once", async () => {
    home = installCodeServer(installed);
  });
  await step("installs the extension, and starts", async () => {
    server = await startCodeServer(home, scratch, resolve("lsp/vscode/mcpp.vsix"), SETTINGS);
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
  });
  const page = await (browser as Browser).newPage({
    viewport: { width: 940, height: 560 },
    deviceScaleFactor: 2,
  });
  page.setDefaultTimeout(PATIENCE);
  const code = new Workbench(page, shots);
  const suggestions = page.locator(".suggest-widget.visible");
  const suggestion = (hasText: string) =>
    suggestions.locator(".monaco-list-row", { hasText }).first();

  await step("opens a policy", async () => {
    const folder = encodeURIComponent(workspace);
    await code.open(`${server?.url}?folder=${folder}`, "payments.mcpp");
    await page.locator("#status\\.editor\\.mode", { hasText: "mcpp" }).waitFor();
  });

  await step("colours fenced blocks of Markdown", async () => {
    await code.openFile("notes.md");
    const word = page.locator(".view-line span span", { hasText: /^allow$/ }).first();
    await word.waitFor();
    const name = page.locator(".view-line span span", { hasText: "get_charge" }).first();
    await code.until("the colour of a word of the language", async () => {
      const colours = [await word.getAttribute("class"), await name.getAttribute("class")];
      return colours[0] !== colours[1];
    });
    await code.run("View: Close Editor");
    await page.locator(".tab.active", { hasText: "payments.mcpp" }).waitFor();
  });

  await step("shows the squiggle, the hints and the lenses", async () => {
    await code.press("Control+B");
    await page.locator(".squiggly-error").first().waitFor();
    await page.locator(".view-lines", { hasText: "⟶ 2 tools" }).first().waitFor();
    await page.locator(".codelens-decoration", { hasText: "7 tools" }).first().waitFor();
    await code.goTo(line("deny create_payoutt"), 8);
    await code.press("Control+K", "Control+I");
    const problem = page.locator(".monaco-hover:visible", { hasText: "has no tool" });
    await problem.first().waitFor();
    assert.match((await problem.first().textContent()) ?? "", /Did you mean/);
    await code.shot("editor");
    await code.press("Escape");
  });

  await step("shows the server and the count of its tools", async () => {
    const status = page.locator("#status\\.languageStatus");
    await status.hover();
    await page.locator(".hover-language-status", { hasText: "payments · 7 tools" }).waitFor();
    await page.locator(".editor-instance .view-lines").first().hover();
  });

  await step("hovers over a tool", async () => {
    await code.goTo(line("on create_refund"), 6);
    await code.press("Control+K", "Control+I");
    const hover = page.locator(".monaco-hover:visible", { hasText: "Pays a charge back." }).first();
    await hover.waitFor();
    assert.match((await hover.textContent()) ?? "", /args\.amount/);
    await code.shot("hover");
    await code.press("Escape");
  });

  await step("applies a quick fix", async () => {
    await code.goTo(line("create_payoutt"), 8);
    await code.press("Control+.");
    const fixes = page.locator(".action-widget");
    await fixes.locator(".monaco-list-row", { hasText: "Change to" }).first().waitFor();
    await code.shot("quick-fix");
    await code.press("Enter");
    await fixes.waitFor({ state: "hidden" });
    await page.locator(".squiggly-error").first().waitFor({ state: "detached" });
  });

  await step("formats on save", async () => {
    await code.press("Control+S");
    await code.until("the file to be saved", () => saved().includes("deny create_payout because"));
    assert.match(saved(), /^deny delete_customer$/m);
  });

  await step("renames", async () => {
    await code.goTo(line("let max_refund"), 6);
    await code.press("F2");
    const input = page.locator(".rename-box input");
    await input.waitFor();
    await input.fill("ceiling");
    await code.press("Enter");
    await input.waitFor({ state: "hidden" });
    await code.until("the new name", async () => (await code.text()).includes("ceiling"));
    await code.press("Control+S");
    const mentions = () => saved().match(/\bceiling\b/g)?.length;
    await code.until("both mentions", () => mentions() === 2 && !saved().includes("max_refund"));
  });

  await step("completes a tool's name, with its description", async () => {
    await code.goTo(saved().split("\n").length, 1);
    await code.type("allow cre");
    await suggestion("create_refund").waitFor();
    await code.press("ArrowDown", "Control+Space");
    await page.locator(".suggest-details:visible", { hasText: "Pays a charge back." }).waitFor();
    await code.shot("completion");
    await suggestion("create_payout").click();
    await suggestions.waitFor({ state: "hidden" });
    await code.press("Control+S");
    await code.until("the completed name", () => /^allow create_payout$/m.test(saved()));
  });

  await step("completes an argument, and the values that it may have", async () => {
    await code.press("Control+End");
    await code.type("\ndeny create_refund if args.rea");
    await suggestion("reason").waitFor();
    await code.press("Tab");
    await code.type(" == ");
    await suggestion("fraudulent").waitFor();
    await code.press("Escape");
  });

  await step("follows a file that changes on disk", async () => {
    writeFileSync(file, POLICY.replace("create_payoutt", "create_payout"));
    await code.run("File: Revert File");
    await code.until("the text on disk", async () => (await code.text()).includes("max_refund"));
    await page.locator(".squiggly-error").first().waitFor({ state: "detached" });
  });

  await step("lists the tests, runs them, and shows what has failed", async () => {
    const tested = POLICY.replace("create_payoutt", "create_payout");
    writeFileSync(
      file,
      `${tested}\ntest "lookups" {\n  get_charge {} => allow\n}\n\ntest "payouts" {\n  create_payout {} => allow\n}\n`,
    );
    await code.run("File: Revert File");
    await code.until("the tests", async () => (await code.text()).includes("create_payout {}"));
    await code.run("View: Show Testing");
    const row = (hasText: string) =>
      page.locator(".test-explorer .monaco-list-row", { hasText }).first();
    await row("payments.mcpp").waitFor();
    await code.run("Test: Run All Tests");
    await row("payments.mcpp").locator(".codicon-testing-failed-icon").waitFor();
    await row("payments.mcpp").locator(".monaco-tl-twistie").click();
    await row("payouts").locator(".codicon-testing-failed-icon").waitFor();
    await row("lookups").locator(".codicon-testing-passed-icon").waitFor();
    await code.press("Control+J");
    await page.locator(".part.panel").waitFor({ state: "hidden" });
    const failing = tested.split("\n").length + 5;
    await code.goTo(failing, 3);
    await page.locator(".squiggly-error").first().waitFor();
    await code.shot("tests");
    await code.run("Test: Clear All Results");
    writeFileSync(file, tested);
    await code.run("View: Toggle Primary Side Bar Visibility");
    await page.locator(".editor-instance .view-lines").first().click();
    await code.run("File: Revert File");
    await code.until("no test", async () => !(await code.text()).includes("create_payout {}"));
  });

  await step("compiles to a file", async () => {
    const target = join(workspace, "payments.json");
    await code.run("Compile This Policy to JSON");
    const input = page.locator(".quick-input-widget input").first();
    await code.until("the dialog", async () => (await input.inputValue()).endsWith(".json"));
    await code.press("Enter");
    await code.until("the compiled file", () => existsSync(target));
    await code.until("its end", () => readFileSync(target, "utf8").endsWith("}\n"));
    assert.equal(JSON.parse(readFileSync(target, "utf8")).default, "deny");
    await code.press("Control+J");
    await page.locator(".part.panel").waitFor({ state: "hidden" });
  });

  await step("shows the JSON, which follows the policy", async () => {
    await code.run("Show the JSON of This Policy");
    await code.until("the JSON", async () => (await code.text(1)).includes('"create_refund"'));
    await code.goTo(1, 1);
    await page.mouse.move(200, 500);
    await code.shot("json");
    await page.locator(".editor-group-container").first().locator(".view-lines").click();
    await code.goTo(4, 9);
    await code.press("Control+Shift+ArrowRight");
    await code.type("hide");
    await code.until("the JSON to follow", async () => (await code.text(1)).includes("unlisted"));
  });
}

const start = Date.now();
try {
  await drive();
  rmSync(scratch, { recursive: true, force: true });
  process.stdout.write(
    `all in ${((Date.now() - start) / 1000).toFixed(0)} s; pictures in ${shots}\n`,
  );
} catch (error) {
  process.stdout.write(`${error instanceof Error ? error.stack : error}\n`);
  process.exitCode = 1;
} finally {
  await end();
}
