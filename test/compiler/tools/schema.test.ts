import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  accepts,
  describeOptional,
  describe as inWords,
  itemOf,
  lookup,
  membersOf,
  type Type,
  typeOf,
} from "../../../compiler/index.ts";
import type { Json } from "../../../policy/index.ts";
import { realLists, realListsMissing } from "./lists.ts";

/** The type of a path in words: `string?`, or why there is none. */
function at(schema: Json, ...path: (string | number)[]): string {
  const found = lookup(typeOf(schema), path);
  if (found.found) return describeOptional(found.type, found.mayBeMissing);
  const more = "known" in found ? `: ${found.known.join()}` : "";
  return `${found.reason} at ${found.step}${more}`;
}

const object = (properties: Json, more: object = {}) =>
  ({ type: "object", properties, ...more }) as Json;

/** `then` under a computed key: a literal one makes linters think of promises. */
const conditional = (part: Json) => ({ if: {}, [`the${"n"}`]: part });

describe("typeOf", () => {
  it.each<[string, Json, string]>([
    ["nothing", {}, "anything"],
    ["true", true, "anything"],
    ["false", false, "nothing"],
    ["a string", { type: "string" }, "string"],
    ["a format", { type: "string", format: "uri" }, "string (uri)"],
    ["an integer", { type: "integer", minimum: 0 }, "integer from 0"],
    ["open bounds", { type: "number", exclusiveMinimum: 0, maximum: 9 }, "number above 0 to 9"],
    ["draft-04 bounds", { type: "number", minimum: 0, exclusiveMinimum: true }, "number above 0"],
    ["generated bounds", { type: "integer", maximum: Number.MAX_SAFE_INTEGER }, "integer"],
    ["an enumeration", { enum: ["a", 1, null] }, '"a" | 1 | null'],
    ["an enumeration of a type", { type: "string", enum: ["a", 1] }, '"a"'],
    ["a constant", { const: "a" }, '"a"'],
    ["types", { type: ["string", "null"] }, "string | null"],
    ["nullable", { type: "string", nullable: true }, "string | null"],
    ["anyOf", { anyOf: [{ type: "string" }, { type: "number" }] }, "string | number"],
    ["oneOf with equal parts", { oneOf: [{ type: "string" }, { type: "string" }] }, "string"],
    ["a covered constant", { anyOf: [{ type: "string" }, { const: "a" }] }, "string"],
    ["anyOf with anything", { anyOf: [{ type: "string" }, {}] }, "anything"],
    ["allOf", { allOf: [{ type: "number", minimum: 1 }, { maximum: 5 }] }, "number from 1 to 5"],
    ["impossible allOf", { allOf: [{ type: "number" }, { type: "string" }] }, "nothing"],
    ["a narrowed union", { type: "string", anyOf: [{ const: "a" }, { const: 1 }] }, '"a"'],
    ["a list", { type: "array", items: { enum: ["a", "b"] } }, 'list of ("a" | "b")'],
    ["a list of anything", { type: "array" }, "list"],
    ["an object by its keywords", { properties: {} }, "object"],
    ["a list by its keywords", { items: { type: "string" } }, "list of string"],
    ["a foreign type", { type: "date" }, "anything"],
    ["a dynamic reference", { $dynamicRef: "#x" }, "anything"],
    [
      "many values",
      { enum: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10] },
      "1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 2 more",
    ],
    ["no schema", "string", "anything"],
  ])("reads %s", (_, schema, words) => {
    expect(inWords(typeOf(schema))).toBe(words);
  });

  it.each<[Json, string]>([
    [{ $ref: "https://example.com/a" }, "a `$ref` to another document"],
    [{ $ref: "#/nowhere" }, "a `$ref` to `#/nowhere`, which is not there"],
    [{ $dynamicRef: "#x" }, "`$dynamicRef`"],
    [{ type: "date" }, "the type `date`"],
    ["text", "a schema that is not an object"],
    [{ $ref: "#" }, "a recursive schema, deeper than it is followed"],
  ])("says why %j is not understood", (schema, why) => {
    expect(typeOf(schema)).toEqual({ kind: "unknown", why });
  });

  it("says nothing of a schema that allows anything", () => {
    expect(typeOf({ description: "x" })).toEqual({ kind: "unknown" });
  });
});

