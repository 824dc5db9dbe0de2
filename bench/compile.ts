import { runChecks } from "../compiler/check/check.ts";
import { rules as checks } from "../compiler/check/rules.ts";
import { types } from "../compiler/check/typing/types.ts";
import { compile } from "../compiler/compile.ts";
import { lower, sourceMapOf } from "../compiler/lower/lower.ts";
import { resolve } from "../compiler/resolve/resolve.ts";
import { parsed, Source } from "../language/index.ts";
import { type Policy, serializePolicy } from "../policy/index.ts";
import { printTable, showTime } from "./measure.ts";
import { LEFT_OUT, realPolicy } from "./real-policy.ts";

const TOOLS = 250;
const RULES = 2_000;
const ROUNDS = 40;
const otherChecks = checks.filter((check) => check !== types);
export async function run(): Promise<void> {
  const real = realPolicy(TOOLS, RULES / TOOLS);
  if (real === undefined) {
    console.log(LEFT_OUT);
    return;
  }
  const { text, host, tools } = real;
  const { policy, diagnostics: found } = compile(new Source("bench.mcpp", text), host);
  if (policy === undefined) {
    const error = found.find(({ severity }) => severity === "error");
    throw new Error(error?.message ?? "The policy did not compile.");
  }
  const stages = new Map<string, number>();
  for (let round = 0; round < ROUNDS; round++) {
    // Nothing is remembered between the rounds: each has a source of its own.
    const fresh = new Source("bench.mcpp", text);
    const made = lap(
      stages,
      "all, text to policy",
      () => compile(new Source("bench.mcpp", text), host).policy,
    );
    lap(stages, "  parse", () => parsed(fresh));
    const { program, diagnostics } = lap(stages, "  read the list, resolve names", () =>
      resolve(fresh, host),
    );
    lap(stages, "  types", () => runChecks([types], program, diagnostics));
    lap(stages, "  other checks", () => runChecks(otherChecks, program, diagnostics));
    const lowered = lap(stages, "  lower", () => lower({ program, report: () => undefined })());
    lap(stages, "source map (not in the target)", () => sourceMapOf(lowered));
    lap(stages, "serialise (not in the target)", () => serializePolicy(made as Policy));
  }
  const all = stages.get("all, text to policy") ?? 0;
  const count = text.split("\n").length - 3;
  printTable([
    [
      `${count} rules, ${tools.length} tools, ${text.length >> 10} KiB, warm`,
      "best",
      "of all",
      "target",
    ],
    ...[...stages].map(([name, ms], index) => [
      name,
      showTime(ms * 1e6),
      `${((100 * ms) / all).toFixed(0)} %`,
      index === 0 ? "≤ 100 ms" : "",
    ]),
  ]);
}

/** Keeps the least time of each stage, in milliseconds: other work on the machine only ever slows it down. */
function lap<T>(stages: Map<string, number>, name: string, work: () => T): T {
  const started = performance.now();
  const result = work();
  const ms = performance.now() - started;
  stages.set(name, Math.min(stages.get(name) ?? ms, ms));
  return result;
}
