import { existsSync, readdirSync, readFileSync } from "node:fs";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compileArguments, type Json, prepareSchema } from "../../policy/index.ts";

type Schema = { readonly [keyword: string]: unknown };

/** What validation says: "" for a match, the fault, or the reason of the refusal. */
function check(
  schema: Schema | boolean,
  args: object,
  mode: "declared" | "strict" = "declared",
): string {
  const compiled = compileArguments(schema as Json, mode);
  if ("refused" in compiled) return compiled.refused;
  const fault = compiled.validate(args as { [key: string]: Json });
  return fault === undefined ? "" : `${fault.path} ${fault.needs}`;
}

const DRAFT_07 = "http://json-schema.org/draft-07/schema#";
const DRAFT_2019 = "https://json-schema.org/draft/2019-09/schema";
const DRAFT_2020 = "https://json-schema.org/draft/2020-12/schema";

describe("declared", () => {
  const schema = {
    type: "object",
    properties: {
      amount: { type: "number", minimum: 0 },
      reason: { enum: ["a", "b"] },
      items: { type: "array", items: { type: "object", required: ["id"] } },
    },
    required: ["amount"],
  };

  it.each([
    [{ amount: 1 }, ""],
    [{ amount: 1, other: true }, ""],
    [{}, "args.amount is missing"],
    [{ amount: "1" }, "args.amount must be number"],
    [{ amount: null }, "args.amount must be number"],
    [{ amount: -1 }, "args.amount must be >= 0"],
    [{ amount: 1, reason: "c" }, 'args.reason must be one of "a", "b"'],
    [{ amount: 1, items: [{ id: 1 }, {}] }, "args.items[1].id is missing"],
  ])("%j: %s", (args, expected) => {
    expect(check(schema, args)).toBe(expected);
  });

  it("coerces nothing, fills in nothing, removes nothing", () => {
    const args = { n: "1" };
    const typed = {
      properties: { n: { type: "number" }, m: { default: 5 } },
      additionalProperties: false,
    };
    expect(check(typed, args)).toBe("args.n must be number");
    expect(check({ properties: { m: { default: 5 } } }, args)).toBe("");
    expect(args).toEqual({ n: "1" });
  });

  it("sees own properties only", () => {
    expect(check({ required: ["toString"] }, {})).toBe("args.toString is missing");
    expect(check({ required: ["__proto__"] }, {})).toBe("args.__proto__ is missing");
    const hidden = JSON.parse('{"__proto__":{"a":1}}');
    expect(check({ properties: {}, additionalProperties: false }, hidden)).toMatch(/__proto__/);
  });

  it("asserts formats, but not `regex`", () => {
    expect(check({ properties: { d: { format: "date" } } }, { d: "2026-02-30" })).toMatch(/format/);
    expect(check({ properties: { d: { format: "email" } } }, { d: "no" })).toMatch(/format/);
    expect(check({ properties: { d: { format: "regex" } } }, { d: "(" })).toBe("");
    expect(check({ properties: { d: { format: "made-up" } } }, { d: "x" })).toBe("");
    expect(check({ properties: { d: { format: "int32" } } }, { d: 2 ** 40 })).toMatch(/format/);
  });

  it("knows true and false schemas", () => {
    expect(check(true, { a: 1 })).toBe("");
    expect(check({ properties: { a: false } }, { a: 1 })).toBe("args.a must not be given");
    expect(check(false, {})).toBe("args must not be given");
  });

  it("follows references, to anchors too", () => {
    const schema = {
      $defs: { id: { type: "string" }, n: { $anchor: "num", type: "number" }, "a/b": { const: 1 } },
      properties: {
        id: { $ref: "#/$defs/id" },
        n: { $ref: "#num" },
        c: { $ref: "#/$defs/a~1b" },
        d: { $ref: "#/properties/id" },
        child: { $ref: "#" },
      },
    };
    expect(check(schema, { id: "x", n: 1, c: 1, d: "y", child: { child: { n: 2 } } })).toBe("");
    expect(check(schema, { child: { child: { n: "2" } } })).toBe(
      "args.child.child.n must be number",
    );
    expect(check(schema, { c: 2 })).toBe("args.c must be 1");
    expect(check(schema, { d: 2 })).toBe("args.d must be string");
  });

  it("takes the class by `$schema`", () => {
    const tuple = { properties: { a: { items: [{ type: "number" }] } } };
    expect(check({ $schema: DRAFT_07, ...tuple }, { a: ["x"] })).toMatch(/must be number/);
    expect(check({ $schema: DRAFT_2019, ...tuple }, { a: ["x"] })).toMatch(/must be number/);
    expect(check(tuple, { a: ["x"] })).toMatch(/refused/);
    const prefix = { properties: { a: { prefixItems: [{ type: "number" }] } } };
    expect(check({ $schema: DRAFT_2020, ...prefix }, { a: ["x"] })).toMatch(/must be number/);
    expect(check(prefix, { a: ["x"] })).toMatch(/must be number/);
  });

  it("treats `$ref`, `$id` and `$async` as ordinary names where they name arguments", () => {
    const schema = {
      properties: { $ref: { type: "string" }, $id: { type: "string" }, $async: {} },
    };
    expect(check(schema, { $ref: "x", $id: "y", $async: 1 })).toBe("");
    expect(check(schema, { $ref: 1 })).toBe('args["$ref"] must be string');
  });

  it("does not read data as schemas", () => {
    expect(
      check({ properties: { a: { const: { $id: "x", $async: true, $ref: "http://x" } } } }, {}),
    ).toBe("");
    expect(check({ properties: { a: { enum: [{ $id: "x" }] } } }, {})).toBe("");
    expect(check({ default: { $async: true }, examples: [{ $id: "y" }] }, {})).toBe("");
  });
});

