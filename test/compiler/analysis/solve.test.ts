import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Domains } from "../../../compiler/analysis/branch.ts";
import { truthOf } from "../../../compiler/analysis/condition.ts";
import { all, type Formula, not } from "../../../compiler/analysis/formula.ts";
import { solve } from "../../../compiler/analysis/solve.ts";
import {
  between,
  EVERYTHING,
  has,
  NUMBERS,
  only,
  union,
} from "../../../compiler/analysis/values.ts";
import type { Condition } from "../../../language/index.ts";
import type { Json } from "../../../policy/index.ts";
import { args, comparison, condition, node, path } from "./arbitrary.ts";
import { evaluate, satisfied } from "./evaluate.ts";

const span = { start: 0, end: 0 };
const operand = (...keys: string[]) =>
  ({ kind: "path-operand", span, path: path(...keys) }) as const;
const and = (...operands: Condition[]): Condition => ({ kind: "and", span, operands });
const kindOf = (condition: Condition, domains?: Domains) =>
  solve(truthOf(condition).isTrue, domains).kind;

describe("the truth of a condition", () => {
  it("is what evaluation says, errors apart", () => {
    fc.assert(
      fc.property(condition, args, (condition, args) => {
        const outcome = evaluate(condition, args);
        const truth = truthOf(condition);
        expect(satisfied(truth.isTrue, args)).toBe(outcome === "true");
        expect(satisfied(truth.notFalse, args)).toBe(outcome !== "false");
      }),
      { numRuns: 3000 },
    );
  });

  it("of a negation is what evaluation says of it", () => {
    fc.assert(
      fc.property(condition, args, (operand, args) => {
        const outcome = evaluate({ kind: "not", span, operand }, args);
        expect(satisfied(truthOf(operand, true).isTrue, args)).toBe(outcome === "true");
      }),
      { numRuns: 1000 },
    );
  });

  it("and its complement share no call and miss none", () => {
    fc.assert(
      fc.property(condition, args, (condition, args) => {
        const { isTrue } = truthOf(condition);
        expect(satisfied(not(isTrue), args)).toBe(!satisfied(isTrue, args));
      }),
      { numRuns: 1000 },
    );
  });
});

