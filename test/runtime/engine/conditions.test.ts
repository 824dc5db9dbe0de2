import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { CompareEntry, ConditionEntry, Json, Operator } from "../../../policy/index.ts";
import { decide, judge, MONDAY, type Value } from "./helpers.ts";

const T = "true";
const F = "false";
const E = "error";

type Row = readonly [
  literal: Json,
  cases: readonly (readonly [value: Json | undefined, expected: Value])[],
];

/** For each operator: missing, null, wrong types, right and wrong values. */
const TABLE: Readonly<Partial<Record<Operator, readonly Row[]>>> = {
  eq: [
    [
      "a",
      [
        [undefined, F],
        [null, F],
        ["a", T],
        ["b", F],
        ["A", F],
        [1, E],
        [true, E],
        [[], E],
        [{}, E],
        ["\ud800", E],
      ],
    ],
    [
      1,
      [
        [undefined, F],
        [null, F],
        [1, T],
        [1.0, T],
        [2, F],
        ["1", E],
        [true, E],
        [[1], E],
        [{}, E],
      ],
    ],
    [
      0,
      [
        [-0, T],
        [false, E],
        ["", E],
      ],
    ],
    [
      true,
      [
        [undefined, F],
        [null, F],
        [true, T],
        [false, F],
        [1, E],
        ["true", E],
        [[], E],
      ],
    ],
    [
      null,
      [
        [undefined, T],
        [null, T],
        [0, F],
        ["", F],
        [false, F],
        [[], F],
        [{}, F],
        ["\ud800", F],
      ],
    ],
    [
      [1, 2],
      [
        [undefined, F],
        [null, F],
        [[1, 2], T],
        [[2, 1], F],
        [[1], F],
        [1, E],
        [{}, E],
        [["\ud800"], E],
      ],
    ],
    [
      { a: 1, b: [2] },
      [
        [{ b: [2], a: 1 }, T],
        [{ a: 1 }, F],
        [{ a: 1, b: [2], c: 3 }, F],
        [[], E],
        ["x", E],
      ],
    ],
    ["é", [["e\u0301", F]]],
  ],
  neq: [
    [
      "a",
      [
        [undefined, F],
        [null, F],
        ["a", F],
        ["b", T],
        [1, E],
        [["a"], E],
        [{}, E],
        ["\udc00", E],
      ],
    ],
    [
      1,
      [
        [2, T],
        [1, F],
        ["2", E],
      ],
    ],
    [
      null,
      [
        [undefined, F],
        [null, F],
        [0, T],
        ["", T],
        [[], T],
      ],
    ],
    [
      [1],
      [
        [[2], T],
        [[1], F],
        [1, E],
      ],
    ],
  ],
  in: [
    [
      ["a", "b"],
      [
        [undefined, F],
        [null, F],
        ["a", T],
        ["c", F],
        ["A", F],
        [1, E],
        [["a"], E],
        [{}, E],
        ["\ud800", E],
      ],
    ],
    [
      ["a", 1],
      [
        ["a", T],
        [1, T],
        [2, F],
        ["b", F],
        [true, E],
        [[], E],
      ],
    ],
    [
      [null, "a"],
      [
        [undefined, F],
        [null, F],
        ["a", T],
        [1, E],
      ],
    ],
    [
      [[1], { a: 1 }],
      [
        [[1], T],
        [{ a: 1 }, T],
        [[2], F],
        ["a", E],
      ],
    ],
    [
      [],
      [
        [undefined, F],
        ["a", E],
      ],
    ],
  ],
  not_in: [
    [
      ["a", "b"],
      [
        [undefined, F],
        [null, F],
        ["a", F],
        ["c", T],
        ["B", T],
        [1, E],
        [["c"], E],
        [{}, E],
      ],
    ],
  ],
  lt: [
    [
      5,
      [
        [undefined, F],
        [null, F],
        [4, T],
        [5, F],
        ["4", E],
        [true, E],
        [[4], E],
        [{}, E],
      ],
    ],
  ],
  lte: [
    [
      5,
      [
        [undefined, F],
        [null, F],
        [5, T],
        [5.1, F],
        ["5", E],
        [[5], E],
      ],
    ],
  ],
  gt: [
    [
      5,
      [
        [undefined, F],
        [null, F],
        [6, T],
        [5, F],
        ["6", E],
        [{}, E],
      ],
    ],
  ],
  gte: [
    [
      5,
      [
        [undefined, F],
        [null, F],
        [5, T],
        [4, F],
        ["5", E],
        [false, E],
      ],
    ],
  ],
  exists: [
    [
      true,
      [
        [undefined, F],
        [null, F],
        [0, T],
        ["", T],
        [false, T],
        [[], T],
        [{}, T],
        ["\ud800", T],
      ],
    ],
    [
      false,
      [
        [undefined, T],
        [null, T],
        [0, F],
        ["", F],
        [[], F],
        [{}, F],
      ],
    ],
  ],
  regex: [
    [
      "b+",
      [
        [undefined, F],
        [null, F],
        ["abbc", T],
        ["ac", F],
        [1, E],
        [["b"], E],
        [{}, E],
        ["b\ud800", E],
      ],
    ],
    [
      "^a$",
      [
        ["a", T],
        ["a\n", F],
        ["b\na", F],
      ],
    ],
    [
      "^(?s:a.b)$",
      [
        ["a\nb", T],
        ["a\nb\n", F],
      ],
    ],
    ["(?i)k", [["\u212a", T]]],
    [
      "x",
      [
        ["x".repeat(256 * 1024), T],
        ["x".repeat(256 * 1024 + 1), E],
      ],
    ],
  ],
  contains: [
    [
      "bc",
      [
        [undefined, F],
        [null, F],
        ["abcd", T],
        ["acbd", F],
        [1, E],
        [{}, E],
        ["bc\ud800", E],
      ],
    ],
    [
      "a",
      [
        [["a", "b"], T],
        [["b"], F],
        [[], F],
        [["ab"], F],
        [["b", 1], E],
        [["a", 1], T],
        [[1, "a"], T],
        [[null, "b"], F],
        [[["a"]], E],
        [["\ud800"], E],
      ],
    ],
    [
      1,
      [
        [[1], T],
        [[2], F],
        [["1"], E],
        ["1", E],
        [1, E],
      ],
    ],
    [
      null,
      [
        [[null], T],
        [[1], F],
        [undefined, F],
        ["x", E],
      ],
    ],
    [
      { a: 1 },
      [
        [[{ a: 1 }], T],
        [[{ a: 2 }], F],
      ],
    ],
  ],
  under: [
    [
      "/srv/out",
      [
        [undefined, F],
        [null, F],
        ["/srv/out", T],
        ["/srv/out/", T],
        ["/srv/out/a", T],
        ["/srv/out/a b", T],
        ["/srv/outside", F],
        ["/srv", F],
        ["/", F],
        ["/SRV/out/a", F],
        ["/srv/out/../x", E],
        ["/srv/out/..", E],
        ["/srv/./out", E],
        ["/srv//out", E],
        ["//srv/out", E],
        ["srv/out", E],
        ["./srv/out", E],
        ["~/x", E],
        ["", E],
        ["/srv/out\\x", E],
        ["/srv/out/\u0000", E],
        ["/srv/out/%2e%2e/x", E],
        ["/srv/out/%2Fx", E],
        ["/srv/out/%5cx", E],
        ["/srv/out/%252e", E],
        ["/srv/out/%00", E],
        ["/srv/out/.. /x", E],
        ["/srv/out/..;a/x", E],
        ["/srv/out/\u2025/x", E],
        ["/srv/out/．．/x", E],
        ["/srv/out/a／b", E],
        ["/srv/out/.\u200b./x", E],
        ["/srv/out/a\nb", E],
        ["/srv/out/..a", T],
        ["/srv/out/a..b", T],
        ["/srv/out/.a", T],
        ["file:///srv/out/a", E],
        ["https://srv/out", E],
        [1, E],
        [["/srv/out"], E],
        ["/srv/out/\ud800", E],
      ],
    ],
    [
      "https://*.example.com/docs",
      [
        ["https://a.example.com/docs", T],
        ["https://a.b.example.com/docs/x", T],
        ["HTTPS://A.Example.COM/docs/", T],
        ["https://a.example.com:443/docs", T],
        ["https://a.example.com/docs?x=/../y#z", T],
        ["https://a.example.com/%64ocs/x", T],
        ["https://example.com/docs", F],
        ["https://aexample.com/docs", F],
        ["https://a.example.com.evil.org/docs", F],
        ["http://a.example.com/docs", F],
        ["https://a.example.com:8443/docs", F],
        ["https://a.example.com/docsx", F],
        ["https://a.example.com/", F],
        ["https://a.example.com", F],
        ["https://u@a.example.com/docs", E],
        ["https://evil.org\\@a.example.com/docs", E],
        ["https://a.example.com/docs/../x", E],
        ["https://a.example.com/docs/%2e%2e/x", E],
        ["https://a.example.com/docs/%252e%252e/x", E],
        ["https://a.example.com//docs", E],
        ["https:a.example.com/docs", E],
        ["https:///a.example.com/docs", E],
        ["//a.example.com/docs", E],
        ["https://a.example.com:0443/docs", E],
        ["https://a.example.com:/docs", E],
        ["https://a.example.com./docs", E],
        ["https://a.ex\u00e4mple.com/docs", E],
        ["https://a。example.com/docs", E],
        ["https://a.example.com/docs\n", E],
        [" https://a.example.com/docs", E],
        ["https://*.example.com/docs", E],
        ["https://a.example.com/%ff", E],
        ["https://a.example.com/do%0acs", E],
        ["/docs", E],
        ["javascript:alert(1)", E],
      ],
    ],
    [
      "http://127.0.0.1:8080/",
      [
        ["http://127.0.0.1:8080/x", T],
        ["http://127.0.0.1/x", F],
        ["http://127.1:8080/x", E],
        ["http://0x7f000001:8080/", E],
        ["http://2130706433:8080/", E],
      ],
    ],
    [
      "http://[::1]/",
      [
        ["http://[::1]/a", T],
        ["http://[0:0::1]/a", E],
        ["http://[::2]/a", F],
      ],
    ],
    [
      ["/a", "/b"],
      [
        ["/a/x", T],
        ["/b", T],
        ["/c", F],
        ["https://x.y/a", E],
      ],
    ],
    [
      ["/a", "https://x.y"],
      [
        ["/a/x", T],
        ["https://x.y/z", T],
        ["https://x.z", F],
        ["/b", F],
        ["b", E],
      ],
    ],
    [
      "s3://bucket/key",
      [
        ["s3://bucket/key/a", T],
        ["s3://other/key", F],
        ["s3://bucket/keys", F],
      ],
    ],
    [
      "/",
      [
        ["/etc/passwd", T],
        ["etc", E],
      ],
    ],
  ],
};

