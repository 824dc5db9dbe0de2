import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { arrangePolicy, type Json, type Policy, pinOf } from "../../../policy/index.ts";
import { compileEngine } from "../../../runtime/engine/decide.ts";
import type { Context } from "../../../runtime/engine/types.ts";
import { CONTEXT, decide, engineOf, policyOf } from "./helpers.ts";

const isOne = (path: string): object => ({ conditions: [{ path, op: "eq", value: 1 }] });
const limit = { counter: "c", window: "minute", max: 1, scope: "grant" };

describe("without a policy", () => {
  it("every call is denied", () => {
    const engine = compileEngine(undefined);
    expect(engine.decide({ tool: "t", args: {} }, CONTEXT)).toMatchObject({
      outcome: "deny",
      rule: "(no policy)",
      charges: [],
    });
    expect(engine.decideKind("resources", "file:///a").rule).toBe("(no policy)");
    expect(engine.explain({ tool: "t", args: {} }, CONTEXT).steps).toHaveLength(1);
  });
});

describe("steps 2 and 3", () => {
  const unknown = { outcome: "hide", message: "Unknown tool: t" };
  it.each<readonly [string, object, object]>([
    ["a hidden name", { hide: ["t"], tools: { t: {} } }, { ...unknown, rule: "(hidden)" }],
    ["a hidden glob", { hide: ["?"], tools: { t: {} } }, { ...unknown, rule: "(hidden)" }],
    ["everything hidden", { default: "allow", hide: ["*"] }, { ...unknown, rule: "(hidden)" }],
    ["hidden and not permitted", { hide: ["t"] }, { ...unknown, rule: "(hidden)" }],
    ["another hidden", { hide: ["T", "tt"], tools: { t: {} } }, { outcome: "allow", rule: "" }],
    ["not permitted", {}, { outcome: "deny", rule: "(default deny)" }],
    ["not permitted, list filtered", { unlisted: "hide" }, { ...unknown, rule: "(default deny)" }],
    [
      "not permitted, list pinned",
      { unlisted: "deny" },
      { outcome: "deny", rule: "(default deny)" },
    ],
    ["an empty entry", { tools: { t: {} } }, { outcome: "allow", rule: "" }],
    ["default allow", { default: "allow" }, { outcome: "allow", rule: "" }],
    [
      "outside a pinned list",
      { default: "allow", unlisted: "deny" },
      { ...unknown, rule: "(changed tool)" },
    ],
    [
      "a denied glob",
      { default: "allow", deny_tools: { "t*": { on_deny: "No." } } },
      { outcome: "deny", rule: "/deny_tools/t*", message: "No." },
    ],
    [
      "a denied glob over an entry",
      { deny_tools: { "?": {} }, tools: { t: {} } },
      { outcome: "deny", rule: "/deny_tools/?" },
    ],
    [
      "a denied glob before a pinned list",
      { default: "allow", unlisted: "deny", deny_tools: { "*": {} } },
      { outcome: "deny", rule: "/deny_tools/*" },
    ],
    [
      "hidden before denied",
      { default: "allow", hide: ["*"], deny_tools: { "*": {} } },
      { ...unknown, rule: "(hidden)" },
    ],
  ])("%s", (_, policy, expected) => {
    expect(decide(policy)).toMatchObject(expected);
  });

  it.each(["__proto__", "constructor", "toString", "T", "t ", "\uff54", ""])(
    "%j is no tool of the policy",
    (tool) => {
      const engine = engineOf({ tools: { t: {} } });
      expect(engine.decide({ tool, args: {} }, CONTEXT).rule).toBe("(default deny)");
    },
  );
});

