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

/** What the checker, the claims and the tests of a policy find wrong: nothing, where all is well. */
export async function faultsOf(name: string): Promise<readonly string[]> {
  const faults: string[] = [];
  for await (const fault of faultsIn(compileExample(name))) faults.push(fault);
  return faults;
}

/** The first of them in a policy with this text; the rest is not looked for. */
export async function firstFaultOf(name: string, text: string): Promise<string | undefined> {
  for await (const fault of faultsIn(compileExample(name, text))) return fault;
  return undefined;
}

async function* faultsIn(compiled: Compilation): AsyncGenerator<string> {
  for (const diagnostic of compiled.diagnostics) {
    if (diagnostic.severity === "error") yield renderDiagnostic(diagnostic);
  }
  for (const { claim, verdict } of compiled.claims) {
    if (verdict.kind === "proved") continue;
    yield `\`${claim.source.slice(claim.node.span)}\` is ${verdict.kind}.`;
  }
  for (const name of new Set(compiled.program.tests.map(({ node }) => node.name.value))) {
    const results = await runTests(compiled, { chosen: (test) => test === name });
    if (results.some(({ failures }) => failures.length > 0)) yield `The test \`${name}\` fails.`;
  }
}