describe.each(Object.entries(TABLE))("operator %s", (op, rows) => {
  describe.each(rows)("with %j", (literal, cases) => {
    it.each(cases)("of %j is %s", (value, expected) => {
      const condition = { path: "args.x", op, value: literal } as CompareEntry;
      expect(judge(condition, value === undefined ? {} : { x: value })).toBe(expected);
    });

    const negatable = literal !== null && op !== "exists";
    if (!negatable) return;
    it("negated turns round what is present, and nothing else", () => {
      const condition = { path: "args.x", op, value: literal, negate: true } as CompareEntry;
      for (const [value, expected] of cases) {
        const missing = value === undefined || value === null;
        const turned = expected === E ? E : missing ? F : expected === T ? F : T;
        expect(judge(condition, value === undefined ? {} : { x: value })).toBe(turned);
      }
    });
  });
});

describe("paths", () => {
  const has = (
    path: ConditionEntry extends never ? never : CompareEntry["path"],
  ): CompareEntry => ({
    path,
    op: "exists",
    value: true,
  });

  it.each([
    ["args.a.b", { a: { b: 1 } }, T],
    ["args.a.b", { a: { b: null } }, F],
    ["args.a.b", { a: [1] }, F],
    ["args.a.b", { a: "text" }, F],
    ["args.a.length", { a: [1] }, F],
    ["args.a.length", { a: "text" }, F],
    ["args.constructor", {}, F],
    ["args.toString", {}, F],
    ["args.__proto__", {}, F],
    ["args.__proto__.amount", {}, F],
    ["args.constructor.name", {}, F],
    ["args.constructor", { constructor: 1 }, T],
    [["args", "a", 0], { a: [1] }, T],
    [["args", "a", 1], { a: [1] }, F],
    [["args", "a", 0], { a: { 0: 1 } }, F],
    [["args", "a", "0"], { a: { 0: 1 } }, T],
    [["args", "a", "0"], { a: [1] }, F],
    [["args", "a.b"], { "a.b": 1 }, T],
    [["args", "a.b"], { a: { b: 1 } }, F],
    [["args", ""], { "": 1 }, T],
    ["args", {}, T],
  ] as const)("%j in %j: %s", (path, args, expected) => {
    expect(judge(has(path), args as { [key: string]: Json })).toBe(expected);
  });

  it("see an own `__proto__` as any other name", () => {
    expect(judge(has("args.__proto__.a"), JSON.parse('{"__proto__":{"a":1}}'))).toBe(T);
  });

  it.each([
    ["grant.role", "support"],
    ["grant.name", "ci"],
    ["grant.id", "g1"],
    ["client.name", "inspector"],
    ["client.version", "1.0"],
  ])("%s is %s", (path, value) => {
    expect(judge({ path, op: "eq", value }, {})).toBe(T);
  });

  it.each(["grant.absent", "grant.toString", "grant.labels", "client.absent", "grant.role.x"])(
    "%s is missing",
    (path) => {
      expect(judge({ path, op: "exists", value: false }, {})).toBe(T);
    },
  );
});