describe("step 4", () => {
  const definition = { name: "t", inputSchema: { type: "object" } };
  const pinned = { tools: { t: { pin: pinOf(definition) } } };
  it.each<readonly [string, Context["live"], object]>([
    [
      "the same definition",
      { state: "listed", definition: { inputSchema: { type: "object" }, name: "t" } },
      { outcome: "allow" },
    ],
    [
      "another",
      { state: "listed", definition: { ...definition, description: "x" } },
      { outcome: "hide", rule: "(changed tool)" },
    ],
    [
      "one without canonical form",
      { state: "listed", definition: { ...definition, description: "\ud800" } },
      { outcome: "hide", rule: "(changed tool)" },
    ],
    [
      "no object",
      { state: "listed", definition: null },
      { outcome: "hide", rule: "(changed tool)" },
    ],
    ["none", { state: "absent" }, { outcome: "hide", rule: "(changed tool)" }],
    ["two", { state: "ambiguous" }, { outcome: "hide", rule: "(changed tool)" }],
    [
      "an unknown one",
      { state: "unavailable" },
      { outcome: "deny", rule: "(catalogue unavailable)" },
    ],
    ["nothing said", undefined, { outcome: "deny", rule: "(catalogue unavailable)" }],
  ])("%s", (_, live, expected) => {
    expect(decide(pinned, {}, live === undefined ? {} : { live })).toMatchObject(expected);
  });

  it("tells for which tools it needs the live definition", () => {
    const engine = engineOf({ tools: { ...pinned.tools, u: {} } });
    expect([engine.needsLive("t"), engine.needsLive("u"), engine.needsLive("x")]).toEqual([
      true,
      false,
      false,
    ]);
  });
});

describe("step 5", () => {
  const input_schema = { properties: { amount: { type: "number" } } };
  it("denies arguments that do not match, with their path", () => {
    expect(
      decide({ validate: "declared", tools: { t: { input_schema } } }, { amount: "1" }),
    ).toMatchObject({
      outcome: "deny",
      rule: "(invalid arguments)",
      message: "The arguments do not match the tool's input schema: `args.amount` must be number.",
    });
    expect(
      decide({ validate: "declared", tools: { t: { input_schema } } }, { amount: 1, x: 1 }).outcome,
    ).toBe("allow");
    expect(
      decide({ validate: "strict", tools: { t: { input_schema } } }, { amount: 1, x: 1 }).rule,
    ).toBe("(invalid arguments)");
  });

  it("denies where there is no schema to hold against", () => {
    expect(decide({ validate: "declared", tools: { t: {} } }).rule).toBe("(invalid arguments)");
    expect(decide({ validate: "declared", default: "allow" }).rule).toBe("(invalid arguments)");
  });

  it("denies every call of a tool with a refused schema, should one get past validation", () => {
    const policy = {
      version: "1",
      default: "deny",
      validate: "declared",
      tools: { t: { input_schema: { $ref: "http://x" } } },
    } as const;
    expect(compileEngine(policy).decide({ tool: "t", args: {} }, CONTEXT).rule).toBe(
      "(invalid arguments)",
    );
  });
});

