import { describe, expect, it } from "vitest";
import type { ConditionEntry } from "../../../policy/index.ts";
import { payments, policyOf } from "../compiling.ts";

/** The conditions of the one entry that `deny create_refund if …` becomes. */
function denied(condition: string, before = ""): readonly ConditionEntry[] {
  const policy = policyOf(`${before}\nallow create_refund\ndeny create_refund if ${condition}\n`, {
    tools: payments,
  });
  const entries = policy.tools?.create_refund?.deny_if ?? [];
  expect(entries).toHaveLength(1);
  return entries[0]?.conditions ?? [];
}

const amount = (op: string, value: unknown) => ({ path: "args.amount", op, value });

describe("a comparison becomes the operator of the policy format", () => {
  it.each([
    ["args.amount == 5", amount("eq", 5)],
    ["args.amount != 5", amount("neq", 5)],
    ["args.amount < 5", amount("lt", 5)],
    ["args.amount <= 5", amount("lte", 5)],
    ["args.amount > 50_00", amount("gt", 5000)],
    ["args.amount >= -0.50", amount("gte", -0.5)],
    ["5 < args.amount", amount("gt", 5)],
    ["5 >= args.amount", amount("lte", 5)],
    ["args.amount in [1, 2]", amount("in", [1, 2])],
    ["args.amount not in [1, 2]", amount("not_in", [1, 2])],
    ["args.amount == null", amount("eq", null)],
    ["args.amount != null", amount("neq", null)],
    ["has args.amount", amount("exists", true)],
    ["not has args.amount", amount("exists", false)],
    ["args.amount else 0 > 5", { ...amount("gt", 5), else: 0 }],
    ['args.reason contains "x"', { path: "args.reason", op: "contains", value: "x" }],
    ['args.tags contains "x"', { path: "args.tags", op: "contains", value: "x" }],
    ["length(args.tags) > 3", { path: "args.tags", op: "gt", value: 3, of: "length" }],
    [
      'host(args.url) == "a.example"',
      { path: "args.url", op: "eq", value: "a.example", of: "host" },
    ],
    ['args.path under "/srv/out"', { path: "args.path", op: "under", value: "/srv/out" }],
    [
      'args.url under ["https://*.example.com/docs", "https://b.example"]',
      {
        path: "args.url",
        op: "under",
        value: ["https://*.example.com/docs", "https://b.example"],
      },
    ],
    ["args.order.total > 1", { path: "args.order.total", op: "gt", value: 1 }],
    ["args.lines[0].price > 1", { path: ["args", "lines", 0, "price"], op: "gt", value: 1 }],
    ["before 2027-01-01", { before: "2027-01-01" }],
    ["after 2027-01-01", { after: "2027-01-01" }],
    ["during sat-mon", { during: { days: ["mon", "sat", "sun"] } }],
    [
      'during mon-fri 08:00-18:00 in "Europe/Berlin"',
      {
        during: {
          days: ["mon", "tue", "wed", "thu", "fri"],
          from: "08:00",
          to: "18:00",
          zone: "Europe/Berlin",
        },
      },
    ],
    ['grant.name == "ci"', { path: "grant.name", op: "eq", value: "ci" }],
    ['client.name == "cli"', { path: "client.name", op: "eq", value: "cli" }],
    [
      "args.amount > args.order.total",
      { path: "args.amount", op: "gt", path2: "args.order.total" },
    ],
    [
      "args.order.total > args.amount",
      { path: "args.amount", op: "lt", path2: "args.order.total" },
    ],
  ])("%s", (condition, entry) => {
    expect(denied(condition)).toEqual([entry]);
  });
});