describe("patterns", () => {
  it("are each its own: two in one schema", () => {
    const schema = { properties: { a: { pattern: "^a$" }, b: { pattern: "^b$" } } };
    expect(check(schema, { a: "a", b: "b" })).toBe("");
    expect(check(schema, { a: "b", b: "b" })).toMatch(/^args\.a /);
    expect(check(schema, { a: "a", b: "a" })).toMatch(/^args\.b /);
  });

  it("of property names too", () => {
    const schema = {
      patternProperties: { "^x": { type: "number" }, "^y": { type: "string" } },
      additionalProperties: false,
    };
    expect(check(schema, { x1: 1, y1: "a" })).toBe("");
    expect(check(schema, { x1: "a" })).toMatch(/must be number/);
    expect(check(schema, { y1: 1 })).toMatch(/must be string/);
    expect(check(schema, { z: 1 })).toBe("args.z is not an argument of this tool");
  });

  it("are linear: catastrophic ones too", () => {
    const text = `${"a".repeat(100_000)}!`;
    expect(check({ properties: { a: { pattern: "^(a+)+$" } } }, { a: text })).toMatch(/pattern/);
    expect(
      check({ patternProperties: { "^(a|a)*$": {} }, additionalProperties: false }, { [text]: 1 }),
    ).not.toBe("");
  });

  it("longer texts than can be searched are refused, even under `not`", () => {
    const long = "b".repeat(300_000);
    expect(check({ properties: { a: { pattern: "b" } } }, { a: long })).toMatch(/too long/);
    expect(check({ properties: { a: { not: { pattern: "a" } } } }, { a: long })).toMatch(
      /too long/,
    );
  });

  it("of ECMA-262 escapes", () => {
    expect(
      check(
        { properties: { a: { pattern: "^\\u0041\\/\\uD83D\\uDE00\\\\u$" } } },
        { a: "A/😀\\u" },
      ),
    ).toBe("");
    expect(check({ properties: { a: { pattern: "^\\u{1F600}$" } } }, { a: "😀" })).toBe("");
  });

  it("formats take no quadratic time on long texts", () => {
    for (const format of [
      "email",
      "url",
      "uri",
      "uri-reference",
      "hostname",
      "ipv6",
      "uri-template",
      "duration",
      "date-time",
    ]) {
      expect(check({ properties: { a: { format } } }, { a: "a-".repeat(500_000) })).toMatch(
        /format/,
      );
    }
  });
});

