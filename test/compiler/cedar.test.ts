import { createRequire } from "node:module";
import { setFlagsFromString } from "node:v8";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compile } from "../../compiler/index.ts";
import { Source } from "../../language/index.ts";
import type { Json } from "../../policy/index.ts";
import { compileEngine } from "../../runtime/index.ts";

// A differential test against another policy engine: for conditions that Cedar can express too, the decision of
// the compiled policy is Cedar's. The translation is written apart from the lowering, from the language
// reference: a comparison with a missing value is false, a value of the wrong type is an error.

// Node 20 aborts ("unreachable code") where it has inlined a call into WebAssembly that then deoptimises.
setFlagsFromString("--no-turbo-inline-js-wasm-calls");

type Cedar = typeof import("@cedar-policy/cedar-wasm/nodejs");
const cedar = createRequire(import.meta.url)("@cedar-policy/cedar-wasm/nodejs") as Cedar;

const TOOLS = {
  server: { name: "test" },
  tools: [
    {
      name: "t",
      inputSchema: {
        type: "object",
        properties: {
          n: { type: "integer" },
          m: { type: "integer" },
          s: { type: "string" },
          b: { type: "boolean" },
          l: { type: "array", items: { type: "string" } },
          o: { type: "object", properties: { n: { type: "integer" }, s: { type: "string" } } },
        },
      },
    },
  ],
};

// Conditions -----------------------------------------------------------------------------------------

type Path = readonly string[];

type Test =
  | { kind: "compare"; path: Path; operator: string; value: number }
  | { kind: "equal"; path: Path; not: boolean; value: Json }
  | { kind: "in"; path: Path; not: boolean; values: readonly (string | number)[] }
  | { kind: "like"; path: Path; operator: "like" | "starts with" | "ends with"; text: string }
  | { kind: "element"; path: Path; value: string }
  | { kind: "has"; path: Path };

type Condition =
  | Test
  | { kind: "not"; of: Condition }
  | { kind: "and" | "or"; of: readonly Condition[] };

const NUMBERS: readonly Path[] = [["n"], ["m"], ["o", "n"]];
const STRINGS: readonly Path[] = [["s"], ["o", "s"]];
const LETTERS = ["a", "b", "ab", "", "a*b", 'q"\\', "é"];

const test: fc.Arbitrary<Test> = fc.oneof(
  fc.record({
    kind: fc.constant("compare" as const),
    path: fc.constantFrom(...NUMBERS),
    operator: fc.constantFrom("<", "<=", ">", ">="),
    value: fc.integer({ min: -3, max: 3 }),
  }),
  fc.record({
    kind: fc.constant("equal" as const),
    path: fc.constantFrom(...NUMBERS),
    not: fc.boolean(),
    value: fc.integer({ min: -3, max: 3 }),
  }),
  fc.record({
    kind: fc.constant("equal" as const),
    path: fc.constantFrom(...STRINGS),
    not: fc.boolean(),
    value: fc.constantFrom(...LETTERS),
  }),
  fc.record({
    kind: fc.constant("equal" as const),
    path: fc.constant(["b"]),
    not: fc.boolean(),
    value: fc.boolean(),
  }),
  fc.record({
    kind: fc.constant("in" as const),
    path: fc.constantFrom(...NUMBERS),
    not: fc.boolean(),
    values: fc.uniqueArray(fc.integer({ min: -3, max: 3 }), { minLength: 1, maxLength: 3 }),
  }),
  fc.record({
    kind: fc.constant("in" as const),
    path: fc.constantFrom(...STRINGS),
    not: fc.boolean(),
    values: fc.uniqueArray(fc.constantFrom(...LETTERS), { minLength: 1, maxLength: 3 }),
  }),
  fc.record({
    kind: fc.constant("like" as const),
    path: fc.constantFrom(...STRINGS),
    operator: fc.constantFrom("like", "starts with", "ends with"),
    text: fc.constantFrom("a", "b", "ab", "a*", "*b", "*"),
  }),
  fc.record({
    kind: fc.constant("element" as const),
    path: fc.constant(["l"]),
    value: fc.constantFrom(...LETTERS),
  }),
  fc.record({
    kind: fc.constant("has" as const),
    path: fc.constantFrom(...NUMBERS, ...STRINGS, ["b"], ["l"]),
  }),
);

