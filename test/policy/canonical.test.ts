import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { canonicalJson, digestOf, type Json, pinOf, sha256Hex } from "../../policy/index.ts";
import { RFC_8785_EXAMPLE, RFC_8785_NUMBERS } from "./samples.ts";

function double(bits: string): number {
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, BigInt(`0x${bits}`));
  return view.getFloat64(0);
}

const json = fc.jsonValue({ stringUnit: "grapheme" }) as fc.Arbitrary<Json>;

/** The same value with the keys of every object in another order. */
function reversed(value: Json): Json {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, member]) => [key, reversed(member as Json)]),
  );
}

describe("canonical JSON", () => {
  it.each(RFC_8785_NUMBERS)("prints the number with bits %s as %s", (bits, text) => {
    expect(canonicalJson(double(bits))).toBe(text);
  });

  it("prints the example of RFC 8785", () => {
    const [value, text] = RFC_8785_EXAMPLE;
    expect(canonicalJson(value)).toBe(text);
  });

  it("sorts keys by UTF-16 code units", () => {
    const value = {
      "\u20ac": 1,
      "\r": 2,
      "\ufb33": 3,
      "1": 4,
      "\ud83d\ude00": 5,
      "\u0080": 6,
      "\u00f6": 7,
    };
    expect(Object.values(JSON.parse(canonicalJson(value)))).toHaveLength(7);
    expect(canonicalJson(value)).toBe('{"\\r":2,"1":4,"\u0080":6,"ö":7,"€":1,"😀":5,"\ufb33":3}');
  });

  it("keeps an own `__proto__`", () => {
    expect(canonicalJson(JSON.parse('{"__proto__":{"a":1}}'))).toBe('{"__proto__":{"a":1}}');
  });

  it.each([
    ["infinity", Number.POSITIVE_INFINITY],
    ["NaN", Number.NaN],
    ["half a surrogate pair", "\ud800"],
    ["half a surrogate pair in a key", { "\udc00": 1 }],
    ["undefined", [undefined]],
    ["a function", { a: () => 1 }],
    ["a big integer", 1n],
  ])("refuses %s", (_, value) => {
    expect(() => canonicalJson(value as Json)).toThrow(
      expect.objectContaining({ name: "NotCanonical" }),
    );
  });

  it("is read back as the same value, whatever the order of keys", () => {
    fc.assert(
      fc.property(json, (value) => {
        const text = canonicalJson(value);
        expect(canonicalJson(JSON.parse(text))).toBe(text);
        expect(canonicalJson(reversed(value))).toBe(text);
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });
});

describe("digests", () => {
  it("are SHA-256 of UTF-8", () => {
    // FIPS 180-2, appendix B.1; and the empty text.
    expect(sha256Hex("abc")).toBe(
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    );
    expect(digestOf("")).toBe(`sha256:${sha256Hex('""')}`);
  });

  const tool = {
    name: "refund",
    title: "Refund",
    description: "Pays back.",
    inputSchema: { type: "object" },
    outputSchema: { type: "object" },
    annotations: { readOnlyHint: false },
    execution: { taskSupport: "optional" },
  };

  it.each(Object.keys(tool))("a pin changes with `%s`", (key) => {
    const { [key as keyof typeof tool]: _, ...without } = tool;
    expect(pinOf({ ...tool, [key]: "other" })).not.toBe(pinOf(tool));
    expect(pinOf(without)).not.toBe(pinOf(tool));
  });

  it("a pin does not depend on the order of keys, `_meta`, icons or a risk class", () => {
    expect(pinOf(reversed(tool))).toBe(pinOf(tool));
    expect(pinOf({ ...tool, _meta: { a: 1 }, icons: [], risk: "read" })).toBe(pinOf(tool));
  });

  it("of what is no object there is a pin too, equal to no tool's", () => {
    expect(pinOf(null)).toBe(pinOf([]));
    expect(pinOf(null)).not.toBe(pinOf(tool));
  });
});
