import { describe, expect, it } from "vitest";
import { catalogue } from "../../../compiler/catalogue.ts";
import type { Diagnostic } from "../../../language/index.ts";
import { mark, marked } from "../source-marks.ts";
import { applied, diagnose } from "./diagnose.ts";

const tools = {
  server: { name: "bank" },
  complete: true,
  tools: [
    {
      name: "pay",
      risk: "financial",
      inputSchema: {
        type: "object",
        required: ["amount", "to", "reason", "tags", "dry", "pair", "level"],
        properties: {
          amount: { type: "integer", minimum: 1, maximum: 1_000 },
          share: { type: "number", exclusiveMinimum: 0, exclusiveMaximum: 1 },
          to: { type: "string", minLength: 3, maxLength: 10 },
          note: { type: "string" },
          reason: { enum: ["duplicate", "fraudulent", "other"] },
          level: { enum: [1, 2, 3] },
          mode: { const: "fast" },
          tags: { type: "array", items: { enum: ["a", "b"] }, maxItems: 5 },
          numbers: { type: "array", items: { type: "number" } },
          pair: {
            prefixItems: [{ type: "number" }, { type: "string" }],
            items: false,
            minItems: 2,
          },
          dry: { type: "boolean" },
          url: { type: "string", format: "uri" },
          customer: {
            type: "object",
            properties: {
              id: { type: "string" },
              age: { type: "integer" },
              "first name": { type: "string" },
            },
          },
          items: {
            type: "array",
            items: {
              type: "object",
              properties: { price: { type: "number" }, sku: { type: "string" } },
            },
          },
          id: { type: ["string", "integer"] },
          maybe: { type: ["string", "null"] },
          any: {},
          remote: { $ref: "https://example.com/schema" },
          free: { type: "object", additionalProperties: true },
        },
      },
    },
    {
      name: "refund",
      risk: "write",
      inputSchema: {
        type: "object",
        required: ["amount"],
        properties: {
          amount: { type: "string" },
          reason: { enum: ["duplicate", "late"] },
          note: { type: "string" },
        },
      },
    },
    {
      name: "hold",
      risk: "write",
      inputSchema: {
        type: "object",
        required: ["amount"],
        properties: { amount: { type: "integer", minimum: 1, maximum: 50 } },
      },
    },
    { name: "bare", risk: "read" },
  ],
};

const known = new Set(
  catalogue.filter(({ code }) => code >= "MCPP310" && code <= "MCPP339").map(({ code }) => code),
);

function typing(text: string): readonly Diagnostic[] {
  return diagnose(text, { tools }).filter(({ code }) => known.has(code));
}

/** The diagnostics of a policy with marks are of this code, at the marks. */
function finds(code: string, source: string): readonly Diagnostic[] {
  const { text } = marked(source);
  const found = typing(text);
  expect(found.map((one) => `${one.code} ${one.message}`).map((line) => line.slice(0, 7))).toEqual(
    found.map(() => code),
  );
  expect(
    mark(
      text,
      found.map(({ span }) => span),
    ),
  ).toBe(source);
  return found;
}

const rule = (condition: string, target = "pay") => `deny ${target} if ${condition}\n`;

