import { describe, expect, it } from "vitest";
import { codesOf, compileText, payments, policyOf } from "../compiling.ts";

/** The limits of `create_refund`. */
function limits(text: string): unknown {
  return policyOf(`allow create_refund\n${text}\n`, { tools: payments }).tools?.create_refund
    ?.limits;
}

const perGrant = { scope: "grant" };

describe("a limit and the name of its counter", () => {
  it.each<[string, object]>([
    ["10/minute", { counter: "create_refund_rate", window: "minute", max: 10, ...perGrant }],
    ["10/minutes", { counter: "create_refund_rate", window: "minute", max: 10, ...perGrant }],
    ["1_000/hour", { counter: "create_refund_per_hour", window: "hour", max: 1000, ...perGrant }],
    ["5/1 day", { counter: "create_refund_per_day", window: "day", max: 5, ...perGrant }],
    [
      "10/minute sliding",
      {
        counter: "create_refund_per_minute_sliding",
        window: "minute",
        algorithm: "sliding",
        max: 10,
        ...perGrant,
      },
    ],
    [
      "100/15 minutes sliding",
      {
        counter: "create_refund_per_minute_sliding_15",
        window: "minute",
        algorithm: "sliding",
        every: 15,
        max: 100,
        ...perGrant,
      },
    ],
    [
      "10/week per session",
      { counter: "create_refund_per_week_per_session", window: "week", max: 10, scope: "session" },
    ],
    [
      "10/minute per server, args.reason, args.order.total",
      {
        counter: "create_refund_rate_per_server_by_order_total_by_reason",
        window: "minute",
        max: 10,
        scope: "server",
        key: ["args.order.total", "args.reason"],
      },
    ],
    [
      "sum(args.amount) to 500.5/day",
      {
        counter: "create_refund_amount_sum_per_day",
        window: "day",
        increment_from: "args.amount",
        max: 500.5,
        ...perGrant,
      },
    ],
    [
      "2 concurrent",
      { counter: "create_refund_concurrent", concurrent: true, max: 2, ...perGrant },
    ],
    [
      '10/minute as spending because "Slow down."',
      { counter: "spending", window: "minute", max: 10, ...perGrant, on_deny: "Slow down." },
    ],
  ])("%s", (text, entry) => {
    expect(limits(`limit create_refund ${text}`)).toEqual([entry]);
    if (!text.includes("because")) {
      expect(policyOf(`allow create_refund limit ${text}`).tools?.create_refund?.limits).toEqual([
        entry,
      ]);
    }
  });

  it("has a condition in its name, the same however that is written", () => {
    const [one] = limits("limit create_refund 1/day if args.amount > 5 and args.force == true") as {
      counter: string;
    }[];
    const [two] = limits(
      "when args.force == true { on create_refund { limit 1/day if 5 < args.amount } }",
    ) as { counter: string }[];
    expect(one?.counter).toMatch(/^create_refund_per_day_if_[0-9a-f]{8}$/);
    expect(two).toEqual(one);
  });

  it("of a conditional rule counts the calls that match it", () => {
    const policy = policyOf("allow create_refund if args.amount < 5 limit 3/day as small", {
      tools: payments,
    });
    expect(policy.tools?.create_refund?.limits).toEqual([
      {
        counter: "small",
        window: "day",
        max: 3,
        scope: "grant",
        when: [{ path: "args.amount", op: "lt", value: 5 }],
      },
    ]);
  });

  it("of all tools is one counter", () => {
    expect(policyOf("allow push\nlimit all 5/second\nlimit all 9/minute").all_tools).toEqual({
      limits: [
        { counter: "all_per_second", window: "second", max: 5, scope: "grant" },
        { counter: "all_rate", window: "minute", max: 9, scope: "grant" },
      ],
    });
  });
});

