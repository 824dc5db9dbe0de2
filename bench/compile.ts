import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { runChecks } from "../compiler/check/check.ts";
import { rules as checks } from "../compiler/check/rules.ts";
import { compile } from "../compiler/compile.ts";
import { lower } from "../compiler/lower/lower.ts";
import { resolve } from "../compiler/resolve/resolve.ts";
import { typeOf } from "../compiler/tools/schema.ts";
import { parse, Source } from "../language/index.ts";
import { type Json, serializePolicy } from "../policy/index.ts";
import { type Contender, printTable, race, showRatio, showTime } from "./measure.ts";

const TOOLS = 250;
const RULES = 2_000;
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
  const source = new Source("bench.mcpp", text);
  const host = { read: () => ({ name: "tools.json", text: list }) };
  const whole = compile(source, host);
  const errors = whole.diagnostics.filter(({ severity }) => severity === "error");
  if (whole.policy === undefined) {
    throw new Error(errors[0]?.message ?? "The policy did not compile.");
  }
  const { policy } = whole;
  const resolved = resolve(source, host);
  const contenders: Contender[] = [
    repeated("all, text to policy", () => compile(new Source("bench.mcpp", text), host)),
    repeated("  parse", () => parse(new Source("bench.mcpp", text))),
    repeated("  read the list and resolve", () => resolve(source, host)),
    repeated("  types of the schemas", () => tools.map((tool) => typeOf(tool.inputSchema as Json))),
    repeated("  check", () => runChecks(checks, resolved.program, resolved.diagnostics)),
    repeated("  lower", () => lower({ program: resolved.program, report: () => undefined })),
    repeated("serialise", () => serializePolicy(policy)),
  ];
  const timings = race(contenders, { rounds: 9, ms: 150 });
  const all = timings[0]?.ns ?? 0;
  const count = text.split("\n").length - 3;
  printTable([
    [
      `${count} rules, ${tools.length} tools, ${text.length >> 10} KiB, warm`,
      "time",
      "of all",
      "target",
    ],
    ...timings.map(({ name, ns }, index) => [
      name,
      showTime(ns),
      showRatio(ns / all),
      index === 0 ? "≤ 100 ms" : "",
    ]),
  ]);
  console.log(`\n${whole.diagnostics.length} diagnostics, ${errors.length} errors`);
}

function repeated(name: string, work: () => unknown): Contender {
  return {
    name,
    run: (count) => {
      for (let i = 0; i < count; i++) work();
    },
  };
}
