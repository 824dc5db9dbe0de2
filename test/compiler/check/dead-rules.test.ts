import { describe, expect, it } from "vitest";
import { accepts, reports } from "./diagnose.ts";

const code = "MCPP503";

describe("a rule that never decides a call", () => {
  it.each([
    "default deny\nallow «get_order»\nhide get_order",
    "default deny\nallow «get_order»\ndeny get_order",
    "default deny\nallow list_orders, «get_order»\ndeny get_order",
    "default deny\nallow get_order\nask «get_order»\nhide get_order".replace(
      "allow get_order\n",
      "",
    ),
    'default deny\nallow list_orders\ndeny «delete_order» if args.id == "1"\ndeny delete_order',
    "default deny\nallow list_orders\ndeny «delete_order»\nhide delete_*",
    "default deny\nallow @read\n«allow get_order»",
    'default deny\nallow get_order\n«allow get_order if args.id == "1"»',
    "default deny\nallow list_orders\n«deny list_orders if args.page > 100»\ndeny list_orders if args.page > 50",
    "default deny\nallow list_orders if args.page < 50\n«allow list_orders if args.page < 10»",
    "default deny\n«allow list_orders if args.page > 100»\ndeny list_orders if args.page > 50",
    "default deny\n«allow list_orders if args.page > 100»\ndeny list_orders unless args.page < 50",
    "default deny\nallow list_orders\n«ask list_orders if args.page > 100»\ndeny list_orders if args.page > 50",
    "default allow\n«allow get_order»\nlimit all 9/minute",
    "default deny\n«allow list_orders if args.page < 50»\nallow list_orders if args.page < 100 limit 5/minute",
    "default deny\non get_order {\n  «allow»\n  deny\n}",
    "default deny\nallow list_orders\nhide «delete_order»\nhide delete_order, run_report",
    'default deny\nallow get_order\n«deny get_order if args.id == "1" and args.id != "2"»\ndeny get_order if args.id in ["1", "3"]',
  ])("%s", (policy) => {
    reports(code, `${policy}\n`);
  });

  it.each([
    // Exceptions to globs and groups are meant.
    "default deny\nallow @read\nhide get_order",
    "default deny\nallow * limit each 9/minute\ndeny @destructive",
    // It gives a reason of its own.
    'default deny\nallow list_orders\ndeny create_refund because "By finance."\ndeny @financial, @destructive',
    'default deny\nallow list_orders\ndeny list_orders if args.page > 100 because "Far too many."\ndeny list_orders if args.page > 50 because "Too many."',
    // Its limit still counts.
    "default deny\nallow @read\nallow get_order limit 5/minute",
    "default deny\nallow list_orders if args.page > 100\ndeny list_orders if args.page > 200",
    "default deny\nallow list_orders if args.page < 10\nallow list_orders if args.page > 5",
    'default deny\nallow get_order until 2027-01-01\nallow get_order if args.id == "1"',
    "default deny\nallow get_order\nshadow deny get_order",
    "default allow\nallow get_order limit 5/minute\nlimit all 9/minute",
    "default deny\nallow list_orders\ndeny delete_order",
    // The first is also about calls that leave the reason out.
    'default deny\nallow create_refund limit 5/hour\nwhen args.reason == "gift" { deny create_refund unless args.amount < 5 }\ndeny create_refund if args.reason == "gift"',
  ])("%s is fine", (policy) => {
    accepts(code, `${policy}\n`);
  });

  it("says why, and points at the other rule", () => {
    const [found] = reports(code, "default deny\nallow «get_order»\ndeny get_order\n");
    expect(found?.message).toBe(
      "This `allow` never decides a call of `get_order`: denied by the `deny` on line 3.",
    );
    expect(found?.related).toHaveLength(1);
  });

  it("is not said of imported rules, which are written for many servers", () => {
    accepts(code, 'import "org.mcpp"\ndefault deny\nallow list_orders\ndeny delete_order\n', {
      files: { "org.mcpp": 'deny delete_order if args.id == "1"\n' },
    });
  });
});