describe("strict", () => {
  it.each([
    [{ type: "object" }, { a: 1 }, "args.a is not an argument of this tool"],
    [{ properties: { a: {} } }, { a: 1 }, ""],
    [{ properties: { a: {} } }, { b: 1 }, "args.b is not an argument of this tool"],
    [{ properties: { a: {} }, additionalProperties: true }, { b: 1 }, ""],
    [{ properties: { a: {} }, additionalProperties: { type: "number" } }, { b: 1 }, ""],
    [
      { properties: { o: { properties: { a: {} } } } },
      { o: { a: 1, b: 2 } },
      "args.o.b is not an argument of this tool",
    ],
    [{ properties: { o: { type: "object" } } }, { o: { b: 2 } }, ""],
    [
      { properties: { l: { items: { properties: { a: {} } } } } },
      { l: [{ b: 1 }] },
      "args.l[0].b is not an argument of this tool",
    ],
    [{ allOf: [{ properties: { a: {} } }, { properties: { b: {} } }] }, { a: 1, b: 2 }, ""],
    [
      { allOf: [{ properties: { a: {} } }, { properties: { b: {} } }] },
      { c: 1 },
      "args.c is not an argument of this tool",
    ],
    [
      {
        anyOf: [
          { properties: { a: { type: "number" } }, required: ["a"] },
          { properties: { b: {} } },
        ],
      },
      { a: 1 },
      "",
    ],
    [{ $ref: "#/$defs/o", $defs: { o: { properties: { a: {} } } } }, { a: 1 }, ""],
    [
      { $ref: "#/$defs/o", $defs: { o: { properties: { a: {} } } } },
      { b: 1 },
      "args.b is not an argument of this tool",
    ],
    [
      { properties: { o: { $ref: "#/$defs/o" } }, $defs: { o: { properties: { a: {} } } } },
      { o: { b: 1 } },
      "args.o.b is not an argument of this tool",
    ],
    [
      { $schema: DRAFT_07, properties: { a: {} } },
      { b: 1 },
      "args.b is not an argument of this tool",
    ],
    [
      { $schema: DRAFT_07, allOf: [{ properties: { a: {} } }], properties: { b: {} } },
      { a: 1, b: 1 },
      "",
    ],
    [
      { $schema: DRAFT_2019, allOf: [{ properties: { a: {} } }] },
      { a: 1, b: 1 },
      "args.b is not an argument of this tool",
    ],
    [true, {}, "args must not be given"],
  ])("%j of %j: %s", (schema, args, expected) => {
    expect(check(schema as Schema, args, "strict")).toBe(expected);
  });

  it("never accepts what declared refuses", () => {
    // Closing both branches would let exactly one of them match.
    const schema = {
      properties: {
        o: {
          oneOf: [
            { properties: { x: { properties: { a: {} } } } },
            { properties: { x: { properties: { b: {} } } } },
          ],
        },
      },
    };
    const args = { o: { x: { a: 1 } } };
    expect(check(schema, args)).not.toBe("");
    expect(check(schema, args, "strict")).not.toBe("");
  });

  it("never accepts what declared refuses, in random schemas", () => {
    const leaf = fc.constantFrom<Schema>({ type: "number" }, { type: "string" }, { const: 1 }, {});
    const names = fc.constantFrom("a", "b", "c");
    const { schema } = fc.letrec<{ schema: Schema }>((tie) => ({
      schema: fc.oneof(
        { maxDepth: 3 },
        leaf,
        fc
          .dictionary(names, tie("schema"), { maxKeys: 3 })
          .map((properties) => ({ properties: { ...properties } })),
        fc
          .tuple(
            fc.constantFrom("allOf", "anyOf", "oneOf"),
            fc.array(tie("schema"), { minLength: 1, maxLength: 3 }),
          )
          .map(([keyword, parts]) => ({ [keyword]: parts })),
        tie("schema").map((not) => ({ not })),
        fc
          .tuple(tie("schema"), tie("schema"))
          .map(([condition, result]) =>
            JSON.parse(`{"if":${JSON.stringify(condition)},"then":${JSON.stringify(result)}}`),
          ),
      ),
    }));
    const { value } = fc.letrec<{ value: Json }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 3 },
        fc.constantFrom<Json>(1, "x"),
        fc.dictionary(names, tie("value"), { maxKeys: 3 }).map((o) => ({ ...o })),
      ),
    }));
    fc.assert(
      fc.property(schema, fc.dictionary(names, value, { maxKeys: 3 }), (one, args) => {
        const given = { ...args };
        if (check(one, given) !== "") expect(check(one, given, "strict")).not.toBe("");
      }),
      { numRuns: 60 },
    );
  });
});

