import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { runChecks } from "../compiler/check/check.ts";
import { rules as checks } from "../compiler/check/rules.ts";
import { types } from "../compiler/check/typing/types.ts";
import { compile } from "../compiler/compile.ts";
import { lower, sourceMapOf } from "../compiler/lower/lower.ts";
import { resolve } from "../compiler/resolve/resolve.ts";
import { parsed, Source } from "../language/index.ts";
import { type Json, type Policy, serializePolicy } from "../policy/index.ts";
import { printTable, showTime } from "./measure.ts";

const TOOLS = 250;
const RULES = 2_000;
const ROUNDS = 40;
const otherChecks = checks.filter((check) => check !== types);
/** Lists of real servers, beside a checkout. */
const LISTS = join(process.cwd(), "../shared/tools");

interface ListedTool {
  readonly name: string;
  readonly inputSchema?: Json;
}

/** The tools of real servers, under new names once they are used up; undefined when the lists are not there. */
function realTools(): ListedTool[] | undefined {
  if (!existsSync(LISTS)) return undefined;
  const real = readdirSync(LISTS)
    .filter((name) => name.endsWith(".json"))
    .sort()
    .flatMap((name) => {
      const { tools } = JSON.parse(readFileSync(join(LISTS, name), "utf8")) as {
        tools?: readonly ListedTool[];
      };
      return (tools ?? []).filter(({ inputSchema }) => inputSchema !== undefined);
    });
  return Array.from({ length: TOOLS }, (_, index) => {
    const tool = real[index % real.length] as ListedTool;
    return { ...tool, name: `t${index}_${tool.name.replaceAll(/[^A-Za-z0-9_-]/g, "_")}` };
  });
}

/** Eight rules a tool, each with conditions on arguments that its schema has. */
function rulesOf(tool: ListedTool): string[] {
  const properties = Object.entries(
    ((tool.inputSchema as { properties?: Record<string, unknown> }).properties ?? {}) as Record<
      string,
      { type?: string; enum?: readonly Json[] } | undefined
    >,
  ).filter(([name]) => /^[A-Za-z_][A-Za-z0-9_-]*$/.test(name));
  const strings = properties.filter(([, schema]) => schema?.type === "string" && !schema.enum);
  const numbers = properties.filter(
    ([, schema]) => schema?.type === "number" || schema?.type === "integer",
  );
  const text = strings[0]?.[0];
  const number = numbers[0]?.[0];
  const { name } = tool;
  const conditions = [
    ...(text === undefined
      ? []
      : [
          `not has args.${text} or args.${text} not in ["a", "b", "c"]`,
          `args.${text} matches /[a-z0-9 -]*/ or args.${text} starts with "x"`,
          `length(args.${text}) <= 500`,
        ]),
    ...(number === undefined ? [] : [`args.${number} else 0 <= 1_000`]),
  ];
  const made = [
    `allow ${name} limit 100/hour per grant`,
    `limit ${name} 10/minute per session`,
    `limit ${name} 1_000/day per server because "That is enough for a day."`,
    ...conditions.map((condition) => `deny ${name} unless ${condition} because "Not like this."`),
    `deny ${name} unless grant.team in ["build", "support"]`,
    `deny ${name} unless during mon-fri 08:00-18:00`,
    `ask ${name} if grant.team == "support"`,
    `deny ${name} if grant.name == "guest"`,
    `shadow deny ${name} if grant.name == "trial"`,
  ];
  return made.slice(0, RULES / TOOLS);
}

export async function run(): Promise<void> {
  const tools = realTools();
  if (tools === undefined) {
    console.log(`Left out: the lists of real servers are not in ${LISTS}.`);
    return;
  }
  const list = JSON.stringify({ server: { name: "bench" }, tools });
  const text = [
    'server bench tools "./tools.json"',
    'labels team: "build" | "support" | "sales"',
    ...tools.flatMap(rulesOf),
    "",
  ].join("\n");
  const host = { read: () => ({ name: "tools.json", text: list }) };
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
