import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Host } from "../compiler/index.ts";
import type { Json } from "../policy/index.ts";

/** Lists of real servers, beside a checkout. */
const LISTS = join(process.cwd(), "../shared/tools");

interface ListedTool {
  readonly name: string;
  readonly inputSchema?: Json;
}

/** The tools of real servers, under new names once they are used up; undefined when the lists are not there. */
function realTools(count: number): ListedTool[] | undefined {
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
  return Array.from({ length: count }, (_, index) => {
    const tool = real[index % real.length] as ListedTool;
    return { ...tool, name: `t${index}_${tool.name.replaceAll(/[^A-Za-z0-9_-]/g, "_")}` };
  });
}

/** At most ten rules of a tool, each with conditions on arguments that its schema has. */
function rulesOf(tool: ListedTool, count: number): string[] {
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
  return made.slice(0, count);
}

/** Why there is no such policy. */
export const LEFT_OUT = `Left out: the lists of real servers are not in ${LISTS}.`;

export interface RealPolicy {
  readonly text: string;
  readonly host: Host;
  readonly tools: readonly { readonly name: string }[];
}

/** A policy for tools of real servers, with so many rules for each; undefined when the lists are not there. */
export function realPolicy(tools: number, rulesOfEach: number): RealPolicy | undefined {
  const real = realTools(tools);
  if (real === undefined) return undefined;
  const list = JSON.stringify({ server: { name: "bench" }, tools: real });
  const text = [
    'server bench tools "./tools.json"',
    'labels team: "build" | "support" | "sales"',
    ...real.flatMap((tool) => rulesOf(tool, rulesOfEach)),
    "",
  ].join("\n");
  return { text, tools: real, host: { read: () => ({ name: "tools.json", text: list }) } };
}