describe("steps 6 to 8", () => {
  const tool = {
    require: [isOne("args.a"), isOne("args.b")],
    deny_if: [isOne("args.c"), { ...isOne("args.d"), on_deny: "Not with d." }],
    ask_if: [isOne("args.e")],
  };
  const policy = { tools: { t: tool } };
  it.each<readonly [object, string, string]>([
    [{ a: 1, b: 1 }, "allow", ""],
    [{ b: 1 }, "deny", "/tools/t/require/0"],
    [{ a: 1 }, "deny", "/tools/t/require/1"],
    [{ a: 1, b: 2 }, "deny", "/tools/t/require/1"],
    [{ a: 1, b: "1" }, "deny", "(type mismatch)"],
    [{ a: 1, b: 1, c: 1 }, "deny", "/tools/t/deny_if/0"],
    [{ a: 1, b: 1, d: 1 }, "deny", "/tools/t/deny_if/1"],
    [{ a: 1, b: 1, d: "1" }, "deny", "(type mismatch)"],
    [{ a: 1, b: 1, d: 1, e: 1 }, "deny", "/tools/t/deny_if/1"],
    [{ a: 1, b: 1, e: 1 }, "ask", "/tools/t/ask_if/0"],
    [{ a: 1, b: 1, e: [1] }, "deny", "(type mismatch)"],
    [{ a: 2, b: 1, c: 1, e: 1 }, "deny", "/tools/t/require/0"],
  ])("%j: %s %s", (args, outcome, rule) => {
    expect(decide(policy, args as { [key: string]: Json })).toMatchObject({ outcome, rule });
  });

  it("say what would be allowed, unless the policy says it", () => {
    const message = (args: { [key: string]: Json }): string => decide(policy, args).message;
    expect(message({})).toBe("This is allowed only if args.a == 1.");
    expect(message({ a: 1, b: 1, c: 1 })).toBe("This is denied if args.c == 1.");
    expect(message({ a: 1, b: 1, d: 1 })).toBe("Not with d.");
    expect(message({ a: 1, b: 1, e: 1 })).toBe("This call needs the approval of a person.");
    expect(decide({ tools: { t: { deny_if: [{ conditions: [] }] } } }).message).toBe(
      "This tool is denied.",
    );
  });

  it("say alternatives without needless parentheses", () => {
    const one = (path: string) => ({ path, op: "eq", value: 1 });
    const any = { any: [one("args.a"), one("args.b")] };
    const message = (conditions: readonly unknown[]): string =>
      decide({ tools: { t: { require: [{ conditions }] } } }).message;
    expect(message([any])).toBe("This is allowed only if args.a == 1 or args.b == 1.");
    expect(message([any, one("args.c")])).toBe(
      "This is allowed only if (args.a == 1 or args.b == 1) and args.c == 1.",
    );
  });

  it("an unconditional require always holds", () => {
    expect(decide({ tools: { t: { require: [{ conditions: [] }] } } }).outcome).toBe("allow");
    expect(decide({ tools: { t: { ask_if: [{ conditions: [] }] } } }).outcome).toBe("ask");
  });

  it("escape names in rules", () => {
    const engine = engineOf({ tools: { "fs/a~b": { require: [isOne("args.a")] } } });
    expect(engine.decide({ tool: "fs/a~b", args: {} }, CONTEXT).rule).toBe(
      "/tools/fs~1a~0b/require/0",
    );
  });
});

describe("asking", () => {
  const asking = (...entries: object[]): object => ({ tools: { t: { ask_if: entries } } });
  it("one decision serves the entries of the same approvers, as long as the shortest waits", () => {
    const policy = asking(
      { conditions: [], approvers: ["a", "b"], timeout_seconds: 900 },
      { conditions: [], approvers: ["b", "a"], timeout_seconds: 60, on_deny: "Ask b." },
      { conditions: [], approvers: ["c"], timeout_seconds: 5 },
    );
    const first = decide(policy);
    expect(first.ask).toEqual({
      entries: ["/tools/t/ask_if/0", "/tools/t/ask_if/1"],
      names: [expect.stringMatching(/^[0-9a-f]{64}$/)],
      approvers: ["a", "b"],
      timeoutSeconds: 60,
    });
    expect(first.message).toBe("This call needs the approval of one of a, b. Ask b.");
    const second = decide(policy, {}, { approved: first.ask?.names ?? [] });
    expect(second.ask).toEqual({
      entries: ["/tools/t/ask_if/2"],
      names: [expect.stringMatching(/^[0-9a-f]{64}$/)],
      approvers: ["c"],
      timeoutSeconds: 5,
    });
    expect(
      decide(policy, {}, { approved: [...(first.ask?.names ?? []), ...(second.ask?.names ?? [])] })
        .outcome,
    ).toBe("allow");
    expect(decide(policy, {}, { approved: true }).outcome).toBe("allow");
    expect(decide(policy, {}, { approved: false }).outcome).toBe("ask");
    expect(decide(policy, {}, { approved: second.ask?.names ?? [] }).ask?.entries[0]).toBe(
      "/tools/t/ask_if/0",
    );
  });

  it("names entries by their conditions and approvers, wherever they stand and whatever they say", () => {
    const big = { conditions: [{ path: "args.a", op: "gt", value: 5 }], approvers: ["a", "b"] };
    const namesOf = (...entries: object[]) => decide(asking(...entries), { a: 9 }).ask?.names;
    const [name] = namesOf(big) ?? [];
    const other = [{ path: "args.b", op: "eq", value: 1 }];
    const moved = { ...big, approvers: ["b", "a"], on_deny: "Wait.", timeout_seconds: 5 };
    expect(namesOf({ ...big, conditions: other }, moved)).toEqual([name]);
    expect(namesOf({ ...big, approvers: ["c"] })).not.toContain(name);
    expect(namesOf({ ...big, conditions: [] })).not.toContain(name);
    expect(decide(asking(big), { a: 9 }, { approved: ["/tools/t/ask_if/0"] }).outcome).toBe("ask");
  });

  it("waits ten minutes by default", () => {
    expect(decide(asking({ conditions: [] })).ask).toEqual({
      entries: ["/tools/t/ask_if/0"],
      names: [expect.any(String)],
      timeoutSeconds: 600,
    });
  });

  it("names the charges that are to be peeked, and is not reached when one cannot be made", () => {
    const policy = {
      tools: {
        t: { ask_if: [{ conditions: [] }], limits: [{ ...limit, increment_from: "args.a" }] },
      },
    };
    expect(decide(policy, { a: 2 })).toMatchObject({
      outcome: "ask",
      charges: [{ amount: 2_000_000 }],
    });
    expect(decide(policy, { a: -2 })).toMatchObject({ outcome: "deny", rule: "/tools/t/limits/c" });
  });

  it("an error of an entry that was approved still denies", () => {
    expect(decide(asking(isOne("args.a")), { a: "x" }, { approved: true }).rule).toBe(
      "(type mismatch)",
    );
  });
});