describe("hostile schemas are refused", () => {
  const deep = (levels: number): Schema =>
    Array.from({ length: levels }).reduce<Schema>((inner) => ({ properties: { a: inner } }), {});
  const doubling = (levels: number): Schema => ({
    $ref: "#/$defs/d0",
    $defs: Object.fromEntries(
      Array.from({ length: levels }, (_, i) => [
        `d${i}`,
        i + 1 < levels
          ? { allOf: [{ $ref: `#/$defs/d${i + 1}` }, { $ref: `#/$defs/d${i + 1}` }] }
          : {},
      ]),
    ),
  });
  it.each<readonly [string, unknown, RegExp]>([
    ["$async at the root", { $async: true }, /\$async/],
    ["$async below", { properties: { a: { $async: true } } }, /\$async/],
    ["$async: false", { $async: false }, /\$async/],
    [
      "$id below the root",
      { properties: { a: { $id: "x" } } },
      /`\$id` may stand at the root only/,
    ],
    [
      "$schema below the root",
      { $defs: { a: { $schema: DRAFT_07 } } },
      /`\$schema` may stand at the root only/,
    ],
    ["a remote $ref", { $ref: "https://example.com/s.json" }, /begin with `#`/],
    ["a file $ref", { properties: { a: { $ref: "file:///etc/passwd" } } }, /begin with `#`/],
    ["a $ref that is no text", { $ref: 5 }, /begin with `#`/],
    ["a $ref to nothing", { $ref: "#/$defs/none" }, /does not lead to a schema/],
    [
      "a $ref into data",
      { $ref: "#/enum/0", enum: [{ $async: true }] },
      /does not lead to a schema/,
    ],
    ["a $ref through a prototype", { $ref: "#/constructor" }, /does not lead to a schema/],
    ["a $ref to an unknown keyword", { $ref: "#/x-a", "x-a": {} }, /does not lead to a schema/],
    ["a $ref badly encoded", { $ref: "#/%zz" }, /percent-encoded/],
    ["$dynamicRef", { $dynamicRef: "#a" }, /\$dynamicRef/],
    ["$recursiveRef", { $schema: DRAFT_2019, $recursiveRef: "#" }, /\$recursiveRef/],
    ["itself", { $ref: "#" }, /without going deeper/],
    ["itself through allOf", { allOf: [{ anyOf: [{ $ref: "#" }] }] }, /without going deeper/],
    ["itself through not", { not: { $ref: "#" } }, /without going deeper/],
    ["itself through if", { if: { $ref: "#" } }, /without going deeper/],
    [
      "a circle",
      { $ref: "#/$defs/a", $defs: { a: { $ref: "#/$defs/b" }, b: { $ref: "#/$defs/a" } } },
      /without going deeper/,
    ],
    [
      "itself through dependentSchemas",
      { dependentSchemas: { a: { $ref: "#" } } },
      /without going deeper/,
    ],
    ["an exponential $ref", doubling(30), /more than 1000 schemas/],
    ["an unused circle", { $defs: { a: { $ref: "#/$defs/a" } } }, /without going deeper/],
    ["64 KiB", { description: "x".repeat(70_000) }, /65536/],
    [
      "2 000 subschemas",
      { properties: Object.fromEntries(Array.from({ length: 2100 }, (_, i) => [`a${i}`, {}])) },
      /2000 subschemas/,
    ],
    ["32 levels", deep(40), /deeper than 32/],
    ["look-ahead", { properties: { a: { pattern: "(?=x)" } } }, /not RE2/],
    ["a back reference", { patternProperties: { "(a)\\1": {} } }, /not RE2/],
    ["a pattern that is no text", { pattern: 5 }, /must be a string/],
    [
      "hundreds of patterns",
      {
        patternProperties: Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`a${i}`, {}])),
      },
      /more than 200 patterns/,
    ],
    ["draft-04", { $schema: "http://json-schema.org/draft-04/schema#" }, /draft-07 are supported/],
    ["an own dialect", { $schema: "https://example.com/dialect" }, /are supported/],
    ["a $schema that is no text", { $schema: 7 }, /are supported/],
    ["an unknown type", { type: "text" }, /refused/],
    ["a number as schema", { properties: { a: 5 } }, /must be an object or a boolean/],
    ["a list as properties", { properties: [] }, /object of schemas/],
    ["an object as allOf", { allOf: {} }, /list of schemas/],
    ["text as minimum", { properties: { a: { minimum: "5" } } }, /refused/],
    ["two anchors of one name", { $defs: { a: { $anchor: "x" }, b: { $anchor: "x" } } }, /anchor/],
    ["a list", [], /refused/],
    ["null", null, /refused/],
  ])("%s", (_, schema, reason) => {
    const result = check(schema as Schema, {});
    expect(result).toMatch(reason);
    expect(result).toMatch(/\.$/);
    expect(check(schema as Schema, {}, "strict")).toMatch(reason);
  });

  it("of 31 levels and 1 990 subschemas are not", () => {
    expect(check(deep(31), {})).toBe("");
    expect(
      check(
        { properties: Object.fromEntries(Array.from({ length: 1990 }, (_, i) => [`a${i}`, {}])) },
        {},
      ),
    ).toBe("");
  });
});