describe("two paths", () => {
  const compare = (op: Operator): CompareEntry => ({ path: "args.a", op, path2: "args.b" });
  it.each([
    ["eq", 1, 1, T],
    ["eq", 1, 2, F],
    ["eq", 1, "1", E],
    ["eq", [1], [1], T],
    ["eq", { a: 1 }, [1], E],
    ["neq", 1, 2, T],
    ["neq", "a", 1, E],
    ["eq", "\ud800", "\ud800", E],
    ["eq", undefined, undefined, F],
    ["neq", undefined, 1, F],
    ["eq", 1, null, F],
    ["lt", 1, 2, T],
    ["lt", 1, "2", E],
    ["lt", "1", 2, E],
    ["gte", 2, 2, T],
    ["in", "a", ["a", "b"], T],
    ["in", "c", ["a"], F],
    ["in", "a", "a", E],
    ["in", 1, ["a"], E],
    ["not_in", "c", ["a"], T],
    ["contains", "abc", "b", T],
    ["contains", ["b"], "b", T],
    ["contains", "abc", 1, E],
    ["under", "/a/b", "/a", T],
    ["under", "/b", "/a", F],
    ["under", "/a", ["/x", "/a"], T],
    ["under", "/a", "a", E],
    ["under", "https://a.b.c/", "https://*.b.c", E],
    ["under", 1, "/a", E],
    ["under", "/a", [1], E],
  ] as const)("%s of %j and %j is %s", (op, a, b, expected) => {
    const args = { ...(a !== undefined && { a }), ...(b !== undefined && { b }) };
    expect(judge(compare(op), args as { [key: string]: Json })).toBe(expected);
  });
});

