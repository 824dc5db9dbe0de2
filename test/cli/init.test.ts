import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Failure } from "../../cli/command.ts";
import { command } from "../../cli/init.ts";
import { compile } from "../../compiler/index.ts";
import { Source } from "../../language/index.ts";

const MEMORY = fileURLToPath(
  new URL("../../node_modules/@modelcontextprotocol/server-memory/dist/index.js", import.meta.url),
);

let folder: string;
let before: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "mcpp-init-"));
  before = process.cwd();
  process.chdir(folder);
  vi.stubGlobal("MCPP_VERSION", "0.0.0");
  vi.spyOn(process.stderr, "write").mockReturnValue(true);
  writeFileSync(
    "shop.json",
    JSON.stringify({
      server: { name: "Shop Server" },
      tools: [{ name: "list_orders" }, { name: "delete_order" }],
    }),
  );
});

afterEach(() => {
  process.chdir(before);
  rmSync(folder, { recursive: true });
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

function init(options: Record<string, unknown>, rest?: readonly string[]): Promise<number> {
  return command.run({ args: [], options, ...(rest === undefined ? {} : { rest }) });
}

/** What is wrong with a policy file, information aside. */
function worries(path: string): readonly string[] {
  const { diagnostics } = compile(new Source(path, readFileSync(path, "utf8")), {
    read: (name, from) => {
      const file = join(dirname(from), name);
      return existsSync(file) ? { name: file, text: readFileSync(file, "utf8") } : undefined;
    },
  });
  return diagnostics.filter(({ severity }) => severity !== "info").map(({ message }) => message);
}

describe("mcpp init", () => {
  it("writes a policy for a saved list, named after the server", async () => {
    expect(await init({ tools: "shop.json" })).toBe(0);
    expect(worries("shop-server.mcpp")).toEqual([]);
    const text = readFileSync("shop-server.mcpp", "utf8");
    expect(text).toContain('server "Shop Server" tools "./shop.json"\n');
    expect(text).toContain("\nallow list_orders ");
    expect(text).toContain("\nask delete_order ");
  });

  it("prints it with `-o -`", async () => {
    const printed: string[] = [];
    vi.spyOn(process.stdout, "write").mockImplementation((text) => printed.push(String(text)) > 0);
    expect(await init({ tools: "shop.json", output: "-" })).toBe(0);
    expect(printed.join("")).toContain("default deny\n");
    expect(existsSync("shop-server.mcpp")).toBe(false);
  });

  it("pulls from a real server, and saves its list beside the policy", async () => {
    expect(await init({ output: "memory.mcpp" }, [process.execPath, MEMORY])).toBe(0);
    expect(worries("memory.mcpp")).toEqual([]);
    const list = JSON.parse(readFileSync("memory.tools.json", "utf8"));
    expect(list.tools.find(({ name }: { name: string }) => name === "delete_entities").risk).toBe(
      "destructive",
    );
    expect(readFileSync("memory.mcpp", "utf8")).toContain('tools "./memory.tools.json"\n');
  });

  it.each([["shop.mcpp"], ["shop.tools.json"]])("refuses to overwrite %s", async (existing) => {
    writeFileSync(existing, "mine");
    const made = init({ output: "shop.mcpp" }, [process.execPath, MEMORY]);
    await expect(made).rejects.toThrow(
      `\`${existing}\` exists; give another file with \`-o\`, or \`--force\` to overwrite it.`,
    );
    expect(readFileSync(existing, "utf8")).toBe("mine");
    expect(existsSync(existing === "shop.mcpp" ? "shop.tools.json" : "shop.mcpp")).toBe(false);
  });

  it("overwrites with --force", async () => {
    writeFileSync("shop-server.mcpp", "mine");
    expect(await init({ tools: "shop.json", force: true })).toBe(0);
    expect(readFileSync("shop-server.mcpp", "utf8")).toContain("default deny");
  });

  it.each<[string, Record<string, unknown>, string[] | undefined, RegExp]>([
    ["no server", {}, undefined, /^Say which server, in one way/],
    ["two servers", { tools: "shop.json" }, ["x"], /^Say which server, in one way/],
    [
      "one file for both",
      { tools: "shop.json", output: "./shop.json", force: true },
      undefined,
      /name the same file/,
    ],
    ["a list that is not there", { tools: "nowhere.json" }, undefined, /could not be read/],
    [
      "a list that is none",
      { tools: "bad.json" },
      undefined,
      /^bad\.json:1:1: The file has no field `tools`\.$/,
    ],
    ["a pulled list on stdout", { output: "-" }, ["x"], /without its tool list/],
  ])("says what is wrong with %s", async (_, options, rest, sentence) => {
    writeFileSync("bad.json", "{}");
    const made = init(options, rest);
    await expect(made).rejects.toThrow(Failure);
    await expect(made).rejects.toThrow(sentence);
  });
});
