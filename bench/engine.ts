import { createRequire } from "node:module";
import { setFlagsFromString } from "node:v8";
import { Environment } from "@marcbachmann/cel-js";
import { newEnforcer, newModelFromString, StringAdapter } from "casbin";
import { LogicEngine } from "json-logic-engine";
import { type Json, type Policy, validatePolicy } from "../policy/index.ts";
import { type Call, type Context, compileEngine } from "../runtime/index.ts";
import { type Contender, printTable, race, showRatio, showTime } from "./measure.ts";

type Arguments = Call["args"];
/** Whether a call is allowed. */
type Judge = (call: Call) => boolean;

const TOOLS = 100;
const CURRENCIES = ["usd", "eur"] as const;

/** The same three conditions on every tool: a number, a choice and a pattern. */
function policyOf(tools: number): Policy {
  const entry = {
    require: [
      {
        conditions: [
          { path: "args.amount", op: "lte", value: 100 },
          { path: "args.currency", op: "in", value: CURRENCIES },
          { path: "args.branch", op: "regex", value: "^feat/" },
        ],
      },
    ],
  };
  const validated = validatePolicy({
    version: "1",
    default: "deny",
    tools: Object.fromEntries(toolNames(tools).map((name) => [name, entry])),
  });
  if (!("policy" in validated)) throw new Error(validated.problems[0]?.message);
  return validated.policy;
}

function toolNames(tools: number): string[] {
  return Array.from({ length: tools }, (_, index) => `tool_${index}`);
}

/** Every tool by turns; half of the calls are allowed, the others fail by one condition each. */
function callsTo(tools: number): Call[] {
  const wrong = [{ amount: 101 }, { currency: "gbp" }, { branch: "main" }];
  return Array.from({ length: 1_024 }, (_, index) => ({
    tool: `tool_${(index * 7) % tools}`,
    // As it comes off the wire.
    args: JSON.parse(
      JSON.stringify({
        amount: index % 100,
        currency: CURRENCIES[index % 2],
        branch: `feat/${index}`,
        ...(index % 2 === 0 ? {} : wrong[index % 3]),
      }),
    ) as Arguments,
  }));
}

const CONTEXT: Context = {
  grant: { id: "local", name: "local", labels: {} },
  server: "bench",
  now: Date.parse("2026-11-23T09:00:00Z"),
};

function ours(tools: number): Judge {
  const engine = compileEngine(policyOf(tools));
  return (call) => engine.decide(call, CONTEXT).outcome === "allow";
}

/** What a person would write who needs no more than this policy. */
function handWritten(): Judge {
  const currencies = new Set<Json | undefined>(CURRENCIES);
  const pattern = /^feat\//;
  const rules = new Map(
    toolNames(TOOLS).map((name) => [
      name,
      ({ amount, currency, branch }: Arguments): boolean =>
        typeof amount === "number" &&
        amount <= 100 &&
        currencies.has(currency) &&
        typeof branch === "string" &&
        pattern.test(branch),
    ]),
  );
  return ({ tool, args }) => rules.get(tool)?.(args) ?? false;
}

function jsonLogic(): Judge {
  const engine = new LogicEngine();
  engine.addMethod("starts", {
    method: ([text, start]: [string, string]) => text.startsWith(start),
    deterministic: true,
  } as never);
  const rules = new Map(
    toolNames(TOOLS).map((name) => [
      name,
      engine.build({
        and: [
          { "<=": [{ var: "amount" }, 100] },
          { in: [{ var: "currency" }, CURRENCIES] },
          { starts: [{ var: "branch" }, "feat/"] },
        ],
      }) as (args: Arguments) => unknown,
    ]),
  );
  return ({ tool, args }) => rules.get(tool)?.(args) === true;
}

function cel(): Judge {
  const environment = new Environment()
    .registerVariable("amount", "double")
    .registerVariable("currency", "string")
    .registerVariable("branch", "string");
  const rules = new Map(
    toolNames(TOOLS).map((name) => [
      name,
      environment.parse(
        'amount <= 100.0 && currency in ["usd", "eur"] && branch.startsWith("feat/")',
      ),
    ]),
  );
  return ({ tool, args }) => rules.get(tool)?.(args as never) === true;
}