describe("lookup", () => {
  const customer = object(
    { id: { type: "string" }, age: { type: "integer" } },
    { required: ["id"] },
  );

  it.each<[string, Json, (string | number)[], string]>([
    ["a required property", object({ a: customer }, { required: ["a"] }), ["a", "id"], "string"],
    ["an optional parent", object({ a: customer }), ["a", "id"], "string?"],
    [
      "an optional property",
      object({ a: customer }, { required: ["a"] }),
      ["a", "age"],
      "integer?",
    ],
    ["null", object({ a: { type: ["string", "null"] } }, { required: ["a"] }), ["a"], "string?"],
    ["only null", object({ a: { type: "null" } }, { required: ["a"] }), ["a"], "null?"],
    [
      "a misspelt name",
      object({ amount: {}, note: {} }),
      ["amuont"],
      "no such key at 0: amount,note",
    ],
    ["a name inside", object({ a: customer }), ["a", "ids"], "no such key at 1: id,age"],
    ["no arguments", object({}), ["a"], "no such key at 0: "],
    ["an open object", { type: "object" }, ["a", "b"], "anything?"],
    ["said to be open", object({}, { additionalProperties: true }), ["a"], "anything?"],
    [
      "other properties",
      object({}, { additionalProperties: { type: "number" } }),
      ["a"],
      "number?",
    ],
    ["closed", object({ a: {} }, { additionalProperties: false }), ["b"], "no such key at 0: a"],
    [
      "patterns",
      {
        type: "object",
        patternProperties: { "^x": { type: "string" } },
        additionalProperties: false,
      },
      ["x1"],
      "string?",
    ],
    ["required but not named", { type: "object", required: ["a"] }, ["a"], "anything?"],
    ["into a string", object({ a: { type: "string" } }), ["a", "b"], "not an object at 1"],
    ["an index into a string", object({ a: { type: "string" } }), ["a", 0], "not a list at 1"],
    ["a key into a list", object({ a: { type: "array" } }), ["a", "b"], "not an object at 1"],
    [
      "an element",
      object({ a: { type: "array", items: { type: "string" } } }),
      ["a", 3],
      "string?",
    ],
    [
      "a sure element",
      object({ a: { type: "array", items: { type: "string" }, minItems: 2 } }, { required: ["a"] }),
      ["a", 1],
      "string",
    ],
    [
      "a tuple",
      object(
        { a: { prefixItems: [{ type: "string" }, { type: "number" }], minItems: 2 } },
        { required: ["a"] },
      ),
      ["a", 1],
      "number",
    ],
    [
      "past a tuple",
      object({ a: { prefixItems: [{ type: "string" }], items: false } }),
      ["a", 1],
      "no such index at 1",
    ],
    [
      "a draft-07 tuple",
      object({ a: { items: [{ type: "string" }], additionalItems: false } }),
      ["a", 0],
      "string?",
    ],
    [
      "some alternatives",
      { anyOf: [object({ a: { type: "string" } }, { required: ["a"] }), object({ b: {} })] },
      ["a"],
      "string?",
    ],
    [
      "all alternatives",
      {
        anyOf: [
          object({ a: { type: "string" } }, { required: ["a"] }),
          object({ a: { type: "number" } }, { required: ["a"] }),
        ],
      },
      ["a"],
      "string | number",
    ],
    [
      "no alternative",
      { anyOf: [object({ a: {} }), object({ b: {} })] },
      ["c"],
      "no such key at 0: a,b",
    ],
    [
      "merged parts",
      { allOf: [object({ a: { type: "string" } }), object({ b: {} }, { required: ["a"] })] },
      ["a"],
      "string",
    ],
    [
      "beside a reference",
      { $ref: "#/$defs/x", $defs: { x: object({ a: { type: "string" } }) }, required: ["a"] },
      ["a"],
      "string",
    ],
    [
      "an escaped pointer",
      object({ a: { $ref: "#/$defs/x~1y%20z" } }, { $defs: { "x/y z": { type: "number" } } }),
      ["a"],
      "number?",
    ],
    [
      "then",
      object({ kind: {} }, conditional({ properties: { a: { type: "string" } } })),
      ["a"],
      "string?",
    ],
    [
      "dependent schemas",
      object(
        { kind: {} },
        { dependentSchemas: { kind: { properties: { a: { type: "number" } } } } },
      ),
      ["a"],
      "number?",
    ],
    ["a constant object", { const: { a: { b: 1 } } }, ["a", "b"], "1"],
    ["a constant list", { const: ["x"] }, [0], '"x"'],
    ["a property like a built-in", object({ a: {} }), ["constructor"], "no such key at 0: a"],
    [
      "__proto__",
      JSON.parse('{"type":"object","properties":{"__proto__":{"type":"string"}}}'),
      ["__proto__"],
      "string?",
    ],
  ])("finds %s", (_, schema, path, words) => {
    expect(at(schema, ...path)).toBe(words);
  });

  it("follows a recursive schema some levels deep", () => {
    const tree = object({
      name: { type: "string" },
      children: { type: "array", items: { $ref: "#" } },
    });
    expect(at(tree, "children", 0, "children", 0, "name")).toBe("string?");
    expect(at(tree, "children", 0, "nam")).toBe("no such key at 2: name,children");
    const deep = ["children", 0, "children", 0, "children", 0, "children", 0, "nam"];
    expect(at(tree, ...deep)).toBe("anything?");
  });
});

