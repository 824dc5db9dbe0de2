import { describe, expect, it } from "vitest";
import { windowsTouched } from "../../../compiler/check/limit-never-binds.ts";
import { accepts, mended, reports } from "./diagnose.ts";

const start = "default deny\nallow list_orders, get_order, create_refund\nlimit all 600/minute\n";

describe("a limit of 0", () => {
  const code = "MCPP506";

  it.each([
    "limit get_order «0»/hour",
    "limit get_order «0» concurrent",
    "limit create_refund sum(args.amount) to «0»/day",
    "allow update_order limit «0»/day",
  ])("%s", (rule) => {
    reports(code, `${start}${rule}\n`);
  });

  it("is fine above", () => {
    accepts(code, `${start}limit get_order 1/hour\n`);
  });

  it.each([
    ["limit get_order 0/hour", "deny get_order"],
    ['limit get_order 0/hour because "No."', 'deny get_order because "No."'],
    ['limit get_order 0/hour if args.id == "1" as none', 'deny get_order if args.id == "1"'],
    ["on get_order { limit 0/hour }", "on get_order { deny }"],
  ])("mends %s", (before, after) => {
    expect(mended(code, `${start}${before}\n`)).toEqual([`${start}${after}\n`]);
  });
});

describe("a limit that never binds", () => {
  const code = "MCPP507";

  it.each([
    "limit get_order 10/minute\nlimit get_order «600/hour»",
    "limit get_order «100/minute»\nlimit get_order 50/hour",
    "limit get_order «700/minute per session»",
    "limit get_order 10/minute\nlimit get_order «30/minute per args.id»",
    "limit get_order 10/hour\nlimit get_order «7440/month»",
    "limit get_order 2 concurrent\nlimit get_order «2 concurrent per session»",
    "limit create_refund sum(args.amount) to 100/hour\nlimit create_refund «sum(args.amount) to 2400/day»",
    "limit get_order, list_orders each 10/minute\nlimit get_order, list_orders «1200/hour as both»",
    'limit get_order 10/minute\nlimit get_order «10/minute if args.id == "1" as one»',
    "limit get_order 10/minute sliding\nlimit get_order «600/hour sliding»",
  ])("%s", (rules) => {
    reports(code, `${start}${rules}\n`);
  });

  it.each([
    "limit get_order 10/minute\nlimit get_order 599/hour",
    "limit get_order 100/minute\nlimit get_order 500/hour",
    "limit get_order 10/hour per session\nlimit get_order 20/hour",
    "limit get_order 10/minute\nlimit list_orders 600/hour",
    "limit create_refund sum(args.amount) to 100/hour\nlimit create_refund 5000/day",
    // A sliding hour touches 61 calendar minutes.
    "limit get_order 10/minute\nlimit get_order 609/hour sliding",
    'limit get_order 10/minute if args.id == "1" as one\nlimit get_order 600/hour',
    "limit get_order, list_orders each 10/minute\nlimit get_order, list_orders 1000/hour as both",
    "shadow limit get_order 1/minute\nlimit get_order 500/hour",
    "limit get_order 10/hour per session\nlimit get_order 10/hour per args.id",
  ])("%s is fine", (rules) => {
    accepts(code, `${start}${rules}\n`);
  });

  const window = (unit: string, every = 1, sliding = false) =>
    ({ window: { unit, every, sliding } }) as Parameters<typeof windowsTouched>[0];

  it.each([
    [window("hour"), window("minute"), 60],
    [window("minute"), window("hour"), 1],
    [window("month"), window("week"), 6],
    [window("week"), window("month"), 2],
    [window("month"), window("day"), 31],
    [window("hour", 1, true), window("minute"), 61],
    [window("minute", 1, true), window("hour"), 2],
    [window("hour"), window("minute", 15, true), 4],
    [window("hour"), window("minute", 25, true), 3],
  ])("%j touches windows of %j", (outer, inner, most) => {
    expect(windowsTouched(outer, inner)).toBe(most);
  });
});
