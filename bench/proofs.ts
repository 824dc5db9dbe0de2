import { engineJudge } from "../cli/judge.ts";
import { type Compilation, compile, diffPolicies, typeOf } from "../compiler/index.ts";
import { Source } from "../language/index.ts";
import { printTable, showTime } from "./measure.ts";
import { LEFT_OUT, type RealPolicy, realPolicy } from "./real-policy.ts";

const TOOLS = 250;
const RULES = 500;
const ROUNDS = 5;
/** In the other policy of the comparison, every so many tools have another rule. */
const CHANGED = 10;

/** Of each tool the permission, and the first rule with a condition. */
function twoRulesOf({ text, tools }: RealPolicy): readonly (readonly [string, string])[] {
  const lines = text.split("\n");
  return tools.map(({ name }) => {
    const own = lines.filter((line) => line.split(" ").includes(name));
    const deny = own.filter((line) => line.startsWith("deny"));
    return [own[0] as string, deny[0] as string];
  });
}

/** What a rule denies is never allowed. */
function claimOf(deny: string): string {
  const [, name = "", condition = ""] =
    /^deny (\S+) unless (.*?)(?: because .*)?$/.exec(deny) ?? [];
  return `never allow ${name} if not (${condition})`;
}

export async function run(): Promise<void> {
  const real = realPolicy(TOOLS, 8);
  if (real === undefined) {
    console.log(LEFT_OUT);
    return;
  }
  const head = real.text.split("\n").slice(0, 2);
  const rules = twoRulesOf(real);
  const before = [...head, ...rules.flat()].join("\n");
  const claimed = `${before}\n${rules.map(([, deny]) => claimOf(deny)).join("\n")}\n`;
  const after = [
    ...head,
    ...rules.flatMap(([allow, deny], index) =>
      index % CHANGED === 0 ? [allow.replace("100/hour", "200/hour")] : [allow, deny],
    ),
  ].join("\n");
  const host = { ...real.host, judge: engineJudge() };
  const make = (text: string): Compilation => {
    const compiled = compile(new Source("bench.mcpp", text), host, { claimsApart: true });
    if (compiled.policy === undefined) throw new Error("The policy did not compile.");
    return compiled;
  };
  const best = { compile: Infinity, claims: Infinity, diff: Infinity };
  let found = "";
  for (let round = 0; round < ROUNDS; round++) {
    const plain = lap(() => make(before));
    best.compile = Math.min(best.compile, plain.ms);
    const proved = lap(() => make(claimed));
    best.claims = Math.min(best.claims, proved.ms);
    const compared = lap(() =>
      diffPolicies(sideOf(make(before)), sideOf(make(after)), engineJudge()),
    );
    best.diff = Math.min(best.diff, compared.ms);
    const of = (kind: string): number =>
      proved.result.claims.filter(({ verdict }) => verdict.kind === kind).length;
    const { changes, undecided } = compared.result;
    found = `${of("proved")} claims proved, ${of("refuted")} refuted, ${of("undecided")} not decided; ${changes.length} differences, ${undecided.length} not decided`;
  }
  const row = (name: string, ms: number, target = ""): readonly string[] => [
    name,
    showTime(ms * 1e6),
    target,
  ];
  printTable([
    [`${RULES} rules, ${TOOLS} tools`, "best", "target"],
    row("compile, without claims", best.compile),
    row(`with ${TOOLS} claims, text to verdicts`, best.claims, "≤ 2 s"),
    row("diff, two texts to differences", best.diff, "≤ 2 s"),
  ]);
  console.log(`\n${found}.`);
}

function sideOf({ policy, program }: Compilation): Parameters<typeof diffPolicies>[0] {
  if (policy === undefined) throw new Error("The policy did not compile.");
  const tools = program.tools.list?.tools ?? [];
  return {
    policy,
    tools: new Map(
      tools.flatMap(({ name, inputSchema }) =>
        inputSchema === undefined ? [] : [[name, typeOf(inputSchema)] as const],
      ),
    ),
  };
}

function lap<T>(work: () => T): { readonly result: T; readonly ms: number } {
  const started = performance.now();
  const result = work();
  return { result, ms: performance.now() - started };
}