describe("a limit over several tools", () => {
  it("counts each of them with `each`", () => {
    const policy = policyOf("allow list_charges, get_charge limit each 6/minute", {
      tools: payments,
    });
    expect(policy.tools).toEqual({
      get_charge: {
        limits: [{ counter: "get_charge_rate", window: "minute", max: 6, scope: "grant" }],
      },
      list_charges: {
        limits: [{ counter: "list_charges_rate", window: "minute", max: 6, scope: "grant" }],
      },
    });
  });

  it("counts them together with a name", () => {
    const shared = { counter: "lookups", window: "minute", max: 6, scope: "grant" };
    const policy = policyOf("allow list_charges, get_charge limit 6/minute as lookups", {
      tools: payments,
    });
    expect(policy.tools).toEqual({
      get_charge: { limits: [shared] },
      list_charges: { limits: [shared] },
    });
  });

  it("says one of the two, and both fixes compile", () => {
    const text = "allow list_charges, get_charge limit 6/minute per session\n";
    const { diagnostics } = compileText(text, { tools: payments });
    const [found] = diagnostics.filter(({ code }) => code === "MCPP704");
    expect(found?.fixes).toHaveLength(2);
    const fixed = found?.fixes?.map(({ edits }) => {
      const [edit] = edits;
      return edit === undefined
        ? text
        : text.slice(0, edit.span.start) + edit.text + text.slice(edit.span.end);
    });
    expect(fixed).toEqual([
      "allow list_charges, get_charge limit each 6/minute per session\n",
      "allow list_charges, get_charge limit 6/minute per session as shared_limit\n",
    ]);
    for (const each of fixed ?? [])
      expect(codesOf(each, { tools: payments })).not.toContain("MCPP704");
  });
});

describe("counters that would be mixed up", () => {
  it.each<[string, string, string]>([
    ["two amounts", "limit create_refund 1/day\nlimit create_refund 2/day", "MCPP706"],
    [
      "a name that is taken",
      "limit create_refund 1/day\nlimit get_charge 1/day as create_refund_per_day",
      "MCPP706",
    ],
    ["another window", "limit create_refund 1/day as x\nlimit get_charge 1/hour as x", "MCPP707"],
    [
      "another scope",
      "limit create_refund 1/day as x\nlimit get_charge 1/day per session as x",
      "MCPP707",
    ],
    [
      "a sum and a count",
      "limit create_refund 1/day as x\nlimit create_refund sum(args.amount) to 1/day as x",
      "MCPP707",
    ],
    ["each and as", "limit create_refund each 1/day as x", "MCPP705"],
    ["all and each", "limit all each 1/day", "MCPP724"],
  ])("%s", (_, text, code) => {
    const around = { tools: payments };
    const codes = codesOf(`allow create_refund, get_charge\n${text}`, around);
    expect(codes.filter((found) => found.startsWith("MCPP7"))).toEqual([code]);
  });

  it("are told apart in shadow", () => {
    expect(
      codesOf("allow create_refund limit 5/day\nshadow limit create_refund 2/day", {
        tools: payments,
      }),
    ).toEqual([]);
  });

  it("may sum different arguments", () => {
    const text =
      "allow create_refund limit sum(args.amount) to 5/day as money limit sum(args.order.total) to 5/day as money";
    expect(codesOf(text, { tools: payments })).toEqual([]);
  });
});

describe("numbers", () => {
  it.each([
    ["limit create_refund 5/20000 minutes sliding", ["MCPP708"]],
    ["limit create_refund sum(args.amount) to 9_007_199_255/day", ["MCPP709"]],
    ["limit create_refund sum(args.amount) to 0.0000001/day", ["MCPP709"]],
    ["limit create_refund sum(args.amount) to 9_007_199_254.740991/day", []],
    ["ask create_refund within 366d", ["MCPP717"]],
    ["ask create_refund within 365d", []],
  ])("%s", (text, wanted) => {
    const codes = codesOf(`allow create_refund\n${text}`, { tools: payments });
    expect(codes.filter((found) => found.startsWith("MCPP7"))).toEqual(wanted);
  });
});