describe("shadow rules", () => {
  const shadow = true;
  it("decide nothing, and are told", () => {
    const policy = {
      deny_tools: { "*": { shadow } },
      all_tools: { limits: [{ ...limit, counter: "all", shadow }] },
      tools: {
        t: {
          require: [{ ...isOne("args.a"), shadow }],
          deny_if: [
            { conditions: [], on_deny: "No.", shadow },
            { ...isOne("args.b"), shadow },
          ],
          ask_if: [{ conditions: [], shadow }],
          limits: [
            { ...limit, shadow },
            { ...limit, counter: "s", increment_from: "args.x", shadow },
            limit,
          ],
        },
      },
    };
    const decision = decide(policy, { b: "text" });
    expect(decision).toMatchObject({ outcome: "allow", rule: "" });
    expect(decision.charges.map(({ counter }) => counter)).toEqual(["c"]);
    expect(decision.shadowCharges.map(({ counter }) => counter)).toEqual(["c", "all"]);
    expect(decision.shadowCharges[0]?.key).not.toBe(decision.charges[0]?.key);
    expect(decision.shadow.map(({ outcome, rule }) => `${outcome} ${rule}`)).toEqual([
      "deny /deny_tools/*",
      "deny /tools/t/require/0",
      "deny /tools/t/deny_if/0",
      "deny /tools/t/deny_if/1",
      "ask /tools/t/ask_if/0",
      "deny /tools/t/limits/s",
    ]);
  });

  it("are told of denied calls too, but not of hidden ones", () => {
    const tools = { t: { require: [isOne("args.a")], deny_if: [{ conditions: [], shadow }] } };
    expect(decide({ tools }).shadow).toHaveLength(1);
    expect(decide({ tools, hide: ["t"] }).shadow).toEqual([]);
  });
});

describe("sources", () => {
  const map = {
    "/default": "p.mcpp:1:1",
    "/hide/0": "p.mcpp:2:1",
    "/tools/t/require/0": "p.mcpp:3:1",
    "/tools/t/limits/0": "p.mcpp:4:1",
    "/tools/t/limits/d": "p.mcpp:5:1",
    "/deny_tools/x*": "p.mcpp:6:1",
  };
  const policy = policyOf({
    hide: ["h"],
    deny_tools: { "x*": {} },
    tools: {
      t: { require: [isOne("args.a")], limits: [limit, { ...limit, counter: "d" }] },
      xa: {},
    },
  });
  const engine = compileEngine(policy, { map });
  it.each([
    ["h", {}, "p.mcpp:2:1"],
    ["u", {}, "p.mcpp:1:1"],
    ["t", {}, "p.mcpp:3:1"],
    ["t", { a: "x" }, "p.mcpp:3:1"],
    ["xa", {}, "p.mcpp:6:1"],
  ])("of a decision about %s %j is %s", (tool, args, source) => {
    expect(engine.decide({ tool, args }, CONTEXT).source).toBe(source);
  });

  it("of a limit are found by its counter and by its index", () => {
    const { charges } = engine.decide({ tool: "t", args: { a: 1 } }, CONTEXT);
    expect(charges.map(({ source }) => source)).toEqual(["p.mcpp:4:1", "p.mcpp:5:1"]);
  });
});