describe("hostile schemas", () => {
  it.each<[string, () => Json]>([
    [
      "references that double at each level",
      () => ({
        $ref: "#/$defs/d0",
        $defs: Object.fromEntries(
          Array.from({ length: 40 }, (_, n) => [
            `d${n}`,
            {
              anyOf: [
                { properties: { a: { $ref: `#/$defs/d${n + 1}` } } },
                { properties: { b: { $ref: `#/$defs/d${n + 1}` } } },
              ],
            },
          ]),
        ),
      }),
    ],
    [
      "references in a circle",
      () => ({ $ref: "#/$defs/a", $defs: { a: { $ref: "#/$defs/b" }, b: { $ref: "#/$defs/a" } } }),
    ],
    [
      "a schema of its own",
      () => ({ allOf: [{ $ref: "#" }, { $ref: "#" }], anyOf: [{ $ref: "#" }, { $ref: "#" }] }),
    ],
    [
      "depth",
      () => {
        let schema: Json = { type: "string" };
        for (let n = 0; n < 10_000; n++) schema = { type: "array", items: schema };
        return schema;
      },
    ],
    [
      "products of alternatives",
      () => ({
        allOf: Array.from({ length: 20 }, (_, n) => ({
          anyOf: Array.from({ length: 20 }, (_, m) => ({ type: "string", minLength: n * 20 + m })),
        })),
      }),
    ],
    [
      "large enumerations against each other",
      () => ({
        allOf: [
          { enum: Array.from({ length: 9_000 }, (_, n) => n) },
          { enum: Array.from({ length: 9_000 }, (_, n) => n + 4_500) },
        ],
      }),
    ],
    [
      "many names that share a large type",
      () => {
        let schema: Json = { type: "string" };
        for (let n = 0; n < 30; n++) {
          schema = {
            anyOf: [
              {
                type: "object",
                additionalProperties: schema,
                required: Array.from({ length: 50 }, (_, m) => `k${m}`),
              },
              { type: "null" },
            ],
          };
        }
        return schema;
      },
    ],
    [
      "nested tuples",
      () => {
        let schema: Json = { type: "string" };
        for (let n = 0; n < 30; n++)
          schema = { anyOf: [{ prefixItems: [schema], items: schema }, { type: "null" }] };
        return schema;
      },
    ],
    ["a long pointer", () => ({ $ref: `#${"/a".repeat(100_000)}` })],
  ])("stops at %s", (_, schema) => {
    expect(typeOf(schema())).toHaveProperty("kind");
  });
});

// Random schemas -----------------------------------------------------------------------------------

const { schema: randomSchema } = fc.letrec<{ schema: Json }>((tie) => {
  const bound = fc.integer({ min: -3, max: 3 });
  const part = tie("schema");
  const names = fc.constantFrom("a", "b", "c");
  const properties = fc.dictionary(names, part, { maxKeys: 3 });
  const spread = <T extends object>(type: string, keywords: fc.Arbitrary<T>) =>
    keywords.map((rest) => ({ type, ...rest }) as Json);
  const optional = <T>(fields: { [K in keyof T]: fc.Arbitrary<T[K]> }) =>
    fc.record(fields, { requiredKeys: [] });
  return {
    schema: fc.oneof(
      { maxDepth: 3, depthSize: "small" },
      fc.constantFrom<Json>(true, {}, { type: "boolean" }, { type: "null" }),
      spread("integer", optional({ minimum: bound, exclusiveMaximum: bound })),
      spread("number", optional({ maximum: bound, exclusiveMinimum: bound })),
      spread("string", optional({ minLength: fc.nat(2), maxLength: fc.nat(2) })),
      fc
        .array(fc.constantFrom<Json>("a", "b", 0, 1, true, null), { minLength: 1, maxLength: 3 })
        .map((values) => ({ enum: values })),
      spread(
        "array",
        optional({
          items: part,
          prefixItems: fc.array(part, { minLength: 1, maxLength: 2 }),
          minItems: fc.nat(2),
          maxItems: fc.nat(2),
        }),
      ),
      spread(
        "object",
        fc.record(
          // Always with `additionalProperties`: silence about them is a convention, tested apart.
          { properties, required: fc.uniqueArray(names), additionalProperties: part },
          { requiredKeys: ["additionalProperties"] },
        ),
      ),
      fc.array(part, { minLength: 1, maxLength: 3 }).map((parts) => ({ anyOf: parts })),
      fc.array(part, { minLength: 1, maxLength: 3 }).map((parts) => ({ oneOf: parts })),
      fc.array(part, { minLength: 1, maxLength: 2 }).map((parts) => ({ allOf: parts })),
      fc.constant<Json>({ $ref: "#" }),
      fc.constant<Json>({
        type: "object",
        properties: { a: { $ref: "#" } },
        additionalProperties: false,
      }),
    ),
  };
});