describe("sound conditions", () => {
  it.each(
    [
      "args.amount > 500",
      "500 < args.amount",
      "args.amount in [1, 2]",
      "args.share < 0.5",
      'args.to == "abc"',
      'args.to starts with "a"',
      'args.note == "x" ignoring case',
      "args.to matches /[a-z]+/",
      "args.note contains /x/",
      'args.note contains "x"',
      'args.reason == "duplicate"',
      'args.reason == "DUPLICATE" ignoring case',
      'args.reason in ["duplicate", "other"]',
      'args.reason starts with "d"',
      "args.level > 1",
      'args.tags contains "a"',
      "args.dry == true",
      "args.dry",
      "length(args.to) > 5",
      "length(args.tags) > 2",
      'host(args.url) == "example.com"',
      'args.url under "https://*.example.com/docs"',
      'args.note under ["/srv/a", "/srv/b"]',
      "args.pair[0] > 5",
      'args.pair[1] == "x"',
      'args.customer.id == "x"',
      'args.customer["first name"] == "x"',
      'args.id == "x"',
      "args.id == 5",
      "args.id > 5",
      "args.note == null",
      "args.amount != null",
      "has args.customer.age",
      'any x in args.tags (x == "a")',
      "every x in args.items (x.price < 5 and has x.sku)",
      'args.note else "" == "x"',
      'args.mode else "none" == "none"',
      "args.note == args.to",
      "args.note in args.tags",
      'grant.name == "x"',
      'grant.role == "support"',
      'grant.team == "blue"',
      'client.name == "x" and client.version starts with "1."',
      "args.free.x == 5",
      'during mon-fri 08:00-18:00 in "Europe/Berlin"',
      "after 2026-01-01",
      "args.any == null",
      "not args.amount > 500",
    ].filter((condition) => condition !== "args.dry"),
  )("%s", (condition) => {
    const policy = `labels role: "support" | "finance", team\n${rule(condition)}`;
    const found = typing(policy).filter(({ code }) => code !== "MCPP339");
    expect(found.map(({ code, message }) => `${code} ${message}`)).toEqual([]);
  });
});

