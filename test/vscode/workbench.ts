import { join } from "node:path";
import type { Page } from "playwright-core";

/** How long the editor may take for one thing, in milliseconds: machines may be busy. */
export const PATIENCE = 60_000;

/** VS Code in a browser, driven by its keys. */
export class Workbench {
  readonly page: Page;
  readonly #shots: string;

  constructor(page: Page, shots: string) {
    this.page = page;
    this.#shots = shots;
  }

  async open(url: string, file: string): Promise<void> {
    await this.page.goto(url);
    await this.page.locator(".monaco-workbench").waitFor();
    await this.openFile(file);
  }

  /** By the explorer. */
  async openFile(file: string): Promise<void> {
    const row = this.page.locator(".explorer-folders-view .monaco-list-row", { hasText: file });
    await row.first().dblclick();
    await this.page.locator(`.tab.active[data-resource-name="${file}"]`).waitFor();
    await this.page.locator(".editor-instance .view-lines").first().waitFor();
  }

  /** Puts the cursor at a place of the editor, from 1. */
  async goTo(line: number, column: number): Promise<void> {
    const input = this.page.locator(".quick-input-widget");
    await this.page.keyboard.press("Control+G");
    await input.locator("input").fill(`:${line}:${column}`);
    await this.page.keyboard.press("Enter");
    await input.waitFor({ state: "hidden" });
  }

  /** Runs a command by its title. */
  async run(title: string): Promise<void> {
    const input = this.page.locator(".quick-input-widget");
    await this.page.keyboard.press("F1");
    await input.locator("input").fill(`>${title}`);
    await input.locator(".monaco-list-row", { hasText: title }).first().click();
  }

  press(...keys: readonly string[]): Promise<void> {
    return keys.reduce(
      (before, key) => before.then(() => this.page.keyboard.press(key)),
      Promise.resolve(),
    );
  }

  /** Letter by letter, as a person does. */
  type(text: string): Promise<void> {
    return this.page.keyboard.type(text, { delay: 40 });
  }

  /** The text of an editor, from the left. VS Code writes blanks as no-break spaces. */
  async text(group = 0): Promise<string> {
    const lines = this.page.locator(".editor-group-container").nth(group).locator(".view-lines");
    return ((await lines.first().textContent()) ?? "").replaceAll("\u00a0", " ");
  }

  async until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
    const end = Date.now() + PATIENCE;
    while (!(await holds())) {
      if (Date.now() > end) throw new Error(`waited in vain for ${what}`);
      await this.page.waitForTimeout(100);
    }
  }

  async shot(name: string): Promise<void> {
    // What fades in has done so.
    await this.page.waitForTimeout(700);
    await this.page.screenshot({ path: join(this.#shots, `${name}.png`) });
  }
}
