import { describe, expect, it } from "vitest";
import { accepts, diagnose, reports } from "./diagnose.ts";

const code = "MCPP505";

describe("a limit on what is not permitted", () => {
  it.each([
    "default deny\nallow list_orders\nlimit «get_order» 5/hour",
    "default deny\nallow list_orders\nlimit list_orders, «get_order» each 5/hour",
    "default deny\nallow list_orders\nlimit «delete_*, run_*» each 5/hour",
    "default deny\nallow list_orders\ndeny get_order\nlimit «get_order» 5/hour",
    "default allow\nhide get_order\nlimit «get_order» 5/hour\nlimit all 9/minute",
    "default deny\nallow list_orders\non get_order {\n  «limit» 5/hour\n}",
  ])("%s", (policy) => {
    reports(code, `${policy}\n`);
  });

  it.each([
    "default deny\nallow get_order\nlimit get_order 5/hour",
    "default deny\nask get_order\nlimit get_order 5/hour",
    'default deny\nallow get_order if args.id == "1"\nlimit get_order 5/hour',
    "default deny\nallow get_order\nlimit @read each 5/hour",
    "default deny\nallow get_order\nlimit all 5/minute",
    "default allow\nlimit get_order 5/hour\nlimit all 9/minute",
  ])("%s is fine", (policy) => {
    accepts(code, `${policy}\n`);
  });

  it("is not said after a name that was not found", () => {
    const found = diagnose("default deny\nallow get_ordr\nlimit get_order 5/hour\n");
    expect(found.map((one) => one.code)).toEqual(["MCPP201"]);
  });

  it("is all that is said of it, whatever limit stands beside it", () => {
    const found = diagnose(
      "default deny\nallow list_orders\nlimit get_order 3/hour\nlimit get_order 5/minute\n",
    );
    expect(found.filter(({ severity }) => severity === "warning").map((one) => one.code)).toEqual([
      code,
      code,
    ]);
  });
});