const { condition } = fc.letrec<{ condition: Condition }>((tie) => ({
  condition: fc.oneof(
    { maxDepth: 3, depthSize: "small" },
    test,
    fc.record({ kind: fc.constant("not" as const), of: tie("condition") }),
    fc.record({
      kind: fc.constantFrom("and" as const, "or" as const),
      of: fc.array(tie("condition"), { minLength: 2, maxLength: 3 }),
    }),
  ),
}));

interface Policy {
  readonly allow: readonly Condition[];
  readonly deny: readonly Condition[];
  readonly unless: readonly Condition[];
}

const policy: fc.Arbitrary<Policy> = fc.record({
  allow: fc.array(condition, { minLength: 1, maxLength: 2 }),
  deny: fc.array(condition, { maxLength: 2 }),
  unless: fc.array(condition, { maxLength: 1 }),
});

// To .mcpp -------------------------------------------------------------------------------------------

function toMcpp(part: Condition): string {
  switch (part.kind) {
    case "not":
      return `not (${toMcpp(part.of)})`;
    case "and":
    case "or":
      return part.of.map((each) => `(${toMcpp(each)})`).join(` ${part.kind} `);
    case "has":
      return `has args.${part.path.join(".")}`;
    case "compare":
      return `args.${part.path.join(".")} ${part.operator} ${part.value}`;
    case "equal":
      return `args.${part.path.join(".")} ${part.not ? "!=" : "=="} ${JSON.stringify(part.value)}`;
    case "in":
      return `args.${part.path.join(".")} ${part.not ? "not in" : "in"} ${JSON.stringify(part.values)}`;
    case "like":
      return `args.${part.path.join(".")} ${part.operator} ${JSON.stringify(part.text)}`;
    case "element":
      return `args.${part.path.join(".")} contains ${JSON.stringify(part.value)}`;
  }
}

function policyToMcpp({ allow, deny, unless }: Policy): string {
  return [
    ...allow.map((part) => `allow t if ${toMcpp(part)}`),
    ...deny.map((part) => `deny t if ${toMcpp(part)}`),
    ...unless.map((part) => `deny t unless ${toMcpp(part)}`),
  ].join("\n");
}

// To Cedar -------------------------------------------------------------------------------------------

/** `negated`: a negation is carried to the comparisons, each of which is false where its value is missing. */
function toCedar(part: Condition, negated: boolean): string {
  switch (part.kind) {
    case "not":
      return toCedar(part.of, !negated);
    case "and":
    case "or": {
      const operator = (part.kind === "and") === negated ? "||" : "&&";
      return `(${part.of.map((each) => toCedar(each, negated)).join(` ${operator} `)})`;
    }
    case "has":
      return negated ? `!(${present(part.path)})` : `(${present(part.path)})`;
    default: {
      const value = `context.args.${part.path.join(".")}`;
      const turned = negated ? `!(${compare(part, value)})` : compare(part, value);
      return `(${present(part.path)} && ${guard(part, value)} && ${turned})`;
    }
  }
}

function present(path: Path): string {
  return path
    .map((step, index) => `${["context.args", ...path.slice(0, index)].join(".")} has ${step}`)
    .join(" && ");
}

/** Cedar compares values of different types without complaint; this fails for a value of the wrong type. */
function guard(part: Test, value: string): string {
  const example = part.kind === "in" ? part.values[0] : "value" in part ? part.value : "";
  if (part.kind === "element") return `(${value}.contains("") || true)`;
  if (typeof example === "number") return `(${value} < 0 || true)`;
  if (typeof example === "boolean") return `(${value} || true)`;
  return `(${value} like "*")`;
}

function compare(part: Exclude<Test, { kind: "has" }>, value: string): string {
  switch (part.kind) {
    case "compare":
      return `${value} ${part.operator} ${part.value}`;
    case "equal":
      return `${value} ${part.not ? "!=" : "=="} ${literal(part.value)}`;
    case "in": {
      const inside = `[${part.values.map(literal).join(", ")}].contains(${value})`;
      return part.not ? `!(${inside})` : inside;
    }
    case "like": {
      const text = part.operator === "like" ? part.text : part.text.replaceAll("*", "\\*");
      return `${value} like "${part.operator === "ends with" ? "*" : ""}${text}${part.operator === "starts with" ? "*" : ""}"`;
    }
    case "element":
      return `${value}.contains(${literal(part.value)})`;
  }
}