describe("mistakes", () => {
  it.each<[code: string, source: string, message: string]>([
    ["MCPP310", rule("args.«amuont» > 5"), "The tool `pay` has no argument `amuont`."],
    ["MCPP310", rule("has args.«amuont»"), "The tool `pay` has no argument `amuont`."],
    ["MCPP310", rule("length(args.«too») > 5"), "The tool `pay` has no argument `too`."],
    ["MCPP310", rule('args.customer.«idd» == "x"'), "`args.customer` has no field `idd`."],
    [
      "MCPP310",
      rule('args.customer«["last name"]» == "x"'),
      "`args.customer` has no field `last name`.",
    ],
    ["MCPP310", rule("any x in args.items (x.«cost» > 5)"), "`x` has no field `cost`."],
    ["MCPP310", rule("args.«constructor» == 5"), "The tool `pay` has no argument `constructor`."],
    ["MCPP311", rule('grant.«rol» == "support"'), "No label `rol` is declared for grants."],
    [
      "MCPP312",
      rule('client.«title» == "x"'),
      "The client says its `name` and its `version`, and nothing called `title`.",
    ],
    ["MCPP312", rule('«grant» == "x"'), "`client` and `grant` are no values by themselves."],
    ["MCPP313", rule("«args.to» > 5"), "`>` is for numbers, and `args.to` is `string`."],
    ["MCPP313", rule('args.amount > «"5"»'), '`>` is for numbers, and `"5"` is `string`.'],
    [
      "MCPP313",
      rule('«args.amount» starts with "5"'),
      "`starts with` is for strings, and `args.amount` is `integer from 1 to 1000`.",
    ],
    [
      "MCPP313",
      rule("«args.amount» matches /5/"),
      "`matches` is for strings, and `args.amount` is `integer from 1 to 1000`.",
    ],
    ["MCPP313", rule("args.note like «5»"), "`like` is for strings, and `5` is `number`."],
    [
      "MCPP313",
      rule("«args.dry» contains true"),
      "`contains` is for strings and lists, and `args.dry` is `boolean`.",
    ],
    [
      "MCPP313",
      rule("«args.amount» == 5 ignoring case"),
      "`ignoring case` is for strings, and `args.amount` is `integer from 1 to 1000`.",
    ],
    ["MCPP313", rule("args.note under [«5»]"), "`under` is for strings, and `5` is `number`."],
    ["MCPP314", rule('args.reason == «"duplicated"»'), '`args.reason` is never `"duplicated"`.'],
    ["MCPP314", rule('args.reason != «"late"»'), '`args.reason` is never `"late"`.'],
    ["MCPP314", rule('args.reason in ["other", «"late"»]'), '`args.reason` is never `"late"`.'],
    ["MCPP314", rule('args.tags contains «"c"»'), 'An element of `args.tags` is never `"c"`.'],
    ["MCPP314", rule("args.level == «4»"), "`args.level` is never `4`."],
    ["MCPP314", rule('grant.role == «"suport"»'), '`grant.role` is never `"suport"`.'],
    ["MCPP314", rule('«"late"» == args.reason'), '`args.reason` is never `"late"`.'],
    [
      "MCPP315",
      rule("«args.amount > 1000»"),
      "This is never true, since `args.amount` is at most 1000.",
    ],
    [
      "MCPP315",
      rule("«args.amount < 1»"),
      "This is never true, since `args.amount` is at least 1.",
    ],
    [
      "MCPP315",
      rule("«1000 < args.amount»"),
      "This is never true, since `args.amount` is at most 1000.",
    ],
    [
      "MCPP315",
      rule("«args.amount == 1.5»"),
      "This is never true, since `args.amount` is a whole number.",
    ],
    [
      "MCPP315",
      rule("«args.amount in [0, 2000]»"),
      "This is never true, since `args.amount` is at least 1.",
    ],
    ["MCPP315", rule("«args.share >= 1»"), "This is never true, since `args.share` is below 1."],
    [
      "MCPP315",
      rule('«args.to == "12345678901"»'),
      "This is never true, since `args.to` has at most 10 characters.",
    ],
    [
      "MCPP315",
      rule('«args.to == "x"»'),
      "This is never true, since `args.to` has at least 3 characters.",
    ],
    [
      "MCPP315",
      rule("«length(args.to) > 10»"),
      "This is never true, since `length(args.to)` is at most 10.",
    ],
    [
      "MCPP315",
      rule("«length(args.tags) >= 6»"),
      "This is never true, since `length(args.tags)` is at most 5.",
    ],
    [
      "MCPP315",
      rule('«args.reason starts with "x"»'),
      "This is never true, since `args.reason` is one of 3 values.",
    ],
    [
      "MCPP315",
      rule("«args.reason matches /x.*/»"),
      "This is never true, since `args.reason` is one of 3 values.",
    ],
    [
      "MCPP315",
      rule("«args.level > 3»"),
      "This is never true, since `args.level` is one of 3 values.",
    ],
    [
      "MCPP315",
      rule("«args.note in []»"),
      "This is never true, since `args.note` cannot be in an empty list.",
    ],
    [
      "MCPP315",
      rule('«host(args.url) == "https://example.com"»'),
      "This is never true, since `host(args.url)` is a host in lower case, without scheme, port and path.",
    ],
    [
      "MCPP316",
      rule("«args.amount >= 1»"),
      "This is always true, since `args.amount` is at least 1.",
    ],
    [
      "MCPP316",
      rule("«args.amount != 0»"),
      "This is always true, since `args.amount` is at least 1.",
    ],
    [
      "MCPP316",
      rule('«args.reason in ["duplicate", "fraudulent", "other"]»'),
      "This is always true, since `args.reason` is one of 3 values.",
    ],
    [
      "MCPP317",
      rule('«args.amount == "5"»'),
      '`args.amount` is `integer from 1 to 1000`, and `"5"` is `string`: they are never equal.',
    ],
    [
      "MCPP317",
      rule("«5 == args.to»"),
      "`args.to` is `string`, and `5` is `number`: they are never equal.",
    ],
    [
      "MCPP317",
      rule('args.amount in [«"5"»]'),
      '`args.amount` is `integer from 1 to 1000`, and `"5"` is `string`: they are never equal.',
    ],
    [
      "MCPP317",
      rule("«args.numbers contains true»"),
      "An element of `args.numbers` is `number`, and `true` is `boolean`: they are never equal.",
    ],
    [
      "MCPP317",
      rule("«args.amount == args.to»"),
      "`args.amount` is `integer from 1 to 1000`, and `args.to` is `string`: they are never equal.",
    ],
    [
      "MCPP317",
      rule('«args.customer == "x"»'),
      '`args.customer` is `object`, and `"x"` is `string`: they are never equal.',
    ],
    ["MCPP318", rule("args.amount < «null»"), "`<` with `null` never holds."],
    ["MCPP318", rule('args.note in ["a", «null»]'), "`in` with `null` never holds."],
    [
      "MCPP320",
      rule("args.to matches /«(?=a)»b/".replace("/«(?=a)»b/", "«/(?=a)b/»")),
      "This pattern cannot be used: it looks ahead or behind.",
    ],
    [
      "MCPP320",
      rule("args.to matches «/(a)\\1/»"),
      "This pattern cannot be used: it refers back to a group.",
    ],
    [
      "MCPP320",
      rule("args.to matches «/(a/»"),
      "This pattern cannot be used: a `(` is not closed.",
    ],
    ["MCPP320", rule("args.to matches «/a)/»"), "This pattern cannot be used: a `)` has no `(`."],
    [
      "MCPP320",
      rule("args.to matches «/a{1001}/»"),
      "This pattern cannot be used: it repeats more often than 1000 times.",
    ],
    [
      "MCPP320",
      rule("args.to matches «/+a/»"),
      "This pattern cannot be used: a `*`, `+` or `?` has nothing before it to repeat.",
    ],
    [
      "MCPP321",
      rule("length(«args.amount») > 5"),
      "Strings and lists have a length, and `args.amount` is `integer from 1 to 1000`.",
    ],
    [
      "MCPP321",
      rule('host(«args.amount») == "x"'),
      "`host` reads a URL, and `args.amount` is `integer from 1 to 1000`.",
    ],
    [
      "MCPP322",
      rule("any x in «args.to» (x == 5)"),
      "`any` and `every` go through a list, and `args.to` is `string`.",
    ],
    [
      "MCPP323",
      rule('args.note else «5» == "x"'),
      "`args.note` is `string`, and `5` stands in for it when it is missing.",
    ],
    ["MCPP324", rule("args.to.«x» == 5"), "`.x` looks into an object, and `args.to` is `string`."],
    [
      "MCPP324",
      rule("args.items.«price» > 5"),
      "`.price` looks into an object, and `args.items` is `list of object`.",
    ],
    ["MCPP324", rule("args.to«[0]» == 5"), "`[0]` looks into a list, and `args.to` is `string`."],
    [
      "MCPP325",
      rule("args.pair«[2]» == 5"),
      "`args.pair` has at most 2 elements, and `[2]` is past its end.",
    ],
    ["MCPP326", rule('args.reason in «"other"»'), "`in` needs a list on its right."],
    ["MCPP326", rule("args.to not in «args.note»"), "`not in` needs a list on its right."],
    [
      "MCPP327",
      rule('args.id in [1, «"x"»]'),
      'The elements of a list have one type; this one holds `1` and `"x"`.',
    ],
    ["MCPP328", rule("«5 > 4»"), "Both sides are constants, so this says nothing about the call."],
    [
      "MCPP329",
      rule('args.url under «"example.com"»'),
      "`example.com` cannot stand after `under`: it must be an absolute path or a URL with `//`.",
    ],
    ["MCPP331", rule('during mon in «"Europe/Berln"»'), "`Europe/Berln` is not a time zone."],
    [
      "MCPP319",
      "limit pay sum(«args.to») to 5/day\n",
      "Only numbers can be added up, and `args.to` is `string`.",
    ],
    [
      "MCPP310",
      "limit pay sum(args.«amuont») to 5/day\n",
      "The tool `pay` has no argument `amuont`.",
    ],
    [
      "MCPP330",
      "limit pay 5/day per «args.customer»\n",
      "A limit cannot be split by `args.customer`, which is `object`.",
    ],
    [
      "MCPP339",
      rule("«args.any» == 5"),
      "`args.any` is not checked, because the schema allows anything there.",
    ],
    [
      "MCPP339",
      rule("«args.remote» == 5 and args.remote == 6"),
      "`args.remote` is not checked, because of a `$ref` to another document.",
    ],
    [
      "MCPP339",
      rule("«args.x» == 5", "bare"),
      "`args.x` is not checked, because of a schema that the tool list lacks.",
    ],
    [
      "MCPP339",
      rule("any x in «args.any» (x.y == 5)"),
      "`args.any` is not checked, because the schema allows anything there.",
    ],
  ])("%s %s", (code, source, message) => {
    const text = source.includes("grant.r")
      ? `labels role: "support" | "finance"\n${source}`
      : source;
    const found = finds(code, text);
    expect(found.map((one) => one.message)).toEqual([message]);
  });
});

