import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import { Effort } from "../../../compiler/analysis/effort.ts";
import { all, any, type Formula, literal, valueAt } from "../../../compiler/analysis/formula.ts";
import { solve } from "../../../compiler/analysis/solve.ts";
import { between, has, only, union, unionOf } from "../../../compiler/analysis/values.ts";
import { enumerationOf, literalType } from "../../../compiler/check/typing/literals.ts";
import type { Json } from "../../../policy/index.ts";
import { diagnose } from "../check/diagnose.ts";
import { node } from "./arbitrary.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

/** The steps that checking a policy takes. */
function stepsOf(policy: string, tools?: object): { steps: number; codes: readonly string[] } {
  let steps = 0;
  const { spend } = Effort.prototype;
  Effort.prototype.spend = function (count) {
    const affordable = spend.call(this, count);
    // What is not affordable is not done.
    if (affordable) steps += count;
    return affordable;
  };
  const codes = diagnose(policy, tools === undefined ? {} : { tools }).map(({ code }) => code);
  Effort.prototype.spend = spend;
  return { steps, codes };
}

const lines = (count: number, line: (n: number) => string): string =>
  Array.from({ length: count }, (_, n) => `${line(n)}\n`).join("");

describe("the work on a policy", () => {
  it.each([
    ["denies", "allow list_orders", (n: number) => `deny list_orders if args.page == ${n + 1}`],
    ["allows", "", (n: number) => `allow list_orders if args.page == ${n + 1}`],
    [
      "denies with two conditions",
      "allow create_refund",
      (n: number) =>
        `deny create_refund if args.amount == ${n + 1} and args.reason != "r${n}" or args.reason == "c${n}"`,
    ],
    [
      "denies by pattern",
      "allow get_order",
      (n: number) => `deny get_order if args.id contains "<${n}>"`,
    ],
    [
      "limits",
      "allow list_orders",
      (n: number) => `limit list_orders ${n + 9}/minute if args.page == ${n + 1} as l${n}`,
    ],
  ])("is linear in its %s", (_, head, line) => {
    const few = stepsOf(`default deny\n${head}\n${lines(250, line)}`);
    const many = stepsOf(`default deny\n${head}\n${lines(750, line)}`);
    expect(few.steps).toBeGreaterThan(0);
    expect(many.steps).toBeLessThan(2500 * 750);
    expect(many.steps).toBeLessThan(4 * few.steps);
    expect(many.codes.filter((code) => code < "MCPP400")).toEqual([]);
    expect(many.codes).not.toContain("MCPP503");
  });

  it("is enough for a policy of usual size, wherever its superfluous rule stands", () => {
    const policy = `default deny\nallow list_orders\n${lines(60, (n) => `deny list_orders if args.page == ${n + 1}`)}`;
    const { codes } = stepsOf(`${policy}deny list_orders if args.page in [3, 7]\n`);
    expect(codes.filter((code) => code === "MCPP503")).toHaveLength(2);
  });

  it("is linear in a list of literals", () => {
    const values = Array.from({ length: 2000 }, (_, n) => `v${n}`);
    const tools = {
      tools: [
        {
          name: "pick",
          inputSchema: { type: "object", properties: { of: { enum: values } }, required: ["of"] },
        },
      ],
    };
    const add = vi.spyOn(Set.prototype, "add");
    const policy = `default deny\nallow pick if args.of in ${JSON.stringify(values.slice(1))}\n`;
    expect(diagnose(policy, { tools }).map(({ code }) => code)).not.toContain("MCPP314");
    expect(add.mock.calls.length).toBeLessThan(60 * values.length);
  });
});

describe("an answer", () => {
  it("is not decided when the effort does not reach, and never wrong", () => {
    const choice = fc.record({
      path: fc.constantFrom("a", "b", "c"),
      values: fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 3 }),
    });
    const conjunction = fc.array(fc.array(choice, { minLength: 1, maxLength: 3 }), {
      maxLength: 6,
    });
    const formulaOf = (
      clauses: readonly (readonly { path: string; values: readonly number[] }[])[],
    ): Formula =>
      all(
        clauses.map((clause) =>
          any(
            clause.map(({ path, values }) =>
              literal(valueAt(["args", path]), unionOf(values.map(only))),
            ),
          ),
        ),
      );
    let undecided = 0;
    fc.assert(
      fc.property(conjunction, fc.integer({ min: 0, max: 60 }), (clauses, steps) => {
        const formula = formulaOf(clauses);
        const exact = solve(formula).kind;
        const bounded = solve(formula, undefined, new Effort(steps)).kind;
        if (bounded === "perhaps") undecided++;
        else expect(bounded).toBe(exact);
      }),
      { numRuns: 1000 },
    );
    expect(undecided).toBeGreaterThan(50);
  });

  it("is given for a condition of very many parts", () => {
    const parts = Array.from({ length: 200_000 }, (_, n) =>
      literal(valueAt(["args", `a${n}`]), only(n)),
    );
    expect(["yes", "perhaps"]).toContain(
      solve(any([any(parts), literal(valueAt(["args", "z"]), only(1))])).kind,
    );
    expect(solve(all(parts)).kind).toBe("perhaps");
    const choices = parts
      .slice(0, 5000)
      .map((part, n) => any([part, literal(valueAt(["args", `b${n}`]), only(n))]));
    expect(["yes", "perhaps"]).toContain(solve(all(choices)).kind);
  });
});

describe("the union of many sets", () => {
  const bound = fc.integer({ min: -3, max: 3 });
  const range = fc
    .tuple(bound, fc.boolean(), bound, fc.boolean())
    .map(([low, lowOpen, high, highOpen]) => between(low, lowOpen, high, highOpen));
  const unbounded = bound.map((low) => between(low, false, Number.POSITIVE_INFINITY, true));
  const scalar = fc.constantFrom<Json>(null, true, false, "a", "b", 0, 1);
  const probes: readonly Json[] = [null, true, false, "a", "b", "c", [], {}].concat(
    Array.from({ length: 17 }, (_, n) => n / 2 - 4) as never,
  );

  it("holds what any of them holds, and nothing else", () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(range, unbounded, scalar.map(only)), { maxLength: 8 }),
        (sets) => {
          const joined = unionOf(sets);
          for (const probe of probes) {
            expect(has(joined, probe)).toBe(sets.some((set) => has(set, probe)));
          }
          const { numbers } = joined;
          for (const [i, { high, highOpen }] of numbers.entries()) {
            const next = numbers[i + 1];
            if (next === undefined) continue;
            // Sorted, and a value apart.
            expect(next.low > high || (next.low === high && next.lowOpen && highOpen)).toBe(true);
          }
          if (sets.length > 1) expect(sets.reduce(union)).toEqual(joined);
        },
      ),
      { numRuns: 2000 },
    );
  });
});

describe("an enumeration", () => {
  it("is made once a type, and looks its values up", () => {
    const type = {
      kind: "union",
      members: ["a", "B", 1].map((value) => literalType(node(value))),
    } as const;
    const texts = enumerationOf(type, "string");
    expect(enumerationOf(type, "string")).toBe(texts);
    expect(texts?.values).toEqual(["a", "B"]);
    expect([texts?.has("b", false), texts?.has("b", true), texts?.has("A", true)]).toEqual([
      false,
      true,
      true,
    ]);
    expect(enumerationOf(type, "boolean")).toBeUndefined();
    expect(
      enumerationOf({ kind: "union", members: [...type.members, { kind: "string" }] }, "string"),
    ).toBeUndefined();
  });
});
