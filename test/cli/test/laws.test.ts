import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CoverageCollector, type RuleCoverage } from "../../../cli/test/coverage.ts";
import { type MadeCall, runTests } from "../../../cli/test/run.ts";
import { compile } from "../../../compiler/index.ts";
import { Source } from "../../../language/index.ts";

const RULES = `default deny
labels role: "support" | "finance"
allow list limit 5/minute
allow search limit 4/15 minutes sliding
limit all 40/hour per server
on pay {
  allow
  deny unless args.amount <= 100 because "Too much."
  deny if args.amount > 80 and grant.role == "support"
  ask if args.amount > 50
  limit sum(args.amount) to 300/day as budget
}
hide drop
`;

/** What every call came to, test by test. */
async function outcomes(tests: readonly string[]): Promise<Readonly<Record<string, string[]>>> {
  const text = `${RULES}${tests.join("\n")}`;
  const compiled = compile(new Source("p.mcpp", text), { read: () => undefined });
  expect(compiled.diagnostics.filter(({ severity }) => severity === "error")).toEqual([]);
  const made: string[] = [];
  const found: Record<string, string[]> = {};
  const names = compiled.program.tests.map(({ node }) => node.name.value);
  for (const name of names) found[name] = [];
  // One after the other, in their order.
  let at = 0;
  const results = await runTests(compiled, {
    observe: ({ judged }) => made.push(`${judged.outcome} ${judged.message}`),
  });
  for (const { name, calls } of results) {
    found[name] = made.slice(at, at + calls);
    at += calls;
  }
  return found;
}

const test = (name: string, steps: readonly string[]): string =>
  `test "${name}" {\n${steps.join("\n")}\n}`;

/** What is expected has no part in what happens. */
const call = fc.oneof(
  fc.constantFrom("list {}", "search {}", "drop {}", "other {}"),
  fc.integer({ min: 1, max: 120 }).map((amount) => `pay { amount: ${amount} }`),
);
const made = fc
  .record({ call, approved: fc.boolean() })
  .map(({ call, approved }) => `${approved ? "approved " : ""}${call} => allow`);
const wait = fc.integer({ min: 1, max: 5_000 }).map((seconds) => `wait ${seconds}s`);
const step: fc.Arbitrary<string> = fc.oneof(
  { weight: 6, arbitrary: made },
  { weight: 1, arbitrary: wait },
  {
    weight: 1,
    arbitrary: fc
      .record({
        name: fc.constantFrom("a", "b"),
        labels: fc.constantFrom("", '{ role: "support" } ', '{ role: "finance" } '),
        steps: fc.array(made, { minLength: 1, maxLength: 4 }),
      })
      .map(({ name, labels, steps }) => `as "${name}" ${labels}{\n${steps.join("\n")}\n}`),
  },
);
const steps = fc.array(step, { maxLength: 10 });
const RUNS = { numRuns: 60 };

describe("a test", () => {
  it("with `n x` calls is one with the call n times", async () => {
    const property = fc.asyncProperty(
      steps,
      made,
      fc.integer({ min: 1, max: 8 }),
      async (before, one, n) => {
        const found = await outcomes([
          test("short", [...before, `${n} x ${one}`]),
          test("long", [...before, ...Array.from({ length: n }, () => one)]),
        ]);
        expect(found.short).toEqual(found.long);
      },
    );
    await fc.assert(property, RUNS);
  });

  it("waits twice as it waits once for both", async () => {
    const property = fc.asyncProperty(
      steps,
      fc.integer({ min: 1, max: 4_000 }),
      fc.integer({ min: 1, max: 4_000 }),
      steps,
      async (before, one, other, after) => {
        const found = await outcomes([
          test("twice", [...before, `wait ${one}s`, `wait ${other}s`, ...after]),
          test("once", [...before, `wait ${one + other}s`, ...after]),
        ]);
        expect(found.twice).toEqual(found.once);
      },
    );
    await fc.assert(property, RUNS);
  });

  it("is the same whatever stands before it", async () => {
    const property = fc.asyncProperty(steps, steps, steps, async (a, b, c) => {
      const tests = [test("a", a), test("b", b), test("c", c)];
      const found = await outcomes(tests);
      expect(await outcomes(tests.toReversed())).toEqual(found);
    });
    await fc.assert(property, RUNS);
  });

  it("is the same in one block of a grant as in several", async () => {
    const property = fc.asyncProperty(
      fc.array(made, { minLength: 2, maxLength: 8 }),
      async (calls) => {
        const found = await outcomes([
          test("one", [`as "a" {`, ...calls, "}"]),
          test(
            "several",
            calls.map((one) => `as "a" { ${one} }`),
          ),
          `test "whole" as "a" {\n${calls.join("\n")}\n}`,
        ]);
        expect(found.several).toEqual(found.one);
        expect(found.whole).toEqual(found.one);
      },
    );
    await fc.assert(property, RUNS);
  });
});

const placeOf = ({ source, span }: RuleCoverage): string => {
  const { line, column } = source.positionAt(span.start);
  return `${source.name}:${line}:${column}`;
};

describe("coverage", () => {
  it("counts every rule that has decided, and no other refusal than there was", async () => {
    const property = fc.asyncProperty(steps, async (all) => {
      const text = `${RULES}deny search if args.deep == true\n${test("x", all)}`;
      const compiled = compile(new Source("p.mcpp", text), { read: () => undefined });
      const collector = new CoverageCollector();
      const watch = collector.watch(compiled.program);
      const calls: MadeCall[] = [];
      await runTests(compiled, {
        observe: (call) => {
          calls.push(call);
          watch(call);
        },
      });
      const { rules, branches } = collector.result();
      const hit = new Map(rules.map((rule) => [placeOf(rule), rule]));
      for (const { judged } of calls) {
        const rule = judged.source === undefined ? undefined : hit.get(judged.source);
        // An `allow` is why a call was denied when its condition did not hold.
        if (rule !== undefined && rule.kind !== "allow") expect(rule.hits).toBeGreaterThan(0);
      }
      const full = branches.filter(({ kind }) => kind === "limit");
      const refused = calls.filter(({ judged }) => judged.rule.includes("/limits/"));
      expect(full.reduce((sum, { untaken }) => sum + untaken, 0)).toBe(refused.length);
      for (const { kind, hits, looked } of rules) {
        expect(hits, kind).toBeLessThanOrEqual(looked);
        expect(looked).toBeLessThanOrEqual(calls.length);
      }
    });
    await fc.assert(property, RUNS);
  });
});