async function casbin(): Promise<Judge> {
  const model = newModelFromString(`
[request_definition]
r = tool, args
[policy_definition]
p = tool
[policy_effect]
e = some(where (p.eft == allow))
[matchers]
m = r.tool == p.tool && holds(r.args)`);
  const lines = toolNames(TOOLS).map((name) => `p, ${name}`);
  const enforcer = await newEnforcer(model, new StringAdapter(lines.join("\n")));
  const currencies = new Set<Json | undefined>(CURRENCIES);
  await enforcer.addFunction(
    "holds",
    ({ amount, currency, branch }: Arguments) =>
      Number(amount) <= 100 && currencies.has(currency) && String(branch).startsWith("feat/"),
  );
  return ({ tool, args }) => enforcer.enforceSync(tool, args);
}

function cedar(): Judge {
  // Node 20 aborts ("unreachable code") where it has inlined a call into WebAssembly that then deoptimises.
  setFlagsFromString("--no-turbo-inline-js-wasm-calls");
  const load = createRequire(import.meta.url);
  const wasm = load(
    "@cedar-policy/cedar-wasm/nodejs",
  ) as typeof import("@cedar-policy/cedar-wasm/nodejs");
  const staticPolicies = toolNames(TOOLS)
    .map(
      (name) => `permit (principal, action == Action::"${name}", resource) when {
  context.amount <= 100 && ["usd", "eur"].contains(context.currency) && context.branch like "feat/*"
};`,
    )
    .join("\n");
  const parsed = wasm.preparsePolicySet("bench", { staticPolicies });
  if (parsed.type === "failure") throw new Error(JSON.stringify(parsed.errors));
  return ({ tool, args }) => {
    const answer = wasm.statefulIsAuthorized({
      principal: { type: "Grant", id: "local" },
      action: { type: "Action", id: tool },
      resource: { type: "Server", id: "bench" },
      context: args as never,
      entities: [],
      preparsedPolicySetId: "bench",
    });
    return answer.type === "success" && answer.response.decision === "allow";
  };
}

function contender(name: string, judge: Judge, calls: readonly Call[]): Contender {
  return {
    name,
    run: (count) => {
      let allowed = 0;
      for (let i = 0; i < count; i++) if (judge(calls[i & 1_023] as Call)) allowed++;
      return allowed;
    },
  };
}

/** A race of engines that disagree says nothing. */
function assertAgreement(judges: Readonly<Record<string, Judge>>, calls: readonly Call[]): void {
  for (const [index, call] of calls.entries()) {
    for (const [name, judge] of Object.entries(judges)) {
      if (judge(call) !== (index % 2 === 0)) {
        throw new Error(`${name} disagrees on ${JSON.stringify(call)}.`);
      }
    }
  }
}

const TARGETS: Readonly<Record<string, string>> = {
  mcpp: "≤ 5×",
  "cedar-wasm, parsed before": "≥ 100× mcpp",
  "casbin, enforceSync": "≥ 100× mcpp",
};

export async function run(): Promise<void> {
  const judges: Readonly<Record<string, Judge>> = {
    "hand-written closures": handWritten(),
    mcpp: ours(TOOLS),
    "json-logic-engine, compiled": jsonLogic(),
    "cel-js, typed": cel(),
    "casbin, enforceSync": await casbin(),
    "cedar-wasm, parsed before": cedar(),
  };
  const calls = callsTo(TOOLS);
  assertAgreement(judges, calls);
  const timings = race(
    Object.entries(judges).map(([name, judge]) => contender(name, judge, calls)),
  );
  const nsOf = (name: string): number => timings.find((one) => one.name === name)?.ns ?? 0;
  const floor = nsOf("hand-written closures");
  const own = nsOf("mcpp");
  printTable([
    [`one decision, ${TOOLS} tools, 3 conditions`, "time", "of the floor", "of mcpp", "target"],
    ...timings.map(({ name, ns }) => [
      name,
      showTime(ns),
      showRatio(ns / floor),
      showRatio(ns / own),
      TARGETS[name] ?? "",
    ]),
  ]);
  console.log();
  const sizes = [10, 100, 1_000, 10_000];
  const bySize = race(sizes.map((tools) => contender(String(tools), ours(tools), callsTo(tools))));
  const smallest = bySize[0]?.ns ?? 0;
  printTable([
    ["mcpp by tools in the policy", "time", "of 10 tools", "target"],
    ...bySize.map(({ name, ns }) => [name, showTime(ns), showRatio(ns / smallest), "flat"]),
  ]);
}