const smallJson: fc.Arbitrary<Json> = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, depthSize: "small" },
    fc.constantFrom<Json>("a", "b", "", "abc", 0, 1, 2, -1, 0.5, true, false, null),
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom("a", "b", "c"), tie("value"), { maxKeys: 3 }),
  ),
})).value;

function pathsOf(value: Json, path: (string | number)[] = []): [(string | number)[], Json][] {
  const here: [(string | number)[], Json][] = [[path, value]];
  if (typeof value !== "object" || value === null) return here;
  const entries: [string | number, Json][] = Array.isArray(value)
    ? [...(value as Json[]).entries()]
    : Object.entries(value);
  return here.concat(entries.flatMap(([key, part]) => pathsOf(part, [...path, key])));
}

const isUnion = (type: Type) => type.kind === "union";

describe("laws", () => {
  it("typeOf never throws, and its unions are flat", () => {
    fc.assert(
      fc.property(fc.oneof(randomSchema, fc.jsonValue() as fc.Arbitrary<Json>), (schema) => {
        const type = typeOf(schema);
        expect(inWords(type)).toBeTypeOf("string");
        if (!isUnion(type)) return;
        const kinds = membersOf(type).map(({ kind }) => kind);
        expect(kinds.length).toBeGreaterThan(1);
        expect(kinds).not.toContain("union");
        expect(kinds).not.toContain("unknown");
        expect(kinds).not.toContain("never");
      }),
      { numRuns: 1_000 },
    );
  });

  it("a value that the schema accepts is of the type, and so is what stands at each of its paths", () => {
    const ajv = new Ajv2020({ strict: false, logger: false });
    let checked = 0;
    fc.assert(
      fc.property(
        randomSchema,
        fc.array(smallJson, { minLength: 10, maxLength: 20 }),
        (schema, values) => {
          let valid: (value: Json) => boolean;
          try {
            const compiled = ajv.compile(schema as object | boolean);
            valid = (value) => compiled(value) === true;
          } catch {
            return;
          }
          const type = typeOf(schema);
          for (const value of values) {
            let sound: boolean;
            try {
              sound = valid(value);
            } catch {
              continue;
            }
            if (!sound) continue;
            checked++;
            expect(accepts(type, value), JSON.stringify({ schema, value, type })).toBe(true);
            for (const [path, part] of pathsOf(value)) {
              const found = lookup(type, path);
              // A name that the schema leaves unsaid is a mistake of the policy, whatever calls may carry.
              if (!found.found) {
                expect(found.reason).toBe("no such key");
                continue;
              }
              if (part === null) expect(found.mayBeMissing || accepts(found.type, null)).toBe(true);
              else
                expect(accepts(found.type, part), JSON.stringify({ schema, path, part })).toBe(
                  true,
                );
              if (Array.isArray(part) && part.length > 0) expect(itemOf(found.type)).toBeDefined();
            }
          }
        },
      ),
      { numRuns: 150 },
    );
    expect(checked).toBeGreaterThan(50);
  });
});

describe.skipIf(realListsMissing)("real lists", () => {
  it.each(realLists)("types every argument of $name", ({ list }) => {
    for (const tool of list.tools) {
      const type = typeOf(tool.inputSchema ?? {});
      expect(type.kind, tool.name).toBe("object");
      if (type.kind !== "object") continue;
      for (const [name, property] of type.properties) {
        expect(property.type, `${tool.name}.${name}`).not.toHaveProperty("why");
      }
    }
  });
});
