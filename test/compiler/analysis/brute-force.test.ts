import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { engineJudge } from "../../../cli/judge.ts";
import { judgeClaim } from "../../../compiler/analysis/claims.ts";
import { diffPolicies } from "../../../compiler/analysis/diff.ts";
import { encode } from "../../../compiler/analysis/encode.ts";
import { solve } from "../../../compiler/analysis/solve.ts";
import type { ConditionEntry, Policy, ToolPolicy } from "../../../policy/index.ts";
import { callsFor, conditionOver, fields, policyOver, TOOL } from "./small-policies.ts";

const judge = engineJudge();

/** The same policies at every run. */
const SEED = 20_261_128;

/** A policy that allows what meets a condition. */
function onlyIf(entry: ConditionEntry): Policy {
  return {
    version: "1",
    default: "deny",
    tools: { [TOOL]: { require: [{ conditions: [entry] }] } },
  };
}

describe("against every call of a small domain, judged by the engine", () => {
  it("a condition can hold or not", () => {
    fc.assert(
      fc.property(fields.chain(conditionOver), (entry) => {
        const answer = solve(encode(entry).isTrue);
        if (isTakenApart(entry)) expect(answer.kind).not.toBe("perhaps");
        const only = onlyIf(entry);
        let met = false;
        for (const call of callsFor(entry)) met ||= judge.call(only, call) === "allow";
        if (met) expect(answer.kind).not.toBe("no");
      }),
      { numRuns: 2_000, seed: SEED },
    );
  });

  it("claims are proved and refuted rightly, and always decided", () => {
    let proved = 0;
    let refuted = 0;
    fc.assert(
      fc.property(
        fields.chain((some) => fc.tuple(policyOver(some), conditionOver(some))),
        fc.constantFrom("never allow" as const, "always deny" as const),
        ([policy, entry], claim) => {
          const verdict = judgeClaim({
            claim,
            condition: entry,
            policies: [policy],
            facts: { tool: TOOL },
            judge,
          });
          if (isTakenApart(policy, entry)) expect(verdict.kind).not.toBe("undecided");
          if (verdict.kind === "refuted") refuted++;
          if (verdict.kind !== "proved") return;
          proved++;
          const only = onlyIf(entry);
          for (const call of callsFor(policy, entry)) {
            const outcome = judge.call(policy, call);
            if (outcome === "deny" || (outcome === "ask" && claim === "never allow")) continue;
            expect(judge.call(only, call), JSON.stringify(call)).not.toBe("allow");
          }
        },
      ),
      { numRuns: 2_000, seed: SEED },
    );
    expect(proved).toBeGreaterThan(100);
    expect(refuted).toBeGreaterThan(100);
  });

  it("two policies differ exactly where a call is decided differently", () => {
    let equivalent = 0;
    let different = 0;
    fc.assert(
      fc.property(
        fields.chain((some) => fc.tuple(policyOver(some), policyOver(some))),
        ([before, after]) => {
          const { changes, undecided } = diffPolicies({ policy: before }, { policy: after }, judge);
          if (isTakenApart(before, after)) expect(undecided).toEqual([]);
          const found = new Set(undecided.map((one) => `${one.before} ${one.after}`));
          for (const { what, before: was, after: is, direction, call } of changes) {
            if (what !== "decision" || call === undefined) continue;
            found.add(`${was} ${is}`);
            expect(judge.call(before, call)).toBe(was);
            expect(judge.call(after, call)).toBe(is);
            expect(direction).toBe(rank(is) > rank(was) ? "wider" : "narrower");
          }
          if (found.size === 0) equivalent++;
          else different++;
          for (const call of callsFor(before, after)) {
            const was = judge.call(before, call);
            const is = judge.call(after, call);
            if (was !== is) expect(found, JSON.stringify(call)).toContain(`${was} ${is}`);
          }
        },
      ),
      { numRuns: 2_000, examples: FOUND, seed: SEED },
    );
    expect(equivalent).toBeGreaterThan(50);
    expect(different).toBeGreaterThan(500);
  });
});

/** Pairs that were not decided once: an element that must be there, and a length that must not be that. */
const FOUND: [[Policy, Policy]][] = [
  [
    [
      policyWith({ deny_if: [{ conditions: [{ path: ["args", "l", 0], op: "neq", value: 1 }] }] }),
      policyWith({
        deny_if: [
          {
            conditions: [
              { some: "args.l", as: "item", where: { path: "item", op: "eq", value: 1 } },
            ],
          },
        ],
        ask_if: [{ conditions: [{ path: "args.l", of: "length", op: "eq", value: 1 }] }],
      }),
    ],
  ],
];

function policyWith(act: ToolPolicy): Policy {
  return { version: "1", default: "deny", tools: { act } };
}

function rank(outcome: string): number {
  return ["hide", "deny", "ask", "allow"].indexOf(outcome);
}

/** Two arguments that are compared may both be lists, of which not every question is decided. */
function isTakenApart(...parts: readonly unknown[]): boolean {
  return !JSON.stringify(parts).includes('"path2"');
}