describe("solve", () => {
  it("says no only of what nothing satisfies", () => {
    fc.assert(
      fc.property(
        condition,
        fc.array(args, { minLength: 20, maxLength: 20 }),
        (condition, tries) => {
          const { isTrue } = truthOf(condition);
          if (solve(isTrue).kind !== "no") return;
          for (const values of tries) expect(satisfied(isTrue, values)).toBe(false);
        },
      ),
      { numRuns: 1000 },
    );
  });

  it("gives arguments that satisfy the formula, or says that there are none", () => {
    let found = 0;
    fc.assert(
      fc.property(condition, (condition) => {
        const { isTrue } = truthOf(condition);
        const answer = solve(isTrue);
        expect(answer.kind).not.toBe("perhaps");
        if (answer.kind !== "yes") return;
        const args = answer.scene.args as Json;
        found++;
        expect(satisfied(isTrue, args)).toBe(true);
        expect(evaluate(condition, args)).toBe("true");
      }),
      { numRuns: 2000 },
    );
    expect(found).toBeGreaterThan(1000);
  });

  it("stops on a formula of many alternatives", () => {
    const alternative = (n: number): Condition => ({
      kind: "or",
      span,
      operands: [
        comparison(operand(`a${n}`), "starts with", node("x")),
        comparison(operand(`b${n}`), "starts with", node("y")),
      ],
    });
    const wide = and(
      ...Array.from({ length: 40 }, (_, n) => alternative(n)),
      comparison(operand("z"), "==", node(1)),
      comparison(operand("z"), "==", node(2)),
    );
    expect(kindOf(wide)).toBe("no");
  });

  const n = operand("n");
  const s = operand("s");
  it.each<[string, Condition, "no" | "yes"]>([
    ["two intervals apart", and(comparison(n, ">", node(10)), comparison(n, "<", node(5))), "no"],
    [
      "two intervals that meet",
      and(comparison(n, ">=", node(5)), comparison(n, "<=", node(5))),
      "yes",
    ],
    ["an open end", and(comparison(n, ">", node(5)), comparison(n, "<=", node(5))), "no"],
    ["two texts", and(comparison(s, "==", node("a")), comparison(s, "==", node("b"))), "no"],
    ["a text and a number", and(comparison(s, "==", node("a")), comparison(s, ">", node(1))), "no"],
    [
      "lists apart",
      and(comparison(s, "in", node(["a", "b"])), comparison(s, "in", node(["c"]))),
      "no",
    ],
    [
      "lists that meet",
      and(comparison(s, "in", node(["a", "b"])), comparison(s, "!=", node("a"))),
      "yes",
    ],
    ["a list used up", and(comparison(s, "in", node(["a"])), comparison(s, "!=", node("a"))), "no"],
    [
      "presence and absence",
      and({ kind: "has", span, path: path("s") }, comparison(s, "==", node(null))),
      "no",
    ],
    [
      "a value that is not there",
      and(comparison(s, "==", node("a")), comparison(s, "==", node(null))),
      "no",
    ],
    [
      "two beginnings",
      and(comparison(s, "starts with", node("ab")), comparison(s, "starts with", node("b"))),
      "no",
    ],
    [
      "a beginning in another",
      and(comparison(s, "starts with", node("ab")), comparison(s, "starts with", node("a"))),
      "yes",
    ],
    [
      "a text that does not begin so",
      and(comparison(s, "==", node("x")), comparison(s, "starts with", node("y"))),
      "no",
    ],
    [
      "a key of a text",
      and(comparison(operand("c"), "==", node("x")), comparison(operand("c", "d"), "==", node(1))),
      "no",
    ],
    [
      "a key of what is missing",
      and(comparison(operand("c"), "==", node(null)), { kind: "has", span, path: path("c", "d") }),
      "no",
    ],
    [
      "a negative length",
      comparison({ kind: "length", span, path: path("s") }, "<", node(0)),
      "no",
    ],
    [
      "a length between whole numbers",
      and(
        comparison({ kind: "length", span, path: path("s") }, ">", node(1)),
        comparison({ kind: "length", span, path: path("s") }, "<", node(2)),
      ),
      "no",
    ],
    [
      "a day before and after",
      and(
        {
          kind: "before",
          span,
          date: { kind: "date", span, text: "2026-01-01" },
        } as unknown as Condition,
        {
          kind: "after",
          span,
          date: { kind: "date", span, text: "2026-02-01" },
        } as unknown as Condition,
      ),
      "no",
    ],
  ])("%s: %#", (_, condition, kind) => {
    expect(kindOf(condition)).toBe(kind);
  });

  it("knows what the schema admits", () => {
    const domains: Domains = {
      values: (path) =>
        path[1] === "n"
          ? { ...between(1, false, 100, false), whole: true }
          : path[1] === "s"
            ? union(only("open"), only("closed"))
            : EVERYTHING,
    };
    expect(kindOf(comparison(n, ">", node(100)), domains)).toBe("no");
    expect(kindOf(comparison(n, ">", node(99)), domains)).toBe("yes");
    expect(kindOf(and(comparison(n, ">", node(1)), comparison(n, "<", node(2))), domains)).toBe(
      "no",
    );
    expect(
      kindOf(and(comparison(s, "!=", node("open")), comparison(s, "!=", node("closed"))), domains),
    ).toBe("no");
    expect(kindOf(comparison(s, "==", node(null)), domains)).toBe("no");
  });

  it("proves implications", () => {
    const implies = (a: Condition, b: Condition): boolean => {
      const formula: Formula = all([truthOf(a).isTrue, not(truthOf(b).isTrue)]);
      return solve(formula).kind === "no";
    };
    expect(implies(comparison(n, ">", node(100)), comparison(n, ">", node(50)))).toBe(true);
    expect(implies(comparison(n, ">", node(50)), comparison(n, ">", node(100)))).toBe(false);
    expect(
      implies(comparison(s, "starts with", node("abc")), comparison(s, "contains", node("b"))),
    ).toBe(true);
  });
});

describe("sets of values", () => {
  it("hold what they are made of", () => {
    const set = union(between(0, false, 1, true), union(between(3, true, 4, false), only("x")));
    expect([0, 0.5, 1, 3, 3.5, 4, "x", "y", true, null].filter((value) => has(set, value))).toEqual(
      [0, 0.5, 3.5, 4, "x"],
    );
    expect(has(NUMBERS, 1e300)).toBe(true);
  });
});
