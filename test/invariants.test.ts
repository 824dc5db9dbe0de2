import { readdirSync, readFileSync, statSync } from "node:fs";
import { builtinModules } from "node:module";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

// The invariants of ARCHITECTURE.md. A failure names the file and the import.

const root = fileURLToPath(new URL("..", import.meta.url));

/** Folder → the folders that it may import, besides itself. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  language: [],
  policy: [],
  compiler: ["language", "policy"],
  runtime: ["policy"],
  lsp: ["compiler", "language", "policy"],
  cli: ["lsp", "compiler", "language", "policy", "runtime"],
};

/** Folders that run in a browser. */
const NO_NODE = ["language", "policy", "compiler", "runtime/engine", "runtime/admin/page"];

function files(folder: string): string[] {
  const path = join(root, folder);
  try {
    statSync(path);
  } catch {
    return [];
  }
  return readdirSync(path, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts") && !name.includes("node_modules"))
    .map((name) => join(folder, name));
}

function imports(file: string): string[] {
  const text = readFileSync(join(root, file), "utf8");
  const found = text.matchAll(/(?:\bfrom\s*|\bimport\s*\(?\s*)"([^"\n]+)"/g);
  return [...found].map((match) => match[1] as string);
}

const sources = Object.keys(MAY_IMPORT).flatMap(files);

describe("imports", () => {
  it("finds the sources", () => {
    expect(sources.length).toBeGreaterThan(5);
  });

  it("go down only, and enter another folder by its public face", () => {
    const wrong: string[] = [];
    for (const file of sources) {
      const from = file.split("/")[0] as string;
      for (const specifier of imports(file)) {
        if (!specifier.startsWith(".")) continue;
        const target = relative(root, resolve(root, dirname(file), specifier));
        const to = target.split("/")[0] as string;
        if (to === from || target.endsWith(".json")) continue;
        if (!MAY_IMPORT[from]?.includes(to) || target !== `${to}/index.ts`) {
          wrong.push(`${file} imports ${target}`);
        }
      }
    }
    expect(wrong).toEqual([]);
  });

  it("use no Node API in what runs in a browser", () => {
    const wrong: string[] = [];
    for (const file of NO_NODE.flatMap(files)) {
      for (const specifier of imports(file)) {
        if (specifier.startsWith("node:") || builtinModules.includes(specifier)) {
          wrong.push(`${file} imports ${specifier}`);
        }
      }
      const text = readFileSync(join(root, file), "utf8");
      if (
        /(?<![.\w])(?:(?:process|Buffer|__dirname)\s*[.(]|require\s*\()/.test(
          text.replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, ""),
        )
      ) {
        wrong.push(`${file} names a Node global`);
      }
    }
    expect(wrong).toEqual([]);
  });

  it("make no cycle between files", () => {
    const graph = new Map(
      sources.map((file) => [
        file,
        // A type import is gone after compilation and closes no cycle.
        [
          ...readFileSync(join(root, file), "utf8").matchAll(
            /^(?:import|export)\s+(?!type\b)[^;]*?from\s*"(\.[^"\n]+)"/gm,
          ),
        ].map((match) => relative(root, resolve(root, dirname(file), match[1] as string))),
      ]),
    );
    const state = new Map<string, "open" | "done">();
    const cycles: string[] = [];
    const visit = (file: string, path: readonly string[]): void => {
      if (state.get(file) === "done") return;
      if (state.get(file) === "open") {
        cycles.push([...path.slice(path.indexOf(file)), file].join(" → "));
        return;
      }
      state.set(file, "open");
      for (const next of graph.get(file) ?? []) visit(next, [...path, file]);
      state.set(file, "done");
    };
    for (const file of graph.keys()) visit(file, []);
    expect(cycles).toEqual([]);
  });
});

describe("files", () => {
  it("only cli ends the process or prints", () => {
    const wrong = sources.filter(
      (file) =>
        !file.startsWith("cli/") &&
        /\bprocess\.exit\b|\bconsole\.(log|error|warn)\b|\bprocess\.exitCode\b/.test(
          readFileSync(join(root, file), "utf8"),
        ),
    );
    expect(wrong).toEqual([]);
  });

  it("only lsp knows the language server protocol", () => {
    const wrong = sources.filter(
      (file) =>
        !file.startsWith("lsp/") && imports(file).some((name) => name.startsWith("vscode-")),
    );
    expect(wrong).toEqual([]);
  });

  it("no barrel beyond each folder's public face, and no utils", () => {
    const wrong = sources.filter(
      (file) =>
        /(^|\/)utils?(\.ts|\/)/.test(file) ||
        (/\/index\.ts$/.test(file) && file.split("/").length > 2),
    );
    expect(wrong).toEqual([]);
  });
});
