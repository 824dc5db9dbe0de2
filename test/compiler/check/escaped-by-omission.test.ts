import { describe, expect, it } from "vitest";
import { accepts, mended, reports } from "./diagnose.ts";

const code = "MCPP401";
const start =
  'default deny\nlabels role: "support" | "finance"\nallow create_refund limit 10/hour\n';

describe("a condition that a call escapes by leaving a value out", () => {
  it.each([
    'deny create_refund if «args.reason» == "gift"',
    'deny create_refund if «args.reason» starts with "gift" and args.amount > 10',
    'deny create_refund if not («args.reason» == "gift")',
    'deny create_refund if «args.reason» == "a" or «args.reason» == "b"',
    "ask create_refund if «args.priority» > 1",
    'limit create_refund 5/hour if «args.reason» == "gift" as gifts',
    'deny create_refund if «grant.role» == "support"',
    "deny create_refund if length(«args.reason») < 5",
    'deny create_refund if every item in «args.items» (item.sku == "x")',
    "deny create_refund if any item in args.items («item.count» > 5)",
    'when «args.reason» == "gift" { deny create_refund }',
    'when «args.reason» == "gift" { deny create_refund if args.amount > 5\n ask create_refund }',
    'on create_refund { deny if «args.reason» == "gift" }',
    "deny create_refund if «args.urgent» == true",
  ])("%s", (rule) => {
    reports(code, `${start}${rule}\n`);
  });

  it.each([
    'deny create_refund unless args.reason == "gift"',
    'deny create_refund if args.reason == "gift" or not has args.reason',
    'deny create_refund if has args.reason and args.reason == "gift"',
    'deny create_refund if args.reason == null or args.reason == "gift"',
    'deny create_refund if args.reason else "gift" == "gift"',
    "deny create_refund if has args.reason",
    "deny create_refund if args.amount > 100",
    'deny create_refund if any item in args.items (item.sku == "x")',
    "deny create_refund if length(args.reason) > 500",
    'deny create_refund if grant.name == "ci"',
    // The declared default is what a missing value counts as.
    "deny create_refund if args.notify == true",
    "deny create_refund if args.priority > 5",
    'allow list_orders if args.state == "open"',
    'ask create_refund unless args.reason == "duplicate"',
    // A call without the reason must meet the `unless`, too.
    'when args.reason == "gift" { deny create_refund unless args.amount < 5 }',
  ])("%s is fine", (rule) => {
    accepts(code, `${start}${rule}\n`);
  });

  it.each([
    'when grant.role == "finance" { ask create_refund }',
    "ask create_refund if args.priority > 1",
  ])("%s is fine where nothing else permits the tool", (rule) => {
    accepts(code, `default deny\nlabels role: "support" | "finance"\n${rule}\n`);
  });

  it("an `ask` is escaped where another rule, or the default, permits the tool", () => {
    const rule = 'when «grant.role» == "finance" { ask create_refund }\n';
    const labels = 'labels role: "support" | "finance"\n';
    reports(code, `${labels}allow create_refund if args.amount < 5\n${rule}`);
    reports(code, `default allow\n${labels}${rule}`);
  });

  it("says nothing where the schema is not known", () => {
    accepts(code, 'default deny\nallow a\ndeny a if args.x == "y"\n', { tools: null });
  });

  it("offers the opposite condition, a question for presence, and a default", () => {
    expect(
      mended(code, `${start}deny create_refund if args.amount > 5 and args.urgent == true\n`),
    ).toEqual([
      `${start}deny create_refund unless args.amount <= 5 or args.urgent != true\n`,
      `${start}deny create_refund if args.amount > 5 and args.urgent == true or not has args.urgent\n`,
      `${start}deny create_refund if args.amount > 5 and args.urgent else false == true\n`,
    ]);
    expect(mended(code, `${start}deny create_refund if args.priority > 1\n`)[2]).toBe(
      `${start}deny create_refund if args.priority else 3 > 1\n`,
    );
  });

  it("negates alternatives and negations", () => {
    const negated = (condition: string) =>
      mended(code, `${start}deny create_refund if ${condition}\n`)[0]?.split(" unless ")[1]?.trim();
    expect(negated('args.reason like "g*" or args.amount in [1, 2]')).toBe(
      'not args.reason like "g*" and args.amount not in [1, 2]',
    );
    expect(negated("args.amount < 5 and (args.amount >= 2 or args.urgent == true)")).toBe(
      "args.amount >= 5 or args.amount < 2 and args.urgent != true",
    );
    expect(negated("args.amount < 5 and args.amount > 1 or args.urgent != true")).toBe(
      "(args.amount >= 5 or args.amount <= 1) and args.urgent == true",
    );
    expect(negated("not (args.amount < 5 or args.urgent == true)")).toBe(
      "args.amount < 5 or args.urgent == true",
    );
  });
});
