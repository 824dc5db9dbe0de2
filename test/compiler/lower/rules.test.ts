import { describe, expect, it } from "vitest";
import type { Policy } from "../../../policy/index.ts";
import { payments, policyOf } from "../compiling.ts";

const under5 = { path: "args.amount", op: "lt", value: 5 };
const over9 = { path: "args.amount", op: "gt", value: 9 };
const forced = { path: "args.force", op: "eq", value: true };
const unforced = { path: "args.force", op: "neq", value: true };

/** What a text says of `create_refund`. */
function refund(text: string): unknown {
  return policyOf(text, { tools: payments }).tools?.create_refund;
}

it("compiles the one sentence", () => {
  expect(policyOf("allow session_start limit 10/minute per grant\n")).toEqual({
    version: "1",
    default: "deny",
    tools: {
      session_start: {
        limits: [{ counter: "session_start_rate", window: "minute", max: 10, scope: "grant" }],
      },
    },
  });
});

describe("permission under a denying default", () => {
  it.each<[string, string, unknown]>([
    ["unconditional", "allow create_refund", {}],
    ["by an ask", "ask create_refund", { ask_if: [{ conditions: [] }] }],
    [
      "one condition stays core",
      'allow create_refund if args.amount < 5 and args.force == true because "Small only."',
      { require: [{ conditions: [forced, under5], on_deny: "Small only." }] },
    ],
    [
      "several are alternatives, their reasons joined",
      'allow create_refund if args.amount < 5 because "b."\nallow create_refund if args.force == true because "a."',
      { require: [{ conditions: [{ any: [forced, under5] }], on_deny: "a. b." }] },
    ],
    [
      "an unconditional one makes the others idle",
      "allow create_refund if args.amount < 5\nallow create_refund",
      {},
    ],
    [
      "an ask permits what it matches",
      'allow create_refund if args.amount < 5\nask create_refund if args.amount > 9 by "b", "a" within 2m because "Ask."',
      {
        require: [{ conditions: [{ any: [over9, under5] }], on_deny: "Ask." }],
        ask_if: [
          { conditions: [over9], approvers: ["a", "b"], timeout_seconds: 120, on_deny: "Ask." },
        ],
      },
    ],
    [
      "until ends it with that day",
      "allow create_refund until 2026-12-31",
      { require: [{ conditions: [{ before: "2027-01-01" }] }] },
    ],
    [
      "until ends the permission of an ask, not the asking",
      "allow create_refund\nask create_refund if args.amount > 9 until 2026-12-31",
      { ask_if: [{ conditions: [over9] }] },
    ],
    [
      "ask unless asks for every call of which it is not true, arguments that are missing included",
      "ask create_refund unless args.amount < 5",
      {
        require: [
          {
            conditions: [
              {
                any: [
                  { path: "args.amount", op: "exists", value: false },
                  { path: "args.amount", op: "gte", value: 5 },
                ],
              },
            ],
          },
        ],
        ask_if: [
          {
            conditions: [
              {
                any: [
                  { path: "args.amount", op: "exists", value: false },
                  { path: "args.amount", op: "gte", value: 5 },
                ],
              },
            ],
          },
        ],
      },
    ],
  ])("%s", (_, text, entry) => {
    expect(refund(text)).toEqual(entry);
  });
});

describe("deny", () => {
  it.each<[string, string, unknown]>([
    ["outright", "deny create_refund", { deny_if: [{ conditions: [] }] }],
    [
      "outright, with a reason",
      'deny create_refund because "No."',
      { deny_if: [{ conditions: [], on_deny: "No." }] },
    ],
    [
      "if",
      'deny create_refund if args.amount < 5 and args.force == true because "No."',
      { deny_if: [{ conditions: [forced, under5], on_deny: "No." }] },
    ],
    [
      "if with an or at its top gives one entry each",
      "deny create_refund if args.amount < 5 or (args.force == true or args.amount > 9)",
      {
        deny_if: [{ conditions: [forced] }, { conditions: [over9] }, { conditions: [under5] }],
      },
    ],
    [
      "no other or is distributed",
      "deny create_refund if (args.amount < 5 or args.amount > 9) and args.force == true",
      { deny_if: [{ conditions: [{ any: [over9, under5] }, forced] }] },
    ],
    [
      "unless requires",
      'deny create_refund unless args.amount < 5 because "No."',
      { require: [{ conditions: [under5], on_deny: "No." }] },
    ],
    [
      "in a when",
      "when args.force == true { deny create_refund if args.amount < 5 }",
      { deny_if: [{ conditions: [forced, under5] }] },
    ],
    [
      "unless in a when fails closed: what the when cannot tell must meet it too",
      "when args.force == true { deny create_refund unless args.amount < 5 }",
      { require: [{ conditions: [{ any: [under5, unforced] }] }] },
    ],
    [
      "in nested blocks",
      "when args.force == true { on create_refund { deny if args.amount < 5 } when args.amount > 9 { deny create_refund } }",
      { deny_if: [{ conditions: [forced, over9] }, { conditions: [forced, under5] }] },
    ],
    [
      "in shadow",
      "shadow deny create_refund if args.amount < 5\nshadow deny create_refund unless args.force == true",
      {
        require: [{ conditions: [forced], shadow: true }],
        deny_if: [{ conditions: [under5], shadow: true }],
      },
    ],
    [
      "hide in shadow only watches",
      "shadow hide create_refund",
      { deny_if: [{ conditions: [], shadow: true }] },
    ],
  ])("%s", (_, text, entry) => {
    expect(refund(`allow create_refund\n${text}\n`)).toEqual(entry);
    expect(refund(`default allow\n${text}\n`)).toEqual(entry);
  });
});

