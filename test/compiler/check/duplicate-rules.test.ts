import { describe, expect, it } from "vitest";
import { accepts, mended, reports } from "./diagnose.ts";

const code = "MCPP504";
const start = "default deny\nallow list_orders, get_order\n";

describe("the same rule twice", () => {
  it.each([
    "deny list_orders if args.page > 5\n«deny list_orders if args.page > 5»",
    "deny list_orders if args.page > 1_0\n«deny list_orders if args.page > 10»",
    "hide delete_order\n«hide delete_order»",
    'deny get_order, list_orders if grant.name == "x"\n«deny list_orders, get_order if grant.name == "x"»',
    "«allow get_order, list_orders»",
    'ask get_order by "a", "b"\n«ask get_order by "b", "a"»',
    "on list_orders { deny if args.page > 5 }\n«deny list_orders if args.page > 5»",
    "limit get_order 5/minute\n«limit get_order  5/minute»",
    "limit all 5/minute as x\n«limit all 5/minute as x»",
    "limit get_order 5/minute if args.id == 'a' as x\n«limit get_order 5/minute if args.id == 'a' as x»".replaceAll(
      "'",
      '"',
    ),
    "allow run_report limit 5/minute limit 9/hour\n«allow run_report limit 9/hour limit 5/minute»",
  ])("%s", (rules) => {
    reports(code, `${start}${rules}\n`);
  });

  it.each([
    "deny list_orders if args.page > 5\ndeny list_orders if args.page < 1",
    'deny list_orders if args.page > 5\ndeny list_orders if args.page > 5 because "No."',
    "deny list_orders if args.page > 5\nshadow deny list_orders if args.page > 5",
    'ask get_order by "a"\nask get_order by "b"',
    "deny list_orders if args.page > 5\nask list_orders if args.page > 5",
    "limit get_order 5/minute as x\nlimit list_orders 5/minute as x",
    'limit get_order 5/minute as x if args.id == "a"\nlimit get_order 5/minute as x',
    "limit get_order 5/minute\nshadow limit get_order 5/minute",
    "allow run_report limit 5/minute\nallow run_report limit 9/hour",
    "deny list_orders if before 2027-01-01\ndeny list_orders if before 2028-01-01",
    'deny get_order if args.id == "A" ignoring case\ndeny get_order if args.id == "A"',
    "deny get_order if during 08:00-18:00\ndeny get_order if during 08:00-19:00",
  ])("%s is fine", (rules) => {
    accepts(code, `${start}${rules}\n`);
  });

  it("takes the second away, with its comment", () => {
    const rule = "deny list_orders if args.page > 5\n";
    expect(mended(code, `${start}${rule}\n/// Again.\n${rule}hide run_report\n`)).toEqual([
      `${start}${rule}\nhide run_report\n`,
    ]);
  });

  it("names the file of the other", () => {
    const [found] = reports(code, `import "org.mcpp"\n${start}«hide delete_order»\n`, {
      files: { "org.mcpp": "hide delete_order\n" },
    });
    expect(found?.message).toBe("This rule says the same as the one on line 1 of `org.mcpp`.");
  });
});