describe("else", () => {
  it.each([
    ["gt", {}, T],
    ["gt", { x: null }, T],
    ["gt", { x: 1 }, F],
    ["gt", { x: "9" }, E],
  ] as const)("%s with else 9, of %j, is %s", (op, args, expected) => {
    expect(judge({ path: "args.x", op, value: 5, else: 9 }, args)).toBe(expected);
  });

  it("with a value of another type is the author's error, and denies", () => {
    expect(judge({ path: "args.x", op: "gt", value: 5, else: "9" }, {})).toBe(E);
  });
});

describe("of", () => {
  it.each([
    ["abc", T],
    ["ab", F],
    ["a😀b", T],
    ["😀", F],
    [[1, 2, 3], T],
    [[], F],
    [{ a: 1 }, E],
    [3, E],
    [undefined, F],
    ["ab\ud800", E],
  ] as const)("length of %j is at least 3: %s", (x, expected) => {
    const args = x === undefined ? {} : { x: x as Json };
    expect(judge({ path: "args.x", op: "gte", value: 3, of: "length" }, args)).toBe(expected);
  });

  it.each([
    ["https://example.com/a", T],
    ["https://EXAMPLE.com", T],
    ["http://example.com:99", T],
    ["https://a.example.com", F],
    ["https://evil@example.com", E],
    ["example.com", E],
    ["/example.com", E],
    [5, E],
    [undefined, F],
  ] as const)("host of %j is example.com: %s", (x, expected) => {
    const args = x === undefined ? {} : { x };
    expect(judge({ path: "args.x", op: "eq", value: "example.com", of: "host" }, args)).toBe(
      expected,
    );
  });
});

