import { describe, expect, it } from "vitest";
import { accepts, diagnose, reports } from "./diagnose.ts";

const start = "default deny\nallow create_refund, read_file, list_orders limit each 10/hour\n";

describe("a condition that never holds", () => {
  const code = "MCPP501";

  it.each([
    "deny create_refund if «args.amount > 10 and args.amount < 5»",
    "deny create_refund unless «args.amount > 10 and args.amount < 5»",
    "ask create_refund if «args.amount == 1 and args.amount == 2»",
    'deny create_refund if «args.customer in ["a", "b"] and args.customer == "c"»',
    "deny create_refund if args.amount > 100 or «args.amount > 10 and args.amount < 5»",
    "deny create_refund if «not (args.amount > 5 or args.amount <= 5)»",
    "deny create_refund if «args.reason == null and has args.reason»",
    'deny create_refund if «args.customer starts with "a" and args.customer starts with "b"»',
    "limit create_refund 5/hour if «args.amount < 0 and args.amount > 1» as odd",
    "when args.amount > 10 { deny create_refund if «args.amount < 5» }",
    "when «args.amount > 10 and args.amount < 5» { deny create_refund\n ask create_refund }",
    "deny create_refund if «before 2026-01-01 and after 2026-06-01»",
    // The schema has its say: a priority is a whole number.
    "deny create_refund if «args.priority > 1 and args.priority < 2»",
    "deny create_refund if «not has args.amount»",
    'deny create_refund if any item in args.items («item.sku == "a" and item.sku == "b"»)',
  ])("%s", (rule) => {
    reports(code, `${start}${rule}\n`);
  });

  it.each([
    "deny create_refund if args.amount > 10 or args.amount < 5",
    "deny create_refund if args.amount > 5 and args.amount < 10",
    "deny create_refund if not has args.reason",
    "deny create_refund if during sat-sun and args.amount > 5",
    'deny create_refund if args.customer starts with "a" and args.customer ends with "b"',
    'deny create_refund if args.customer != "a" and args.customer != "b"',
    "deny create_refund if args.priority > 1 and args.priority < 3",
  ])("%s is fine", (rule) => {
    accepts(code, `${start}${rule}\n`);
  });

  it("holds of several tools if it holds of one", () => {
    accepts(code, `${start}deny read_file, delete_order if not has args.force\n`, {
      tools: {
        server: { name: "x" },
        tools: ["create_refund", "list_orders", "read_file", "delete_order"].map((name) => ({
          name,
          risk: "read",
          inputSchema: {
            type: "object",
            properties: { force: { type: "boolean" } },
            required: name === "read_file" ? ["force"] : [],
          },
        })),
      },
    });
  });

  it.each([
    ["deny create_refund if", "so this rule denies nothing"],
    ["deny create_refund unless", "so every call is denied"],
    ["ask create_refund if", "so nobody is ever asked"],
    ["ask create_refund unless", "so every call waits for approval"],
  ])("says what follows: %s", (rule, consequence) => {
    const [found] = reports(code, `${start}${rule} «args.amount > 10 and args.amount < 5»\n`);
    expect(found?.message).toContain(consequence);
  });

  it("is said once where the types say it already", () => {
    const found = diagnose(`${start}deny list_orders if args.page == null and args.page > 5\n`);
    expect(found.filter(({ severity }) => severity !== "info")).toHaveLength(1);
  });
});

describe("a condition that always holds", () => {
  const code = "MCPP502";

  it.each([
    "deny create_refund if «has args.reason or not has args.reason»",
    "deny create_refund unless «args.reason == null or args.reason != null»",
    "deny create_refund if args.amount > 5 and («has args.reason or not has args.reason»)",
    "validate arguments\ndeny create_refund unless «has args.amount»",
    "validate arguments\ndeny create_refund unless «args.amount > 5 or args.amount <= 5»",
  ])("%s", (rule) => {
    reports(code, `${start}${rule}\n`);
  });

  it.each([
    "deny create_refund if has args.reason",
    // Nothing holds a call to the schema, and the rule may be there for just that.
    "deny create_refund unless has args.amount",
    // False of a missing amount, and an error of a text.
    "deny create_refund unless args.amount > 5 or args.amount <= 5",
  ])("%s is fine", (rule) => {
    accepts(code, `${start}${rule}\n`);
  });
});
