import { describe, expect, it } from "vitest";
import { accepts, mended, reports } from "./diagnose.ts";

const code = "MCPP404";

describe("`@write` without the graver classes", () => {
  it.each([
    "default allow\npin tools\nlimit all 9/minute\ndeny «@write»",
    "default allow\npin tools\nlimit all 9/minute\nhide «@write»",
    'default deny\nallow * limit each 9/minute\ndeny «@write» unless args.id == "1"',
    "default deny\nallow * limit each 9/minute\ndeny «@write», run_report",
  ])("%s", (policy) => {
    reports(code, `${policy}\n`);
  });

  it.each([
    "default deny\nallow * limit each 9/minute\ndeny @write, @execute, @destructive, @financial",
    'default deny\nallow @read\nallow update_order\ndeny @write if args.id == "1"',
    "default deny\nallow * limit each 9/minute\ndeny @write\nhide @destructive, @financial\ndeny @execute",
    // Open by name: chosen, not missed.
    'default deny\nallow @read, @write\nallow delete_order limit 5/day\ndeny @write if args.id == "1"',
    "default deny\nallow * limit each 9/minute\ndeny @destructive",
  ])("%s is fine", (policy) => {
    accepts(code, `${policy}\n`);
  });

  it("adds the classes that are open", () => {
    const policy = (targets: string) =>
      `default allow\npin tools\nlimit all 9/minute\ndeny ${targets}\ndeny @execute\n`;
    expect(mended(code, policy("@write"))).toEqual([policy("@write, @destructive, @financial")]);
  });
});