describe("list conditions", () => {
  const where: CompareEntry = { path: "i.n", op: "gt", value: 5 };
  it.each([
    [undefined, F, F],
    [null, F, F],
    [[], F, T],
    [[{ n: 9 }], T, T],
    [[{ n: 1 }, { n: 9 }], T, F],
    [[{ n: 1 }], F, F],
    [[{ n: "9" }], E, E],
    [[{ n: "9" }, { n: 9 }], T, E],
    [[{ n: "9" }, { n: 1 }], E, F],
    [[{}], F, F],
    [[null], F, F],
    [[5], F, F],
    ["text", E, E],
    [{ n: 9 }, E, E],
  ] as const)("of %j: some is %s, every is %s", (x, some, every) => {
    const args = x === undefined ? {} : { x: x as unknown as Json };
    expect(judge({ some: "args.x", as: "i", where }, args)).toBe(some);
    expect(judge({ every: "args.x", as: "i", where }, args)).toBe(every);
  });

  it("see the variables of those around them", () => {
    const condition: ConditionEntry = {
      some: "args.x",
      as: "i",
      where: { some: "i.of", as: "j", where: { path: "j", op: "eq", path2: "i.is" } },
    };
    expect(
      judge(condition, {
        x: [
          { of: [1, 2], is: 3 },
          { of: [4], is: 4 },
        ],
      }),
    ).toBe(T);
    expect(judge(condition, { x: [{ of: [1, 2], is: 3 }] })).toBe(F);
  });

  it("that would visit millions of elements deny instead", () => {
    const list = Array.from({ length: 2000 }, (_, i) => i);
    const condition: ConditionEntry = {
      some: "args.x",
      as: "i",
      where: { some: "args.x", as: "j", where: { path: "i", op: "lt", value: 0 } },
    };
    expect(judge(condition, { x: list })).toBe(E);
  });
});

