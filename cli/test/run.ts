import type { Compilation, Program } from "../../compiler/index.ts";
import type { CallStep, ObjectNode, Source, Step, Test, TestGrant } from "../../language/index.ts";
import { type Json, type Policy, pointer, type SourceMap } from "../../policy/index.ts";
import {
  type Context,
  compileEngine,
  type Judged,
  Rulebook,
  Trial,
  type TrialCall,
} from "../../runtime/index.ts";
import { asListed } from "../listed-tool.ts";
import { argumentsText } from "./arguments.ts";
import type { Expectation, TestFailure, TestResult } from "./result.ts";

/** When the clock of a test stands that sets none: a Monday, at noon. */
export const START = Date.parse("2026-01-05T12:00:00Z");

/** One call that a step has made. */
export interface MadeCall {
  readonly call: TrialCall;
  readonly tool: string;
  readonly grant: Context["grant"];
  readonly now: number;
  readonly approved: boolean;
  readonly judged: Judged;
}

export interface RunOptions {
  /** Whether to run a test, by its name. */
  readonly chosen?: (name: string) => boolean;
  /** Is told of every call. */
  readonly observe?: (call: MadeCall) => void;
}

/**
 * Runs the tests of a compiled policy, each from a fresh state, on the engine of the proxy.
 *
 * @returns none for a policy with errors
 */
export async function runTests(
  compiled: Compilation,
  { chosen = () => true, observe }: RunOptions = {},
): Promise<readonly TestResult[]> {
  const { policy, map, program } = compiled;
  if (policy === undefined) return [];
  const rulebook = new Rulebook(policy, compileEngine(policy, { map }));
  const bench: Bench = {
    rulebook,
    map,
    server: program.server?.node.name.value ?? "local",
    tools: toolsOf(program, policy),
    observe,
  };
  const results: TestResult[] = [];
  for (const { node, source } of program.tests) {
    if (chosen(node.name.value)) results.push(await new Run(node, source, bench).result());
  }
  return results;
}

/** The same for all tests of a policy. */
interface Bench {
  readonly rulebook: Rulebook;
  readonly map: SourceMap;
  readonly server: string;
  readonly tools: readonly Json[];
  readonly observe: RunOptions["observe"];
}

/**
 * The tools that the server has, as far as a test can tell: those of the tool list. Where there is none, or it says
 * of itself that it is not complete, names are taken as written.
 */
function toolsOf({ tools, tests }: Program, policy: Policy): readonly Json[] {
  const { list } = tools;
  const listed = (list?.tools ?? []).map(asListed);
  if (tools.known && list?.complete !== false) return listed;
  const names = new Set(Object.keys(policy.tools ?? {}));
  for (const { node } of tests) for (const name of toolsCalled(node.steps)) names.add(name);
  return [
    ...listed,
    ...[...names].filter((name) => !tools.byName.has(name)).map((name) => ({ name })),
  ];
}

function toolsCalled(steps: readonly Step[]): readonly string[] {
  return steps.flatMap((step) => {
    if (step.kind === "as") return toolsCalled(step.steps);
    return step.kind === "call" ? [step.tool.value] : [];
  });
}

/** One test on its way. */
class Run {
  readonly #test: Test;
  readonly #source: Source;
  readonly #bench: Bench;
  readonly #trial: Trial;
  readonly #failures: TestFailure[] = [];
  #calls = 0;

  constructor(test: Test, source: Source, bench: Bench) {
    this.#test = test;
    this.#source = source;
    this.#bench = bench;
    this.#trial = new Trial({ ...bench, now: START });
  }

  async result(): Promise<TestResult> {
    const { name, span, as, steps } = this.#test;
    const began = performance.now();
    await this.#run(steps, grantOf(as));
    return {
      name: name.value,
      source: this.#source,
      span,
      nameSpan: name.span,
      calls: this.#calls,
      failures: this.#failures,
      took: performance.now() - began,
    };
  }

  async #run(steps: readonly Step[], grant: Context["grant"]): Promise<void> {
    for (const step of steps) {
      switch (step.kind) {
        case "wait":
          this.#trial.now += step.duration.ms;
          break;
        case "at":
          this.#trial.now = Date.parse(step.time.value);
          break;
        case "as":
          await this.#run(step.steps, grantOf(step.as));
          break;
        case "call":
          await this.#call(step, grant);
          break;
      }
    }
  }

  async #call(step: CallStep, grant: Context["grant"]): Promise<void> {
    const { approved } = step;
    const tool = step.tool.value;
    const text = argumentsText(step.args);
    const call = this.#trial.read(tool, text);
    const of = step.repeat?.value ?? 1;
    const { now } = this.#trial;
    let first: { readonly at: number; readonly actual: Judged } | undefined;
    let failed = 0;
    for (let at = 1; at <= of; at++) {
      const judged = await this.#trial.judge(call, { grant, approved });
      this.#bench.observe?.({ call, tool, grant, now, approved, judged });
      if (isAsExpected(judged, step)) continue;
      failed++;
      first ??= { at, actual: judged };
    }
    this.#calls += of;
    if (first === undefined) return;
    const { actual } = first;
    const decidedBy = placeOf(actual, tool, this.#bench.map);
    this.#failures.push({
      source: this.#source,
      span: step.span,
      callSpan: { start: step.span.start, end: step.args.span.end },
      expected: expectationOf(step),
      actual,
      ...(decidedBy === undefined ? {} : { decidedBy }),
      ...(step.repeat === undefined ? {} : { repeated: { first: first.at, failed, of } }),
      steps: this.#trial.steps(call, { grant, approved }),
      caller: { tool, arguments: text, grant: grant.name, labels: grant.labels, now },
    });
  }
}

function isAsExpected({ outcome, message }: Judged, step: CallStep): boolean {
  if (outcome !== step.expect) return false;
  return step.message === undefined || message.includes(step.message.value);
}

function expectationOf({ expect, message }: CallStep): Expectation {
  return { outcome: expect, ...(message === undefined ? {} : { message: message.value }) };
}

/** Of an allowed call the place of the statement that opens the tool. */
function placeOf({ outcome, source }: Judged, tool: string, map: SourceMap): string | undefined {
  if (source !== undefined || outcome !== "allow") return source;
  const opening = [pointer("tools", tool), "/default"].find((at) => Object.hasOwn(map, at));
  return opening === undefined ? undefined : map[opening];
}

const LOCAL: Context["grant"] = { id: "local", name: "local", labels: {} };

/** Grants of one name are one grant: its counters are shared between its blocks. */
function grantOf(as: TestGrant | undefined): Context["grant"] {
  if (as === undefined) return LOCAL;
  const name = as.grant.value;
  return { id: name, name, labels: as.labels === undefined ? {} : labelsOf(as.labels) };
}

/** Labels are text; the checker refuses others. */
function labelsOf({ entries }: ObjectNode): Readonly<Record<string, string>> {
  const labels: Record<string, string> = Object.create(null);
  for (const { key, value } of entries) {
    if (value.kind === "string") labels[key.value] = value.value;
  }
  return labels;
}