describe("several tools", () => {
  it("names those that fail, once", () => {
    const found = finds("MCPP313", "deny pay, refund, hold if «args.amount» > 500\n");
    expect(found[0]?.message).toBe(
      "`>` is for numbers, and `args.amount` is `string` in `refund`.",
    );
  });

  it("names those without the argument", () => {
    const found = finds("MCPP310", 'deny pay, refund, hold if args.«reason» == "duplicate"\n');
    expect(found[0]?.message).toBe("The tool `hold` has no argument `reason`.");
    const both = finds("MCPP310", 'deny pay, refund, hold if args.«to» == "duplicate"\n');
    expect(both[0]?.message).toBe("The tools `hold` and `refund` have no argument `to`.");
  });

  it("a bound of one tool is not that of all", () => {
    expect(typing("deny pay, hold if args.amount > 100\n")).toEqual([]);
    finds("MCPP315", "deny pay, hold if «args.amount > 1000»\n");
  });

  it("tells a condition of a block once", () => {
    finds("MCPP310", "when args.«toto» == 5 {\n  deny pay\n  ask pay\n  limit pay 5/hour\n}\n");
  });

  it("tells two mistakes of one condition apart", () => {
    expect(typing(rule("args.x == 5 and args.y == 6")).map(({ code }) => code)).toEqual([
      "MCPP310",
      "MCPP310",
    ]);
  });

  it("types claims", () => {
    finds("MCPP310", "deny pay\nnever allow pay if args.«toto» == 5\n");
  });
});

