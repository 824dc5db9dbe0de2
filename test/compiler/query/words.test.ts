import { describe, expect, it } from "vitest";
import { limitInWords, rateInWords } from "../../../compiler/index.ts";
import { type Limit, parse, Source } from "../../../language/index.ts";

const limitOf = (text: string): Limit =>
  parse(new Source("t", text)).document.statements[0] as Limit;

describe("limits in words", () => {
  it.each([
    [
      "limit x 10/minute",
      "At most 10 calls in a calendar minute (UTC), for each grant.",
      "600/hour",
    ],
    [
      "limit x 1/hour per session",
      "At most 1 call in a calendar hour (UTC), for each session.",
      undefined,
    ],
    [
      "limit x 100/15 minutes sliding",
      "At most 100 calls in any span of 15 minutes, for each grant.",
      "400/hour",
    ],
    [
      "limit x 3 concurrent per server",
      "At most 3 calls at a time, all clients together.",
      undefined,
    ],
    [
      "limit all 5/second",
      "At most 5 calls in a calendar second (UTC), for each grant; every tool call counts.",
      "18000/hour",
    ],
    [
      "limit x, y each 5/week",
      "At most 5 calls in a calendar week (UTC), for each grant; each tool has a count of its own.",
      "about 0.71/day",
    ],
    [
      "limit x, y 5/month as shared",
      "At most 5 calls in a calendar month (UTC), for each grant; shared by every limit named `shared`.",
      "about 0.17/day",
    ],
    [
      "limit x sum(args.amount) to 500_00/day per grant, args.customer",
      "`args.amount` may add up to at most 50,000 in a calendar day (UTC), for each grant and each `args.customer`.",
      undefined,
    ],
    [
      "limit x 5/day per server, args.id",
      "At most 5 calls in a calendar day (UTC), for each server and each `args.id`.",
      undefined,
    ],
  ])("%s", (text, words, rate) => {
    const rule = limitOf(text);
    expect(limitInWords(rule, rule.limit)).toBe(words);
    expect(rateInWords(rule.limit)).toBe(rate);
  });
});
