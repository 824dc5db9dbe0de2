import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { loadConfig } from "../cli/config/load.ts";
import { fileHost } from "../cli/file-host.ts";
import { compile } from "../compiler/index.ts";
import { format, parsed, renderDiagnostic, Source } from "../language/index.ts";

const folder = fileURLToPath(new URL("../examples", import.meta.url));
const files = readdirSync(folder, { recursive: true, encoding: "utf8" })
  .map((name) => join(folder, name))
  .sort();
const policies = files.filter((name) => name.endsWith(".mcpp"));
const configs = files.filter((name) => name.endsWith("mcpp.yaml"));
const nameOf = (path: string): string => path.slice(folder.length + 1);
const read = (path: string): Source => new Source(path, readFileSync(path, "utf8"));

it("there are examples", () => {
  expect(policies.length).toBeGreaterThan(0);
  expect(configs.length).toBeGreaterThan(0);
});

it.each(policies.map((path) => [nameOf(path), path]))("%s compiles and is formatted", (_, path) => {
  const source = read(path);
  const { policy, diagnostics } = compile(source, fileHost());
  const errors = diagnostics.filter(({ severity }) => severity === "error");
  expect(errors.map((one) => renderDiagnostic(one))).toEqual([]);
  expect(policy).toBeTypeOf("object");
  expect(format(parsed(source).document)).toBe(source.text);
});

it.each(configs.map((path) => [nameOf(path), path]))(
  "%s is checked without a warning",
  (_, path) => {
    const { config, diagnostics } = loadConfig(read(path), {}, false);
    const found = diagnostics.filter(({ severity }) => severity !== "info");
    expect(found.map((one) => renderDiagnostic(one))).toEqual([]);
    expect(config?.servers.size).toBeGreaterThan(0);
  },
);