describe("lists", () => {
  it("lose hidden, changed and unlisted tools, and keep denied ones", () => {
    const definition = { name: "t" };
    const engine = engineOf({
      hide: ["h*"],
      deny_tools: { "d*": {} },
      tools: { t: { pin: pinOf(definition) }, d1: {} },
    });
    expect(engine.visible("h1")).toBe(false);
    expect(engine.visible("d1", { name: "d1" })).toBe(true);
    expect(engine.visible("other", { name: "other" })).toBe(true);
    expect(engine.visible("t", definition)).toBe(true);
    expect(engine.visible("t", { name: "t", description: "new" })).toBe(false);
    expect(engineOf({ unlisted: "hide", tools: { t: {} } }).visible("u")).toBe(false);
    expect(engineOf({ unlisted: "deny", default: "allow", tools: { t: {} } }).visible("u")).toBe(
      false,
    );
  });
});

describe("what is read", () => {
  it("is every argument of conditions, sums and keys", () => {
    const engine = engineOf({
      all_tools: {
        limits: [{ ...limit, counter: "all", when: [{ path: "args.w", op: "eq", value: 1 }] }],
      },
      tools: {
        t: {
          require: [
            {
              conditions: [
                {
                  some: "args.items",
                  as: "i",
                  where: { path: "i.price", op: "lt", path2: "args.max" },
                },
              ],
            },
          ],
          deny_if: [
            {
              conditions: [
                { path: "grant.role", op: "eq", value: "x" },
                { any: [{ path: ["args", "a", 0], op: "exists", value: true }] },
              ],
            },
          ],
          limits: [{ ...limit, increment_from: "args.amount", key: ["args.customer.id"] }],
        },
      },
    });
    expect(engine.reads("t")).toEqual([
      ["w"],
      ["items"],
      ["items", "*", "price"],
      ["max"],
      ["a", 0],
      ["amount"],
      ["customer", "id"],
    ]);
    expect(engine.reads("u")).toEqual([["w"]]);
  });
});

describe("explaining", () => {
  const policy = {
    validate: "declared",
    tools: {
      t: {
        input_schema: {},
        require: [{ conditions: [{ path: "args.amount", op: "lte", value: 100 }] }],
        deny_if: [
          {
            conditions: [
              {
                any: [
                  { path: "args.b", op: "eq", value: "x" },
                  { path: "args.c", op: "eq", value: 1 },
                ],
              },
            ],
          },
        ],
        ask_if: [{ conditions: [{ path: "args.amount", op: "gt", value: 50 }] }],
        limits: [limit, { ...limit, counter: "w", when: [{ path: "args.c", op: "eq", value: 1 }] }],
      },
    },
  };

  it("shows every step with what was read", () => {
    const engine = compileEngine(policyOf(policy), { map: { "/tools/t/require/0": "a.mcpp:2:3" } });
    expect(engine.explain({ tool: "t", args: { amount: 60, b: "y" } }, CONTEXT)).toMatchSnapshot();
  });

  it("shows the conditions of limits with the limits", () => {
    const { steps } = engineOf(policy).explain({ tool: "t", args: { amount: 1, c: 2 } }, CONTEXT);
    expect(steps.at(-2)).toEqual({ check: "/tools/t/limits/c", result: "count" });
    expect(steps.at(-1)).toEqual({
      check: "/tools/t/limits/w",
      result: "skip",
      conditions: [{ text: "args.c == 1", path: "args.c", value: 2, result: "false" }],
    });
  });

  it("gives the very decision", () => {
    const args = fc.record(
      {
        amount: fc.oneof(fc.integer({ min: 0, max: 200 }), fc.constant("x")),
        b: fc.constantFrom<Json>("x", "y", 1),
        c: fc.constantFrom<Json>(1, 2, "1"),
      },
      { requiredKeys: [] },
    );
    const engine = engineOf(policy);
    fc.assert(
      fc.property(args, fc.boolean(), fc.constantFrom("t", "u"), (given, approved, tool) => {
        const context = { ...CONTEXT, approved };
        const { steps, ...decision } = engine.explain({ tool, args: given as never }, context);
        expect(decision).toEqual(engine.decide({ tool, args: given as never }, context));
        expect(steps.length).toBeGreaterThan(0);
      }),
    );
  });
});