describe("time", () => {
  const at = (text: string): { now: number } => ({ now: Date.parse(text) });
  const office = {
    days: ["mon", "tue", "wed", "thu", "fri"],
    from: "08:00",
    to: "18:00",
    zone: "Europe/Berlin",
  } as const;
  it.each([
    ["2026-11-23T06:59:59Z", F],
    ["2026-11-23T07:00:00Z", T],
    ["2026-11-23T16:59:59.999Z", T],
    ["2026-11-23T17:00:00Z", F],
    ["2026-11-22T10:00:00Z", F],
    // Summer time: 08:00 in Berlin is 06:00 UTC, before and after the change of 2026-03-29.
    ["2026-03-27T06:30:00Z", F],
    ["2026-03-30T06:00:00Z", T],
  ])("office hours at %s: %s", (time, expected) => {
    expect(judge({ during: office }, {}, at(time))).toBe(expected);
    const turned = expected === T ? F : T;
    expect(judge({ during: office, negate: true }, {}, at(time))).toBe(turned);
  });

  const night = { days: ["fri"], from: "22:00", to: "06:00" } as const;
  it.each([
    ["2026-11-27T21:59:00Z", F],
    ["2026-11-27T22:00:00Z", T],
    ["2026-11-28T05:59:00Z", T],
    ["2026-11-28T06:00:00Z", F],
    ["2026-11-28T23:00:00Z", F],
    ["2026-11-27T05:00:00Z", F],
  ])("a Friday night at %s: %s", (time, expected) => {
    expect(judge({ during: night }, {}, at(time))).toBe(expected);
  });

  it.each([
    [{ from: "08:00", to: "24:00" }, "2026-11-23T23:59:59Z", T],
    [{ from: "08:00", to: "00:00" }, "2026-11-23T23:59:59Z", T],
    [{ from: "08:00", to: "00:00" }, "2026-11-24T00:00:00Z", F],
    [{ from: "08:00" }, "2026-11-23T07:59:00Z", F],
    [{ to: "08:00" }, "2026-11-23T07:59:00Z", T],
    [{ days: ["mon"], zone: "Asia/Kolkata" }, "2026-11-22T18:30:00Z", T],
    [{ days: ["mon"], zone: "Asia/Kolkata" }, "2026-11-22T18:29:59Z", F],
    [{ days: ["thu"] }, "1969-12-31T00:00:00Z", F],
    [{ days: ["wed"] }, "1969-12-31T00:00:00Z", T],
  ] as const)("%j at %s: %s", (during, time, expected) => {
    expect(judge({ during }, {}, at(time))).toBe(expected);
  });

  it.each([
    [{ before: "2026-11-23" }, "2026-11-22T23:59:59.999Z", T],
    [{ before: "2026-11-23" }, "2026-11-23T00:00:00Z", F],
    [{ after: "2026-11-23" }, "2026-11-23T23:59:59.999Z", F],
    [{ after: "2026-11-23" }, "2026-11-24T00:00:00Z", T],
    [{ after: "2026-11-23", negate: true }, "2026-11-23T23:59:59.999Z", T],
  ] as const)("%j at %s: %s", (condition, time, expected) => {
    expect(judge(condition, {}, at(time))).toBe(expected);
  });

  it("is an error while the clock cannot be trusted", () => {
    const context = { now: MONDAY, clockReliable: false };
    expect(judge({ during: office }, {}, context)).toBe(E);
    expect(judge({ before: "2030-01-01" }, {}, context)).toBe(E);
    expect(judge({ path: "args.x", op: "exists", value: false }, {}, context)).toBe(T);
  });

  it("in a zone is right for another moment of the same engine", () => {
    const zones = ["America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe"];
    fc.assert(
      fc.property(
        fc.constantFrom(...zones),
        fc.date({ min: new Date("2000-01-01"), max: new Date("2040-01-01"), noInvalidDate: true }),
        (zone, date) => {
          const local = date.toLocaleTimeString("en-GB", {
            timeZone: zone,
            hour: "2-digit",
            minute: "2-digit",
          });
          const [h = 0, m = 0] = local.split(":").map(Number);
          const next = (h * 60 + m + 1) % 1440;
          const to = `${String(Math.floor(next / 60)).padStart(2, "0")}:${String(next % 60).padStart(2, "0")}`;
          expect(judge({ during: { from: local, to, zone } }, {}, { now: date.getTime() })).toBe(T);
        },
      ),
      { numRuns: 50 },
    );
  });
});

// Laws -----------------------------------------------------------------------------------------------

const TRUE: ConditionEntry = { path: "args.n", op: "eq", value: 1 };
const FALSE: ConditionEntry = { path: "args.n", op: "eq", value: 2 };
const ERROR: ConditionEntry = { path: "args.n", op: "eq", value: "text" };
const LEAVES: Readonly<Record<Value, ConditionEntry>> = { true: TRUE, false: FALSE, error: ERROR };
const RANK: readonly Value[] = ["false", "error", "true"];

const values = fc.array(fc.constantFrom<Value>("true", "false", "error"), { maxLength: 6 });

interface Tree {
  readonly condition: ConditionEntry;
  readonly value: Value;
}

/** Random trees with the value that the lattice gives them. */
const trees: fc.Arbitrary<Tree> = fc.letrec<{ tree: Tree }>((tie) => ({
  tree: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc
      .constantFrom<Value>("true", "false", "error")
      .map((value) => ({ condition: LEAVES[value], value })),
    fc
      .tuple(fc.constantFrom("any", "all"), fc.array(tie("tree"), { maxLength: 4 }))
      .map(([kind, parts]) => {
        const ranks = parts.map(({ value }) => RANK.indexOf(value));
        const rank = kind === "any" ? Math.max(0, ...ranks) : Math.min(2, ...ranks);
        const conditions = parts.map(({ condition }) => condition);
        return {
          condition: kind === "any" ? { any: conditions } : { all: conditions },
          value: RANK[rank] as Value,
        };
      }),
  ),
})).tree;

