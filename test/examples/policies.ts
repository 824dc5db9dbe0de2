import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { fileHost } from "../../cli/file-host.ts";
import { runTests } from "../../cli/test/run.ts";
import { type Compilation, compile } from "../../compiler/index.ts";
import { renderDiagnostic, Source } from "../../language/index.ts";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));
export const EXAMPLES = join(ROOT, "examples");

/** Every file below `examples/` whose name ends so: its path from there, sorted. */
export function examplesEndingWith(ending: string): readonly string[] {
  return readdirSync(EXAMPLES, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(ending))
    .sort();
}

/** A policy that falls to the attack which its folder is about; the checker warns of most. */
export function isNaive(name: string): boolean {
  return /(?:^|[\\/])naive\.mcpp$/.test(name);
}

export function readExample(name: string): Source {
  const path = join(EXAMPLES, name);
  return new Source(relative(process.cwd(), path), readFileSync(path, "utf8"));
}

/**
 * Compiles one as `mcpp test` does: a claim that does not hold is one more thing that fails, beside the tests.
 *
 * @param text in place of what the file holds
 */
export function compileExample(name: string, text?: string): Compilation {
  const source = readExample(name);
  return compile(text === undefined ? source : new Source(source.name, text), fileHost(), {
    claimsApart: true,
  });
}

/**
 * What the checker, the claims and the tests of a policy find wrong: nothing, where all is well.
 *
 * @param text in place of what the file holds
 */
export async function faultsOf(name: string, text?: string): Promise<readonly string[]> {
  const compiled = compileExample(name, text);
  const errors = compiled.diagnostics.filter(({ severity }) => severity === "error");
  if (errors.length > 0) return errors.map((error) => renderDiagnostic(error));
  const claims = compiled.claims
    .filter(({ verdict }) => verdict.kind !== "proved")
    .map(({ claim, verdict }) => `\`${claim.source.slice(claim.node.span)}\` is ${verdict.kind}.`);
  const tests = (await runTests(compiled))
    .filter(({ failures }) => failures.length > 0)
    .map((result) => `The test \`${result.name}\` fails.`);
  return [...claims, ...tests];
}
