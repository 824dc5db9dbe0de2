import { CoverageCollector } from "../cli/test/coverage.ts";
import { runTests } from "../cli/test/run.ts";
import { compile } from "../compiler/index.ts";
import { Source } from "../language/index.ts";
import { printTable, showTime } from "./measure.ts";
import { LEFT_OUT, realPolicy } from "./real-policy.ts";

const TOOLS = 250;
const RULES = 500;
const ROUNDS = 5;
/** Calls of each step. */
const REPEAT = 20;

/** A test for each tool: its calls, at two times and by two grants. */
function testOf({ name }: { readonly name: string }): string {
  return `test "${name}" {
  ${REPEAT} x ${name} {} => allow
  at "2026-11-23T10:00+01:00"
  as "anna" { team: "support" } {
    ${name} { id: "x", amount: 5 } => allow
  }
}`;
}

export async function run(): Promise<void> {
  const real = realPolicy(TOOLS, RULES / TOOLS);
  if (real === undefined) {
    console.log(LEFT_OUT);
    return;
  }
  const text = `${real.text}${real.tools.map(testOf).join("\n")}\n`;
  const best = { compile: Infinity, run: Infinity, covered: Infinity };
  let calls = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const started = performance.now();
    const compiled = compile(new Source("bench.mcpp", text), real.host);
    if (compiled.policy === undefined) throw new Error("The policy did not compile.");
    const compiledAt = performance.now();
    const results = await runTests(compiled);
    const ranAt = performance.now();
    const observe = new CoverageCollector().watch(compiled.program);
    await runTests(compiled, { observe });
    const coveredAt = performance.now();
    calls = results.reduce((sum, result) => sum + result.calls, 0);
    best.compile = Math.min(best.compile, compiledAt - started);
    best.run = Math.min(best.run, ranAt - compiledAt);
    best.covered = Math.min(best.covered, coveredAt - ranAt);
  }
  const row = (name: string, ms: number, target = ""): readonly string[] => [
    name,
    showTime(ms * 1e6),
    target,
  ];
  printTable([
    [`${RULES} rules, ${TOOLS} tools, ${TOOLS} tests, ${calls} calls`, "best", "target"],
    row("all, text to results", best.compile + best.run, "≤ 2 s"),
    row("  compile", best.compile),
    row("  run", best.run),
    row("  run, with coverage", best.covered),
  ]);
}