describe("hostile values", () => {
  it("that a recursive schema would visit exponentially often are refused", () => {
    const branch = { properties: { n: { $ref: "#/$defs/node" } } };
    const schema = { $defs: { node: { allOf: [branch, branch] } }, $ref: "#/$defs/node" };
    let value: Json = {};
    for (let i = 0; i < 40; i++) value = { n: value };
    expect(check(schema, value as object)).toBe("args need too many steps to be checked");
    expect(check(schema, { n: { n: {} } })).toBe("");
  });

  it("that fail in every branch are no cheaper to attack with", () => {
    const branch = (text: string): Schema => ({
      properties: { n: { $ref: "#/$defs/node" }, z: { const: text } },
    });
    const schema = { $defs: { node: { anyOf: [branch("a"), branch("b")] } }, $ref: "#/$defs/node" };
    let value: Json = { z: "c" };
    for (let i = 0; i < 40; i++) value = { n: value, z: "c" };
    expect(check(schema, value as object)).not.toBe("");
  });

  it("long lists are compared for uniqueness in linear time", () => {
    const schema = { properties: { l: { uniqueItems: true } } };
    const list = Array.from({ length: 20_000 }, (_, i) => ({ i }));
    expect(check(schema, { l: list })).toBe("");
    expect(check(schema, { l: [...list, { i: 5 }] })).toBe(
      "args.l must not hold the same item twice",
    );
    expect(
      check(schema, {
        l: [
          { a: 1, b: 2 },
          { b: 2, a: 1 },
        ],
      }),
    ).not.toBe("");
    expect(check(schema, { l: [1, "1", true, null, [1]] })).toBe("");
    expect(check(schema, { l: ["\ud800"] })).toBe("args cannot be checked");
  });
});

describe("the tool lists of real servers", () => {
  const folder = new URL("../../../shared/tools/", import.meta.url);
  const present = existsSync(folder);
  if (!present && process.env.CI !== "true") {
    it.skip("../shared/tools is absent", () => {});
    return;
  }
  const files = readdirSync(folder).filter((name) => name.endsWith(".json"));
  const schemas = files.flatMap((file) => {
    const { tools } = JSON.parse(readFileSync(new URL(file, folder), "utf8")) as {
      tools: readonly { name: string; inputSchema?: Json }[];
    };
    return tools
      .filter(({ inputSchema }) => inputSchema !== undefined)
      .map(({ name, inputSchema }) => [`${file} ${name}`, inputSchema as Json] as const);
  });

  it("hold schemas", () => {
    expect(schemas.length).toBeGreaterThan(100);
  });

  it("compile, all of them", () => {
    const refused = schemas.flatMap(([name, schema]) =>
      (["declared", "strict"] as const).flatMap((mode) => {
        const compiled = compileArguments(schema, mode);
        return "refused" in compiled ? [`${name} ${mode}: ${compiled.refused}`] : [];
      }),
    );
    expect(refused).toEqual([]);
  });
});

it("preparation tells the dialect", () => {
  const dialect = (schema: Json): unknown => {
    const prepared = prepareSchema(schema);
    return typeof prepared === "string" ? prepared : prepared.dialect;
  };
  expect(dialect({})).toBe("2020-12");
  expect(dialect({ $schema: DRAFT_07 })).toBe("draft-07");
  expect(dialect({ $schema: "http://json-schema.org/draft-07/schema" })).toBe("draft-07");
  expect(dialect({ $schema: DRAFT_2019 })).toBe("2019-09");
});