describe("lets", () => {
  it("are typed where they are mentioned, and offer no edit there", () => {
    const found = finds("MCPP314", 'let odd = args.reason == "duplicated"\ndeny pay if «odd»\n');
    expect(found[0]?.fixes ?? []).toEqual([]);
    expect(found[0]?.hint).toContain("Did you mean");
  });

  it("a constant of a let is typed as if it stood there", () => {
    finds("MCPP313", 'let cap = "5"\ndeny pay if args.amount > «cap»\n');
  });
});

describe("fixes", () => {
  it.each([
    [rule("args.amuont > 5"), rule("args.amount > 5")],
    [rule('args.customer["firstname"] == "x"'), rule('args.customer["first name"] == "x"')],
    [rule('args.reason == "duplicated"'), rule('args.reason == "duplicate"')],
    [rule('args.reason in "other"'), rule('args.reason in ["other"]')],
    [rule('args.amount == "500"'), rule("args.amount == 500")],
    [rule("args.to in [555]"), rule('args.to in ["555"]')],
    [rule('during mon in "Europe/Berln"'), rule('during mon in "Europe/Berlin"')],
  ])("%s", (before, after) => {
    const [found] = typing(before);
    const [fix] = found?.fixes ?? [];
    expect(fix).toBeDefined();
    if (fix === undefined) return;
    expect(applied(before, fix)).toBe(after);
    expect(typing(after)).toEqual([]);
  });
});

describe("without a tool list", () => {
  it("types what says nothing of arguments", () => {
    const found = diagnose(
      'deny pay if args.x > 5 and args.to matches /(?=a)/ and grant.x == "y"\n',
      {
        tools: null,
      },
    ).filter(({ code }) => known.has(code));
    expect(found.map(({ code }) => code)).toEqual(["MCPP320", "MCPP311"]);
  });
});