describe("a text operator becomes a core pattern", () => {
  it.each([
    ["args.reason matches /a.c|d/", "^(?s:a.c|d)$"],
    ["args.reason matches /a/i", "(?i)^(?s:a)$"],
    ["args.reason matches /a/ ignoring case", "(?i)^(?s:a)$"],
    ["args.reason matches /\\Qa.b/", "^(?s:\\Qa.b\\E)$"],
    ["args.reason contains /a+/", "a+"],
    ["args.reason contains /a+/i", "(?i)a+"],
    ['args.reason contains "a+" ignoring case', "(?i)a\\+"],
    ['args.reason starts with "git "', "^git "],
    ['args.reason ends with ".md"', "\\.md$"],
    ['args.reason starts with "Git" ignoring case', "(?i)^Git"],
    ['args.reason like "v?.*"', "^(?s:v.\\..*)$"],
    ['args.reason like "v*" ignoring case', "(?i)^(?s:v.*)$"],
    ['args.reason == "Paid" ignoring case', "(?i)^(?s:Paid)$"],
    ['args.reason in ["a.b", "c"] ignoring case', "(?i)^(?s:a\\.b|c)$"],
  ])("%s", (condition, value) => {
    expect(denied(condition)).toEqual([{ path: "args.reason", op: "regex", value }]);
  });

  it("negates patterns", () => {
    expect(denied('args.reason != "Paid" ignoring case')).toEqual([
      { path: "args.reason", op: "regex", value: "(?i)^(?s:Paid)$", negate: true },
    ]);
  });
});

describe("negation moves inward", () => {
  it.each([
    ["not args.amount == 5", [amount("neq", 5)]],
    ["not not args.amount < 5", [amount("lt", 5)]],
    ["not args.amount < 5", [amount("gte", 5)]],
    ["not args.amount in [1, 2]", [amount("not_in", [1, 2])]],
    [
      "not (args.amount > 5 or args.force == true)",
      [amount("lte", 5), { path: "args.force", op: "neq", value: true }],
    ],
    [
      'not args.reason contains "x"',
      [{ path: "args.reason", op: "contains", value: "x", negate: true }],
    ],
    ["not has args.amount", [amount("exists", false)]],
    ["not args.amount == null", [amount("neq", null)]],
    ["not before 2027-01-01", [{ after: "2026-12-31" }]],
    ["not after 2027-12-31", [{ before: "2028-01-01" }]],
    ["not during sat", [{ during: { days: ["sat"] }, negate: true }]],
    [
      'not any t in args.tags (t == "x")',
      [{ every: "args.tags", as: "t", where: { path: "t", op: "neq", value: "x" } }],
    ],
  ])("%s", (condition, entries) => {
    expect(denied(condition)).toEqual(entries);
  });
});

describe("lists", () => {
  it("keeps quantifiers with their variable", () => {
    expect(denied("any line in args.lines (line.price > 5 and line.price < 9)")).toEqual([
      {
        some: "args.lines",
        as: "line",
        where: {
          all: [
            { path: "line.price", op: "gt", value: 5 },
            { path: "line.price", op: "lt", value: 9 },
          ],
        },
      },
    ]);
  });

  it("takes `literal in path` for an element, never for a part of a text", () => {
    expect(denied('"admin" in args.tags')).toEqual([
      { some: "args.tags", as: "item", where: { path: "item", op: "eq", value: "admin" } },
    ]);
  });

  it("gives every variable of nested conditions a name of its own", () => {
    const lets = "let big = any x in args.lines (x.price > 5)\n";
    expect(
      denied('any item in args.tags ("a" in args.tags and any x in args.lines (big))', lets),
    ).toEqual([
      {
        some: "args.tags",
        as: "item",
        where: {
          all: [
            {
              some: "args.tags",
              as: "item_2",
              where: { path: "item_2", op: "eq", value: "a" },
            },
            {
              some: "args.lines",
              as: "x",
              where: {
                some: "args.lines",
                as: "x_2",
                where: { path: "x_2.price", op: "gt", value: 5 },
              },
            },
          ],
        },
      },
    ]);
  });
});

describe("constants", () => {
  it("puts a let in place", () => {
    expect(denied("args.amount > cap", "let cap = 100_00")).toEqual([amount("gt", 10000)]);
  });

  it("puts a named condition in place, and lets mention each other in any order", () => {
    const lets =
      "let large = args.amount > cap and night\nlet night = during 22:00-06:00\nlet cap = 7";
    expect(denied("large", lets)).toEqual([
      { during: { from: "22:00", to: "06:00" } },
      amount("gt", 7),
    ]);
  });

  it("uses the default of the second of two operands where that one is missing", () => {
    expect(denied("args.force == true and args.amount > args.order.total else 10")).toEqual([
      {
        any: [
          { all: [{ path: "args.order.total", op: "exists", value: false }, amount("gt", 10)] },
          {
            all: [
              { path: "args.order.total", op: "exists", value: true },
              { path: "args.amount", op: "gt", path2: "args.order.total" },
            ],
          },
        ],
      },
      { path: "args.force", op: "eq", value: true },
    ]);
  });
});
