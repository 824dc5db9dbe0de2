import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { raisePolicy } from "../../../compiler/index.ts";
import { type Json, serializePolicy, validatePolicy } from "../../../policy/index.ts";
import { type Context, compileEngine, type Decision, type Engine } from "../../../runtime/index.ts";
import { compileText, payments, shown } from "../compiling.ts";
import {
  asking,
  callArguments,
  headings,
  type Program,
  permitting,
  print,
  programs,
  restricting,
  type Statement,
} from "../programs.ts";

const around = { tools: payments };
const RUNS = Number(process.env.MCPP_RUNS ?? 100);

/** The bytes of a program, or the codes of its errors. */
function bytesOf(text: string): string {
  const { policy, diagnostics } = compileText(text, around);
  if (policy !== undefined) return serializePolicy(policy);
  return diagnostics
    .filter(({ severity }) => severity === "error")
    .map(({ code }) => code)
    .sort()
    .join();
}

describe("compiled bytes", () => {
  it("do not depend on the order of statements and operands", () => {
    let compiled = 0;
    fc.assert(
      fc.property(programs, fc.infiniteStream(fc.nat()), (given, stream) => {
        const numbers = stream[Symbol.iterator]();
        const shuffle = <T>(items: readonly T[]): readonly T[] => {
          const rest = [...items];
          return items.map(
            () => rest.splice((numbers.next().value as number) % rest.length, 1)[0] as T,
          );
        };
        const plain = bytesOf(print(given.headings, given.program));
        if (plain.startsWith("{")) compiled++;
        // Of two limits that clash, either may be the one that is reported.
        expect(bytesOf(print(given.headings, given.program, shuffle))).toBe(plain);
      }),
      { numRuns: RUNS },
    );
    expect(compiled).toBeGreaterThan(RUNS / 3);
  });

  it("are a valid policy", () => {
    fc.assert(
      fc.property(programs, ({ headings: lines, program }) => {
        const { policy } = compileText(print(lines, program), around);
        fc.pre(policy !== undefined);
        expect(validatePolicy(JSON.parse(serializePolicy(policy)))).toHaveProperty("policy");
      }),
      { numRuns: RUNS },
    );
  });

  it("come back when the raised policy is compiled", () => {
    fc.assert(
      fc.property(programs, ({ headings: lines, program }) => {
        const { policy } = compileText(print(lines, program), around);
        fc.pre(policy !== undefined);
        const raised = raisePolicy(policy);
        expect(raised.notices).toEqual([]);
        const again = compileText(raised.text, around);
        const errors = again.diagnostics.filter(({ severity }) => severity === "error").map(shown);
        expect(errors, raised.text).toEqual([]);
        expect(serializePolicy(again.policy ?? policy), raised.text).toBe(serializePolicy(policy));
      }),
      { numRuns: RUNS },
    );
  });
});

const ZONES = [Date.UTC(2026, 10, 23, 9), Date.UTC(2026, 10, 28, 3), Date.UTC(2027, 0, 2, 12)];

const contexts: fc.Arbitrary<Context> = fc
  .tuple(
    fc.constantFrom(...ZONES),
    fc.constantFrom("ci", "human"),
    fc.constantFrom({}, { role: "a" }),
  )
  .map(([now, name, labels]) => ({
    grant: { id: "g", name, labels },
    session: "s",
    server: "payments",
    now,
  }));

const calls = fc.record({
  tool: fc.oneof(
    { weight: 4, arbitrary: fc.constant("create_refund") },
    { weight: 1, arbitrary: fc.constantFrom(...payments.tools.map(({ name }) => name), "later") },
  ),
  args: callArguments,
});

type Judge = (call: Parameters<Engine["decide"]>[0], context: Context) => Decision;

/** What the policy of a program decides; `undefined` when the program has errors. */
function judgeOf(lines: readonly string[], program: Program): Judge | undefined {
  const { policy } = compileText(print(lines, program), around);
  if (policy === undefined) return undefined;
  const engine = compileEngine(policy);
  return (call, context) => engine.decide(call, { ...context, live: liveOf(call.tool) });
}

/** The server's own definition, as the list has it. */
function liveOf(tool: string): NonNullable<Context["live"]> {
  const definition = payments.tools.find(({ name }) => name === tool);
  return definition === undefined
    ? { state: "absent" }
    : { state: "listed", definition: definition as unknown as Json };
}

describe("decisions", () => {
  const start = fc.tuple(
    headings,
    fc.array(fc.oneof(permitting, asking, restricting), { minLength: 1, maxLength: 5 }),
  );
  const several = fc.array(calls, { minLength: 20, maxLength: 20 });

  /** Holds for every call before and after a statement is added. */
  function law(
    added: fc.Arbitrary<Statement>,
    holds: (before: Decision, after: Decision, call: string) => void,
  ): void {
    const seen = new Set<string>();
    fc.assert(
      fc.property(start, added, several, contexts, ([lines, program], more, given, context) => {
        const before = judgeOf(lines, program);
        const after = judgeOf(lines, [...program, more]);
        fc.pre(before !== undefined && after !== undefined);
        for (const call of given) {
          const [first, second] = [before(call, context), after(call, context)];
          seen.add(first.outcome);
          holds(first, second, JSON.stringify(call));
        }
      }),
      { numRuns: RUNS },
    );
    expect([...seen].sort()).toEqual(["allow", "ask", "deny", "hide"]);
  }

  it("never become allow by a deny, hide or limit, nor by pin or validate, and are counted as before", () => {
    const more = fc.oneof(
      restricting,
      fc.constantFrom({ text: "pin tools" }, { text: "validate arguments strictly" }),
    );
    law(more, (before, after, call) => {
      if (before.outcome !== "allow") expect(after.outcome, call).not.toBe("allow");
      else if (after.outcome === "allow") {
        const kept = after.charges.map(({ counter }) => counter);
        const charged = before.charges.map(({ counter }) => counter);
        expect(kept, call).toEqual(expect.arrayContaining(charged));
      }
    });
  });

  it("never become allow by an ask", () => {
    law(asking, (before, after, call) => {
      if (before.outcome !== "allow") expect(after.outcome, call).not.toBe("allow");
    });
  });

  it("never become deny by an allow", () => {
    law(permitting, (before, after, call) => {
      if (before.outcome === "allow") expect(after.outcome, call).toBe("allow");
      if (before.outcome === "ask") expect(after.outcome, call).toBe("ask");
    });
  });
});