describe("false < error < true", () => {
  it("the conditions of an entry, and `all`, give the least; `any` the greatest", () => {
    fc.assert(
      fc.property(values, (parts) => {
        const ranks = parts.map((part) => RANK.indexOf(part));
        const least = RANK[Math.min(2, ...ranks)];
        const conditions = parts.map((part) => LEAVES[part]);
        expect(judge(conditions, { n: 1 })).toBe(least);
        expect(judge({ all: conditions }, { n: 1 })).toBe(least);
        expect(judge({ any: conditions }, { n: 1 })).toBe(RANK[Math.max(0, ...ranks)]);
      }),
    );
  });

  it("at any depth, in any order", () => {
    fc.assert(
      fc.property(trees, (tree) => {
        expect(judge(tree.condition, { n: 1 })).toBe(tree.value);
        expect(judge(mirror(tree.condition), { n: 1 })).toBe(tree.value);
      }),
    );
  });
});

function mirror(condition: ConditionEntry): ConditionEntry {
  if ("any" in condition) return { any: [...condition.any].reverse().map(mirror) };
  if ("all" in condition) return { all: [...condition.all].reverse().map(mirror) };
  return condition;
}

it("a mismatch names a value that decided, not one that did not", () => {
  const conditions: ConditionEntry[] = [
    {
      any: [
        { all: [{ path: "args.a", op: "lt", value: 1 }, FALSE] },
        { path: "args.b", op: "lt", value: 1 },
      ],
    },
  ];
  const decision = decide(
    { tools: { t: { require: [{ conditions }] } } },
    { n: 1, a: "x", b: "y" },
  );
  expect(decision.message).toBe(
    "The policy cannot judge this call: `args.b` must be a number, and is a string.",
  );
});

describe("random values", () => {
  const json = fc.jsonValue({ maxDepth: 3, stringUnit: "binary" }) as fc.Arbitrary<Json>;
  const operators = fc.constantFrom<Operator>(
    "eq",
    "neq",
    "lt",
    "lte",
    "gt",
    "gte",
    "in",
    "not_in",
    "exists",
    "regex",
    "contains",
    "under",
  );

  it("never make decide throw, and give one of three values", () => {
    fc.assert(
      fc.property(
        operators,
        json,
        json,
        fc.boolean(),
        fc.option(fc.constantFrom("length", "host")),
        (op, literal, value, negate, of) => {
          const fit: Readonly<Partial<Record<Operator, Json>>> = {
            lt: 3,
            lte: 3,
            gt: 3,
            gte: 3,
            in: [literal],
            not_in: [literal],
            exists: true,
            regex: "a|b",
            under: ["/a", "https://b.c"],
          };
          const turned = negate && op !== "exists" && literal !== null;
          const measured = of !== null && op !== "exists" && op !== "under";
          const entry = {
            path: "args.x",
            op,
            value: fit[op] ?? toWellFormed(literal),
            ...(turned && { negate: true }),
            ...(measured && { of }),
          };
          const list = Array.isArray(entry.value)
            ? (entry.value as Json[]).map(toWellFormed)
            : entry.value;
          const result = judge({ ...entry, value: list } as CompareEntry, { x: value });
          expect(RANK).toContain(result);
        },
      ),
      { numRuns: 300 },
    );
  });

  it("never make two paths throw", () => {
    fc.assert(
      fc.property(operators, json, json, (op, a, b) => {
        if (op === "exists" || op === "regex") return;
        expect(RANK).toContain(judge({ path: "args.a", op, path2: "args.b" }, { a, b }));
      }),
      { numRuns: 200 },
    );
  });
});

/** Policies hold well-formed text only. */
function toWellFormed(value: Json): Json {
  return JSON.parse(JSON.stringify(value).replace(/\\ud[89a-f][0-9a-f]{2}/gi, "\ufffd"));
}
