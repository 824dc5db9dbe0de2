import { describe, expect, it } from "vitest";
import { accepts, mended, reports } from "./diagnose.ts";

const code = "MCPP407";

describe("a risk class under `default allow`", () => {
  it.each([
    "default allow\ndeny «@destructive»\nlimit all 9/minute",
    "default allow\nhide «@destructive, @financial»\nlimit all 9/minute",
    "default allow\ngroup @mine = @destructive, run_report\nask «@mine»\nlimit all 9/minute",
    "default allow\nlimit «@financial» each 5/hour\ndeny @destructive\nlimit all 9/minute",
  ])("%s", (policy) => {
    reports(code, `${policy}\n`);
  });

  it.each([
    "default allow\npin tools\ndeny @destructive\nlimit all 9/minute",
    "default deny\nallow @read\ndeny @destructive",
    "default allow\ndeny delete_*\nlimit all 9/minute",
    "default allow\ndeny delete_order\nlimit all 9/minute",
  ])("%s is fine", (policy) => {
    accepts(code, `${policy}\n`);
  });

  it("offers to pin", () => {
    expect(
      mended(code, "default allow // for now\ndeny @destructive\nlimit all 9/minute\n"),
    ).toEqual(["default allow // for now\npin tools\ndeny @destructive\nlimit all 9/minute\n"]);
  });
});