function literal(value: Json): string {
  return JSON.stringify(value);
}

/** One `permit`: an error in Cedar discards a policy, and a discarded `forbid` would forbid nothing. */
function policyToCedar({ allow, deny, unless }: Policy): string {
  const parts = [
    `(${allow.map((part) => toCedar(part, false)).join(" || ")})`,
    ...deny.map((part) => `!(${toCedar(part, false)})`),
    ...unless.map((part) => toCedar(part, false)),
  ];
  return `permit(principal, action, resource) when { ${parts.join(" && ")} };`;
}

// Calls ----------------------------------------------------------------------------------------------

const wrong = fc.constantFrom<Json>(0, "a", true, [], ["a"], {}, { n: 1 });
const value = (right: fc.Arbitrary<Json>): fc.Arbitrary<Json | undefined> =>
  fc.oneof(
    { weight: 6, arbitrary: right },
    { weight: 2, arbitrary: fc.constant(undefined) },
    wrong,
  );
const number = fc.integer({ min: -3, max: 3 });
const text = fc.constantFrom(...LETTERS);

const args = fc
  .record({
    n: value(number),
    m: value(number),
    s: value(text),
    b: value(fc.boolean()),
    l: value(fc.array(text, { maxLength: 3 })),
    o: value(fc.record({ n: value(number), s: value(text) }).map(withoutMissing)),
  })
  .map(withoutMissing);

function withoutMissing(record: Record<string, Json | undefined>): Record<string, Json> {
  return Object.fromEntries(
    Object.entries(record).filter((entry): entry is [string, Json] => entry[1] !== undefined),
  );
}

const CONTEXT = {
  grant: { id: "local", name: "local", labels: {} },
  server: "test",
  now: 0,
};

describe("decisions beside Cedar's", () => {
  it("agree on ten thousand calls", () => {
    let calls = 0;
    let allowed = 0;
    let errors = 0;
    let cedarErrors = 0;
    fc.assert(
      fc.property(policy, fc.array(args, { minLength: 40, maxLength: 40 }), (rules, all) => {
        const text = policyToMcpp(rules);
        const { policy: compiled, diagnostics } = compile(new Source("test.mcpp", text), {
          read: () => undefined,
          toolList: new Source("test.tools.json", JSON.stringify(TOOLS)),
        });
        // A condition that can never hold, or the like, is refused before it is run.
        if (compiled === undefined) {
          expect(diagnostics.some(({ severity }) => severity === "error")).toBe(true);
          return;
        }
        const engine = compileEngine(compiled);
        const parsed = cedar.preparsePolicySet("p", { staticPolicies: policyToCedar(rules) });
        expect(parsed).toEqual({ type: "success" });
        for (const call of all) {
          const ours = engine.decide({ tool: "t", args: call }, CONTEXT);
          const answer = cedar.statefulIsAuthorized({
            principal: { type: "User", id: "a" },
            action: { type: "Action", id: "call" },
            resource: { type: "Tool", id: "t" },
            context: { args: call } as never,
            preparsedPolicySetId: "p",
            entities: [],
          });
          if (answer.type !== "success") throw new Error(JSON.stringify(answer));
          const { decision, diagnostics: found } = answer.response;
          calls++;
          if (ours.outcome === "allow") allowed++;
          if (ours.rule === "(type mismatch)") errors++;
          if (found.errors.length > 0) cedarErrors++;
          const where = `${text}\n${JSON.stringify(call)}\n${policyToCedar(rules)}`;
          if (decision === "allow") expect(ours.outcome, where).toBe("allow");
          // Cedar evaluates from left to right and stops at an error, where ours may know the answer.
          else if (found.errors.length === 0) expect(ours.outcome, where).toBe("deny");
        }
      }),
      { numRuns: 400 },
    );
    // The generator must not have become so tame that nothing is compared.
    expect(calls).toBeGreaterThanOrEqual(10_000);
    expect(allowed).toBeGreaterThan(calls / 10);
    expect(errors).toBeGreaterThan(calls / 100);
    expect(cedarErrors).toBeGreaterThan(calls / 100);
  }, 300_000);
});