// Laws -----------------------------------------------------------------------------------------------

const condition = fc
  .tuple(
    fc.constantFrom("a", "b"),
    fc.constantFrom("eq", "neq", "exists"),
    fc.integer({ min: 0, max: 2 }),
  )
  .map(([name, op, value]) => ({
    path: `args.${name}`,
    op,
    value: op === "exists" ? value > 0 : value,
  }));
const entry = fc.array(condition, { maxLength: 2 }).map((conditions) => ({ conditions }));
const entries = fc.uniqueArray(entry, { maxLength: 3, selector: (one) => JSON.stringify(one) });
const tool = fc.record({ require: entries, deny_if: entries, ask_if: entries });
const argument = fc.constantFrom<Json>(0, 1, 2, "1", null);
const call = fc.record({ a: argument, b: argument }, { requiredKeys: [] });

describe("laws", () => {
  it("the order of entries and conditions never changes a decision", () => {
    fc.assert(
      fc.property(tool, call, (one, args) => {
        const reversed = Object.fromEntries(
          Object.entries(one).map(([list, all]) => [
            list,
            [...all].reverse().map(({ conditions }) => ({ conditions: [...conditions].reverse() })),
          ]),
        );
        const outcome = (given: object): string =>
          decide({ tools: { t: given } }, args as never).outcome;
        expect(outcome(reversed)).toBe(outcome(one));
        const arranged = arrangePolicy(policyOf({ tools: { t: one } }) as Policy);
        const { outcome: again } = compileEngine(arranged).decide(
          { tool: "t", args: args as never },
          CONTEXT,
        );
        expect(again).toBe(outcome(one));
      }),
    );
  });

  it("adding a deny, hide, limit, ask, pin or validation never turns a decision into allow", () => {
    const additions = fc.constantFrom<(policy: { tools: { t: object } }, extra: object) => object>(
      (policy, extra) => ({
        tools: {
          t: {
            ...policy.tools.t,
            deny_if: [extra, ...(policy.tools.t as { deny_if: object[] }).deny_if],
          },
        },
      }),
      (policy, extra) => ({
        tools: {
          t: {
            ...policy.tools.t,
            require: [...(policy.tools.t as { require: object[] }).require, extra],
          },
        },
      }),
      (policy, extra) => ({
        tools: {
          t: {
            ...policy.tools.t,
            ask_if: [extra, ...(policy.tools.t as { ask_if: object[] }).ask_if],
          },
        },
      }),
      (policy) => ({ ...policy, hide: ["t"] }),
      (policy) => ({ ...policy, deny_tools: { "*": {} } }),
      (policy) => ({ tools: { t: { ...policy.tools.t, limits: [limit] } } }),
      (policy) => ({
        tools: { t: { ...policy.tools.t, limits: [{ ...limit, key: ["args.a"] }] } },
      }),
      (policy) => ({ tools: { t: { ...policy.tools.t, pin: pinOf(null) } } }),
      (policy) => ({ validate: "declared", tools: { t: { ...policy.tools.t, input_schema: {} } } }),
      (policy) => ({ validate: "strict", tools: { t: { ...policy.tools.t, input_schema: {} } } }),
    );
    fc.assert(
      fc.property(tool, call, entry, additions, (one, args, extra, add) => {
        const policy = { tools: { t: one } };
        fc.pre(decide(policy, args as never).outcome !== "allow");
        expect(decide(add(policy, extra), args as never).outcome).not.toBe("allow");
      }),
      { numRuns: 200 },
    );
  });
});