describe("ask", () => {
  it("in a when asks for what the when cannot tell, and permits only what it can", () => {
    const gone = (path: string) => ({ path, op: "exists", value: false });
    const asked = refund(
      "when args.force == true { ask create_refund unless args.amount < 5 }",
    ) as { require: unknown; ask_if: unknown };
    const unmet = { any: [gone("args.amount"), { path: "args.amount", op: "gte", value: 5 }] };
    expect(asked.require).toEqual([{ conditions: [unmet, forced] }]);
    expect(asked.ask_if).toEqual([{ conditions: [{ any: [forced, gone("args.force")] }, unmet] }]);
  });

  it("in shadow permits nothing", () => {
    expect(
      policyOf("shadow ask create_refund\nallow get_charge", { tools: payments }).tools,
    ).toEqual({
      get_charge: {},
    });
  });
});

describe("which tools have an entry", () => {
  const tools = (text: string): Policy["tools"] => policyOf(text, { tools: payments }).tools;

  it("under a denying default: those that an allow or ask names", () => {
    expect(
      tools(
        'allow list_charges\nlimit get_charge 1/day\ndeny create_customer\ndeny delete_customer if args.id == "x" because "No."\nshadow deny create_refund because "No."',
      ),
    ).toEqual({ list_charges: {} });
  });

  it("and those that are denied for a reason, which the caller is told", () => {
    const [a, b] = ['deny create_refund because "A."', 'deny create_refund because "B."'];
    expect(tools(`allow list_charges\n${b}\n${a}`)).toEqual(
      tools(`allow list_charges\n${a}\n${b}`),
    );
    expect(tools('allow list_charges\ndeny create_refund because "No."')).toEqual({
      create_refund: { deny_if: [{ conditions: [], on_deny: "No." }] },
      list_charges: {},
    });
  });

  it("but not under `default hide`, where an entry would show the tool", () => {
    const policy = policyOf('default hide\nallow list_charges\ndeny create_refund because "No."', {
      tools: payments,
    });
    expect(policy).toEqual({
      version: "1",
      extensions: ["unlisted"],
      default: "deny",
      unlisted: "hide",
      tools: { list_charges: {} },
    });
  });

  it("under `default allow`: those that a rule names", () => {
    expect(tools("default allow\nallow get_charge\nlimit list_charges 1/day")).toEqual({
      get_charge: {},
      list_charges: {
        limits: [{ counter: "list_charges_per_day", window: "day", max: 1, scope: "grant" }],
      },
    });
  });
});

describe("globs and groups", () => {
  it("are expanded, less their exceptions", () => {
    const policy = policyOf(
      "group @lookups = list_*, get_* except get_charge\nallow @lookups, @write\nhide @destructive",
      { tools: payments },
    );
    expect(policy).toEqual({
      version: "1",
      default: "deny",
      hide: ["delete_customer"],
      tools: { create_customer: {}, list_charges: {} },
    });
  });

  it("stay live in deny and hide under `default allow`", () => {
    const policy = policyOf('default allow\ndeny create_* because "No."\nhide delete_?ustomer', {
      tools: payments,
    });
    expect(policy).toEqual({
      version: "1",
      extensions: ["patterns"],
      default: "allow",
      hide: ["delete_?ustomer", "delete_customer"],
      deny_tools: { "create_*": { on_deny: "No." } },
      tools: {
        create_customer: { deny_if: [{ conditions: [], on_deny: "No." }] },
        create_refund: { deny_if: [{ conditions: [], on_deny: "No." }] },
      },
    });
  });

  it("stay live without a tool list", () => {
    expect(policyOf("allow push\ndeny delete_*\nhide admin_*\nshadow deny x_*")).toEqual({
      version: "1",
      extensions: ["patterns", "shadow"],
      default: "deny",
      hide: ["admin_*"],
      deny_tools: { "delete_*": {}, "x_*": { shadow: true } },
      tools: { push: {} },
    });
  });

  it("hide everything by its name in the core format", () => {
    expect(policyOf("default deny\nhide *", { tools: payments })).toEqual({
      version: "1",
      default: "deny",
      hide: ["*"],
    });
  });
});

describe("statements about the whole policy", () => {
  it("validate and pin give every entry its schema and pin", () => {
    const policy = policyOf("validate arguments strictly\npin tools\nallow get_charge", {
      tools: payments,
    });
    expect(policy).toEqual({
      version: "1",
      extensions: ["pins", "validate"],
      default: "deny",
      validate: "strict",
      tools: {
        get_charge: {
          pin: expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
          input_schema: payments.tools[1]?.inputSchema,
        },
      },
    });
  });

  it("pin closes the list under `default allow`", () => {
    const policy = policyOf("default allow\npin tools\ndeny delete_*", { tools: payments });
    expect(policy.unlisted).toBe("deny");
    expect(policy.deny_tools).toBeUndefined();
    expect(Object.keys(policy.tools ?? {})).toEqual(payments.tools.map(({ name }) => name).sort());
  });

  it("resources and prompts are governed once a statement mentions them", () => {
    const policy = policyOf(
      'allow resource "file:///docs/*"\nhide resource "file:///docs/secret*"\ndefault allow prompts\ndeny prompt summarise, "review me"',
    );
    expect(policy).toEqual({
      version: "1",
      extensions: ["prompts", "resources"],
      default: "deny",
      resources: { default: "deny", allow: ["file:///docs/*"], hide: ["file:///docs/secret*"] },
      prompts: { default: "allow", deny: ["review me", "summarise"] },
    });
  });
});
